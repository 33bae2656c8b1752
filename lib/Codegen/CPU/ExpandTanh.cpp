//===- ExpandTanh.cpp - tanh as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

using namespace mlir;
using namespace weir;

/// By pieces, up to where the result is 1.
static Value tanh512(MathBuilder &m, Value x) {
  Value a = m.atMost(m.abs(x), m.splat(9.375));
  return m.copySign(m.piecewise(kTanhPieces, a), x);
}

/// tanh(x) / x by pieces, up to where the result is 1.
Value expand::coarseTanh(MathBuilder &m, Value x) {
  if (!m.isAVX512())
    return tanh(m, x);
  Value a = m.atMost(m.abs(x), m.splat(6.21875));
  return m.copySign(m.mul(a, m.piecewise(kTanhCoarsePieces, a)), x);
}

/// With t = e^(-2 |x|): (1 - t) / (1 + t) near 0, where t - 1 has its own
/// digits, and 1 - 2 t / (1 + t) further out, where the rounding of the sum
/// then hardly counts.
Value expand::tanh(MathBuilder &m, Value x) {
  if (m.isAVX512() && !m.isF64())
    return tanh512(m, x);
  Value a = m.abs(x), half = m.splat(0.5), bound = m.splat(0.55);
  HalfExp t = halfExp(m, m.mul(a, m.splat(-2.0)));
  Value near = m.compare(MathBuilder::Predicate::OLT, a, bound);
  Value numerator = m.select(near, m.neg(t.minusOne), m.add(t.whole, t.whole));
  Value q = m.div(numerator, m.add(t.whole, half));
  return m.copySign(m.select(near, q, m.sub(m.splat(1.0), q)), x);
}
