//===- MathBuilder.h - arithmetic for the expansions ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_MATHBUILDER_H
#define WEIR_LIB_CODEGEN_CPU_MATHBUILDER_H

#include "MathCoefficients.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace weir {

/// The instructions an expansion may use.
struct MathTarget {
  bool avx512 = false; // AVX-512 F and DQ, on vectors of 512 bits.
  bool fma = false;
  bool f16c = false; // Conversions between f16 and f32.
  bool bf16 = false; // From f32 to bf16, denormal numbers as zero.

  /// Reads the module attribute `weir.target`; without it, what any x86-64 has.
  static MathTarget get(mlir::Operation *module);
};

/// Writes floating-point code on one type: f32, f64, or a vector of them. No op
/// it makes carries fast-math flags, so that what is written is what is
/// computed.
class MathBuilder {
public:
  MathBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
              MathTarget target);

  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpFPredicate;

  /// An unevaluated sum of two numbers, the second below the last place of the
  /// first.
  struct Pair {
    Value high, low;
  };
  /// An integer n as a number, and, except on AVX-512, as integer bits whose
  /// low half holds n and twice the exponent's bias.
  struct Whole {
    Value number, bits;
  };

  bool isF64() const { return f64; }
  /// True for vectors of one register of 512 bits or of several.
  bool isAVX512() const;
  /// True for several.
  bool isWide() const;
  /// What `emit` makes of each register's part of `operands`, put together.
  Value inParts(
      mlir::ValueRange operands,
      llvm::function_ref<Value(MathBuilder &, mlir::ValueRange parts)> emit);
  MathTarget getTarget() const { return target; }
  mlir::OpBuilder &getBuilder() { return b; }

  Value splat(double value);
  Value splat(double f32Value, double f64Value) {
    return splat(f64 ? f64Value : f32Value);
  }
  Value high(const SplitConstant &c) { return splat(c.highF32, c.highF64); }
  Value low(const SplitConstant &c) { return splat(c.lowF32, c.lowF64); }

  Value add(Value x, Value y) {
    return mlir::arith::AddFOp::create(b, loc, x, y);
  }
  Value sub(Value x, Value y) {
    return mlir::arith::SubFOp::create(b, loc, x, y);
  }
  Value mul(Value x, Value y) {
    return mlir::arith::MulFOp::create(b, loc, x, y);
  }
  Value div(Value x, Value y) {
    return mlir::arith::DivFOp::create(b, loc, x, y);
  }
  Value neg(Value x) { return mlir::arith::NegFOp::create(b, loc, x); }
  Value abs(Value x);
  Value copySign(Value magnitude, Value sign);
  /// x y + z, rounded once where the target can, else twice.
  Value mulAdd(Value x, Value y, Value z);
  /// z - x y, likewise.
  Value subMul(Value z, Value x, Value y) { return mulAdd(neg(x), y, z); }

  Value compare(Predicate predicate, Value x, Value y) {
    return mlir::arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  /// The bound where x lies beyond it; NaN stays.
  Value atLeast(Value x, Value bound) {
    return select(compare(Predicate::OLT, x, bound), bound, x);
  }
  Value atMost(Value x, Value bound) {
    return select(compare(Predicate::OGT, x, bound), bound, x);
  }
  Value isNegative(Value x); // By the sign bit: true of -0.
  Value isInteger(Value x);

  /// Horner's rule, highest power first.
  Value polynomial(llvm::ArrayRef<double> coefficients, Value x);
  Value polynomial(const Coefficients &c, Value x) {
    return polynomial(f64 ? c.f64 : c.f32, x);
  }

  /// The polynomial of the piece that x lies in, where p.scale x + 1/2 is in
  /// [1/2, 8): in the distance from its centre, or in x where the pieces have
  /// none. On AVX-512, in f32.
  Value piecewise(const PiecewisePolynomial &p, Value x);

  /// The integer nearest to x, where |x| < 2^22 (f32) or 2^51 (f64).
  Whole round(Value x) { return round(x, 2 * bias()); }
  /// Of x y.
  Whole roundProduct(Value x, Value y) {
    return roundProduct(x, y, 2 * bias());
  }
  /// p 2^n, right also where that is denormal or overflows; |n| < 252 (f32) or
  /// 2044 (f64).
  Value scale(Value p, Whole n);
  /// The same by fewer operations for n below 60 (f32) or 500 (f64), where p is
  /// at most 8.
  Whole roundToShrink(Value x) { return round(x, bias() + headroom()); }
  Whole roundProductToShrink(Value x, Value y) {
    return roundProduct(x, y, bias() + headroom());
  }
  Value shrink(Value p, Whole n);
  /// p 2^(n + shift) by one, where 2^(n + shift) is in the normal range.
  Whole roundProductToShift(Value x, Value y, int64_t shift) {
    return roundProduct(x, y, bias() + shift);
  }
  Value scaleShifted(Value p, Whole n, int64_t shift);
  /// 2^(n-1) where that is in the normal range.
  Value halfPowerOfTwo(Whole n);

  /// The sixteenth nearest to x y: its number, and bits that hold its place in
  /// the whole in their last four. On AVX-512, in f32, where |x y| < 2^17.
  Whole roundToSixteenth(Value x, Value y);
  /// `table` at the last four (16 entries) or five (32) bits of `index`. On
  /// AVX-512, in f32.
  Value lookUp(llvm::ArrayRef<double> table, Value index);
  /// p 2^floor(n) for p >= 0. Lanes in `tiny`, all of whose results are below
  /// 2^-125, are written as integers: a denormal result of an instruction on
  /// numbers costs an assist of a hundred cycles and more. On AVX-512, in f32.
  Value scaleDown(Value p, Value n, Value tiny);

  /// x + y exactly; the second form needs |x| >= |y|.
  Pair sum(Value x, Value y);
  Pair quickSum(Value x, Value y);
  /// x y exactly, barring overflow and underflow.
  Pair product(Value x, Value y);
  Pair multiply(Pair x, Pair y);
  /// z - x y, exactly where the difference is a number of the type.
  Value remainder(Value z, Value x, Value y);

  // Integers of the same width.
  Value bits(Value x);
  Value fromBits(Value i);
  Value integer(int64_t value);
  Value addBits(Value x, Value y) {
    return mlir::arith::AddIOp::create(b, loc, x, y);
  }
  Value subBits(Value x, Value y) {
    return mlir::arith::SubIOp::create(b, loc, x, y);
  }
  Value andBits(Value x, Value y) {
    return mlir::arith::AndIOp::create(b, loc, x, y);
  }
  Value orBits(Value x, Value y) {
    return mlir::arith::OrIOp::create(b, loc, x, y);
  }
  Value xorBits(Value x, Value y) {
    return mlir::arith::XOrIOp::create(b, loc, x, y);
  }
  Value shiftLeft(Value x, int64_t by) {
    return mlir::arith::ShLIOp::create(b, loc, x, integer(by));
  }
  Value shiftRight(Value x, int64_t by) {
    return mlir::arith::ShRUIOp::create(b, loc, x, integer(by));
  }

  int64_t mantissaBits() const { return f64 ? 52 : 23; }
  int64_t bias() const { return f64 ? 1023 : 127; }

  /// 1/x with a relative error of 2^-14. On AVX-512, in f32.
  Value nearReciprocal(Value x);

  /// An AVX-512 intrinsic with its pass-through, mask and rounding operands:
  /// `name` lacks "ps.512" or "pd.512".
  Value masked512(llvm::StringRef name, mlir::ValueRange operands);
  Value i32(int32_t value);

private:
  int64_t getLanes512() const { return f64 ? 8 : 16; }
  Whole round(Value x, double excess);
  Whole roundProduct(Value x, Value y, double excess);
  Whole takeExcess(Value shifted, Value large);
  Value makeLarge(double excess) {
    return splat(0x1.8p+23 + excess, 0x1.8p+52 + excess);
  }
  /// By so much shrinking scales too little at first.
  int64_t headroom() const { return f64 ? 512 : 64; }
  Pair split(Value x);
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type, integers;
  MathTarget target;
  bool f64;
};

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_MATHBUILDER_H
