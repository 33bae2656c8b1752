//===- PolicedResults.cpp - results under the policies of rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PolicedResults.h"

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

Value PolicedResults::isEmpty() {
  Value value = map.get(witness.getResult());
  double identity = witness.getKind() == ReductionKind::Max ? -INFINITY : 0.0;
  Value empty = w.compare(P::OEQ, value, w.special(identity));
  if (!sumOfNaN)
    return empty;
  Value sum = map.get(sumOfNaN.getResult());
  Value isNumber = w.compare(P::ORD, sum, sum);
  return arith::AndIOp::create(w.body, w.loc, empty, isNumber);
}

Value PolicedResults::withNaN(Value result) {
  Value value = map.get(witness.getResult());
  Value isNaN = w.compare(P::UNO, value, value);
  Value instead = result.getType().isF32() ? w.special(NAN)
                                           : w.integer(result.getType(), -1);
  return w.select(isNaN, instead, result);
}

Value PolicedResults::uniform(Value result, FloatAttr declared) {
  if (!result.getType().isF32())
    return result;
  Value empty = isEmpty();
  if (policies.emptyRow == EmptyRow::NaN)
    return w.select(empty, w.special(NAN), result);
  if (declared)
    return w.select(empty, w.special(declared.getValueAsDouble()), result);
  Value isNaN = w.compare(P::UNO, result, result);
  Value undefined = arith::AndIOp::create(w.body, w.loc, empty, isNaN);
  return w.select(undefined, w.constant(0.0), result);
}

Value PolicedResults::emptyValue(Value masked, bool isLog, Value length,
                                 Value valid) {
  if (policies.emptyRow == EmptyRow::NaN)
    return w.special(NAN);
  Type i64 = w.body.getI64Type(), f32 = w.body.getF32Type();
  Value count = arith::IndexCastOp::create(w.body, w.loc, i64, length);
  Value n = arith::SIToFPOp::create(w.body, w.loc, f32, count);
  Value share = w.divide(w.constant(1.0), n);
  if (isLog)
    share = math::LogOp::create(w.body, w.loc, share);
  return valid ? w.select(valid, share, masked) : share;
}
