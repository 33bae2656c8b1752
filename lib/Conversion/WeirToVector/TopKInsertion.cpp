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
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weir;

namespace {

/// The largest elements so far, in order: their values, then their indices. The
/// list is as long as vectors are, so it may hold some beyond k.
class Insertion {
public:
  Insertion(TopKAccess &access, OpBuilder &builder)
      : access(access), b(builder), loc(access.op.getLoc()),
        k(access.op.getK()),
        size(std::max<int64_t>(access.getLaneCount(), llvm::PowerOf2Ceil(k))),
        valueType(VectorType::get(size, access.getComputeType())),
        indexType(VectorType::get(size, builder.getI32Type())) {}

  Value emit();

private:
  SmallVector<Value> insert(OpBuilder &b, Value x, Value position,
                            ValueRange list);
  SmallVector<Value> sweepGroup(OpBuilder &b, ArrayRef<Lanes> group,
                                ValueRange carried);
  Value emitLast(OpBuilder &b, Value values);
  void store(Value list, Value row);
  Value emitFound(Value indices);
  Value splat(OpBuilder &b, Type type, TypedAttr value) {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(cast<ShapedType>(type), value));
  }

  TopKAccess &access;
  OpBuilder &b;
  Location loc;
  int64_t k, size;
  VectorType valueType, indexType;
};

} // namespace

/// The k-th value in all lanes of a vector of the row.
Value Insertion::emitLast(OpBuilder &b, Value values) {
  Value last = vector::ExtractOp::create(b, loc, values, k - 1);
  return vector::BroadcastOp::create(
      b, loc, access.getVectorType(access.getComputeType()), last);
}

/// Elements that are at least x stay, those below it move up by one slot, and x
/// comes between. One that no slot is below changes nothing.
SmallVector<Value> Insertion::insert(OpBuilder &b, Value x, Value position,
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

/// Carried are the values, the indices and the k-th value.
SmallVector<Value> Insertion::sweepGroup(OpBuilder &b, ArrayRef<Lanes> group,
                                         ValueRange carried) {
  SmallVector<Value> masks;
  for (const Lanes &lanes : group)
    masks.push_back(access.loadPassing(b, lanes, [&](Value scores) {
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, scores,
                                   carried[2]);
    }));
  return emitIfAnyLane(
      b, loc, masks, carried, [&](OpBuilder &inner, ValueRange now) {
        SmallVector<Value> list = emitForEachLane(
            inner, loc, masks, group.front().position, now.take_front(2),
            [&](OpBuilder &in, Value position, ValueRange list) {
              return insert(in, access.loadScore(in, position), position, list);
            });
        list.push_back(emitLast(inner, list[0]));
        return list;
      });
}

/// The first k of `list` to a one-dimensional buffer.
void Insertion::store(Value list, Value row) {
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
Value Insertion::emitFound(Value indices) {
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

Value Insertion::emit() {
  Value values =
      splat(b, valueType, b.getFloatAttr(access.getComputeType(), -INFINITY));
  Value indices = splat(b, indexType, b.getI32IntegerAttr(-1));
  auto body = [&](OpBuilder &inner, ArrayRef<Lanes> group, ValueRange carried) {
    return sweepGroup(inner, group, carried);
  };
  RowSweep sweep(access, b, loc, /*groupSize=*/4);
  SmallVector<Value> list{values, indices, emitLast(b, values)};
  list = sweep.emitRest(sweep.emitGroups(list, body), body);
  store(list[0], access.getValues());
  store(list[1], access.getIndices());
  return emitFound(list[1]);
}

Value weir::emitTopKByInsertion(TopKAccess &access, OpBuilder &builder) {
  return Insertion(access, builder).emit();
}
