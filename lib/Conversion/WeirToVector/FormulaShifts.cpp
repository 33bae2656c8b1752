//===- FormulaShifts.cpp - exponents that one multiply-add forms ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaShifts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// s is then an f32 with an error below 1/4, and no product overflows.
static constexpr double kModerate = 0x1p21;
/// 8 * 2^-24 is a quarter of what class A-EXP allows.
static constexpr double kSmall = 8;

void FormulaShifts::collectExtremal(FormulaOp formula) {
  for (Value argument : formula.getBody().getArguments())
    if (formula.isExtremum(argument))
      extremal.insert(argument);
  formula.getBody().walk([&](Operation *op) {
    auto reduce = dyn_cast<ReduceOp>(op);
    bool leans = reduce && reduce.getKind() != ReductionKind::Add;
    if (leans || llvm::any_of(op->getOperands(), [&](Value operand) {
          return extremal.contains(operand);
        }))
      extremal.insert(op->result_begin(), op->result_end());
  });
}

FormulaShifts::FormulaShifts(FormulaOp formula) : variance(formula) {
  collectExtremal(formula);
  // Varying exponentials say which shifts there are; uniform ones go along.
  for (math::ExpOp exp : formula.getBody().front().getOps<math::ExpOp>())
    if (variance.isVarying(exp.getResult()))
      if (Value u = matchShift(exp); u && !llvm::is_contained(shifts, u))
        shifts.push_back(u);
  for (Value u : shifts) {
    degrees[u] = measure(formula, u);
    for (Value result : formula.getYieldedValues())
      cancels &= getDegree(result, u) == 0.0;
  }
  bound = cancels ? kModerate : kSmall;
}

bool FormulaShifts::mayCancel(Operation *exp) {
  return llvm::any_of(exp->getUsers(),
                      [](Operation *user) { return isa<arith::SubFOp>(user); });
}

Value FormulaShifts::matchShift(Operation *exp) const {
  if (!isa_and_nonnull<math::ExpOp>(exp) ||
      (variance.isVarying(exp->getResult(0)) && mayCancel(exp)))
    return Value();
  Operation *argument = exp->getOperand(0).getDefiningOp();
  Value u;
  if (isa_and_nonnull<arith::NegFOp>(argument))
    u = argument->getOperand(0);
  else if (isa_and_nonnull<arith::SubFOp>(argument))
    u = argument->getOperand(1);
  return u && !variance.isVarying(u) && leansOnExtremum(u) ? u : Value();
}

Value FormulaShifts::getShift(Operation *exp) const {
  Value u = matchShift(exp);
  return llvm::is_contained(shifts, u) ? u : Value();
}

Value FormulaShifts::getUnshifted(Operation *exp) const {
  auto difference = exp->getOperand(0).getDefiningOp<arith::SubFOp>();
  return difference ? difference.getLhs() : Value();
}

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat());
}

std::optional<double> FormulaShifts::getDegree(Value value, Value u) const {
  const Degrees &known = degrees.find(u)->second;
  auto found = known.find(value);
  return found == known.end() ? std::optional<double>(0.0) : found->second;
}

FormulaShifts::Degrees FormulaShifts::measure(FormulaOp formula,
                                              Value u) const {
  Degrees known;
  for (Operation &op : formula.getBody().front().without_terminator()) {
    std::optional<double> degree = measure(&op, u, known);
    if (degree != 0.0)
      for (Value result : op.getResults())
        known[result] = degree;
  }
  return known;
}

/// True when results are sums and differences of `value` and others.
static bool isSummandOnly(Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Operation *> seen;
  while (!work.empty())
    for (Operation *user : work.pop_back_val().getUsers()) {
      if (isa<YieldOp>(user) || !seen.insert(user).second)
        continue;
      if (!isa<arith::AddFOp, arith::SubFOp, arith::SelectOp>(user))
        return false;
      work.push_back(user->getResult(0));
    }
  return true;
}

std::optional<double> FormulaShifts::measure(Operation *op, Value u,
                                             Degrees &known) const {
  auto get = [&](Value value) -> std::optional<double> {
    auto found = known.find(value);
    return found == known.end() ? std::optional<double>(0.0) : found->second;
  };
  auto in = [&](unsigned i) { return get(op->getOperand(i)); };
  auto combine = [&](double sign) -> std::optional<double> {
    std::optional<double> a = in(0), b = in(1);
    return a && b ? std::optional<double>(*a + sign * *b) : std::nullopt;
  };
  // The degree that all share; zero has any.
  auto shared = [&](ValueRange values) -> std::optional<double> {
    std::optional<double> degree;
    for (Value value : values) {
      if (isZero(value))
        continue;
      if (!get(value) || (degree && degree != get(value)))
        return std::nullopt;
      degree = get(value);
    }
    return degree ? degree : 0.0;
  };
  auto zeroIf = [](bool holds) {
    return holds ? std::optional<double>(0.0) : std::nullopt;
  };
  if (getShift(op) == u)
    return 1.0;
  if (isa<arith::MulFOp>(op))
    return combine(1);
  if (isa<arith::DivFOp>(op))
    return combine(-1);
  if (isa<arith::NegFOp, math::AbsFOp, ReduceOp>(op))
    return in(0);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MaximumFOp, arith::MinimumFOp>(
          op))
    return shared(op->getOperands());
  if (isa<arith::CmpFOp>(op))
    return zeroIf(shared(op->getOperands()).has_value());
  if (isa<arith::SelectOp>(op))
    return in(0) == 0.0 ? shared(op->getOperands().drop_front()) : std::nullopt;
  if (isa<math::SqrtOp, math::RsqrtOp>(op)) {
    double power = isa<math::SqrtOp>(op) ? 0.5 : -0.5;
    return in(0) ? std::optional<double>(*in(0) * power) : std::nullopt;
  }
  // A logarithm is off by d, which is as good as u, where it is a summand of a
  // result. Where something else is made of it, d shows.
  if (isa<math::LogOp>(op))
    return zeroIf(in(0) == 0.0 || (in(0) && isSummandOnly(op->getResult(0))));
  bool untouched = true;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      untouched &= get(operand) == 0.0;
  });
  return zeroIf(untouched);
}

bool FormulaShifts::growsWithRow(Value u) const {
  Operation *op = u.getDefiningOp();
  if (!op)
    return true;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getKind() == ReductionKind::Max;
  if (isa<arith::ConstantOp>(op))
    return true;
  if (auto select = dyn_cast<arith::SelectOp>(op)) // 0 in the place of -inf.
    return isZero(select.getFalseValue()) &&
           growsWithRow(select.getTrueValue());
  return isa<arith::MaximumFOp>(op) && growsWithRow(op->getOperand(0)) &&
         growsWithRow(op->getOperand(1));
}
