//===- ExpandPow.cpp - pow as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

/// log2 of |x| as a pair, infinite at 0 and infinity.
static MathBuilder::Pair magnitudeLog2(MathBuilder &m, Value a) {
  Value infinity = m.splat(INFINITY), zero = m.splat(0.0);
  MathBuilder::Pair l = expand::log2Twofold(m, a);
  Value isZero = m.compare(Predicate::OEQ, a, zero);
  Value isFinite =
      m.compare(Predicate::OLT, a,
                infinity); // False of NaN, which then is the logarithm.
  l.high = m.select(isZero, m.splat(-INFINITY), m.select(isFinite, l.high, a));
  l.low = m.select(isZero, zero, m.select(isFinite, l.low, zero));
  return l;
}

/// y log2(a). Beyond the bound every power of a number other than 1 is 0 or
/// infinite.
static MathBuilder::Pair exponent(MathBuilder &m, Value a, Value y) {
  y = m.atMost(m.atLeast(y, m.splat(-0x1p+60)), m.splat(0x1p+60));
  MathBuilder::Pair l = magnitudeLog2(m, a), p = m.product(l.high, y);
  Value low = m.mulAdd(l.low, y, p.low);
  // An infinite product has no low part, nor has one that splitting would
  // overflow.
  Value small = m.compare(Predicate::OLT, m.abs(p.high), m.splat(0x1p+12));
  return {m.mul(l.high, y), m.select(small, low, m.splat(0.0))};
}

/// 2^(y log2 |x|), then the sign: IEEE's pow.
Value expand::pow(MathBuilder &m, Value x, Value y) {
  OpBuilder &b = m.getBuilder();
  Location loc = x.getLoc();
  auto both = [&](Value p, Value q) -> Value {
    return arith::AndIOp::create(b, loc, p, q);
  };
  auto either = [&](Value p, Value q) -> Value {
    return arith::OrIOp::create(b, loc, p, q);
  };
  auto isNot = [&](Value p) -> Value {
    Value yes = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(cast<ShapedType>(p.getType()), true));
    return arith::XOrIOp::create(b, loc, p, yes);
  };
  Value a = m.abs(x), one = m.splat(1.0), zero = m.splat(0.0);
  Value magnitude = exp2(m, exponent(m, a, y));
  Value yIsNumber = m.compare(Predicate::ORD, y, y);
  Value isOne = either(both(m.compare(Predicate::OEQ, a, one), yIsNumber),
                       m.compare(Predicate::OEQ, x, one));
  magnitude = m.select(either(isOne, m.compare(Predicate::OEQ, y, zero)), one,
                       magnitude);
  Value whole = m.isInteger(y),
        odd = both(whole, isNot(m.isInteger(m.mul(y, m.splat(0.5)))));
  Value result =
      m.select(both(odd, m.isNegative(x)), m.neg(magnitude), magnitude);
  Value finiteNegative = both(m.compare(Predicate::OLT, x, zero),
                              m.compare(Predicate::OGT, x, m.splat(-INFINITY)));
  return m.select(both(finiteNegative, isNot(whole)), m.splat(NAN), result);
}
