//===- ExpandMath.cpp - elementary functions as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

using Unary = Value (*)(MathBuilder &, Value);

/// True where the results need few digits of `op`.
static bool isCoarse(MathBuilder &m, Operation *op) {
  auto variant = op->getAttrOfType<cpu::ExpVariantAttr>(
      cpu::WeirCPUDialect::kVariantAttrName);
  return variant && variant.getValue() == cpu::ExpVariant::Coarse && !m.isF64();
}

/// The expansion of an op of the math dialect, by its class.
static Unary getUnary(MathBuilder &m, Operation *op) {
  return llvm::TypeSwitch<Operation *, Unary>(op)
      .Case([](math::ExpOp) {
        return [](MathBuilder &m, Value x) {
          return expand::exp(m, x, cpu::ExpVariant::Accurate, {});
        };
      })
      .Case([](math::Exp2Op) {
        return [](MathBuilder &m, Value x) { return expand::exp2(m, x); };
      })
      .Case([](math::ExpM1Op) { return expand::expm1; })
      .Case([](math::LogOp) { return expand::log; })
      .Case([](math::Log2Op) { return expand::log2; })
      .Case([](math::Log10Op) { return expand::log10; })
      .Case([](math::Log1pOp) { return expand::log1p; })
      .Case([&](math::TanhOp) {
        return isCoarse(m, op) ? expand::coarseTanh : expand::tanh;
      })
      .Case([](math::ErfOp) { return expand::erf; })
      .Case([&](math::ErfcOp) {
        return isCoarse(m, op) ? expand::coarseErfc : expand::erfc;
      })
      .Case([](math::AtanOp) { return expand::atan; })
      .Default([](Operation *) { return nullptr; });
}

/// True of e to the power of -|x|, which is within [0, 1] or NaN.
static bool isUnit(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !isa<math::ExpOp, cpu::ExpOp>(op))
    return false;
  auto negated = op->getOperand(0).getDefiningOp<arith::NegFOp>();
  return negated && negated.getOperand().getDefiningOp<math::AbsFOp>();
}

/// On scalars the library's functions, of a fused multiply-add for a shift.
static Value expandScalarExp(OpBuilder &b, Operation *op) {
  Location loc = op->getLoc();
  if (auto exp = dyn_cast<cpu::ExpOp>(op))
    return math::ExpOp::create(b, loc, exp.getX());
  auto shifted = cast<cpu::ExpShiftedOp>(op);
  MathBuilder m(b, loc, op->getResult(0).getType(), MathTarget());
  Value t = math::FmaOp::create(b, loc, shifted.getX(), m.high(kLog2E),
                                m.neg(shifted.getS()));
  return math::Exp2Op::create(b, loc, t);
}

/// A quotient that need not be rounded once: a product with the reciprocal of a
/// constant, or with one that several quotients share.
static Value expandQuotient(MathBuilder &m, arith::DivFOp op) {
  if (Value product = expandLogistic(m, op, isCoarse(m, op)))
    return product;
  if (!bitEnumContainsAny(op.getFastmath(), arith::FastMathFlags::arcp))
    return Value();
  Value x = op.getLhs(), y = op.getRhs();
  NumberRange range = getNumberRange(y);
  if (range.isAwayFromZero()) {
    if (range.isSingle())
      return m.mul(x, m.splat(1.0 / range.low));
    if (isCoarse(m, op) && m.isAVX512())
      return m.mul(x, m.nearReciprocal(y));
    if (llvm::count_if(y.getUsers(), llvm::IsaPred<arith::DivFOp>) > 1)
      return m.mul(x, m.div(m.splat(1.0), y));
  }
  // To LLVM the flag means an estimate, which is NaN where y is 0 or infinite.
  op.setFastmath(op.getFastmath() & ~arith::FastMathFlags::arcp);
  return Value();
}

static Value expandAtan2(MathBuilder &m, math::Atan2Op op) {
  NumberRange y = getNumberRange(op.getLhs()), x = getNumberRange(op.getRhs());
  if (y.isAwayFromZero() && y.low > 0 && x.high < 0x1p+60) {
    auto expand =
        isCoarse(m, op) ? expand::coarseUpperAtan2 : expand::upperAtan2;
    return expand(m, op.getLhs(), op.getRhs());
  }
  return expand::atan2(m, op.getLhs(), op.getRhs());
}

Value weir::expandMath(OpBuilder &builder, Operation *op, MathTarget target) {
  if (op->getNumResults() != 1)
    return Value();
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!type && isa<cpu::ExpOp, cpu::ExpShiftedOp>(op))
    return expandScalarExp(builder, op);
  if (!type ||
      !(type.getElementType().isF32() || type.getElementType().isF64()))
    return Value();
  MathBuilder m(builder, op->getLoc(), type, target);
  if (auto exp = dyn_cast<cpu::ExpOp>(op)) {
    auto expand = exp.getGradual() ? expand::expGradual : expand::exp;
    return expand(m, exp.getX(), exp.getVariant(), getNumberRange(exp.getX()));
  }
  if (auto shifted = dyn_cast<cpu::ExpShiftedOp>(op))
    return expand::expShifted(m, shifted.getX(), shifted.getS(),
                              shifted.getVariant());
  if (auto shifted = dyn_cast<cpu::Expm1ShiftedOp>(op))
    return expand::expm1Shifted(m, shifted.getX(), shifted.getU());
  if (auto scale = dyn_cast<cpu::ScaleOp>(op))
    return expand::scale(m, scale.getX(), scale.getN());
  if (isa<math::Log1pOp>(op) && !m.isF64() && isUnit(op->getOperand(0))) {
    auto expand =
        isCoarse(m, op) ? expand::coarseLog1pOfUnit : expand::log1pOfUnit;
    return expand(m, op->getOperand(0));
  }
  if (auto quotient = dyn_cast<arith::DivFOp>(op))
    return expandQuotient(m, quotient);
  if (auto choice = dyn_cast<arith::SelectOp>(op))
    return expandChoice(m, choice);
  if (auto atan2 = dyn_cast<math::Atan2Op>(op))
    return expandAtan2(m, atan2);
  if (Unary unary = getUnary(m, op))
    return unary(m, op->getOperand(0));
  if (isa<math::PowFOp>(op))
    return expand::pow(m, op->getOperand(0), op->getOperand(1));
  return Value();
}

void weir::expandSplit(cpu::ExpSplitOp op, MathTarget target) {
  OpBuilder builder(op);
  MathBuilder m(builder, op.getLoc(), op.getX().getType(), target);
  expand::Pair split = expand::expSplit(m, op.getX(), op.getVariant());
  op.replaceAllUsesWith(ValueRange{split.high, split.low});
  op.erase();
}
