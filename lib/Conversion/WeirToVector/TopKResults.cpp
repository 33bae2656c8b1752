//===- TopKResults.cpp - how many of the largest elements are selected ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "RowSweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {

class Results {
public:
  Results(TopKAccess &access, OpBuilder &builder, Value found,
          const TopKValues &values)
      : access(access), op(access.op), b(builder), loc(op.getLoc()),
        mode(op.getMode().value_or(TopKMode::Count)), found(found),
        values(values) {}

  void emit();

private:
  /// Whether the element in slot `slot`, whose value is `value`, is selected
  /// when all before it are. `state` is what the mode carries along.
  using Takes = llvm::function_ref<Value(OpBuilder &, Value slot, Value value,
                                         Value state)>;
  /// What is carried behind that element.
  using Next = llvm::function_ref<Value(OpBuilder &, Value value, Value state)>;
  Value emitPrefix(Value state, Takes takes, Next next);
  Value emitByThreshold();
  Value emitByGap();
  Value emitByMass();
  Value emitSum(Value unit);
  Value emitTerm(OpBuilder &b, Value value, Value unit);
  Value emitThreshold();
  void emitPadding(Value selected);
  void emitLastOnes();
  Value emitWhere(Value slot,
                  llvm::function_ref<Value(OpBuilder &, Value)> holds);

  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value number(OpBuilder &b, Type type, double value) {
    TypedAttr attr = b.getFloatAttr(getElementTypeOrSelf(type), value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      attr = DenseElementsAttr::get(shaped, attr);
    return arith::ConstantOp::create(b, loc, attr);
  }
  Value isBelow(OpBuilder &b, Value slot, Value end) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, slot, end);
  }

  TopKAccess &access;
  TopKRowsOp op;
  OpBuilder &b;
  Location loc;
  TopKMode mode;
  Value found;
  const TopKValues &values;
};

} // namespace

//===----------------------------------------------------------------------===//
// Modes
//===----------------------------------------------------------------------===//

/// The length of the longest prefix all of whose elements are taken.
Value Results::emitPrefix(Value state, Takes takes, Next next) {
  SmallVector<Value> inits{index(b, 0), state};
  auto loop = scf::WhileOp::create(
      b, loc, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange now) {
        // A slot that is not there is read as the last one, and not taken.
        Value last = index(inner, op.getK() - 1);
        Value safe = arith::MinUIOp::create(inner, loc, now[0], last);
        Value taken =
            takes(inner, now[0], access.loadValue(inner, safe), now[1]);
        taken = arith::AndIOp::create(inner, loc, taken,
                                      isBelow(inner, now[0], found));
        scf::ConditionOp::create(inner, loc, taken, now);
      },
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value then = next(inner, access.loadValue(inner, now[0]), now[1]);
        Value slot = arith::AddIOp::create(inner, loc, now[0], index(inner, 1));
        scf::YieldOp::create(inner, loc, ValueRange{slot, then});
      });
  return loop.getResult(0);
}

Value Results::emitThreshold() {
  if (op.getThreshold())
    return access.loadThreshold(b);
  return number(b, access.getComputeType(), op.getThr()->convertToDouble());
}

Value Results::emitByThreshold() {
  Value thr = emitThreshold();
  return emitPrefix(
      thr,
      [&](OpBuilder &in, Value, Value value, Value state) -> Value {
        return arith::CmpFOp::create(in, loc, arith::CmpFPredicate::OGT, value,
                                     state);
      },
      [](OpBuilder &, Value, Value state) { return state; });
}

/// Carried is the value before.
Value Results::emitByGap() {
  Value thr = emitThreshold();
  Value first = number(b, access.getComputeType(), INFINITY);
  return emitPrefix(
      first,
      [&](OpBuilder &in, Value slot, Value value, Value before) -> Value {
        Value gap = arith::SubFOp::create(in, loc, before, value);
        // Of +inf from +inf as well.
        Value equal = arith::CmpFOp::create(in, loc, arith::CmpFPredicate::OEQ,
                                            before, value);
        gap = arith::SelectOp::create(in, loc, equal,
                                      number(in, gap.getType(), 0), gap);
        Value near =
            arith::CmpFOp::create(in, loc, arith::CmpFPredicate::OLE, gap, thr);
        Value isFirst = arith::CmpIOp::create(in, loc, arith::CmpIPredicate::eq,
                                              slot, index(in, 0));
        return arith::OrIOp::create(in, loc, isFirst, near);
      },
      [](OpBuilder &, Value value, Value) { return value; });
}

/// What an element adds to a sum, in f64: its value in a unit that no sum of
/// them overflows. In a row that holds +inf the unit makes the others 0.
Value Results::emitTerm(OpBuilder &b, Value value, Value unit) {
  Type type = b.getF64Type();
  if (auto vector = dyn_cast<VectorType>(value.getType())) {
    type = vector.clone(type);
    unit = vector::BroadcastOp::create(b, loc, type, unit);
  }
  if (value.getType() != type)
    value = arith::ExtFOp::create(b, loc, type, value);
  Value isInfinite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                                           value, number(b, type, INFINITY));
  Value scaled = arith::MulFOp::create(b, loc, value, unit);
  return arith::SelectOp::create(b, loc, isInfinite, number(b, type, 1),
                                 scaled);
}

/// The sum of the terms of all elements that may be selected: four partial sums
/// in lanes, folded before they grow long.
Value Results::emitSum(Value unit) {
  VectorType type = access.getVectorType(b.getF64Type());
  Value zero = number(b, type, 0);
  auto add = [&](OpBuilder &in, Value x, Value y) -> Value {
    return arith::AddFOp::create(in, loc, x, y);
  };
  auto body = [&](OpBuilder &in, ArrayRef<Lanes> group, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [lanes, sum] : llvm::zip(group, carried)) {
      Value scores;
      Value passes = access.loadPassing(in, lanes, [&](Value loaded) -> Value {
        scores = loaded;
        return arith::CmpFOp::create(in, loc, arith::CmpFPredicate::OGT, scores,
                                     number(in, scores.getType(), -INFINITY));
      });
      Value term = emitTerm(in, scores, unit);
      term = arith::SelectOp::create(in, loc, passes, term, zero);
      next.push_back(add(in, sum, term));
    }
    return next;
  };
  constexpr int64_t kGroup = 4;
  RowSweep sweep(access, b, loc, kGroup);
  SmallVector<Value> sum = sweep.emitGroupsInBlocks(
      zero,
      [&](OpBuilder &, ValueRange) { return SmallVector<Value>(kGroup, zero); },
      body,
      [&](OpBuilder &in, ValueRange carried, ValueRange block) {
        Value half = add(in, block[0], block[1]);
        Value other = add(in, block[2], block[3]);
        return SmallVector<Value>{add(in, carried[0], add(in, half, other))};
      });
  sum = sweep.emitRest(sum, body);
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, sum[0],
                                     arith::FastMathFlags::reassoc);
}

/// Carried is the sum before. Sums are in f64, where those of f32 are exact
/// enough to be compared with a share to five digits.
Value Results::emitByMass() {
  Type f64 = b.getF64Type();
  auto ordered = [&](OpBuilder &in, arith::CmpFPredicate predicate, Value x,
                     Value y) -> Value {
    return arith::CmpFOp::create(in, loc, predicate, x, y);
  };
  Value largest = access.loadValue(b, index(b, 0));
  if (largest.getType() != f64)
    largest = arith::ExtFOp::create(b, loc, f64, largest);
  Value isLarge =
      ordered(b, arith::CmpFPredicate::OGT, largest, number(b, f64, 1));
  Value isInfinite =
      ordered(b, arith::CmpFPredicate::OEQ, largest, number(b, f64, INFINITY));
  Value unit = arith::SelectOp::create(b, loc, isLarge, number(b, f64, 0x1p-64),
                                       number(b, f64, 1));
  unit = arith::SelectOp::create(b, loc, isInfinite, number(b, f64, 0), unit);
  Value share;
  if (op.getThreshold()) {
    share = access.loadThreshold(b);
    if (share.getType() != f64)
      share = arith::ExtFOp::create(b, loc, f64, share);
  } else {
    share = number(b, f64, op.getThr()->convertToDouble());
  }
  bool includes = op.getIncludeCrossing().value_or(true);
  if (!includes)
    share = arith::AddFOp::create(b, loc, share, number(b, f64, 1e-5));
  Value sum = values.areOfFormula ? emitTerm(b, access.loadTotal(b), unit)
                                  : emitSum(unit);
  Value wanted = arith::MulFOp::create(b, loc, share, sum);
  auto plus = [&](OpBuilder &in, Value value, Value sum) -> Value {
    return arith::AddFOp::create(in, loc, sum, emitTerm(in, value, unit));
  };
  return emitPrefix(
      number(b, f64, 0),
      [&](OpBuilder &in, Value slot, Value value, Value before) -> Value {
        if (!includes)
          return ordered(in, arith::CmpFPredicate::OLE, plus(in, value, before),
                         wanted);
        Value isFirst = arith::CmpIOp::create(in, loc, arith::CmpIPredicate::eq,
                                              slot, index(in, 0));
        Value misses = ordered(in, arith::CmpFPredicate::OLT, before, wanted);
        return arith::OrIOp::create(in, loc, isFirst, misses);
      },
      plus);
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

void Results::emitPadding(Value selected) {
  Value k = index(b, op.getK()), one = index(b, 1);
  auto loop = scf::ForOp::create(b, loc, selected, k, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Type element =
      cast<MemRefType>(access.getValues().getType()).getElementType();
  Value slot = loop.getInductionVar();
  Value padding = number(inner, element, values.padding);
  if (values.keepsNaN) {
    Value old = memref::LoadOp::create(inner, loc, access.getValues(), slot);
    Value number = access.toCompute(inner, old, access.getComputeType());
    Value isNaN = arith::CmpFOp::create(inner, loc, arith::CmpFPredicate::UNO,
                                        number, number);
    padding = arith::SelectOp::create(inner, loc, isNaN, old, padding);
  }
  memref::StoreOp::create(inner, loc, padding, access.getValues(), slot);
  access.storeIndex(inner, slot, index(inner, -1));
}

/// Gives the elements of which `holds` is true, lowest index first, the slots
/// from `slot` on. Returns the next slot.
Value Results::emitWhere(Value slot,
                         llvm::function_ref<Value(OpBuilder &, Value)> holds) {
  SmallVector<Value> inits{index(b, 0), slot};
  auto loop = scf::WhileOp::create(
      b, loc, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value k = index(inner, op.getK());
        Value more = arith::AndIOp::create(
            inner, loc, isBelow(inner, now[0], access.getRowLength()),
            isBelow(inner, now[1], k));
        scf::ConditionOp::create(inner, loc, more, now);
      },
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value is = holds(inner, access.loadScore(inner, now[0]));
        if (Value mask = access.getMask())
          is = arith::AndIOp::create(inner, loc, is,
                                     access.loadFlag(inner, mask, now[0]));
        scf::IfOp::create(inner, loc, is, [&](OpBuilder &in, Location) {
          access.storeIndex(in, now[1], now[0]);
          scf::YieldOp::create(in, loc);
        });
        Value step =
            arith::IndexCastUIOp::create(inner, loc, inner.getIndexType(), is);
        Value position =
            arith::AddIOp::create(inner, loc, now[0], index(inner, 1));
        Value next = arith::AddIOp::create(inner, loc, now[1], step);
        scf::YieldOp::create(inner, loc, ValueRange{position, next});
      });
  return loop.getResult(1);
}

/// Routing takes k indices of every row, so the last ones in the order, those
/// of -inf and then of NaN, get the slots that are left.
void Results::emitLastOnes() {
  Value few = isBelow(b, found, index(b, op.getK()));
  auto branch = scf::IfOp::create(b, loc, few);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  Value slot = emitWhere(found, [&](OpBuilder &in, Value x) -> Value {
    return arith::CmpFOp::create(in, loc, arith::CmpFPredicate::OEQ, x,
                                 number(in, x.getType(), -INFINITY));
  });
  emitWhere(slot, [&](OpBuilder &in, Value x) -> Value {
    return arith::CmpFOp::create(in, loc, arith::CmpFPredicate::UNO, x, x);
  });
}

void Results::emit() {
  Value selected = found;
  if (mode == TopKMode::Threshold)
    selected = emitByThreshold();
  else if (mode == TopKMode::Gap)
    selected = emitByGap();
  else if (mode == TopKMode::Mass)
    selected = emitByMass();
  access.storeCount(b, selected);
  emitPadding(selected);
  if (mode == TopKMode::Count)
    emitLastOnes();
}

void weir::emitTopKResults(TopKAccess &access, OpBuilder &builder, Value found,
                           const TopKValues &values) {
  Results(access, builder, found, values).emit();
}
