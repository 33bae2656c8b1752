//===- ExpandMath.h - elementary functions as vector code --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_EXPANDMATH_H
#define WEIR_LIB_CODEGEN_CPU_EXPANDMATH_H

#include "MathBuilder.h"
#include "NumberRange.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// Code for `op`, a `weir_cpu.exp` or an op of the math dialect on a vector of
/// f32 or f64, at the builder's position. Null when there is no expansion for
/// it; scalars stay with the C library.
mlir::Value expandMath(mlir::OpBuilder &builder, mlir::Operation *op,
                       MathTarget target);

/// Code for `op` when it is a logistic function, or, if few digits are asked of
/// it, a product with one. Null when it is not.
mlir::Value expandLogistic(MathBuilder &m, mlir::arith::DivFOp op,
                           bool isCoarse);

/// Code for `op` when it is the numerator of such a quotient and a maximum.
/// Null when it is not.
mlir::Value expandChoice(MathBuilder &m, mlir::arith::SelectOp op);

/// Puts code in the place of `op`, at its own position.
void expandSplit(cpu::ExpSplitOp op, MathTarget target);

/// Code for `op`, a conversion from or to f16 or bf16, where the target or LLVM
/// would not do it right. Null where they do, and of those that
/// weir-widen-stores looks at.
mlir::Value expandHalf(mlir::OpBuilder &builder, mlir::Operation *op,
                       MathTarget target);

/// True when `op` rounds a register of f32 to bf16.
bool isWholeTruncation(mlir::arith::TruncFOp op);

// The functions. Each holds over its whole domain, denormal numbers included,
// and gives the IEEE result at infinities, NaN and signed zeros.
// docs/numerics.md has their largest errors as measured.
namespace expand {
using mlir::Value;
using Pair = MathBuilder::Pair;

/// `range` is that of x.
Value exp(MathBuilder &m, Value x, cpu::ExpVariant variant, NumberRange range);
/// The same with denormal results, for any variant.
Value expGradual(MathBuilder &m, Value x, cpu::ExpVariant variant,
                 NumberRange range);
/// e to the sum of the pair, within (-112, 102), times `factor` if there is
/// one, of moderate size, and 2^shift. `tiny`, if it is given, tells where the
/// result is below 2^-125. On AVX-512, in f32.
Value exp512(MathBuilder &m, Pair x, Value factor, Value tiny,
             int64_t shift = 0);
/// e^x 2^shift where that is in the normal range.
Value shiftedExp(MathBuilder &m, Value x, int64_t shift);
/// e to the sum of the pair, where that is within (-110, 100) (f32) or (-760,
/// 720) and not above `most`, times `factor` if there is one, of at most 2.
Value expBounded(MathBuilder &m, Pair x, double most, Value factor = Value());
/// 2^t for -160 < t < 128, and not above `most`, denormal results too. In f32.
Value gradualExp2(MathBuilder &m, Value t, double most,
                  cpu::ExpVariant variant);
/// 2 to the power of x log2(e) - s, as weir_cpu.exp_shifted has it.
Value expShifted(MathBuilder &m, Value x, Value s, cpu::ExpVariant variant);
/// e^(x - u) - e^-u, as weir_cpu.expm1_shifted has it.
Value expm1Shifted(MathBuilder &m, Value x, Value u);
/// Mantissa and exponent of e^x, as weir_cpu.exp_split has them.
Pair expSplit(MathBuilder &m, Value x, cpu::ExpVariant variant);
/// x 2^n, as weir_cpu.scale has it.
Value scale(MathBuilder &m, Value x, Value n);
Value exp2(MathBuilder &m, Value x);
/// 2 to the sum of the pair.
Value exp2(MathBuilder &m, Pair x);
Value expm1(MathBuilder &m, Value x);
/// Half of e^x and half of e^x - 1: 2^n times e^r or e^r - 1, halved so that
/// 2^n is finite where the result is. The first is at least e^-40 (f32) or
/// e^-60.
struct HalfExp {
  Value whole, minusOne;
};
HalfExp halfExp(MathBuilder &m, Value x);

Value log(MathBuilder &m, Value x);
Value log2(MathBuilder &m, Value x);
Value log10(MathBuilder &m, Value x);
Value log1p(MathBuilder &m, Value x);
/// log1p for 0 <= x <= 1, in f32.
Value log1pOfUnit(MathBuilder &m, Value x);
/// n and f of x = 2^n (1 + f), f within [-1/4, 1/2], on AVX-512. At 0 and
/// infinity n is infinite, of negative numbers f is NaN.
Pair log2Parts512(MathBuilder &m, Value x);
/// The base-2 logarithm of a positive finite x to about twice the digits of the
/// type.
Pair log2Twofold(MathBuilder &m, Value x);

/// 1 / (1 + e^-z).
Value logistic(MathBuilder &m, Value z);
Value tanh(MathBuilder &m, Value x);
Value erf(MathBuilder &m, Value x);
Value erfc(MathBuilder &m, Value x);
Value atan(MathBuilder &m, Value x);
Value atan2(MathBuilder &m, Value y, Value x);
/// The same where y is positive and away from 0 and x is below 2^60.
Value upperAtan2(MathBuilder &m, Value y, Value x);
Value pow(MathBuilder &m, Value x, Value y);

// Of few digits, enough for results in bf16, as `weir_cpu.variant` has them. In
// f32.
/// 2^(t + shift) where that is in the normal range, or, on AVX-512, where it
/// overflows.
Value coarseExp2(MathBuilder &m, Value t, int64_t shift);
/// 1 / (1 + e^-z): where it is denormal, it is off by a denormal's last place.
Value coarseLogistic(MathBuilder &m, Value z);
Value coarseTanh(MathBuilder &m, Value x);
Value coarseErfc(MathBuilder &m, Value x);
/// log1p for 0 <= x <= 1.
Value coarseLog1pOfUnit(MathBuilder &m, Value x);
/// As upperAtan2.
Value coarseUpperAtan2(MathBuilder &m, Value y, Value x);
} // namespace expand

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_EXPANDMATH_H
