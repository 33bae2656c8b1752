//===- FormulaLimits.cpp - what a formula does at the edges ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

static bool isInfinite(Limit l) {
  return l == Limit::NegInf || l == Limit::PosInf;
}
static bool isFinite(Limit l) { return l != Limit::Unknown && !isInfinite(l); }

static Limit negate(Limit l) {
  switch (l) {
  case Limit::NegInf:
    return Limit::PosInf;
  case Limit::PosInf:
    return Limit::NegInf;
  case Limit::Positive:
    return Limit::Negative;
  case Limit::Negative:
    return Limit::Positive;
  default:
    return l;
  }
}

static Limit add(Limit a, Limit b) {
  if (a == Limit::Unknown || b == Limit::Unknown)
    return Limit::Unknown;
  if (isInfinite(a) || isInfinite(b))
    return !isInfinite(b) || a == b ? a : isInfinite(a) ? Limit::Unknown : b;
  if (a == Limit::Zero)
    return b;
  return b == Limit::Zero || a == b ? a : Limit::Finite;
}

static Limit multiply(Limit a, Limit b) {
  if (a == Limit::Unknown || b == Limit::Unknown)
    return Limit::Unknown;
  if (a == Limit::Zero || b == Limit::Zero)
    return isInfinite(a) || isInfinite(b) ? Limit::Unknown : Limit::Zero;
  bool anyInfinite = isInfinite(a) || isInfinite(b);
  if (a == Limit::Finite || b == Limit::Finite)
    return anyInfinite ? Limit::Unknown : Limit::Finite;
  bool negative = (a == Limit::NegInf || a == Limit::Negative) !=
                  (b == Limit::NegInf || b == Limit::Negative);
  if (anyInfinite)
    return negative ? Limit::NegInf : Limit::PosInf;
  return negative ? Limit::Negative : Limit::Positive;
}

static Limit invert(Limit a) {
  if (isInfinite(a))
    return Limit::Zero;
  return a == Limit::Positive || a == Limit::Negative ? a : Limit::Unknown;
}

static Limit exponential(Limit a) {
  if (a == Limit::NegInf)
    return Limit::Zero;
  return a == Limit::PosInf ? a
         : isFinite(a)      ? Limit::Positive
                            : Limit::Unknown;
}

static Limit logarithm(Limit a) {
  if (a == Limit::Zero)
    return Limit::NegInf;
  return a == Limit::PosInf     ? a
         : a == Limit::Positive ? Limit::Finite
                                : Limit::Unknown;
}

static Limit maximum(Limit a, Limit b) {
  if (a == Limit::Unknown || b == Limit::Unknown)
    return Limit::Unknown;
  if (a == Limit::NegInf || b == Limit::PosInf || a == b)
    return b;
  if (b == Limit::NegInf || a == Limit::PosInf)
    return a;
  if (a == Limit::Positive || b == Limit::Positive)
    return Limit::Positive;
  if (a == Limit::Negative)
    return b;
  return b == Limit::Negative ? a : Limit::Finite;
}

/// The limit of an ordered comparison `a > b`, when both sides allow to tell.
static std::optional<bool> greater(Limit a, Limit b) {
  if (a == Limit::Unknown || b == Limit::Unknown || a == b)
    return std::nullopt;
  if (a == Limit::NegInf || b == Limit::PosInf)
    return false;
  if (a == Limit::PosInf || b == Limit::NegInf)
    return true;
  return std::nullopt;
}

static std::optional<bool> decide(arith::CmpFOp cmp, Limit a, Limit b) {
  using P = arith::CmpFPredicate;
  switch (cmp.getPredicate()) {
  case P::OGT:
  case P::OGE:
  case P::UGT:
  case P::UGE:
    return greater(a, b);
  case P::OLT:
  case P::OLE:
  case P::ULT:
  case P::ULE:
    return greater(b, a);
  default:
    return std::nullopt;
  }
}

static Limit ofConstant(const APFloat &constant) {
  if (constant.isNaN())
    return Limit::Unknown;
  if (constant.isZero())
    return Limit::Zero;
  if (constant.isInfinity())
    return constant.isNegative() ? Limit::NegInf : Limit::PosInf;
  return constant.isNegative() ? Limit::Negative : Limit::Positive;
}

Limit FormulaLimits::atExcluded(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  Limit limit = compute(value);
  if (!variance.isVarying(value)) {
    // Empty rows are recognised apart; in others most uniforms are finite.
    if (!isFiniteInRow(value))
      limit = Limit::Unknown;
    else if (!isFinite(limit))
      limit = Limit::Finite;
  }
  known[value] = limit;
  return limit;
}

Limit FormulaLimits::compute(Value value) {
  if (value == formula.getBody().getArgument(formula.getScoreIndex()))
    return scoreExcludes ? Limit::NegInf : Limit::Unknown;
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)))
    return ofConstant(constant);
  Operation *op = value.getDefiningOp();
  if (!op || !value.getType().isF32())
    return Limit::Unknown;
  auto in = [&](unsigned i) { return atExcluded(op->getOperand(i)); };
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    Operation *operand = reduce.getValue().getDefiningOp();
    bool sumOfExp = reduce.getKind() == ReductionKind::Add && operand &&
                    isa<math::ExpOp, math::Exp2Op>(operand);
    return sumOfExp ? Limit::Positive : Limit::Finite;
  }
  return llvm::TypeSwitch<Operation *, Limit>(op)
      .Case<arith::AddFOp>([&](auto) { return add(in(0), in(1)); })
      .Case<arith::SubFOp>([&](auto) { return add(in(0), negate(in(1))); })
      .Case<arith::MulFOp>([&](auto) { return multiply(in(0), in(1)); })
      .Case<arith::DivFOp>([&](auto) { return multiply(in(0), invert(in(1))); })
      .Case<arith::NegFOp>([&](auto) { return negate(in(0)); })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>(
          [&](auto) { return maximum(in(0), in(1)); })
      .Case<arith::MinimumFOp, arith::MinNumFOp>(
          [&](auto) { return negate(maximum(negate(in(0)), negate(in(1)))); })
      .Case<math::ExpOp, math::Exp2Op>([&](auto) { return exponential(in(0)); })
      .Case<math::LogOp, math::Log2Op>([&](auto) { return logarithm(in(0)); })
      .Case<math::ExpM1Op>([&](auto) {
        return in(0) == Limit::NegInf ? Limit::Negative : Limit::Unknown;
      })
      .Case<math::AbsFOp>([&](auto) {
        Limit a = in(0);
        return a == Limit::NegInf || a == Limit::Negative ? negate(a) : a;
      })
      .Case<arith::SelectOp>([&](arith::SelectOp select) {
        if (auto cmp = select.getCondition().getDefiningOp<arith::CmpFOp>())
          if (auto taken = decide(cmp, atExcluded(cmp.getLhs()),
                                  atExcluded(cmp.getRhs())))
            return *taken ? in(1) : in(2);
        return in(1) == in(2) ? in(1) : Limit::Unknown;
      })
      .Default([](Operation *) { return Limit::Unknown; });
}

bool FormulaLimits::isFiniteInRow(Value value) {
  if (auto found = knownFinite.find(value); found != knownFinite.end())
    return found->second;
  bool isFinite = findFiniteInRow(value);
  knownFinite[value] = isFinite;
  return isFinite;
}

bool FormulaLimits::findFiniteInRow(Value value) {
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)))
    return !constant.isInfinity();
  Operation *op = value.getDefiningOp();
  if (!op || !value.getType().isF32())
    return true;
  auto isOperandFinite = [&](Value operand) { return isFiniteInRow(operand); };
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getKind() == ReductionKind::Add ||
           isOperandFinite(reduce.getValue());
  // A logarithm may be -inf, but of a sum it is not: other rows are empty.
  bool ofElement = variance.isVarying(value);
  if (ofElement && isa<math::LogOp, math::Log2Op, math::Log10Op, math::Log1pOp,
                       arith::DivFOp>(op))
    return false;
  if (ofElement && isa<arith::MaximumFOp>(
                       op)) // Bounded below, and above by what bounds both.
    return llvm::any_of(op->getOperands(), isOperandFinite);
  return llvm::all_of(op->getOperands(), isOperandFinite);
}

bool FormulaLimits::vanishesWhenExcluded(ReduceOp reduce) {
  if (!reduce.getValue().getType().isF32())
    return false;
  Limit limit = atExcluded(reduce.getValue());
  switch (reduce.getKind()) {
  case ReductionKind::Add:
    return limit == Limit::Zero;
  case ReductionKind::Max:
    return limit == Limit::NegInf;
  case ReductionKind::Min:
    return limit == Limit::PosInf;
  }
  llvm_unreachable("unknown reduction");
}

bool FormulaLimits::isInfiniteAtExcluded(Value value) {
  if (value == formula.getBody().getArgument(formula.getScoreIndex()))
    return scoreExcludes;
  Operation *op = value.getDefiningOp();
  if (!op || !value.getType().isF32())
    return false;
  if (auto found = knownInfinite.find(value); found != knownInfinite.end())
    return found->second;
  bool isInfinite = findInfiniteAtExcluded(op);
  knownInfinite[value] = isInfinite;
  return isInfinite;
}

/// Infinity plus or times anything is infinite or NaN.
bool FormulaLimits::findInfiniteAtExcluded(Operation *op) {
  auto in = [&](unsigned i) { return isInfiniteAtExcluded(op->getOperand(i)); };
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    return in(0) || in(1);
  return isa<arith::NegFOp, math::AbsFOp, arith::DivFOp>(op) && in(0);
}

/// A choice by an ordered comparison with a NaN takes the second value, one by
/// an unordered comparison the first.
static std::optional<bool> decideForNaN(arith::CmpFOp cmp) {
  using P = arith::CmpFPredicate;
  switch (cmp.getPredicate()) {
  case P::OEQ:
  case P::OGT:
  case P::OGE:
  case P::OLT:
  case P::OLE:
  case P::ONE:
  case P::ORD:
    return false;
  case P::UEQ:
  case P::UGT:
  case P::UGE:
  case P::ULT:
  case P::ULE:
  case P::UNE:
  case P::UNO:
    return true;
  default:
    return std::nullopt;
  }
}

bool FormulaLimits::propagatesNaN(Value value, NaNAt where,
                                  bool maximaKeepNaN) {
  KnownNaNs known;
  return propagatesNaN(value, where, maximaKeepNaN, known);
}

bool FormulaLimits::propagatesNaN(Value value, NaNAt where, bool maximaKeepNaN,
                                  KnownNaNs &known) {
  KnownNaNs::key_type key(value, where == NaNAt::Element);
  if (auto found = known.find(key); found != known.end())
    return found->second;
  bool propagates = findNaN(value, where, maximaKeepNaN, known);
  known[key] = propagates;
  return propagates;
}

bool FormulaLimits::findNaN(Value value, NaNAt where, bool maximaKeepNaN,
                            KnownNaNs &known) {
  if (value == formula.getBody().getArgument(formula.getScoreIndex()))
    return where == NaNAt::Element;
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)))
    return constant.isNaN();
  Operation *op = value.getDefiningOp();
  if (!op || !value.getType().isF32())
    return false;
  auto in = [&](Value operand) {
    return propagatesNaN(operand, where, maximaKeepNaN, known);
  };
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return (reduce.getKind() == ReductionKind::Add || maximaKeepNaN) &&
           (propagatesNaN(reduce.getValue(), NaNAt::Element, maximaKeepNaN,
                          known) ||
            propagatesNaN(reduce.getValue(), NaNAt::Row, maximaKeepNaN, known));
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (auto cmp = select.getCondition().getDefiningOp<arith::CmpFOp>())
      if (std::optional<bool> taken = decideForNaN(cmp);
          taken && (in(cmp.getLhs()) || in(cmp.getRhs())))
        return in(*taken ? select.getTrueValue() : select.getFalseValue());
    return in(select.getTrueValue()) && in(select.getFalseValue());
  }
  if (isa<arith::MaxNumFOp, arith::MinNumFOp, math::PowFOp>(op) ||
      isa<WeirDialect>(op->getDialect()))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return operand.getType().isF32() && in(operand);
  });
}
