//===- ExpandExp.cpp - exp, exp2, expm1 as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All write the argument as n ln(2) + r, or n + f in base 2, and evaluate 2^n
// times a polynomial. They differ in how n and the rest are found and how 2^n
// is applied.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/SmallVectorExtras.h"

#include <cmath>

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

using Variant = cpu::ExpVariant;

/// 2^f on [0, 1].
static ArrayRef<double> getUnit(Variant variant) {
  return variant == Variant::Coarse   ? ArrayRef(kExp2UnitCoarseF32)
         : variant == Variant::Narrow ? ArrayRef(kExp2UnitNarrowF32)
                                      : ArrayRef(kExp2UnitF32);
}

/// 2 * 2^f on [-1/2, 1/2].
static ArrayRef<double> getTwice(Variant variant) {
  return variant == Variant::Coarse   ? ArrayRef(kExp2TwiceCoarseF32)
         : variant == Variant::Narrow ? ArrayRef(kExp2TwiceNarrowF32)
                                      : ArrayRef(kExp2TwiceF32);
}

/// 2^t: vreduceps takes the fraction off and vscalefps floors its operand
/// itself, so neither rounding nor clamping is needed.
static Value fastExp2On512(MathBuilder &m, Value t, Variant variant) {
  Value f = m.masked512("llvm.x86.avx512.mask.reduce.", {t, m.i32(1)});
  Value p = m.polynomial(getUnit(variant), f);
  return m.masked512("llvm.x86.avx512.mask.scalef.", {p, t});
}

/// The same on any x86-64. Adding a large number leaves n in its low bits, with
/// the bias that makes them the exponent of 2^(n-1); the polynomial is twice
/// 2^f, so that n = 128 is within reach. The exponent of n = -126 is that of 0,
/// which takes the place of what would be denormal.
static Value fastExp2(MathBuilder &m, Value t, Variant variant) {
  if (m.isAVX512())
    return fastExp2On512(m, t, variant);
  t = m.atMost(m.atLeast(t, m.splat(-126.0)), m.splat(128.4));
  Value large = m.splat(0x1.8p+23 + 126), shifted = m.add(t, large);
  Value f = m.sub(t, m.sub(shifted, large));
  Value p = m.polynomial(getTwice(variant), f);
  return m.mul(p, m.fromBits(m.shiftLeft(m.bits(shifted), 23)));
}

/// The sixteenths of the exponent by a table; the rest f, within 1/32, by a
/// polynomial. It gets the low part of log2(e) by fused multiply-adds.
Value expand::exp512(MathBuilder &m, Pair x, Value factor, Value tiny,
                     int64_t shift) {
  MathBuilder::Whole n = m.roundToSixteenth(x.high, m.high(kLog2E));
  Value f = m.mulAdd(x.high, m.high(kLog2E), m.neg(n.number));
  f = m.mulAdd(x.high, m.low(kLog2E), f);
  if (x.low)
    f = m.mulAdd(x.low, m.high(kLog2E), f);
  auto powers = llvm::map_to_vector(
      kSixteenthPowersF32, [&](double c) { return std::ldexp(c, shift); });
  Value power = m.lookUp(powers, n.bits);
  Value more = m.mul(f, m.polynomial(kExp2SixteenthF32, f));
  Value p = m.mulAdd(power, more, power);
  if (factor)
    p = m.mul(p, factor);
  return tiny ? m.scaleDown(p, n.number, tiny) : m.scale(p, n);
}

/// x is clamped where its range does not do it, so that n is finite and within
/// reach of scaling.
static Value accurate512(MathBuilder &m, Value x, NumberRange range) {
  if (!(range.low >= -110.0))
    x = m.atLeast(x, m.splat(-110.0));
  if (!(range.high <= 100.0))
    x = m.atMost(x, m.splat(100.0));
  Value tiny;
  if (!(range.low >= -87.0))
    tiny = m.compare(Predicate::OLT, x, m.splat(-86.65));
  return expand::exp512(m, {x, Value()}, Value(), tiny);
}

/// Twice 2^f has a polynomial already; halving its coefficients is exact.
static Value halved(MathBuilder &m, ArrayRef<double> coefficients, Value f) {
  SmallVector<double> half;
  for (double c : coefficients)
    half.push_back(0.5 * c);
  return m.polynomial(half, f);
}

Value expand::gradualExp2(MathBuilder &m, Value t, double most,
                          Variant variant) {
  if (!m.isAVX512()) {
    bool shrinks = most <= 58.0;
    MathBuilder::Whole n = shrinks ? m.roundToShrink(t) : m.round(t);
    Value p = halved(m, getTwice(variant), m.sub(t, n.number));
    return shrinks ? m.shrink(p, n) : m.scale(p, n);
  }
  Value tiny = m.compare(Predicate::OLT, t, m.splat(-125.01));
  Value f = m.masked512("llvm.x86.avx512.mask.reduce.", {t, m.i32(1)});
  return m.scaleDown(m.polynomial(getUnit(variant), f), t, tiny);
}

/// The shift is in the polynomial's coefficients, or in the bits of 2^n.
Value expand::coarseExp2(MathBuilder &m, Value t, int64_t shift) {
  if (!m.isAVX512()) {
    Value large = m.splat(0x1.8p+23 + m.bias() + shift);
    Value shifted = m.add(t, large), f = m.sub(t, m.sub(shifted, large));
    Value power = m.fromBits(m.shiftLeft(m.bits(shifted), m.mantissaBits()));
    return m.mul(halved(m, kExp2TwiceCoarseF32, f), power);
  }
  SmallVector<double> coefficients;
  for (double c : kExp2UnitCoarseF32)
    coefficients.push_back(std::ldexp(c, shift));
  Value f = m.masked512("llvm.x86.avx512.mask.reduce.", {t, m.i32(1)});
  return m.masked512("llvm.x86.avx512.mask.scalef.",
                     {m.polynomial(coefficients, f), t});
}

/// Within bounds beyond which the result is 0 or infinite.
static Value bound(MathBuilder &m, Value x, NumberRange range) {
  double low = m.isF64() ? -760.0 : -110.0, high = m.isF64() ? 720.0 : 100.0;
  if (!(range.low >= low))
    x = m.atLeast(x, m.splat(low));
  return range.high <= high ? x : m.atMost(x, m.splat(high));
}

/// What the fast form makes, and denormal results. On AVX-512 scaling reaches
/// infinity by itself.
Value expand::expGradual(MathBuilder &m, Value x, cpu::ExpVariant variant,
                         NumberRange range) {
  if (m.isF64() || variant == Variant::Accurate)
    return exp(m, x, Variant::Accurate, range);
  if (range.low >= -86.5)
    return exp(m, x, variant, range);
  if (m.isAVX512())
    range.high = 0;
  x = bound(m, x, range);
  return gradualExp2(m, m.mul(x, m.high(kLog2E)), range.high * kLog2EHighF64,
                     variant);
}

/// r in x = n ln(2) + r. The product with the high part is exact, so that it
/// does not matter whether it is fused.
static Value rest(MathBuilder &m, Value x, MathBuilder::Whole n) {
  Value r = m.subMul(x, n.number, m.high(kLn2));
  return m.subMul(r, n.number, m.low(kLn2));
}

static Value reduce(MathBuilder &m, Value x, MathBuilder::Whole &n,
                    bool shrinks = false) {
  Value log2E = m.high(kLog2E);
  n = shrinks ? m.roundProductToShrink(x, log2E) : m.roundProduct(x, log2E);
  return rest(m, x, n);
}

/// e^r - 1 on [-ln(2)/2, ln(2)/2].
static Value reducedExpm1(MathBuilder &m, Value r) {
  return m.mulAdd(m.mul(r, r), m.polynomial(kExpTail, r), r);
}

Value expand::expBounded(MathBuilder &m, Pair x, double most, Value factor) {
  bool shrinks = most <= 40.0;
  MathBuilder::Whole n;
  Value r = reduce(m, x.high, n, shrinks);
  if (x.low)
    r = m.add(r, x.low);
  Value p = reducedExpm1(m, r);
  p = factor ? m.mulAdd(factor, p, factor) : m.add(p, m.splat(1.0));
  return shrinks ? m.shrink(p, n) : m.scale(p, n);
}

Value expand::shiftedExp(MathBuilder &m, Value x, int64_t shift) {
  if (m.isAVX512() && !m.isF64())
    return exp512(m, {x, Value()}, Value(), Value(), shift);
  MathBuilder::Whole n = m.roundProductToShift(x, m.high(kLog2E), shift);
  Value p = m.add(reducedExpm1(m, rest(m, x, n)), m.splat(1.0));
  return m.scaleShifted(p, n, shift);
}

/// The constant that a vector is multiplied by, which is then taken off it; 1
/// where it is not.
static double takeFactor(Value &x) {
  auto product = x.getDefiningOp<arith::MulFOp>();
  DenseFPElementsAttr factor;
  if (!product || !matchPattern(product.getRhs(), m_Constant(&factor)) ||
      !factor.isSplat())
    return 1.0;
  x = product.getLhs();
  return factor.getSplatValue<APFloat>().convertToDouble();
}

Value expand::exp(MathBuilder &m, Value x, cpu::ExpVariant variant,
                  NumberRange range) {
  if (variant == Variant::Accurate && m.isAVX512() && !m.isF64())
    return accurate512(m, x, range);
  if (variant == Variant::Accurate || m.isF64())
    return expBounded(m, {bound(m, x, range), Value()}, range.high);
  // The product's rounding is the error.
  return fastExp2(m, m.mul(x, m.high(kLog2E)), variant);
}

Value expand::expShifted(MathBuilder &m, Value x, Value s,
                         cpu::ExpVariant variant) {
  if (m.isF64())
    return exp2(m, m.mulAdd(x, m.high(kLog2E), m.neg(s)));
  // One rounding less, and one product.
  double factor = takeFactor(x) * kLog2EHighF64;
  Value t = m.mulAdd(x, m.splat(factor), m.neg(s));
  return m.isF64() ? exp2(m, t) : fastExp2(m, t, variant);
}

/// The lower bound keeps both finite at -inf, and rounding within reach.
expand::Pair expand::expSplit(MathBuilder &m, Value x,
                              cpu::ExpVariant variant) {
  x = m.atLeast(x, m.splat(-0x1p20));
  Value n = m.roundProduct(x, m.high(kLog2E)).number;
  if (m.isF64() || variant == cpu::ExpVariant::Accurate) {
    Value r = m.subMul(x, n, m.high(kLn2));
    r = m.subMul(r, n, m.low(kLn2));
    return {m.add(reducedExpm1(m, r), m.splat(1.0)), n};
  }
  Value f = m.mulAdd(x, m.high(kLog2E), m.neg(n));
  return {halved(m, getTwice(variant), f), n};
}

/// On any x86-64 the bits of n + bias, which a large number has brought to
/// where they can be shifted, are the exponent of 2^n, or those of 0.
Value expand::scale(MathBuilder &m, Value x, Value n) {
  if (m.isAVX512())
    return m.masked512("llvm.x86.avx512.mask.scalef.", {x, n});
  double bias = m.bias();
  Value held = m.atLeast(n, m.splat(-bias));
  Value shifted = m.add(held, m.splat(0x1.8p+23 + bias, 0x1.8p+52 + bias));
  return m.mul(x, m.fromBits(m.shiftLeft(m.bits(shifted), m.mantissaBits())));
}

Value expand::exp2(MathBuilder &m, Pair x) {
  Value high = m.atMost(m.atLeast(x.high, m.splat(-160.0, -1100.0)),
                        m.splat(140.0, 1040.0));
  MathBuilder::Whole n = m.round(high);
  Value f = m.sub(high, n.number);
  if (x.low)
    f = m.add(f, x.low);
  return m.scale(m.mulAdd(f, m.polynomial(kExp2Tail, f), m.splat(1.0)), n);
}

Value expand::exp2(MathBuilder &m, Value x) {
  return expand::exp2(m, Pair{x, Value()});
}

expand::HalfExp expand::halfExp(MathBuilder &m, Value x) {
  x = m.atMost(m.atLeast(x, m.splat(-40.0, -60.0)), m.splat(89.0, 710.0));
  MathBuilder::Whole n;
  Value p = reducedExpm1(m, reduce(m, x, n));
  Value half = m.halfPowerOfTwo(n);
  return {m.mulAdd(half, p, half),
          m.mulAdd(half, p, m.sub(half, m.splat(0.5)))};
}

Value expand::expm1(MathBuilder &m, Value x) {
  Value y = halfExp(m, x).minusOne;
  return m.copySign(m.add(y, y), x); // The sum has lost the sign of -0.
}

/// e^-u = p 2^k and x = n ln(2) + r make it p 2^(n + k) (e^r - 1), which is
/// exact as r goes to 0, and p 2^(n + k) - p 2^k, which is 0 where n is.
Value expand::expm1Shifted(MathBuilder &m, Value x, Value u) {
  // What u is beyond some bound x may lose as well: e^-u is 0 either way. As
  // two steps, since what is left of a large u without the bound is u again.
  Value zero = m.splat(0.0), bound = m.splat(128.0, 1024.0);
  Value near = m.atMost(u, bound);
  Value isFar = m.compare(arith::CmpFPredicate::OGT, u, bound);
  x = m.add(m.sub(x, m.select(isFar, u, zero)), m.select(isFar, bound, zero));
  x = m.atLeast(x, m.splat(-110.0, -760.0));
  Pair least = expSplit(m, m.neg(near), Variant::Accurate);
  MathBuilder::Whole n;
  Value minusOne = reducedExpm1(m, reduce(m, x, n));
  Value power = scale(m, least.high, m.add(n.number, least.low));
  Value rest = m.sub(power, scale(m, least.high, least.low));
  return m.mulAdd(power, minusOne, rest);
}
