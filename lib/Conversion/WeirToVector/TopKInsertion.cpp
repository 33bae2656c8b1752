//===- TopKInsertion.cpp - the largest elements in one sweep ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The k largest so far lie in order in vectors. Almost every vector of the
// row has no element above the last of them, and one comparison passes it by.
// Others are inserted one by one; an element goes behind those that equal it,
// so that of equal ones the lower index stays in front.
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "RowSweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weir;

TopKInsertion::TopKInsertion(TopKAccess &access)
    : access(access), loc(access.op.getLoc()), k(access.op.getK()),
      size(std::max<int64_t>(access.getLaneCount(), llvm::PowerOf2Ceil(k))),
      valueType(VectorType::get(size, access.getComputeType())),
      indexType(VectorType::get(size, IntegerType::get(loc.getContext(), 32))) {
}

Value TopKInsertion::splat(OpBuilder &b, Type type, TypedAttr value) {
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(cast<ShapedType>(type), value));
}

/// The k-th value in all lanes of a vector of the row.
Value TopKInsertion::emitLast(OpBuilder &b, Value values) {
  Value last = vector::ExtractOp::create(b, loc, values, k - 1);
  return vector::BroadcastOp::create(
      b, loc, access.getVectorType(access.getComputeType()), last);
}

/// Elements that are at least x stay, those below it move up by one slot, and x
/// comes between. One that no slot is below changes nothing.
SmallVector<Value> TopKInsertion::insert(OpBuilder &b, Value x, Value position,
                                         ValueRange list) {
  SmallVector<int64_t> moved(size);
  for (int64_t slot = 1; slot < size; ++slot)
    moved[slot] = slot - 1;
  // Slot 0 takes what stands in place of an element before it.
  SmallVector<int64_t> movedValues(moved);
  movedValues[0] = size;
  Value values = list[0], indices = list[1];
  Value infinity =
      splat(b, valueType, b.getFloatAttr(access.getComputeType(), INFINITY));
  Value before =
      vector::ShuffleOp::create(b, loc, values, infinity, movedValues);
  Value beforeIndices =
      vector::ShuffleOp::create(b, loc, indices, indices, moved);
  Value xs = vector::BroadcastOp::create(b, loc, valueType, x);
  Value index = arith::IndexCastOp::create(b, loc, b.getI32Type(), position);
  Value is = vector::BroadcastOp::create(b, loc, indexType, index);
  auto atLeast = [&](Value a) {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, a, xs);
  };
  Value stays = atLeast(values), follows = atLeast(before);
  auto choose = [&](Value old, Value own, Value shifted) -> Value {
    Value next = arith::SelectOp::create(b, loc, follows, own, shifted);
    return arith::SelectOp::create(b, loc, stays, old, next);
  };
  return {choose(values, xs, before), choose(indices, is, beforeIndices)};
}

SmallVector<Value> TopKInsertion::begin(OpBuilder &b) {
  Value values =
      splat(b, valueType, b.getFloatAttr(access.getComputeType(), -INFINITY));
  Value indices = splat(b, indexType, b.getI32IntegerAttr(-1));
  return {values, indices, emitLast(b, values)};
}

Value TopKInsertion::emitAbove(OpBuilder &b, Value scores, ValueRange carried) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, scores,
                               carried[2]);
}

/// Carried are the values, the indices and the k-th value.
SmallVector<Value> TopKInsertion::update(OpBuilder &b, ArrayRef<Value> masks,
                                         ArrayRef<Lanes> lanes,
                                         ValueRange carried) {
  // As many vectors at a time as a word has bits for.
  size_t most = 64 / access.getLaneCount();
  return emitIfAnyLane(
      b, loc, masks, carried, [&](OpBuilder &inner, ValueRange now) {
        SmallVector<Value> list(now.take_front(2));
        for (size_t first = 0; first < masks.size(); first += most)
          list = emitForEachLane(
              inner, loc, masks.slice(first).take_front(most),
              lanes[first].position, list,
              [&](OpBuilder &in, Value position, ValueRange so) {
                return insert(in, access.loadScore(in, position), position, so);
              });
        list.push_back(emitLast(inner, list[0]));
        return list;
      });
}

/// The first k of `list` to a one-dimensional buffer.
void TopKInsertion::store(OpBuilder &b, Value list, Value row) {
  int64_t lanes = access.getLaneCount();
  Type element = cast<MemRefType>(row.getType()).getElementType();
  for (int64_t slot = 0; slot < k; slot += lanes) {
    Value part = vector::ExtractStridedSliceOp::create(
        b, loc, list, ArrayRef<int64_t>{slot}, ArrayRef<int64_t>{lanes},
        ArrayRef<int64_t>{1});
    Value mask;
    if (slot + lanes > k)
      mask = vector::ConstantMaskOp::create(b, loc,
                                            access.getVectorType(b.getI1Type()),
                                            ArrayRef<int64_t>{k - slot});
    Value at = arith::ConstantIndexOp::create(b, loc, slot);
    access.storeVector(b, row, {at, mask}, access.toStorage(b, part, element));
  }
}

/// How many of the first k slots hold an element.
Value TopKInsertion::emitFound(OpBuilder &b, Value indices) {
  Value zero = splat(b, indexType, b.getI32IntegerAttr(0));
  Value is =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, indices, zero);
  Value ones = arith::ExtUIOp::create(b, loc, indexType, is);
  Value count =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, ones);
  count = arith::IndexCastOp::create(b, loc, b.getIndexType(), count);
  return arith::MinUIOp::create(b, loc, count,
                                arith::ConstantIndexOp::create(b, loc, k));
}

Value TopKInsertion::finish(OpBuilder &b, ValueRange carried) {
  store(b, carried[0], access.getScoreSlots());
  store(b, carried[1], access.getIndices());
  return emitFound(b, carried[1]);
}

Value weir::emitTopKByInsertion(TopKAccess &access, OpBuilder &builder) {
  TopKInsertion insertion(access);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> group, ValueRange carried) {
    SmallVector<Value> masks;
    for (const Lanes &lanes : group)
      masks.push_back(access.loadPassing(b, lanes, [&](Value scores) {
        return insertion.emitAbove(b, scores, carried);
      }));
    return insertion.update(b, masks, group, carried);
  };
  RowSweep sweep(access, builder, access.op.getLoc(), /*groupSize=*/4);
  SmallVector<Value> list = insertion.begin(builder);
  Value isFar = access.emitExceedCache(builder, access.op.getScores());
  auto bodyAhead = [&](OpBuilder &b, ArrayRef<Lanes> group,
                       ValueRange carried) {
    auto branch =
        scf::IfOp::create(b, isFar.getLoc(), isFar, /*withElseRegion=*/false);
    OpBuilder inside = branch.getThenBodyBuilder();
    access.prefetchPages(inside, access.getScores(), group);
    return body(b, group, carried);
  };
  list = sweep.emitRest(sweep.emitGroups(list, bodyAhead), body);
  return insertion.finish(builder, list);
}
