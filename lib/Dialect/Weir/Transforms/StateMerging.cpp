//===- StateMerging.cpp - two states on the way to the anchors of both ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StateMerging.h"

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

void weir::emitMoments(FormulaWriter &w, ValueMap &map, const Law &law,
                       Value (&moments)[3]) {
  Value h = MappedBuilder(w.body, w.loc, map).emit(law.centred);
  Value one = w.constant(1.0);
  Value count = w.sum(one);
  Value atLeastOne = arith::MaximumFOp::create(w.body, w.loc, count, one);
  Value mean = w.divide(w.sum(h), atLeastOne);
  Value off = w.subtract(h, mean);
  moments[0] = count;
  moments[1] = mean;
  moments[2] = w.sum(w.multiply(off, off));
}

Value StateMerging::safe(ReduceOp reduce, Value anchor) {
  if (!anchor.getType().isF32())
    return anchor;
  Value identity =
      w.special(reduce.getKind() == ReductionKind::Max ? -INFINITY : INFINITY);
  return w.select(w.compare(P::UNE, anchor, identity), anchor, w.constant(0.0));
}

Value StateMerging::extremum(ReduceOp reduce, Value a, Value b) {
  bool isMax = reduce.getKind() == ReductionKind::Max;
  if (isa<FloatType>(a.getType()))
    return isMax ? Value(arith::MaximumFOp::create(w.body, w.loc, a, b))
                 : Value(arith::MinimumFOp::create(w.body, w.loc, a, b));
  return isMax ? Value(arith::MaxSIOp::create(w.body, w.loc, a, b))
               : Value(arith::MinSIOp::create(w.body, w.loc, a, b));
}

static Value isEqual(FormulaWriter &w, Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return w.compare(P::OEQ, a, b);
  return arith::CmpIOp::create(w.body, w.loc, arith::CmpIPredicate::eq, a, b);
}

Value StateMerging::winner(Value a, Value b, Value atA, Value atB, Value both) {
  Value fromA = isEqual(w, a, both), fromB = isEqual(w, b, both);
  Value lower = arith::MinUIOp::create(w.body, w.loc, atA, atB);
  return w.select(fromA, w.select(fromB, lower, atA), atB);
}

Value StateMerging::movement(const Factors &form, ValueMap &from,
                             ValueMap &to) {
  Value total;
  for (auto &[atom, k] : form) {
    Linear one = exprs.linear(atom);
    Value moved = w.subtract(MappedBuilder(w.body, w.loc, to).emit(one),
                             MappedBuilder(w.body, w.loc, from).emit(one));
    if (k != 1)
      moved = w.multiply(moved, w.constant(k));
    total = total ? w.add(total, moved) : moved;
  }
  return total;
}

Value StateMerging::correct(Value sum, Value correction) {
  Value zero = w.constant(0.0);
  return w.select(w.compare(P::OEQ, sum, zero), zero,
                  w.multiply(sum, correction));
}

Value StateMerging::move(unsigned s, ArrayRef<Value> sums, ValueMap &from,
                         ValueMap &to) {
  const SweepState::Sum &sum = state.sums[s];
  Value value = sums[s];
  for (const SweepState::Sum::Shift &shift : sum.shifts) {
    Factors form;
    form.push_back({shift.anchor, shift.factor});
    value = w.add(value, correct(sums[shift.sum], movement(form, from, to)));
  }
  if (sum.exponent.empty())
    return value;
  Value factor =
      math::ExpOp::create(w.body, w.loc, movement(sum.exponent, from, to));
  return correct(value, factor);
}

Value StateMerging::carriedFactor(const Factors &exponent, ValueMap &from,
                                  ValueMap &to) {
  Value one = w.constant(1.0);
  if (exponent.empty())
    return one;
  Value moved =
      math::ExpOp::create(w.body, w.loc, movement(exponent, from, to));
  // Where nothing was seen the sum is 0 and any finite factor does.
  return w.select(w.compare(P::UNE, moved, w.special(INFINITY)), moved, one);
}

void StateMerging::addMoments(const Value (&a)[3], const Value (&b)[3],
                              Value (&both)[3]) {
  Value count = w.add(a[0], b[0]);
  Value atLeastOne =
      arith::MaximumFOp::create(w.body, w.loc, count, w.constant(1.0));
  Value share = w.divide(b[0], atLeastOne);
  Value delta = w.subtract(b[1], a[1]);
  both[0] = count;
  both[1] = w.add(a[1], w.multiply(delta, share));
  both[2] = w.add(w.add(a[2], b[2]), w.multiply(w.multiply(delta, delta),
                                                w.multiply(a[0], share)));
}
