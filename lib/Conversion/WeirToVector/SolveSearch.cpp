//===- SolveSearch.cpp - root searches over a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Newton's steps where they stay inside the bracket, halving where they do not
// (or where the body has no derivative). From the end of the bracket where a
// convex function is positive, Newton's steps never leave it.
//
// The unknown is kept as its distance from one end of the bracket: a score of
// 1000 less a threshold of 999.3 would lose three digits, their distances from
// 1000 lose none.
//
//===----------------------------------------------------------------------===//

#include "Searches.h"

#include "RowSweep.h"
#include "SolveSupport.h"
#include "StoredForm.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {

class SolveSearch {
public:
  SolveSearch(RowEmitter &emitter, SolveOp solve)
      : emitter(emitter), solve(solve), loc(solve.getLoc()),
        layout(emitter.access.getLayout()), type(emitter.access.getRowType()),
        yield(cast<YieldOp>(solve.getBody().front().getTerminator())) {}

  void emit(OpBuilder &builder);

private:
  /// What the loop carries, all but the last two distances from the base.
  /// `unsettled` says which rows go on.
  struct Step {
    Value low, high, at, count, unsettled;
  };

  void compact(OpBuilder &b, Value searched);
  Value evaluate(OpBuilder &b, unsigned index);
  Value next(OpBuilder &b, Step &step);
  Value isUnsettled(OpBuilder &b, Value before, const Step &step);
  Step advance(OpBuilder &b, const Step &from);
  Value number(OpBuilder &b, double value) {
    return emitter.constant(b, type, value);
  }

  RowEmitter &emitter;
  SolveOp solve;
  Location loc;
  const LaneLayout &layout;
  Type type;
  YieldOp yield;
  Value base;
};

} // namespace

/// The function's value, or its derivative, at the unknown; negated for an
/// increasing function, so that it always decreases.
Value SolveSearch::evaluate(OpBuilder &b, unsigned index) {
  Value value = emitter.getScalar(yield.getValues()[index]);
  if (solve.getDirection() == SolveDirection::Increasing)
    value = arith::NegFOp::create(b, loc, value);
  return value;
}

/// Evaluates the body at `step.at`, narrows the bracket and returns where to
/// look next.
Value SolveSearch::next(OpBuilder &b, Step &step) {
  emitter.anchorRowCode(b);
  emitter.setUnknown(solve.getBody().getArgument(0), base, step.at, b);
  for (const FormulaSchedule::Stage &stage :
       FormulaSchedule::scheduleBlock(solve.getBody().front())) {
    emitStatistics(emitter, b, stage.reduces, Value());
    for (Operation *search : stage.searches)
      emitSearch(emitter, b, search);
  }
  emitter.anchorRowCode(b);
  Value f = evaluate(b, 0);
  using P = arith::CmpFPredicate;
  Value isLeft = arith::CmpFOp::create(b, loc, P::OGT, f, number(b, 0.0));
  step.low = arith::SelectOp::create(b, loc, isLeft, step.at, step.low);
  step.high = arith::SelectOp::create(b, loc, isLeft, step.high, step.at);
  Value width = arith::SubFOp::create(b, loc, step.high, step.low);
  Value half = arith::MulFOp::create(b, loc, width, number(b, 0.5));
  Value middle = arith::AddFOp::create(b, loc, step.low, half);
  if (yield.getValues().size() == 1)
    return middle;
  Value quotient = arith::DivFOp::create(b, loc, f, evaluate(b, 1));
  Value newton = arith::SubFOp::create(b, loc, step.at, quotient);
  Value above = arith::CmpFOp::create(b, loc, P::OGE, newton, step.low);
  Value below = arith::CmpFOp::create(b, loc, P::OLE, newton, step.high);
  Value inside = arith::AndIOp::create(b, loc, above, below);
  return arith::SelectOp::create(b, loc, inside, newton, middle);
}

/// A step below the tolerance, or below what the unknown can be resolved to,
/// was the last. A NaN settles at once.
Value SolveSearch::isUnsettled(OpBuilder &b, Value before, const Step &step) {
  bool isDouble = emitter.access.getComputeType().isF64();
  double resolution = isDouble ? 0x1p-51 : 0x1p-22;
  double tolerance =
      std::max(solve.getTolerance().convertToDouble(), resolution);
  Value moved = math::AbsFOp::create(
      b, loc, arith::SubFOp::create(b, loc, step.at, before));
  Value isFar = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, moved,
                                      number(b, tolerance));
  Value most = emitter.constant(b, step.count.getType(),
                                static_cast<double>(solve.getMaxIterations()));
  Value isEarly = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                        step.count, most);
  return arith::AndIOp::create(b, loc, isFar, layout.fromScalar(b, isEarly));
}

/// One step of the search. Across rows, those that have settled stay where they
/// are, so that a row's root does not depend on its neighbours.
SolveSearch::Step SolveSearch::advance(OpBuilder &b, const Step &from) {
  Step to = from;
  to.count = arith::AddIOp::create(b, loc, from.count,
                                   emitter.constant(b, b.getI64Type(), 1));
  to.at = next(b, to);
  to.unsettled = isUnsettled(b, from.at, to);
  if (!layout.isAcross())
    return to;
  auto keep = [&](Value &moved, Value old) {
    moved = arith::SelectOp::create(b, loc, from.unsettled, moved, old);
  };
  keep(to.low, from.low);
  keep(to.high, from.high);
  keep(to.at, from.at);
  to.unsettled = arith::AndIOp::create(b, loc, to.unsettled, from.unsettled);
  return to;
}

/// Copies the elements above the bracket's lower end together, which are few
/// where the weights are sparse: the steps of the search look at these only.
void SolveSearch::compact(OpBuilder &builder, Value searched) {
  Value low = emitter.getBroadcast(solve.getLower());
  Value none = arith::ConstantIndexOp::create(builder, loc, 0);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange carried) {
    Value end = carried[0];
    for (const Lanes &group : lanes) {
      Element element(group);
      Value x = emitter.getVector(b, element, searched);
      Value takes =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, x, low);
      // An excluded element is not above anything when it is -inf here too.
      Value included = emitter.limits.atExcluded(searched) == Limit::NegInf
                           ? Value()
                           : emitter.getIncluded(b, element);
      if (included)
        takes = arith::AndIOp::create(b, loc, takes, included);
      Value front = cpu::CompressOp::create(b, loc, x, takes);
      emitter.access.storeVector(b, emitter.scratch, {end, Value()}, front);
      Type bits = b.getIntegerType(layout.getLaneCount());
      Value mask =
          vector::BitCastOp::create(b, loc, VectorType::get(1, bits), takes);
      Value count = math::CtPopOp::create(
          b, loc, vector::ExtractOp::create(b, loc, mask, 0));
      count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), count);
      end = arith::AddIOp::create(b, loc, end, count);
    }
    return SmallVector<Value>{end};
  };
  RowSweep sweep(emitter, builder, /*groupSize=*/4);
  Value length = sweep.emitRest(sweep.emitGroups(none, body), body)[0];
  emitter.compacted = {searched, emitter.scratch, length};
}

void SolveSearch::emit(OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  if (Value searched =
          emitter.scratch && emitter.canCompact
              ? getSearchedValue(solve, emitter.schedule.getVariance())
              : Value()) {
    compact(builder, searched);
    emitter.anchorRowCode(builder);
  }
  base = emitter.getScalar(solve.getUpper());
  Value low = arith::SubFOp::create(builder, loc,
                                    emitter.getScalar(solve.getLower()), base);
  Value high = arith::SubFOp::create(builder, loc, base, base);
  Value count = emitter.constant(builder, builder.getI64Type(), 0);
  Value go =
      emitter.constant(builder, layout.getRowType(builder.getI1Type()), 1);
  SmallVector<Value> inits{low, high, low, count, go};
  SmallVector<Type> types;
  for (Value init : inits)
    types.push_back(init.getType());
  auto loop = scf::WhileOp::create(
      builder, loc, types, inits,
      [&](OpBuilder &b, Location, ValueRange carried) {
        scf::ConditionOp::create(b, loc, layout.emitAny(b, carried[4]),
                                 carried);
      },
      [&](OpBuilder &b, Location, ValueRange carried) {
        RowEmitter::RowValues known = emitter.saveRow();
        Step step = advance(
            b, {carried[0], carried[1], carried[2], carried[3], carried[4]});
        scf::YieldOp::create(b, loc,
                             ValueRange{step.low, step.high, step.at,
                                        step.count, step.unsettled});
        emitter.restoreRow(known);
      });
  emitter.support.reset();
  if (emitter.compacted)
    emitter.support = {*emitter.compacted, solve.getResult()};
  emitter.compacted.reset();
  emitter.anchorRowCode(builder);
  emitter.setUnknown(solve.getResult(), base, loop.getResult(2), builder);
}

void weir::emitSolve(RowEmitter &emitter, OpBuilder &builder, SolveOp solve) {
  SolveSearch(emitter, solve).emit(builder);
}

void weir::emitSearch(RowEmitter &emitter, OpBuilder &builder, Operation *op) {
  if (auto solve = dyn_cast<SolveOp>(op))
    emitSolve(emitter, builder, solve);
  else
    emitKth(emitter, builder, cast<KthOp>(op));
}
