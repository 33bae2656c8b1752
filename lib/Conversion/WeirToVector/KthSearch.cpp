//===- KthSearch.cpp - the k-th largest value of a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values are read as integers of the same order, and the answer is built from
// its highest bits down: two bits a sweep, by counting how many elements reach
// each of three candidates. A last sweep finds the position. Nothing depends on
// how values are spread, and nothing is stored.
//
//===----------------------------------------------------------------------===//

#include "Searches.h"

#include "RowSweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {

class KthSearch {
public:
  KthSearch(RowEmitter &emitter, KthOp kth)
      : emitter(emitter), kth(kth), loc(kth.getLoc()),
        layout(emitter.access.getLayout()),
        valueType(emitter.access.getScalarType(kth.getValue().getType())),
        isFloat(isa<FloatType>(valueType)) {
    bits = valueType.isIndex() ? 64 : valueType.getIntOrFloatBitWidth();
    keyType = IntegerType::get(kth.getContext(), std::max(bits, 32u));
    bits = keyType.getWidth();
    keyVector = emitter.access.getVectorType(keyType);
    countVector =
        emitter.access.getVectorType(IntegerType::get(kth.getContext(), 64));
  }

  void emit(OpBuilder &builder);

private:
  Value emitKeys(OpBuilder &b, Element &element);
  Value emitRank(OpBuilder &b);
  Value emitThreshold(OpBuilder &b, Value rank);
  Value emitPosition(OpBuilder &b, Value key, Value rank);
  SmallVector<Value> count(OpBuilder &b, ValueRange thresholds,
                           arith::CmpIPredicate predicate);
  Value emitValue(OpBuilder &b, Value key);
  Value emitPositionAlong(OpBuilder &b, Value key, Value rank);
  Value emitPositionAcross(OpBuilder &b, Value key, Value rank);
  Value constant(OpBuilder &b, Type type, TypedAttr attr) {
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(b, loc, attr);
  }
  /// Row numbers.
  Value key(OpBuilder &b, APInt value) {
    return constant(b, layout.getRowType(keyType),
                    b.getIntegerAttr(keyType, value));
  }
  Value whole(OpBuilder &b, int64_t value) {
    return constant(b, layout.getRowType(b.getI64Type()),
                    b.getI64IntegerAttr(value));
  }
  Value nowhere(OpBuilder &b) {
    return constant(b, layout.getRowType(b.getIndexType()), b.getIndexAttr(-1));
  }

  RowEmitter &emitter;
  KthOp kth;
  Location loc;
  const LaneLayout &layout;
  Type valueType;
  bool isFloat;
  unsigned bits;
  IntegerType keyType;
  VectorType keyVector, countVector;
};

} // namespace

/// Signed integers in the order of the values, with -0 as +0. Excluded elements
/// get the least one, which no value has.
Value KthSearch::emitKeys(OpBuilder &b, Element &element) {
  Value x = emitter.getVector(b, element, kth.getValue());
  Value keys;
  if (isFloat) {
    x = arith::AddFOp::create(b, loc, x, emitter.constant(b, x.getType(), 0.0));
    Value raw = arith::BitcastOp::create(b, loc, keyVector, x);
    Value shift = arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(keyVector, b.getIntegerAttr(keyType, bits - 1)));
    Value sign = arith::ShRSIOp::create(b, loc, raw, shift);
    Value low = layout.spread(b, key(b, APInt::getSignedMaxValue(bits)));
    Value flip = arith::AndIOp::create(b, loc, sign, low);
    keys = arith::XOrIOp::create(b, loc, raw, flip);
  } else if (x.getType() == Type(keyVector)) {
    keys = x;
  } else if (getElementTypeOrSelf(x.getType()).isIndex()) {
    keys = arith::IndexCastOp::create(b, loc, keyVector, x);
  } else {
    keys = arith::ExtSIOp::create(b, loc, keyVector, x);
  }
  Value included = emitter.getIncluded(b, element);
  if (!included)
    return keys;
  Value least = layout.spread(b, key(b, APInt::getSignedMinValue(bits)));
  return arith::SelectOp::create(b, loc, included, keys, least);
}

/// How many keys are `predicate` each threshold.
SmallVector<Value> KthSearch::count(OpBuilder &b, ValueRange thresholds,
                                    arith::CmpIPredicate predicate) {
  emitter.anchorRowCode(b);
  SmallVector<Value> splats;
  for (Value threshold : thresholds)
    splats.push_back(layout.spread(b, threshold));
  // Counted in lanes as wide as the keys, which are added up before they could
  // overflow.
  auto body = [&](OpBuilder &inner, ArrayRef<Lanes> lanes, ValueRange carried) {
    SmallVector<Value> next(carried);
    for (const Lanes &group : lanes) {
      Element element(group);
      Value keys = emitKeys(inner, element);
      for (auto [i, splat] : llvm::enumerate(splats)) {
        Value is = arith::CmpIOp::create(inner, loc, predicate, keys, splat);
        Value one = arith::ExtUIOp::create(inner, loc, keyVector, is);
        next[i] = arith::AddIOp::create(inner, loc, next[i], one);
      }
    }
    return next;
  };
  auto fold = [&](OpBuilder &inner, ValueRange totals, ValueRange block) {
    SmallVector<Value> next;
    for (auto [total, counted] : llvm::zip(totals, block)) {
      Value wide = counted;
      if (keyVector != countVector)
        wide = arith::ExtUIOp::create(inner, loc, countVector, counted);
      next.push_back(arith::AddIOp::create(inner, loc, total, wide));
    }
    return next;
  };
  RowSweep sweep(emitter, b, /*groupSize=*/4);
  SmallVector<Value> zeros(thresholds.size(),
                           emitter.constant(b, keyVector, 0));
  SmallVector<Value> none(thresholds.size(),
                          emitter.constant(b, countVector, 0));
  SmallVector<Value> counts = sweep.emitGroupsInBlocks(
      none, [&](OpBuilder &, ValueRange) { return zeros; }, body, fold);
  counts = fold(b, counts, sweep.emitRest(zeros, body));
  for (Value &value : counts)
    value = layout.combine(b, vector::CombiningKind::ADD, value);
  return counts;
}

/// k as an i64.
Value KthSearch::emitRank(OpBuilder &b) {
  Value k = emitter.getScalar(kth.getK());
  Type type = layout.getRowType(b.getI64Type()),
       element = getElementTypeOrSelf(k.getType());
  if (element.isIndex())
    return arith::IndexCastOp::create(b, loc, type, k);
  if (element.isInteger(64))
    return k;
  return arith::ExtSIOp::create(b, loc, type, k);
}

/// The greatest key that at least `rank` keys reach.
Value KthSearch::emitThreshold(OpBuilder &b, Value rank) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value end = arith::ConstantIndexOp::create(b, loc, bits / 2);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value least = key(b, APInt::getSignedMinValue(bits));
  Value top = key(b, APInt::getOneBitSet(bits, bits - 2));
  auto loop = scf::ForOp::create(
      b, loc, zero, end, one, ValueRange{least, top},
      [&](OpBuilder &inner, Location, Value, ValueRange carried) {
        RowEmitter::RowValues known = emitter.saveRow();
        Value at = carried[0], step = carried[1];
        SmallVector<Value> candidates;
        for (Value next = at; candidates.size() < 3;) {
          next = arith::AddIOp::create(inner, loc, next, step);
          candidates.push_back(next);
        }
        SmallVector<Value> counts =
            count(inner, candidates, arith::CmpIPredicate::sge);
        for (auto [candidate, reached] : llvm::zip(candidates, counts)) {
          Value enough = arith::CmpIOp::create(
              inner, loc, arith::CmpIPredicate::sge, reached, rank);
          at = arith::SelectOp::create(inner, loc, enough, candidate, at);
        }
        Value two = key(inner, APInt(bits, 2));
        step = arith::ShRUIOp::create(inner, loc, step, two);
        scf::YieldOp::create(inner, loc, ValueRange{at, step});
        emitter.restoreRow(known);
      });
  emitter.anchorRowCode(b);
  return loop.getResult(0);
}

/// The position of the `rank`-th element that has `key`, lowest first.
Value KthSearch::emitPosition(OpBuilder &b, Value key, Value rank) {
  emitter.anchorRowCode(b);
  return layout.isAcross() ? emitPositionAcross(b, key, rank)
                           : emitPositionAlong(b, key, rank);
}

/// Each lane counts down; the element at which it reaches 0 is the one.
Value KthSearch::emitPositionAcross(OpBuilder &b, Value key, Value rank) {
  auto body = [&](OpBuilder &inner, ArrayRef<Lanes> lanes, ValueRange carried) {
    Element element(lanes[0]);
    Value is = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq,
                                     emitKeys(inner, element), key);
    Value one = arith::ExtUIOp::create(inner, loc, countVector, is);
    Value left = arith::SubIOp::create(inner, loc, carried[0], one);
    Value ends = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq,
                                       left, whole(inner, 0));
    Value found = arith::AndIOp::create(inner, loc, is, ends);
    Value here = layout.emitPositions(inner, lanes[0].position);
    Value position =
        arith::SelectOp::create(inner, loc, found, here, carried[1]);
    return SmallVector<Value>{left, position};
  };
  RowSweep sweep(emitter, b, /*groupSize=*/1);
  SmallVector<Value> inits{rank, nowhere(b)};
  return sweep.emitRest(sweep.emitGroups(inits, body), body)[1];
}

/// A vector's matches are counted at once; only the one with the element that
/// is wanted is looked into.
Value KthSearch::emitPositionAlong(OpBuilder &b, Value key, Value rank) {
  Value splat = layout.spread(b, key);
  int64_t laneCount = layout.getLaneCount();
  auto body = [&](OpBuilder &inner, ArrayRef<Lanes> lanes, ValueRange carried) {
    Element element(lanes[0]);
    Value keys = emitKeys(inner, element);
    Value is = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, keys,
                                     splat);
    Value ones = arith::ExtUIOp::create(inner, loc, countVector, is);
    Value here = vector::ReductionOp::create(inner, loc,
                                             vector::CombiningKind::ADD, ones);
    // The one that is wanted lies in this vector when the rest of the count
    // ends here.
    Value left = carried[0];
    Value positive = arith::CmpIOp::create(
        inner, loc, arith::CmpIPredicate::sgt, left, whole(inner, 0));
    Value reaches = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::sge,
                                          here, left);
    Value found = arith::AndIOp::create(inner, loc, positive, reaches);
    auto branch = scf::IfOp::create(
        inner, loc, found,
        [&](OpBuilder &in, Location) {
          Value before = whole(in, 0), position = carried[1];
          for (int64_t lane = 0; lane < laneCount; ++lane) {
            Value one = vector::ExtractOp::create(in, loc, ones, lane);
            before = arith::AddIOp::create(in, loc, before, one);
            Value ends = arith::CmpIOp::create(
                in, loc, arith::CmpIPredicate::eq, before, left);
            Value isOne = arith::CmpIOp::create(
                in, loc, arith::CmpIPredicate::ne, one, whole(in, 0));
            Value wanted = arith::AndIOp::create(in, loc, ends, isOne);
            Value at = arith::AddIOp::create(
                in, loc, lanes[0].position,
                arith::ConstantIndexOp::create(in, loc, lane));
            position = arith::SelectOp::create(in, loc, wanted, at, position);
          }
          scf::YieldOp::create(in, loc, position);
        },
        [&](OpBuilder &in, Location) {
          scf::YieldOp::create(in, loc, carried[1]);
        });
    Value rest = arith::SubIOp::create(inner, loc, left, here);
    return SmallVector<Value>{rest, branch.getResult(0)};
  };
  RowSweep sweep(emitter, b, /*groupSize=*/1);
  SmallVector<Value> inits{rank, nowhere(b)};
  return sweep.emitRest(sweep.emitGroups(inits, body), body)[1];
}

/// The value whose key is `key`.
Value KthSearch::emitValue(OpBuilder &b, Value key) {
  Type type = layout.getRowType(valueType);
  if (isFloat) {
    Value shift = this->key(b, APInt(bits, bits - 1));
    Value sign = arith::ShRSIOp::create(b, loc, key, shift);
    Value low = this->key(b, APInt::getSignedMaxValue(bits));
    Value raw = arith::XOrIOp::create(b, loc, key,
                                      arith::AndIOp::create(b, loc, sign, low));
    return arith::BitcastOp::create(b, loc, type, raw);
  }
  if (key.getType() == type)
    return key;
  if (valueType.isIndex())
    return arith::IndexCastOp::create(b, loc, type, key);
  return arith::TruncIOp::create(b, loc, type, key);
}

void KthSearch::emit(OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  Value rank = emitRank(builder);
  Value threshold = emitThreshold(builder, rank);
  Value among;
  if (emitter.rows.getTies() == Ties::AllEqual) {
    // Where all equal values are taken, the last of them ends the selection.
    among = count(builder, threshold, arith::CmpIPredicate::eq).front();
  } else {
    Value greater =
        count(builder, threshold, arith::CmpIPredicate::sgt).front();
    among = arith::SubIOp::create(builder, loc, rank, greater);
  }
  Value position = emitPosition(builder, threshold, among);
  Value value = emitValue(builder, threshold);
  // Fewer than k elements, or a k that counts nothing.
  Value least = key(builder, APInt::getSignedMinValue(bits));
  Value few = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                    threshold, least);
  Value none = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                     rank, whole(builder, 1));
  Value fails = arith::OrIOp::create(builder, loc, few, none);
  if (isFloat) {
    Value low = emitter.constant(builder, value.getType(), -INFINITY);
    value = arith::SelectOp::create(builder, loc, fails, low, value);
  }
  if (Value column = emitter.rows.getColumn())
    position = arith::AddIOp::create(builder, loc, position,
                                     layout.fromScalar(builder, column));
  position =
      arith::SelectOp::create(builder, loc, fails, nowhere(builder), position);
  emitter.anchorRowCode(builder);
  emitter.setScalar(kth.getResult(), value);
  emitter.setScalar(kth.getPosition(), position);
}

void weir::emitKth(RowEmitter &emitter, OpBuilder &builder, KthOp kth) {
  KthSearch(emitter, kth).emit(builder);
}
