//===- ExpandAtan.cpp - atan and atan2 as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

/// atan on [0, 1].
static Value unitAtan(MathBuilder &m, Value a) {
  Value z = m.mul(a, a);
  return m.mulAdd(m.mul(a, z), m.polynomial(kAtanTail, z), a);
}

/// pi/2 - atan(1/|x|) beyond 1.
Value expand::atan(MathBuilder &m, Value x) {
  Value a = m.abs(x), one = m.splat(1.0);
  Value beyond = m.compare(Predicate::OGT, a, one);
  Value r =
      unitAtan(m, m.div(m.select(beyond, one, a), m.select(beyond, a, one)));
  Value upper = m.sub(m.high(kHalfPi), m.sub(r, m.low(kHalfPi)));
  return m.copySign(m.select(beyond, upper, r), x);
}

/// Without what zeros and infinities need. On the left a smaller |x| gives the
/// same angle.
Value expand::upperAtan2(MathBuilder &m, Value y, Value x) {
  Value a = m.atMost(m.abs(x), m.splat(0x1p+60));
  Value steep = m.compare(Predicate::OGT, y, a), left = m.isNegative(x);
  Value least = m.select(steep, a, y), most = m.select(steep, y, a);
  Value r = unitAtan(m, m.div(least, most));
  Value backwards =
      arith::XOrIOp::create(m.getBuilder(), steep.getLoc(), steep, left);
  r = m.select(backwards, m.neg(r), r);
  Value high = m.high(kHalfPi), low = m.low(kHalfPi), zero = m.splat(0.0);
  Value axis = m.select(steep, high, m.select(left, m.add(high, high), zero));
  Value axisLow = m.select(steep, low, m.select(left, m.add(low, low), zero));
  return m.add(axis, m.add(r, axisLow));
}

/// The same without low parts.
Value expand::coarseUpperAtan2(MathBuilder &m, Value y, Value x) {
  Value a = m.atMost(m.abs(x), m.splat(0x1p+60));
  Value steep = m.compare(Predicate::OGT, y, a), left = m.isNegative(x);
  Value least = m.select(steep, a, y), most = m.select(steep, y, a);
  Value q =
      m.isAVX512() ? m.mul(least, m.nearReciprocal(most)) : m.div(least, most);
  Value r = m.mul(q, m.polynomial(kAtanCoarseF32, m.mul(q, q)));
  Value backwards =
      arith::XOrIOp::create(m.getBuilder(), steep.getLoc(), steep, left);
  Value half = m.high(kHalfPi), zero = m.splat(0.0);
  Value axis = m.select(left, m.add(half, half), zero);
  axis = m.select(steep, half, axis);
  return m.select(backwards, m.sub(axis, r), m.add(axis, r));
}

/// The angle to the nearer axis, by a quotient in [0, 1], then the axis plus or
/// minus it.
Value expand::atan2(MathBuilder &m, Value y, Value x) {
  Value ay = m.abs(y), ax = m.abs(x), zero = m.splat(0.0);
  Value steep = m.compare(Predicate::OGT, ay, ax), left = m.isNegative(x);
  Value least = m.select(steep, ax, ay), most = m.select(steep, ay, ax);
  Value a = m.div(least, most);
  a = m.select(m.compare(Predicate::OEQ, least, most), m.splat(1.0),
               a);                                               // inf / inf
  a = m.select(m.compare(Predicate::OEQ, least, zero), zero, a); // 0 / 0
  Value r = unitAtan(m, a);
  Value backwards =
      arith::XOrIOp::create(m.getBuilder(), steep.getLoc(), steep, left);
  r = m.select(backwards, m.neg(r), r);
  Value high = m.high(kHalfPi), low = m.low(kHalfPi);
  Value axis = m.select(steep, high, m.select(left, m.add(high, high), zero));
  Value axisLow = m.select(steep, low, m.select(left, m.add(low, low), zero));
  Value angle = m.copySign(m.add(axis, m.add(r, axisLow)), y);
  return m.select(m.compare(Predicate::UNO, x, y), m.add(x, y), angle);
}
