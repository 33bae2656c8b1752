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
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

SmallVector<Value> weir::emitIfAnyLane(
    OpBuilder &b, Location loc, ArrayRef<Value> masks, ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> then) {
  Value any = masks.front();
  for (Value mask : masks.drop_front())
    any = arith::OrIOp::create(b, loc, any, mask);
  Value hit =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  auto branch = scf::IfOp::create(
      b, loc, hit,
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, then(inner, carried));
      },
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, carried);
      });
  return SmallVector<Value>(branch.getResults());
}

/// One bit for each lane of `masks`, the first lane's lowest.
static Value emitBits(OpBuilder &b, Location loc, ArrayRef<Value> masks) {
  Value bits;
  int64_t shift = 0;
  for (Value mask : masks) {
    int64_t lanes = cast<VectorType>(mask.getType()).getNumElements();
    Type own = VectorType::get(1, b.getIntegerType(lanes));
    Value word = vector::ExtractOp::create(
        b, loc, vector::BitCastOp::create(b, loc, own, mask), 0);
    if (lanes < 64)
      word = arith::ExtUIOp::create(b, loc, b.getI64Type(), word);
    if (shift) {
      Value by = arith::ConstantIntOp::create(b, loc, shift, 64);
      word = arith::ShLIOp::create(b, loc, word, by);
    }
    bits = bits ? Value(arith::OrIOp::create(b, loc, bits, word)) : word;
    shift += lanes;
  }
  assert(shift <= 64 && "a group has more lanes than a word has bits");
  return bits;
}

SmallVector<Value> weir::emitForEachLane(
    OpBuilder &b, Location loc, ArrayRef<Value> masks, Value position,
    ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)>
        visit) {
  SmallVector<Value> inits{emitBits(b, loc, masks)};
  llvm::append_range(inits, carried);
  auto loop = scf::WhileOp::create(
      b, loc, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value zero = arith::ConstantIntOp::create(inner, loc, 0, 64);
        Value more = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::ne,
                                           now[0], zero);
        scf::ConditionOp::create(inner, loc, more, now);
      },
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value lane = math::CountTrailingZerosOp::create(inner, loc, now[0]);
        lane =
            arith::IndexCastOp::create(inner, loc, inner.getIndexType(), lane);
        Value at = arith::AddIOp::create(inner, loc, position, lane);
        Value one = arith::ConstantIntOp::create(inner, loc, 1, 64);
        Value rest = arith::AndIOp::create(
            inner, loc, now[0], arith::SubIOp::create(inner, loc, now[0], one));
        SmallVector<Value> next{rest};
        llvm::append_range(next, visit(inner, at, now.drop_front()));
        scf::YieldOp::create(inner, loc, next);
      });
  return SmallVector<Value>(loop.getResults().drop_front());
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

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
