//===- ExpandErf.cpp - erf and erfc as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <cmath>

using namespace mlir;
using namespace weir;

using Predicate = MathBuilder::Predicate;

/// erfc(a) = e^(-a^2) T(q) / (a + k) for a >= 0 with q = (a - k) / (a + k), and
/// a^2 in two parts, since its rounding would be an error of up to 100 ulp in
/// the exponential.
static Value upperErfcByRatio(MathBuilder &m, Value a) {
  double k = m.isF64() ? 4.0 : 2.0;
  a = m.atMost(a, m.splat(10.2, 27.4));
  MathBuilder::Pair square = m.product(a, a);
  // 1 / (a + k) with the rounding of the sum and of the quotient made up for.
  MathBuilder::Pair sum = m.quickSum(m.splat(k), a);
  Value d = m.div(m.splat(1.0), sum.high);
  Value left = m.remainder(m.splat(1.0), sum.high, d);
  d = m.mulAdd(d, m.subMul(left, sum.low, d), d);
  Value q = m.mulAdd(d, m.splat(-2 * k), m.splat(1.0));
  Value factor = m.mul(d, m.polynomial(kErfcScaled, q));
  return expand::expBounded(m, {m.neg(square.high), m.neg(square.low)}, 0.0,
                            factor);
}

/// The same with a table in place of the quotient. From `denormal` on erfc is
/// below 2^-125.8.
static Value upperErfc512(MathBuilder &m, Value a) {
  a = m.atMost(a, m.splat(10.2));
  Value denormal = m.compare(Predicate::OGT, a, m.splat(9.19));
  MathBuilder::Pair square = m.product(a, a);
  return expand::exp512(m, {m.neg(square.high), m.neg(square.low)},
                        m.piecewise(kErfcPieces, a), denormal);
}

static Value upperErfc(MathBuilder &m, Value a) {
  return m.isAVX512() && !m.isF64() ? upperErfc512(m, a)
                                    : upperErfcByRatio(m, a);
}

Value expand::erfc(MathBuilder &m, Value x) {
  Value upper = upperErfc(m, m.abs(x));
  Value negative = m.compare(Predicate::OLT, x, m.splat(0.0));
  return m.select(negative, m.sub(m.splat(2.0), upper), upper);
}

/// e^(a^2) erfc(a) 2^shift.
static Value coarseScaledErfc(MathBuilder &m, Value a, int64_t shift) {
  auto shifted = [&](double c) { return std::ldexp(c, shift); };
  if (m.isAVX512()) {
    SmallVector<PieceTable> tables(kErfcCoarsePieces.coefficients);
    for (PieceTable &table : tables)
      llvm::transform(table, table.begin(), shifted);
    PiecewisePolynomial pieces = kErfcCoarsePieces;
    pieces.coefficients = tables;
    return m.piecewise(pieces, a);
  }
  Value d = m.div(m.splat(1.0), m.add(a, m.splat(2.0)));
  Value q = m.mulAdd(d, m.splat(-4.0), m.splat(1.0));
  auto coefficients = llvm::map_to_vector(kErfcScaledCoarseF32, shifted);
  return m.mul(d, m.polynomial(coefficients, q));
}

/// The rounding of a^2, at most 2^-18 in the exponent, hardly counts. The
/// exponential is 2^32 times what it is, and so never denormal; its product
/// is, where it must be.
Value expand::coarseErfc(MathBuilder &m, Value x) {
  constexpr int64_t kShift = 32;
  Value a = m.atMost(m.abs(x), m.splat(10.2));
  Value t = m.mul(m.mul(a, a), m.splat(-kLog2EHighF32));
  Value upper =
      m.mul(coarseExp2(m, t, kShift), coarseScaledErfc(m, a, -kShift));
  return m.select(m.isNegative(x), m.sub(m.splat(2.0), upper), upper);
}

/// x + x T(x^2) up to 1, 1 - erfc(x) above.
Value expand::erf(MathBuilder &m, Value x) {
  Value a = m.abs(x), one = m.splat(1.0);
  Value small = m.mulAdd(x, m.polynomial(kErfSmall, m.mul(x, x)), x);
  Value large = m.copySign(m.sub(one, upperErfc(m, a)), x);
  return m.select(m.compare(Predicate::OLT, a, one), small, large);
}
