//===- ExpandExp.cpp - exp as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Three expansions for vectors of f32. All write x * log2(e) = n + f and
// evaluate 2^n * p(f); they differ in how n and f are found and how 2^n is
// applied. Coefficients are minimax polynomials found with Sollya's fpminimax.
//
//===----------------------------------------------------------------------===//

#include "ExpandExp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace weir;

namespace {

constexpr float kLog2e = 0x1.715476p+0f;
/// log2(e) - kLog2e.
constexpr float kLog2eLow = 0x1.4ae0cp-26f;
/// ln(2) in two parts; the product of the first with any exponent is exact
/// without a fused multiply-add.
constexpr float kLn2High = 0x1.63p-1f;
constexpr float kLn2Low = -0x1.bd0106p-13f;

/// 2^f on [0, 1], highest power first; relative error 1.3 * 2^-24.
constexpr float kExp2Unit[] = {0x1.ebaafp-10f, 0x1.26bce2p-7f, 0x1.c9498ep-5f,
                               0x1.ebd6c4p-3f, 0x1.62e4eap-1f, 0x1.fffffep-1f};
/// 2^f on [-1/2, 1/2], highest power first; relative error 0.06 * 2^-24.
constexpr float kExp2Centred[] = {
    0x1.3fa208p-13f, 0x1.5f0b82p-10f, 0x1.3b30ap-7f, 0x1.c6af76p-5f,
    0x1.ebfbd8p-3f,  0x1.62e43p-1f,   1.0f};
/// e^r on [-ln(2)/2, ln(2)/2], highest power first.
constexpr float kExpCentred[] = {0x1.686a4p-10f,
                                 0x1.123cf6p-7f,
                                 0x1.555b82p-5f,
                                 0x1.55548cp-3f,
                                 0x1.fffff8p-2f,
                                 1.0f,
                                 1.0f};

class Expansion {
public:
  Expansion(OpBuilder &b, Location loc, VectorType type, ExpTarget target)
      : b(b), loc(loc), type(type), target(target) {}

  /// For x <= 0 that are anchored. The product's rounding is the error.
  Value fast(Value x) { return exp2(mul(x, splat(kLog2e))); }

  Value shifted(Value x, Value s) {
    Value t = fma(x, splat(kLog2e), arith::NegFOp::create(b, loc, s));
    return target.avx512 && type.getNumElements() == 16 ? exp2(t)
                                                        : exp2Portable(t);
  }

  /// vreduceps takes the fraction off and vscalefps floors its operand itself,
  /// so neither rounding nor clamping is needed.
  Value exp2(Value t) {
    Value f = intrinsic("llvm.x86.avx512.mask.reduce.ps.512",
                        {t, i32(1), splat(0.0f), allLanes(), i32(4)});
    return scalef(polynomial(kExp2Unit, f), t);
  }

  /// Rounding by adding a large number; results below the normal range are
  /// flushed.
  Value exp2Portable(Value t) {
    t = clamp(t, -127.0f, 128.0f);
    Value large = splat(0x1.8p+23f);
    Value biased = add(t, large);
    Value f = sub(t, sub(biased, large));
    Value p = polynomial(kExp2Centred, f);
    VectorType ints = type.clone(b.getI32Type());
    Value bits = arith::BitcastOp::create(b, loc, ints, biased);
    Value shift = arith::ShLIOp::create(b, loc, bits, splatInt(23));
    Value power = arith::AddIOp::create(b, loc, shift, splatInt(127 << 23));
    return mul(p, arith::BitcastOp::create(b, loc, type, power));
  }

  /// The fraction gets the low part of log2(e), and x a clamp that keeps n
  /// finite.
  Value accurate(Value x) {
    x = clamp(x, -110.0f, 100.0f);
    Value n = LLVM::RoundEvenOp::create(b, loc, type, mul(x, splat(kLog2e)));
    Value f = fma(x, splat(kLog2e), arith::NegFOp::create(b, loc, n));
    f = fma(x, splat(kLog2eLow), f);
    return scalef(polynomial(kExp2Centred, f), n);
  }

  /// Any x86-64: rounding by adding a large number, 2^n from two integer shifts
  /// so that denormal results and overflow come out right.
  Value portable(Value x) {
    x = clamp(x, -110.0f, 100.0f);
    Value large = splat(0x1.8p+23f);
    Value n = sub(add(mul(x, splat(kLog2e)), large), large);
    Value r = sub(sub(x, mul(n, splat(kLn2High))), mul(n, splat(kLn2Low)));
    Value p = polynomial(kExpCentred, r);
    VectorType ints = type.clone(b.getI32Type());
    Value whole = arith::FPToSIOp::create(b, loc, ints, n);
    Value half = arith::ShRSIOp::create(b, loc, whole, splatInt(1));
    Value other = arith::SubIOp::create(b, loc, whole, half);
    return mul(mul(p, powerOfTwo(half)), powerOfTwo(other));
  }

private:
  Value splat(float value) {
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, value));
  }
  Value splatInt(int32_t value) {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type.clone(b.getI32Type()), value));
  }
  Value i32(int32_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
  }
  Value allLanes() {
    return LLVM::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) {
    return LLVM::FMAOp::create(b, loc, type, x, y, z);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }

  /// Comparisons are ordered, so that NaN stays.
  Value clamp(Value x, float low, float high) {
    Value lo = splat(low), hi = splat(high);
    Value below =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, lo);
    x = arith::SelectOp::create(b, loc, below, lo, x);
    Value above =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, hi);
    return arith::SelectOp::create(b, loc, above, hi, x);
  }

  Value polynomial(ArrayRef<float> coefficients, Value x) {
    Value p = splat(coefficients.front());
    for (float c : coefficients.drop_front())
      p = target.fma ? fma(p, x, splat(c)) : add(mul(p, x), splat(c));
    return p;
  }

  /// 2^n for integers within the normal range.
  Value powerOfTwo(Value n) {
    Value biased = arith::AddIOp::create(b, loc, n, splatInt(127));
    return arith::BitcastOp::create(
        b, loc, type, arith::ShLIOp::create(b, loc, biased, splatInt(23)));
  }

  Value intrinsic(StringRef name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                         operands)
        ->getResult(0);
  }
  Value scalef(Value p, Value n) {
    return intrinsic("llvm.x86.avx512.mask.scalef.ps.512",
                     {p, n, splat(0.0f), allLanes(), i32(4)});
  }

  OpBuilder &b;
  Location loc;
  VectorType type;
  ExpTarget target;
};

} // namespace

Value weir::expandExp(OpBuilder &builder, cpu::ExpOp op, ExpTarget target) {
  auto type = dyn_cast<VectorType>(op.getType());
  if (!type || !type.getElementType().isF32())
    return math::ExpOp::create(builder, op.getLoc(), op.getX());
  Expansion expansion(builder, op.getLoc(), type, target);
  bool avx512 =
      target.avx512 && type.getRank() == 1 && type.getNumElements() == 16;
  if (!avx512)
    return expansion.portable(op.getX());
  return op.getVariant() == cpu::ExpVariant::Fast
             ? expansion.fast(op.getX())
             : expansion.accurate(op.getX());
}

Value weir::expandExpShifted(OpBuilder &builder, cpu::ExpShiftedOp op,
                             ExpTarget target) {
  Location loc = op.getLoc();
  auto type = dyn_cast<VectorType>(op.getType());
  if (type && type.getElementType().isF32() && type.getRank() == 1)
    return Expansion(builder, loc, type, target).shifted(op.getX(), op.getS());
  auto number = [&](double value) -> Value {
    TypedAttr attr =
        builder.getFloatAttr(getElementTypeOrSelf(op.getType()), value);
    if (type)
      attr = DenseElementsAttr::get(type, attr);
    return arith::ConstantOp::create(builder, loc, attr);
  };
  Value minus = arith::NegFOp::create(builder, loc, op.getS());
  Value t =
      math::FmaOp::create(builder, loc, op.getX(), number(M_LOG2E), minus);
  return math::Exp2Op::create(builder, loc, t);
}
