//===- SolveStart.cpp - what root searches look at ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SolveSearch.h"

#include "RowSweep.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// A distance from the base at or below the root's, `low` or better. What is
/// never negative sums up to less over some elements than over all, so the root
/// over some is a bound. The lanes of a maximum hold some, and large ones. A
/// step towards their root pays where more than a few of them are above `low`.
Value SolveSearch::emitStart(OpBuilder &b, Value low) {
  constexpr int64_t kFewLanes = 3;
  const Variance &variance = emitter.schedule.getVariance();
  const auto *maximum = llvm::find_if(
      emitter.laneMaxima, [&](const RowEmitter::LaneMaxima &maximum) {
        return followsFrom(searched, ReduceOp(maximum.reduce).getValue(),
                           variance);
      });
  bool vanish = llvm::all_of(
      solve.getBody().front().getOps<ReduceOp>(), [&](ReduceOp reduce) {
        return emitter.limits.vanishesWhenExcluded(reduce);
      });
  if (!hinges || !vanish || maximum == emitter.laneMaxima.end())
    return low;
  Element element(Lanes{});
  element.values[ReduceOp(maximum->reduce).getValue()] = maximum->lanes;
  emitter.getVector(b, element, searched);
  Value above = emitCount(b, emitAbove(b, element, low));
  Value most = arith::ConstantIntOp::create(b, loc, kFewLanes, 32);
  Value isMany =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, above, most);
  auto step = [&](OpBuilder &inner, Location) {
    RowEmitter::RowValues known = emitter.saveRow();
    evaluateAt(inner, low, element);
    Value to = emitNewton(inner, low, evaluate(inner, 0), evaluate(inner, 1));
    emitter.restoreRow(known);
    Value isBetter =
        arith::CmpFOp::create(inner, loc, arith::CmpFPredicate::OGT, to, low);
    to = arith::SelectOp::create(inner, loc, isBetter, to, low);
    scf::YieldOp::create(inner, loc, to);
  };
  auto none = [&](OpBuilder &inner, Location) {
    scf::YieldOp::create(inner, loc, low);
  };
  Value start = scf::IfOp::create(b, loc, isMany, step, none).getResult(0);
  emitter.anchorRowCode(b);
  // Rounding may have led past the root over these elements, which may be all
  // that count.
  return arith::SubFOp::create(b, loc, start, emitMargin(b, low));
}

/// What a bound is to be lowered by for the rounding that it was found with,
/// and its sum with the base.
Value SolveSearch::emitMargin(OpBuilder &b, Value low) {
  Value size = arith::AddFOp::create(b, loc, math::AbsFOp::create(b, loc, base),
                                     math::AbsFOp::create(b, loc, low));
  return arith::MulFOp::create(b, loc, size, number(b, 4 * getResolution()));
}

/// Copies the elements above `cut` together, which are few where the weights
/// are sparse: the steps of the search look at these only.
void SolveSearch::compact(OpBuilder &builder, Value cut) {
  Value bound = emitter.splat(cut);
  Value none = arith::ConstantIndexOp::create(builder, loc, 0);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange carried) {
    Value end = carried[0];
    for (const Lanes &group : lanes) {
      Element element(group);
      Value x = emitter.getVector(b, element, searched);
      Value takes =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, x, bound);
      // An excluded element is not above anything when it is -inf here too.
      Value included = emitter.limits.atExcluded(searched) == Limit::NegInf
                           ? Value()
                           : emitter.getIncluded(b, element);
      if (included)
        takes = arith::AndIOp::create(b, loc, takes, included);
      Value front = cpu::CompressOp::create(b, loc, x, takes);
      emitter.access.storeVector(b, emitter.scratch, {end, Value()}, front);
      Value count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                 emitCount(b, takes));
      end = arith::AddIOp::create(b, loc, end, count);
    }
    return SmallVector<Value>{end};
  };
  RowSweep sweep(emitter, builder, /*groupSize=*/4);
  Value length = sweep.emitRest(sweep.emitGroups(none, body), body)[0];
  emitter.compacted = {searched, emitter.scratch, length};
}

/// The search in registers, where a few vectors hold all elements that were
/// copied together.
SolveSearch::Step SolveSearch::searchHeld(OpBuilder &builder,
                                          const Step &from) {
  constexpr int64_t kHeldVectors = 4;
  int64_t lanes = layout.getLaneCount();
  Value length = emitter.compacted->length;
  Value isSmall = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ule, length,
      arith::ConstantIndexOp::create(builder, loc, kHeldVectors * lanes));
  auto search = [&](OpBuilder &b, Location) {
    SmallVector<Element> held;
    for (int64_t v = 0; v < kHeldVectors; ++v) {
      Value position = arith::ConstantIndexOp::create(b, loc, v * lanes);
      Value left = arith::SubIOp::create(b, loc, length, position);
      Value mask = vector::CreateMaskOp::create(
          b, loc, emitter.access.getVectorType(b.getI1Type()), left);
      Element &element = held.emplace_back(Lanes{position, mask});
      emitter.getVector(b, element, searched);
    }
    auto loop = scf::WhileOp::create(
        b, loc, ValueRange(from.pack()).getTypes(), from.pack(),
        [&](OpBuilder &inner, Location, ValueRange carried) {
          Step to = advance(inner, Step::unpack(carried), held);
          scf::ConditionOp::create(inner, loc, goesOn(inner, to), to.pack());
        },
        [&](OpBuilder &inner, Location, ValueRange carried) {
          scf::YieldOp::create(inner, loc, carried);
        });
    scf::YieldOp::create(b, loc, loop.getResults());
  };
  auto none = [&](OpBuilder &b, Location) {
    scf::YieldOp::create(b, loc, from.pack());
  };
  auto branch = scf::IfOp::create(builder, loc, isSmall, search, none);
  return Step::unpack(branch.getResults());
}
