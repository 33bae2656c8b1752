//===- SolveStart.cpp - what root searches look at ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SolveSearch.h"

#include "RowSweep.h"
#include "RowTranspose.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// A step from `low` towards the root over `held`; NaN leads nowhere.
Value SolveSearch::emitStartStep(OpBuilder &b, Value low, Held held) {
  RowEmitter::RowValues known = emitter.saveRow();
  evaluateAt(b, low, held);
  Value to = emitNewton(b, low, evaluate(b, 0), evaluate(b, 1));
  emitter.restoreRow(known);
  Value isBetter =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, to, low);
  return arith::SelectOp::create(b, loc, isBetter, to, low);
}

/// A distance from the base at or below the root's, `low` or better. What is
/// never negative sums up to less over some elements than over all, so the root
/// over some is a bound. What a maximum was taken of last are some, and large
/// ones. Along a row, a step towards their root pays where more than a few of
/// them are above `low`; the rows of a block share the steps.
Value SolveSearch::emitStart(OpBuilder &b, Value low) {
  constexpr int64_t kFewLanes = 3, kSharedSteps = 2;
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
  std::optional<RowEmitter::AcrossScope> across;
  if (layout.isBlock())
    across.emplace(emitter);
  SmallVector<Element> some;
  for (Value vector : maximum->vectors) {
    Element &element = some.emplace_back(Lanes{});
    element.values[ReduceOp(maximum->reduce).getValue()] = vector;
    emitter.getVector(b, element, searched);
  }
  Value start = low;
  if (across) {
    for (int64_t i = 0; i < kSharedSteps; ++i)
      start = emitStartStep(b, start, some);
  } else {
    Value above = emitCount(b, emitAbove(b, some[0], low));
    Value most = arith::ConstantIntOp::create(b, loc, kFewLanes, 32);
    Value isMany =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, above, most);
    auto step = [&](OpBuilder &inner, Location) {
      scf::YieldOp::create(inner, loc, emitStartStep(inner, low, some));
    };
    auto none = [&](OpBuilder &inner, Location) {
      scf::YieldOp::create(inner, loc, low);
    };
    start = scf::IfOp::create(b, loc, isMany, step, none).getResult(0);
  }
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

/// Copies the elements above `cut` together, from the beginning of `buffer` on.
/// Returns how many there are, as an index.
Value SolveSearch::copyAbove(OpBuilder &builder, Value cut, Value buffer) {
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
      emitter.access.storeVector(b, buffer, {end, Value()}, front);
      Value count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                 emitCount(b, takes));
      end = arith::AddIOp::create(b, loc, end, count);
    }
    return SmallVector<Value>{end};
  };
  RowSweep sweep(emitter, builder, /*groupSize=*/4);
  return sweep.emitRest(sweep.emitGroups(none, body), body)[0];
}

/// Copies what the rows of a block have copied, `lengths` elements each, once
/// more, so that each row has a lane of its own. Behind its last element a row
/// has -inf, up to whole groups of a sweep: so the order in which its elements
/// are added up does not depend on how many its neighbours have.
void SolveSearch::turnCopies(OpBuilder &builder, Value lengths) {
  int64_t lanes = layout.getLaneCount();
  auto index = [&](OpBuilder &b, int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto times = [&](OpBuilder &b, Value x, Value y) -> Value {
    return arith::MulIOp::create(b, loc, x, y,
                                 arith::IntegerOverflowFlags::nsw);
  };
  Value pitch = emitter.access.emitPitch(builder);
  OpFoldResult rows = times(builder, pitch, index(builder, lanes)),
               size = times(builder, emitter.access.emitBufferSize(builder),
                            index(builder, lanes));
  Value turned = memref::SubViewOp::create(
      builder, loc, emitter.scratch, ArrayRef<OpFoldResult>{rows},
      ArrayRef<OpFoldResult>{size},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
  Value most = vector::ReductionOp::create(
      builder, loc, vector::CombiningKind::MAXUI, lengths);
  most = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), most);
  most = arith::CeilDivUIOp::create(builder, loc, most, index(builder, lanes));
  most = times(builder, most, index(builder, lanes));
  auto loop = scf::ForOp::create(builder, loc, index(builder, 0), most,
                                 index(builder, lanes));
  OpBuilder b = OpBuilder::atBlockBegin(loop.getBody());
  Value first = loop.getInductionVar();
  SmallVector<Value> vectors;
  for (int64_t row = 0; row < lanes; ++row) {
    Value length = arith::IndexCastOp::create(
        b, loc, b.getIndexType(),
        vector::ExtractOp::create(b, loc, lengths, row));
    Value left = arith::SubIOp::create(b, loc, length, first);
    Value mask = vector::CreateMaskOp::create(
        b, loc, emitter.access.getVectorType(b.getI1Type()), left);
    Value at =
        arith::AddIOp::create(b, loc, first, times(b, pitch, index(b, row)));
    vectors.push_back(emitter.access.loadVector(b, emitter.scratch, {at, mask},
                                                number(b, -INFINITY)));
  }
  for (auto [i, column] : llvm::enumerate(turnRows(b, loc, vectors))) {
    Value position = arith::AddIOp::create(b, loc, first, index(b, i));
    vector::StoreOp::create(b, loc, column, turned,
                            times(b, position, index(b, lanes)));
  }
  emitter.compacted = {searched, turned, most};
}

/// Copies the elements above `cut` together, which are few where the weights
/// are sparse: the steps of the search look at these only. In a block they are
/// those of all rows at once.
void SolveSearch::compact(OpBuilder &builder, Value cut) {
  if (!layout.isBlock()) {
    Value length = copyAbove(builder, cut, emitter.scratch);
    emitter.compacted = {searched, emitter.scratch, length};
    return;
  }
  Value lengths =
      emitter.visitRowsForNumber(builder, [&](OpBuilder &inside) -> Value {
        Value length =
            copyAbove(inside, cut, emitter.getOwnPart(emitter.scratch));
        return arith::IndexCastOp::create(inside, loc, inside.getI32Type(),
                                          length);
      });
  turnCopies(builder, lengths);
  emitter.anchorRowCode(builder);
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
