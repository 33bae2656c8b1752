//===- ExpandLog.cpp - logarithms as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), found with integer
// arithmetic on the bits.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

namespace {
struct Reduced {
  Value exponent, fraction;
};
} // namespace

/// In AVX-512's own way, with the significand in [3/4, 3/2): 0 and infinity
/// have infinite exponents and negative numbers no significand, so that the
/// logarithms there come out by themselves.
static Reduced reduce512(MathBuilder &m, Value x) {
  Value significand =
      m.masked512("llvm.x86.avx512.mask.getmant.", {x, m.i32(0xb)});
  Value exponent = m.masked512("llvm.x86.avx512.mask.getexp.", {x});
  // The significand was halved where it is below 1.
  Value halved = m.compare(Predicate::OLT, significand, m.splat(1.0));
  exponent = m.select(halved, m.add(exponent, m.splat(1.0)), exponent);
  return {exponent, m.sub(significand, m.splat(1.0))};
}

MathBuilder::Pair expand::log2Parts512(MathBuilder &m, Value x) {
  Reduced parts = reduce512(m, x);
  return {parts.exponent, parts.fraction};
}

/// For positive finite x, denormal ones too.
static Reduced reduce(MathBuilder &m, Value x) {
  if (m.isAVX512())
    return reduce512(m, x);
  int64_t mantissa = m.mantissaBits(), one = m.bias() << mantissa;
  int64_t rootHalf = m.isF64() ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  double shift = m.isF64() ? 54 : 25, base = m.isF64() ? 0x1p+52 : 0x1p+23;
  Value denormal = m.compare(Predicate::OLT, x, m.splat(0x1p-126, 0x1p-1022));
  x = m.select(denormal, m.mul(x, m.splat(0x1p+25, 0x1p+54)), x);
  Value bits = m.bits(x);
  Value moved = m.addBits(
      bits, m.integer(one - rootHalf)); // Its exponent field is e + bias.
  // The field as a number: put into the last bits of a large one.
  Value field =
      m.fromBits(m.orBits(m.shiftRight(moved, mantissa),
                          m.integer(m.isF64() ? 0x433ll << 52 : 0x4b000000)));
  Value offset = m.select(denormal, m.splat(base + m.bias() + shift),
                          m.splat(base + m.bias()));
  Value scaled =
      m.andBits(moved, m.integer(m.isF64() ? 0x7ffll << 52 : 0x7f800000));
  Value whole = m.fromBits(m.addBits(m.subBits(bits, scaled), m.integer(one)));
  return {m.sub(field, offset), m.sub(whole, m.splat(1.0))};
}

/// log(1 + f) - f + f^2/2 and f^2/2. In f64 by s = f / (2 + f), with f - s f =
/// 2 s and s f = f^2/2 - s f^2/2.
static Value fractionTail(MathBuilder &m, Value f, Value halfSquare) {
  if (!m.isF64())
    return m.mul(m.mul(m.mul(f, f), f), m.polynomial(kLogTailF32, f));
  Value s = m.div(f, m.add(f, m.splat(2.0)));
  Value z = m.mul(s, s);
  return m.mul(s, m.mulAdd(z, m.polynomial(kLogRatioF64, z), halfSquare));
}

/// e ln(2) + log(1 + f) + low, the small parts first.
static Value logOf(MathBuilder &m, Reduced x, Value low) {
  Value halfSquare = m.mul(m.mul(x.fraction, m.splat(0.5)), x.fraction);
  Value tail = fractionTail(m, x.fraction, halfSquare);
  if (low)
    tail = m.add(tail, low);
  if (x.exponent)
    tail = m.mulAdd(x.exponent, m.low(kLn2), tail);
  Value y = m.sub(x.fraction, m.sub(halfSquare, tail));
  return x.exponent ? m.mulAdd(x.exponent, m.high(kLn2), y) : y;
}

/// The logarithm `y` of x where x is positive and finite; elsewhere what the
/// logarithm is there.
static Value withEdges(MathBuilder &m, Value x, Value y) {
  if (m.isAVX512())
    return y;
  Value zero = m.splat(0.0);
  y = m.select(m.compare(Predicate::OLT, x, m.splat(HUGE_VAL)), y, x);
  Value outside = m.select(m.compare(Predicate::OEQ, x, zero),
                           m.splat(-HUGE_VAL), m.splat(NAN));
  return m.select(m.compare(Predicate::OGT, x, zero), y, outside);
}

Value expand::log(MathBuilder &m, Value x) {
  return withEdges(m, x, logOf(m, reduce(m, x), Value()));
}

Value expand::log2(MathBuilder &m, Value x) {
  Reduced parts = reduce(m, x);
  // Never a difference of near equals: where e is not 0 the logarithm of the
  // fraction is at most 1/2.
  Value fraction = logOf(m, {Value(), parts.fraction}, Value());
  Value low = m.mul(fraction, m.low(kLog2E));
  return withEdges(
      m, x, m.mulAdd(fraction, m.high(kLog2E), m.add(parts.exponent, low)));
}

Value expand::log10(MathBuilder &m, Value x) {
  return m.mul(log(m, x), m.splat(0x1.bcb7b2p-2, 0x1.bcb7b1526e50ep-2));
}

/// The logarithm of the rounded 1 + x, and what the rounding lost over 1 + x.
/// That is NaN at the ends of the domain.
Value expand::log1p(MathBuilder &m, Value x) {
  Pair u = m.sum(m.splat(1.0), x);
  Value lost = m.div(u.low, u.high);
  lost = m.select(m.compare(Predicate::ORD, lost, lost), lost, m.splat(0.0));
  return m.copySign(withEdges(m, u.high, logOf(m, reduce(m, u.high), lost)), x);
}

Value expand::log1pOfUnit(MathBuilder &m, Value x) {
  return m.mulAdd(m.mul(x, x), m.polynomial(kLog1pTailF32, x), x);
}

Value expand::coarseLog1pOfUnit(MathBuilder &m, Value x) {
  return m.mul(x, m.polynomial(kLog1pCoarseF32, x));
}

/// 2 s + s z (2/3 + z T(z)), where all but the last product are pairs.
MathBuilder::Pair expand::log2Twofold(MathBuilder &m, Value x) {
  Reduced parts = reduce(m, x);
  Pair divisor = m.sum(m.splat(2.0), parts.fraction);
  Value s = m.div(parts.fraction, divisor.high);
  Pair check = m.product(s, divisor.high);
  Value left = m.sub(m.sub(m.sub(parts.fraction, check.high), check.low),
                     m.mul(s, divisor.low));
  Pair ratio = {s, m.div(left, divisor.high)};
  Pair z = m.multiply(ratio, ratio);
  Pair tail = m.quickSum(m.high(kTwoThirds),
                         m.mul(z.high, m.polynomial(kLogRatioRest, z.high)));
  tail.low = m.add(tail.low, m.low(kTwoThirds));
  tail = m.multiply(m.multiply(tail, z), ratio);
  Pair twice = {m.add(ratio.high, ratio.high), m.add(ratio.low, ratio.low)};
  Pair fraction = m.quickSum(twice.high, tail.high);
  fraction.low = m.add(fraction.low, m.add(twice.low, tail.low));
  Pair log2 = m.multiply(fraction, {m.high(kLog2E), m.low(kLog2E)});
  Pair total = m.sum(parts.exponent, log2.high);
  return m.quickSum(total.high, m.add(total.low, log2.low));
}
