//===- SolveSearch.cpp - the steps of root searches ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SolveSearch.h"

#include "Searches.h"
#include "StoredForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

/// Gives sums over the few elements that are `held` their scalars.
void SolveSearch::reduceHeld(OpBuilder &b, ArrayRef<ReduceOp> reduces,
                             Held held) {
  for (ReduceOp reduce : reduces) {
    SmallVector<Value> terms;
    for (const Element &element : held) {
      Element copy = element;
      terms.push_back(emitter.getReduced(b, copy, reduce));
    }
    for (; terms.size() > 1; terms.resize((terms.size() + 1) / 2))
      for (size_t i = 0, half = terms.size() / 2; i < half; ++i)
        terms[i] =
            emitter.combine(b, reduce, terms[i], terms[terms.size() - 1 - i]);
    emitter.setScalar(reduce.getResult(),
                      emitter.combineLanes(b, reduce, terms[0]));
  }
}

/// Evaluates the body, on the row or on what is held.
void SolveSearch::evaluateAt(OpBuilder &b, Value at, Held held) {
  emitter.anchorRowCode(b);
  emitter.setUnknown(solve.getBody().getArgument(0), base, at, b);
  for (const FormulaSchedule::Stage &stage :
       FormulaSchedule::scheduleBlock(solve.getBody().front())) {
    if (held.empty())
      emitStatistics(emitter, b, stage.reduces, /*keeps=*/false);
    else
      reduceHeld(b, stage.reduces, held);
    for (Operation *search : stage.searches)
      emitSearch(emitter, b, search);
  }
  emitter.anchorRowCode(b);
}

/// The function's value, or its derivative, at the unknown; negated for an
/// increasing function, so that it always decreases.
Value SolveSearch::evaluate(OpBuilder &b, unsigned index) {
  Value value = emitter.getScalar(yield.getValues()[index]);
  if (solve.getDirection() == SolveDirection::Increasing)
    value = arith::NegFOp::create(b, loc, value);
  return value;
}

/// Newton's step from `at`, where the function has been evaluated. A sum of
/// hinges S takes it on S^(1/q) for the largest power of two q that their
/// degree allows: q (S - S^(1-1/q) c^(1/q)) / S'.
Value SolveSearch::emitNewton(OpBuilder &b, Value at, Value f, Value slope) {
  Value rise = f;
  if (hinges && hinges->degree >= 2) {
    Value sum = emitter.getScalar(hinges->sum.getResult());
    Value rest = emitter.getScalar(hinges->target);
    double q = 1;
    for (; 2 * q <= hinges->degree; q *= 2)
      rest = math::SqrtOp::create(b, loc,
                                  arith::MulFOp::create(b, loc, sum, rest));
    rise = arith::MulFOp::create(b, loc, number(b, q),
                                 arith::SubFOp::create(b, loc, sum, rest));
  }
  Value quotient = arith::DivFOp::create(b, loc, rise, slope);
  return arith::SubFOp::create(b, loc, at, quotient);
}

/// Which lanes of `element` are above `at`.
Value SolveSearch::emitAbove(OpBuilder &b, const Element &element, Value at) {
  Value x = element.values.lookup(searched);
  Value fromBase = arith::SubFOp::create(b, loc, x, emitter.splat(base));
  Value difference = arith::SubFOp::create(b, loc, fromBase, emitter.splat(at));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, difference,
                               emitter.constant(b, x.getType(), 0.0));
}

/// How many lanes of `mask` are on, as i32.
Value SolveSearch::emitCount(OpBuilder &b, Value mask) {
  Type bits = b.getIntegerType(layout.getLaneCount());
  mask = vector::BitCastOp::create(b, loc, VectorType::get(1, bits), mask);
  Value count =
      math::CtPopOp::create(b, loc, vector::ExtractOp::create(b, loc, mask, 0));
  return arith::ExtUIOp::create(b, loc, b.getI32Type(), count);
}

/// The second derivative of a simple sum of hinges: of squares, how many are
/// above.
Value SolveSearch::emitCurvature(OpBuilder &b, Value at, Held held) {
  if (hinges->degree == 1)
    return number(b, 0.0);
  Value count;
  for (const Element &element : held) {
    Value lanes = emitCount(b, emitAbove(b, element, at));
    count =
        count ? arith::AddIOp::create(b, loc, count, lanes).getResult() : lanes;
  }
  return arith::MulFOp::create(b, loc,
                               arith::SIToFPOp::create(b, loc, type, count),
                               number(b, 2 * hinges->factor));
}

/// The root of the line or parabola that a simple sum of hinges is around `at`,
/// or where the parabola is lowest when it has none.
Value SolveSearch::emitParabola(OpBuilder &b, Value at, Value f,
                                const Step &step) {
  if (hinges->degree == 1)
    return emitNewton(b, at, f, step.slope);
  Value zero = number(b, 0.0);
  Value slope = arith::SubFOp::create(b, loc, zero, step.slope);
  Value square = arith::MulFOp::create(b, loc, slope, slope);
  Value twice = arith::AddFOp::create(b, loc, f, f);
  Value d = arith::SubFOp::create(
      b, loc, square, arith::MulFOp::create(b, loc, twice, step.curvature));
  Value some =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, d, zero);
  d = arith::SelectOp::create(b, loc, some, d, zero);
  // The difference is as exact as distances are: elements are not nearer.
  Value way =
      arith::SubFOp::create(b, loc, slope, math::SqrtOp::create(b, loc, d));
  Value inverse = arith::DivFOp::create(b, loc, number(b, 1.0), step.curvature);
  return arith::AddFOp::create(b, loc, at,
                               arith::MulFOp::create(b, loc, way, inverse));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Evaluates the body at `step.at`, narrows the bracket and returns where to
/// look next.
Value SolveSearch::next(OpBuilder &b, Step &step, Held held) {
  evaluateAt(b, step.at, held);
  Value f = evaluate(b, 0);
  using P = arith::CmpFPredicate;
  Value isLeft = arith::CmpFOp::create(b, loc, P::OGT, f, number(b, 0.0));
  step.before = step.at;
  step.low = arith::SelectOp::create(b, loc, isLeft, step.at, step.low);
  step.high = arith::SelectOp::create(b, loc, isLeft, step.high, step.at);
  Value width = arith::SubFOp::create(b, loc, step.high, step.low);
  Value half = arith::MulFOp::create(b, loc, width, number(b, 0.5));
  Value middle = arith::AddFOp::create(b, loc, step.low, half);
  if (!knowsSlope())
    return middle;
  step.slope = evaluate(b, 1);
  if (!hinges) {
    Value newton = emitNewton(b, step.at, f, step.slope);
    Value above = arith::CmpFOp::create(b, loc, P::OGE, newton, step.low);
    Value below = arith::CmpFOp::create(b, loc, P::OLE, newton, step.high);
    Value inside = arith::AndIOp::create(b, loc, above, below);
    return arith::SelectOp::create(b, loc, inside, newton, middle);
  }
  step.sum = emitter.getScalar(hinges->sum.getResult());
  // A convex function has its root at or above where a step from above it
  // leads, but for rounding.
  auto clamp = [&](Value to) -> Value {
    Value above = arith::CmpFOp::create(b, loc, P::OGT, to, step.low);
    return arith::SelectOp::create(b, loc, above, to, step.low);
  };
  if (knowsPieces(held)) {
    step.curvature = emitCurvature(b, step.at, held);
    Value to = clamp(emitParabola(b, step.at, f, step));
    Value below = arith::CmpFOp::create(b, loc, P::OLT, to, step.high);
    return arith::SelectOp::create(b, loc, below, to, step.high);
  }
  step.curvature = number(b, 0.0);
  Value newton = emitNewton(b, step.at, f, step.slope);
  Value below = arith::CmpFOp::create(b, loc, P::OLE, newton, step.high);
  return arith::SelectOp::create(b, loc, below, clamp(newton), middle);
}

/// Whether the last step of a simple sum of hinges passed an element, or came
/// from so far that its rounding counts. If not, it led to the root.
Value SolveSearch::emitPasses(OpBuilder &b, const Step &step, Held held) {
  Value passed;
  for (const Element &element : held) {
    Value differ =
        arith::XOrIOp::create(b, loc, emitAbove(b, element, step.before),
                              emitAbove(b, element, step.at));
    passed = passed ? arith::OrIOp::create(b, loc, passed, differ).getResult()
                    : differ;
  }
  Value any = layout.combine(b, vector::CombiningKind::OR, passed);
  Value target = emitter.getScalar(hinges->target);
  Value most = arith::MulFOp::create(b, loc, target, number(b, 4.0));
  Value large =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, step.sum, most);
  return arith::OrIOp::create(b, loc, any, large);
}

/// A step below the tolerance, or below what the unknown can be resolved to,
/// was the last. A NaN settles at once.
Value SolveSearch::isUnsettled(OpBuilder &b, const Step &step, Held held) {
  double tolerance =
      std::max(solve.getTolerance().convertToDouble(), getResolution());
  Value moved = math::AbsFOp::create(
      b, loc, arith::SubFOp::create(b, loc, step.at, step.before));
  Value far = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, moved,
                                    number(b, tolerance));
  if (!knowsPieces(held))
    return far;
  return arith::AndIOp::create(b, loc, far, emitPasses(b, step, held));
}

/// Whether another step is to be made, one scalar for all rows at hand.
Value SolveSearch::goesOn(OpBuilder &b, const Step &step) {
  Value most = emitter.constant(b, step.count.getType(),
                                static_cast<double>(solve.getMaxIterations()));
  Value isEarly = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                        step.count, most);
  return arith::AndIOp::create(b, loc, layout.emitAny(b, step.unsettled),
                               isEarly);
}

/// One step of the search. Of several rows at hand, those that have settled
/// stay where they are, so that a row's root does not depend on its neighbours.
SolveSearch::Step SolveSearch::advance(OpBuilder &b, const Step &from,
                                       Held held) {
  RowEmitter::RowValues known = emitter.saveRow();
  Step to = from;
  to.count = arith::AddIOp::create(b, loc, from.count,
                                   emitter.constant(b, b.getI64Type(), 1));
  to.at = next(b, to, held);
  to.unsettled = isUnsettled(b, to, held);
  emitter.restoreRow(known);
  if (!layout.hasRowVectors())
    return to;
  for (Value Step::*field : Step::kFields)
    if (field != &Step::count && field != &Step::unsettled)
      to.*field = arith::SelectOp::create(b, loc, from.unsettled, to.*field,
                                          from.*field);
  to.unsettled = arith::AndIOp::create(b, loc, to.unsettled, from.unsettled);
  return to;
}

/// The root, as a distance. The sums that the formula makes at the root are
/// known too: the last step was so short that the sum is straight along it, or
/// its curvature is known. A search that has not settled ends where the
/// function was evaluated last.
Value SolveSearch::finish(OpBuilder &b, const Step &last) {
  double tolerance = solve.getTolerance().convertToDouble();
  SmallVector<ReduceOp> sums;
  if (hinges && tolerance * tolerance <= getResolution())
    sums = getSumsAtRoot(solve, hinges->sum);
  if (sums.empty())
    return last.at;
  Value at =
      arith::SelectOp::create(b, loc, last.unsettled, last.before, last.at);
  Value moved = arith::SubFOp::create(b, loc, at, last.before);
  Value bend = arith::MulFOp::create(
      b, loc, moved,
      arith::MulFOp::create(b, loc, last.curvature, number(b, 0.5)));
  Value slope = arith::AddFOp::create(b, loc, last.slope, bend);
  Value change = arith::MulFOp::create(b, loc, slope, moved);
  Value sum = arith::AddFOp::create(b, loc, last.sum, change);
  for (ReduceOp reduce : sums)
    emitter.setScalar(reduce.getResult(), sum);
  return at;
}

//===----------------------------------------------------------------------===//
// The search
//===----------------------------------------------------------------------===//

void SolveSearch::emit(OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  base = emitter.getScalar(solve.getUpper());
  Value lower = emitter.getScalar(solve.getLower());
  Step step;
  step.low = arith::SubFOp::create(builder, loc, lower, base);
  step.high = arith::SubFOp::create(builder, loc, base, base);
  step.count = emitter.constant(builder, builder.getI64Type(), 0);
  step.unsettled =
      emitter.constant(builder, layout.getRowType(builder.getI1Type()), 1);
  if (searched && emitter.scratch && emitter.canCompact) {
    Value start = emitStart(builder, step.low);
    compact(builder, start == step.low
                         ? lower
                         : arith::AddFOp::create(builder, loc, base, start));
    step.low = start;
  }
  step.at = step.before = step.low;
  step.sum = step.slope = step.curvature = number(builder, 0.0);
  std::optional<RowEmitter::AcrossScope> across;
  bool isBlock = layout.isBlock();
  if (emitter.compacted && isBlock)
    across.emplace(emitter);
  else if (emitter.compacted && knowsSlope())
    step = searchHeld(builder, step);
  auto loop = scf::WhileOp::create(
      builder, loc, ValueRange(step.pack()).getTypes(), step.pack(),
      [&](OpBuilder &b, Location, ValueRange carried) {
        Value go = goesOn(b, Step::unpack(carried));
        scf::ConditionOp::create(b, loc, go, carried);
      },
      [&](OpBuilder &b, Location, ValueRange carried) {
        Step to = advance(b, Step::unpack(carried), {});
        scf::YieldOp::create(b, loc, to.pack());
      });
  across.reset();
  emitter.support.reset();
  if (emitter.compacted && !isBlock)
    emitter.support = {*emitter.compacted, solve.getResult()};
  emitter.compacted.reset();
  emitter.anchorRowCode(builder);
  Value root = finish(builder, Step::unpack(loop.getResults()));
  emitter.setUnknown(solve.getResult(), base, root, builder);
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
