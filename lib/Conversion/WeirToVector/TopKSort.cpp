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
  void emitPass(OpBuilder &b, Value from, Value to, Value width);
  void emitMerge(OpBuilder &b, Value from, Value to, Value low, Value middle,
                 Value high);
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

/// Merges the runs [low, middle) and [middle, high).
void MergeSort::emitMerge(OpBuilder &b, Value from, Value to, Value low,
                          Value middle, Value high) {
  scf::ForOp::create(
      b, loc, low, high, one, ValueRange{low, middle},
      [&](OpBuilder &in, Location, Value slot, ValueRange next) {
        auto [left, leftScore] = load(in, from, next[0]);
        auto [right, rightScore] = load(in, from, next[1]);
        auto below = [&](Value at, Value end) -> Value {
          return arith::CmpIOp::create(in, loc, arith::CmpIPredicate::ult, at,
                                       end);
        };
        Value isGreater = arith::CmpFOp::create(
            in, loc, arith::CmpFPredicate::OGT, rightScore, leftScore);
        Value leftIsOver = arith::CmpIOp::create(
            in, loc, arith::CmpIPredicate::uge, next[0], middle);
        Value takesRight = arith::AndIOp::create(
            in, loc, below(next[1], high),
            arith::OrIOp::create(in, loc, leftIsOver, isGreater));
        Value index = arith::SelectOp::create(in, loc, takesRight, right, left);
        memref::StoreOp::create(in, loc, index, to, slot);
        Value step = arith::IndexCastUIOp::create(in, loc, in.getIndexType(),
                                                  takesRight);
        Value stepLeft = arith::SubIOp::create(in, loc, one, step);
        scf::YieldOp::create(
            in, loc,
            ValueRange{arith::AddIOp::create(in, loc, next[0], stepLeft),
                       arith::AddIOp::create(in, loc, next[1], step)});
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
  emitMerge(inner, from, to, low, end(width), end(step));
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
