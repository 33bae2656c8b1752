//===- Real.h - what tests compute with ---------------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers of 113 bits. Formulas that nobody wrote cancel twelve digits and
// more, step after step; with 34 digits what is left still tells an error in
// the algebra from one in the arithmetic, so that no tolerance has to follow
// the rounding through a formula.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_REAL_H
#define WEIR_TEST_UNIT_ANALYSIS_REAL_H

namespace weir::test {

using Real = __float128;

inline constexpr Real kInfinity = __builtin_inf();
inline constexpr Real kNaN = __builtin_nan("");

inline bool isNaN(Real x) { return x != x; }
inline bool isFinite(Real x) { return x - x == 0; }

} // namespace weir::test

// The C library has these functions, and its header hides them from clang.
#define WEIR_UNARY(name)                                                       \
  extern "C" weir::test::Real name##f128(weir::test::Real) noexcept;           \
  namespace weir::test {                                                       \
  inline Real name(Real x) { return name##f128(x); }                           \
  }
#define WEIR_BINARY(name)                                                      \
  extern "C" weir::test::Real name##f128(weir::test::Real,                     \
                                         weir::test::Real) noexcept;           \
  namespace weir::test {                                                       \
  inline Real name(Real x, Real y) { return name##f128(x, y); }                \
  }
WEIR_UNARY(fabs)
WEIR_UNARY(exp)
WEIR_UNARY(exp2)
WEIR_UNARY(expm1)
WEIR_UNARY(log)
WEIR_UNARY(log2)
WEIR_UNARY(log10)
WEIR_UNARY(log1p)
WEIR_UNARY(sqrt)
WEIR_UNARY(cbrt)
WEIR_UNARY(tanh)
WEIR_UNARY(sinh)
WEIR_UNARY(sin)
WEIR_UNARY(cos)
WEIR_UNARY(atan)
WEIR_UNARY(erf)
WEIR_UNARY(erfc)
WEIR_UNARY(floor)
WEIR_UNARY(ceil)
WEIR_UNARY(trunc)
WEIR_UNARY(round)
WEIR_UNARY(nearbyint)
WEIR_BINARY(pow)
WEIR_BINARY(atan2)
WEIR_BINARY(fmax)
WEIR_BINARY(fmin)
WEIR_BINARY(copysign)
#undef WEIR_UNARY
#undef WEIR_BINARY

#endif // WEIR_TEST_UNIT_ANALYSIS_REAL_H
