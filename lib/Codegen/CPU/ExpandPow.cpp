//===- ExpandPow.cpp - pow as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

/// log2 of |x| as a pair, infinite at 0 and infinity.
static MathBuilder::Pair magnitudeLog2(MathBuilder &m, Value a) {
  Value infinity = m.splat(HUGE_VAL), zero = m.splat(0.0);
  MathBuilder::Pair l = expand::log2Twofold(m, a);
  Value isZero = m.compare(Predicate::OEQ, a, zero);
  Value isFinite =
      m.compare(Predicate::OLT, a,
                infinity); // False of NaN, which then is the logarithm.
  l.high = m.select(isZero, m.splat(-HUGE_VAL), m.select(isFinite, l.high, a));
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

/// a^y for a >= 0 in f64, whose digits beyond f32 are enough for the logarithm
/// that a product magnifies. NaN where a^y is of the form 0 times infinity.
static Value wideMagnitude(MathBuilder &m, Value a, Value y) {
  MathBuilder::Pair l = expand::log2Parts512(m, a);
  Value log2 = m.mulAdd(l.low, m.polynomial(kPowLogF64, l.low), l.high);
  Value p = m.mul(log2, y);
  p = m.atMost(m.atLeast(p, m.splat(-200.0)), m.splat(200.0));
  MathBuilder::Whole n = m.round(p);
  Value f = m.sub(p, n.number);
  return m.scale(m.mulAdd(f, m.polynomial(kPowExp2F64, f), m.splat(1.0)), n);
}

/// The same on 16 numbers of f32, half of them at a time.
static Value magnitude512(MathBuilder &m, Value a, Value y) {
  if (m.isWide())
    return m.inParts({a, y}, [](MathBuilder &part, ValueRange parts) {
      return magnitude512(part, parts[0], parts[1]);
    });
  OpBuilder &b = m.getBuilder();
  Location loc = a.getLoc();
  auto narrow = VectorType::get(8, b.getF32Type()),
       wide = VectorType::get(8, b.getF64Type());
  SmallVector<Value, 2> halves;
  for (int64_t from : {0, 8}) {
    auto half = [&](Value x) -> Value {
      Value part = vector::ExtractStridedSliceOp::create(b, loc, x, from, 8, 1);
      return arith::ExtFOp::create(b, loc, wide, part);
    };
    MathBuilder inside(b, loc, wide, m.getTarget());
    Value power = wideMagnitude(inside, half(a), half(y));
    halves.push_back(arith::TruncFOp::create(b, loc, narrow, power));
  }
  auto both = llvm::to_vector(llvm::seq<int64_t>(0, 16));
  return vector::ShuffleOp::create(b, loc, halves[0], halves[1], both);
}

static Value magnitudeOf(MathBuilder &m, Value a, Value y) {
  if (m.isAVX512() && !m.isF64())
    return magnitude512(m, a, y);
  return expand::exp2(m, exponent(m, a, y));
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
  Value magnitude = magnitudeOf(m, a, y);
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
                              m.compare(Predicate::OGT, x, m.splat(-HUGE_VAL)));
  return m.select(both(finiteNegative, isNot(whole)), m.splat(NAN), result);
}
