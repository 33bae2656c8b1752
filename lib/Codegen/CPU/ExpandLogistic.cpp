//===- ExpandLogistic.cpp - quotients over 1 + e^-|z| ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With t = e^-|z|, which does not overflow, the logistic function is 1 / (1 +
// t) or t / (1 + t), by the sign of z; so silu and its relatives have a choice
// between x and x t over 1 + t. As 1 / (1 + e^-z) it takes a third less, but
// where e^-z overflows that is a number still: both sides are taken 2^-32
// times, or 2^-64 in f64. Products with it are the quotient only where few
// digits are asked for: where the logistic function is denormal, it has few.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace weir;

/// Between the bounds e^-z 2^shift is a normal number, and beyond them the
/// result is 1, or 0.
Value expand::logistic(MathBuilder &m, Value z) {
  int64_t shift = m.isF64() ? -64 : -32;
  Value x = m.atLeast(m.neg(z), m.splat(-64.0, -660.0));
  x = m.atMost(x, m.splat(110.0, 750.0));
  Value scale = m.splat(std::ldexp(1.0, shift));
  return m.div(scale, m.add(shiftedExp(m, x, shift), scale));
}

/// Denormal results are 0 in bf16 but for the largest.
Value expand::coarseLogistic(MathBuilder &m, Value z) {
  constexpr int64_t kShift = -32;
  Value t = m.atLeast(m.mul(z, m.splat(-kLog2EHighF64)), m.splat(-93.0));
  if (!m.isAVX512())
    t = m.atMost(t, m.splat(159.0));
  Value scale = m.splat(std::ldexp(1.0, kShift));
  Value sum = m.add(coarseExp2(m, t, kShift), scale);
  return m.isAVX512() ? m.mul(m.nearReciprocal(sum), scale) : m.div(scale, sum);
}

//===----------------------------------------------------------------------===//
// Where it stands
//===----------------------------------------------------------------------===//

static bool isSplat(Value value, double number) {
  return getNumberRange(value).isWithin(number, number);
}

/// The other factor, or null.
static Value dividedBy(Value product, Value factor) {
  auto mul = product.getDefiningOp<arith::MulFOp>();
  if (!mul)
    return Value();
  if (mul.getRhs() == factor)
    return mul.getLhs();
  return mul.getLhs() == factor ? mul.getRhs() : Value();
}

/// True of max(x, c) with c <= 0.
static bool isLimited(Value value, Value x) {
  auto maximum = value.getDefiningOp<arith::MaximumFOp>();
  return maximum && maximum.getLhs() == x &&
         getNumberRange(maximum.getRhs()).high <= 0;
}

/// True when z is 0 or has the sign of x.
static bool hasSignOf(Value z, Value x) {
  constexpr unsigned kDepth = 4;
  for (unsigned depth = 0; z != x; ++depth) {
    Operation *op = z.getDefiningOp();
    if (!op || op->getNumOperands() != 2 || depth > kDepth)
      return false;
    if (isLimited(z, op->getOperand(0))) {
      z = op->getOperand(0);
      continue;
    }
    if (!isa<arith::MulFOp>(op))
      return false;
    bool isFirst = getNumberRange(op->getOperand(1)).low >= 0;
    if (!isFirst && !(getNumberRange(op->getOperand(0)).low >= 0))
      return false;
    z = op->getOperand(isFirst ? 0 : 1);
  }
  return true;
}

/// z, where `sum` is 1 + e^-|z|, with few digits or with all.
static Value matchSum(Value sum, bool isCoarse, Value &t) {
  auto add = sum.getDefiningOp<arith::AddFOp>();
  if (!add || !sum.hasOneUse())
    return Value();
  t = isSplat(add.getLhs(), 1.0) ? add.getRhs() : add.getLhs();
  auto exp = t.getDefiningOp<cpu::ExpOp>();
  auto variant = isCoarse ? cpu::ExpVariant::Coarse : cpu::ExpVariant::Accurate;
  if (!exp || exp.getVariant() != variant ||
      !(isSplat(add.getLhs(), 1.0) || isSplat(add.getRhs(), 1.0)))
    return Value();
  auto negated = exp.getX().getDefiningOp<arith::NegFOp>();
  auto size = negated ? negated.getOperand().getDefiningOp<math::AbsFOp>()
                      : math::AbsFOp();
  return size ? size.getOperand() : Value();
}

/// The product in a choice between 0, where `t` is, and a product with it: an
/// infinite factor then makes no NaN. Null where `value` is no such choice.
static Value takeGuard(Value value, Value t) {
  auto choice = value.getDefiningOp<arith::SelectOp>();
  auto isGone = choice ? choice.getCondition().getDefiningOp<arith::CmpFOp>()
                       : arith::CmpFOp();
  bool matches = isGone && isGone.getLhs() == t &&
                 isGone.getPredicate() == MathBuilder::Predicate::OEQ &&
                 isSplat(isGone.getRhs(), 0.0) &&
                 isSplat(choice.getTrueValue(), 0.0);
  return matches ? choice.getFalseValue() : Value();
}

Value weir::expandLogistic(MathBuilder &m, arith::DivFOp op, bool isCoarse) {
  Value t, z = matchSum(op.getRhs(), isCoarse, t);
  auto choice = op.getLhs().getDefiningOp<arith::SelectOp>();
  auto isUp = choice ? choice.getCondition().getDefiningOp<arith::CmpFOp>()
                     : arith::CmpFOp();
  if (!z || !isUp || !choice->hasOneUse() ||
      isUp.getPredicate() != MathBuilder::Predicate::OGE ||
      !isSplat(isUp.getRhs(), 0.0) || !hasSignOf(z, isUp.getLhs()))
    return Value();
  Value up = choice.getTrueValue(), down = choice.getFalseValue();
  Value guarded = takeGuard(down, t);
  // The sum, the choice or a factor of it, and its guard: else t is needed.
  if (!t.hasNUses(guarded ? 3 : 2))
    return Value();
  if (down == t && isSplat(up, 1.0))
    return isCoarse ? expand::coarseLogistic(m, z) : expand::logistic(m, z);
  if (!isCoarse)
    return Value();
  Value factor = dividedBy(guarded ? guarded : down, t);
  bool isLimit = factor && up == isUp.getLhs() && isLimited(factor, up);
  if (!factor || !(factor == up || isLimit))
    return Value();
  Value logistic = expand::coarseLogistic(m, z);
  Value product = m.mul(factor, logistic);
  if (!guarded)
    return product;
  Value zero = m.splat(0.0);
  Value isGone = m.compare(MathBuilder::Predicate::OEQ, logistic, zero);
  return m.select(isGone, zero, product);
}

/// x where it is not below 0, else max(x, c) t with t in [0, 1] and c <= 0, as
/// in silu, is the larger of the two, and x where one is NaN.
Value weir::expandChoice(MathBuilder &m, arith::SelectOp op) {
  auto isUp = op.getCondition().getDefiningOp<arith::CmpFOp>();
  auto product = op.getFalseValue().getDefiningOp<arith::MulFOp>();
  Value x = op.getTrueValue();
  if (!isUp || !product || isUp.getPredicate() != MathBuilder::Predicate::OGE ||
      isUp.getLhs() != x || !getNumberRange(isUp.getRhs()).isWithin(0, 0) ||
      !isLimited(product.getLhs(), x) ||
      !getNumberRange(product.getRhs()).isWithin(0, 1))
    return Value();
  return m.atLeast(x, product);
}
