//===- TopKSort.cpp - indices in the order of their scores ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A merge sort from short runs to long ones. It is stable, so equal scores stay
// in the order of their indices, and which side comes next is selected rather
// than branched on: no order of the data makes it slow.
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

namespace {

class MergeSort {
public:
  MergeSort(TopKAccess &access, OpBuilder &builder, Value count)
      : access(access), loc(access.op.getLoc()), count(count),
        one(arith::ConstantIndexOp::create(builder, loc, 1)),
        last(arith::SubIOp::create(builder, loc, count, one)) {}

  void emit(OpBuilder &b, Value scratch);

private:
  /// Two neighbouring runs, [low, middle) and [middle, high).
  struct Runs {
    Value low, middle, high;
  };
  void emitPass(OpBuilder &b, Value from, Value to, Value width);
  void emitMerge(OpBuilder &b, Value from, Value to, const Runs &runs);
  Value takeFirst(OpBuilder &b, Value from, const Runs &runs,
                  MutableArrayRef<Value> next);
  Value takeLast(OpBuilder &b, Value from, const Runs &runs,
                 MutableArrayRef<Value> next);
  Value compare(OpBuilder &b, arith::CmpIPredicate predicate, Value x,
                Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  /// The index at `slot`, or at some other where `slot` is past the last one,
  /// and its score.
  std::pair<Value, Value> load(OpBuilder &b, Value from, Value slot) {
    Value safe = arith::MinUIOp::create(b, loc, slot, last);
    Value index = memref::LoadOp::create(b, loc, from, safe);
    Value position =
        arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
    return {index, access.loadScore(b, position)};
  }

  TopKAccess &access;
  Location loc;
  Value count, one, last;
};

} // namespace

/// The next index of the merged run from its front: the left one unless the
/// right one is greater. `next` are the places in the runs, and move on.
Value MergeSort::takeFirst(OpBuilder &b, Value from, const Runs &runs,
                           MutableArrayRef<Value> next) {
  auto [left, leftScore] = load(b, from, next[0]);
  auto [right, rightScore] = load(b, from, next[1]);
  Value leftIsOver =
      compare(b, arith::CmpIPredicate::uge, next[0], runs.middle);
  Value rightIsThere =
      compare(b, arith::CmpIPredicate::ult, next[1], runs.high);
  Value isGreater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT,
                                          rightScore, leftScore);
  Value takesRight = arith::AndIOp::create(
      b, loc, rightIsThere,
      arith::OrIOp::create(b, loc, leftIsOver, isGreater));
  Value step =
      arith::IndexCastUIOp::create(b, loc, b.getIndexType(), takesRight);
  Value stepLeft = arith::SubIOp::create(b, loc, one, step);
  next[0] = arith::AddIOp::create(b, loc, next[0], stepLeft);
  next[1] = arith::AddIOp::create(b, loc, next[1], step);
  return arith::SelectOp::create(b, loc, takesRight, right, left);
}

/// The next one from the back: the right one unless it is greater. `next` are
/// the ends of what is left of the runs.
Value MergeSort::takeLast(OpBuilder &b, Value from, const Runs &runs,
                          MutableArrayRef<Value> next) {
  auto before = [&](Value end) -> Value {
    return arith::SubIOp::create(b, loc, end, one);
  };
  auto [left, leftScore] = load(b, from, before(next[0]));
  auto [right, rightScore] = load(b, from, before(next[1]));
  Value leftIsThere = compare(b, arith::CmpIPredicate::ugt, next[0], runs.low);
  Value rightIsOver =
      compare(b, arith::CmpIPredicate::ule, next[1], runs.middle);
  Value isGreater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT,
                                          rightScore, leftScore);
  Value takesLeft = arith::AndIOp::create(
      b, loc, leftIsThere,
      arith::OrIOp::create(b, loc, rightIsOver, isGreater));
  Value step =
      arith::IndexCastUIOp::create(b, loc, b.getIndexType(), takesLeft);
  Value stepRight = arith::SubIOp::create(b, loc, one, step);
  next[0] = arith::SubIOp::create(b, loc, next[0], step);
  next[1] = arith::SubIOp::create(b, loc, next[1], stepRight);
  return arith::SelectOp::create(b, loc, takesLeft, left, right);
}

/// Merges two runs from both ends at once, since each end alone waits for its
/// loads. Where their length is odd both write the same index to the middle.
void MergeSort::emitMerge(OpBuilder &b, Value from, Value to,
                          const Runs &runs) {
  Value length = arith::SubIOp::create(b, loc, runs.high, runs.low);
  Value half = arith::AddIOp::create(b, loc, length, one);
  half = arith::ShRUIOp::create(b, loc, half, one);
  Value end = arith::AddIOp::create(b, loc, runs.low, half);
  Value last = arith::SubIOp::create(b, loc, runs.high, one);
  scf::ForOp::create(
      b, loc, runs.low, end, one,
      ValueRange{runs.low, runs.middle, runs.middle, runs.high, last},
      [&](OpBuilder &in, Location, Value slot, ValueRange now) {
        SmallVector<Value> next(now);
        MutableArrayRef<Value> places(next);
        Value first = takeFirst(in, from, runs, places.take_front(2));
        memref::StoreOp::create(in, loc, first, to, slot);
        Value back = takeLast(in, from, runs, places.slice(2, 2));
        memref::StoreOp::create(in, loc, back, to, next[4]);
        next[4] = arith::SubIOp::create(in, loc, next[4], one);
        scf::YieldOp::create(in, loc, next);
      });
}

/// Merges runs of `width` into runs of twice that.
void MergeSort::emitPass(OpBuilder &b, Value from, Value to, Value width) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value step = arith::AddIOp::create(b, loc, width, width);
  auto loop = scf::ForOp::create(b, loc, zero, count, step);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value low = loop.getInductionVar();
  auto end = [&](Value length) -> Value {
    Value at = arith::AddIOp::create(inner, loc, low, length);
    return arith::MinUIOp::create(inner, loc, at, count);
  };
  emitMerge(inner, from, to, {low, end(width), end(step)});
}

/// Two passes at a time, so that the result lies where it was.
void MergeSort::emit(OpBuilder &b, Value scratch) {
  Value indices = access.getIndices();
  scf::WhileOp::create(
      b, loc, b.getIndexType(), one,
      [&](OpBuilder &inner, Location, ValueRange width) {
        Value more = arith::CmpIOp::create(
            inner, loc, arith::CmpIPredicate::ult, width[0], count);
        scf::ConditionOp::create(inner, loc, more, width);
      },
      [&](OpBuilder &inner, Location, ValueRange width) {
        Value twice = arith::AddIOp::create(inner, loc, width[0], width[0]);
        emitPass(inner, indices, scratch, width[0]);
        emitPass(inner, scratch, indices, twice);
        Value next = arith::AddIOp::create(inner, loc, twice, twice);
        scf::YieldOp::create(inner, loc, next);
      });
}

void weir::emitSortIndices(TopKAccess &access, OpBuilder &builder,
                           Value scratch, Value count) {
  MergeSort(access, builder, count).emit(builder, scratch);
}
