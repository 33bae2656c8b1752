//===- ExpDifferences.cpp - e^(x - u) - e^-u without cancelling ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpDifferences.h"

#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// u where `value` is e^-u.
static Value matchExpOfMinus(Value value) {
  auto exp = value.getDefiningOp<math::ExpOp>();
  if (!exp)
    return Value();
  if (auto minus = exp.getOperand().getDefiningOp<arith::NegFOp>())
    return minus.getOperand();
  auto product = exp.getOperand().getDefiningOp<arith::MulFOp>();
  APFloat factor(0.0f);
  bool isMinus = product &&
                 matchPattern(product.getRhs(), m_ConstantFloat(&factor)) &&
                 factor.isExactlyValue(-1.0);
  return isMinus ? product.getLhs() : Value();
}

/// e^(x - u) - e^-u.
static std::optional<ExpDifference> matchDifference(arith::SubFOp sub) {
  Value u = matchExpOfMinus(sub.getRhs());
  auto exp = sub.getLhs().getDefiningOp<math::ExpOp>();
  auto exponent =
      exp ? exp.getOperand().getDefiningOp<arith::SubFOp>() : nullptr;
  if (!u || !exponent || exponent.getRhs() != u)
    return std::nullopt;
  return ExpDifference{exponent.getLhs(), u};
}

/// e^-u (e^x - 1).
static std::optional<ExpDifference> matchProduct(arith::MulFOp product) {
  for (unsigned i : {0, 1}) {
    Value u = matchExpOfMinus(product->getOperand(i));
    auto minusOne = product->getOperand(1 - i).getDefiningOp<math::ExpM1Op>();
    if (u && minusOne)
      return ExpDifference{minusOne.getOperand(), u};
  }
  return std::nullopt;
}

std::optional<ExpDifference> ExpDifferences::match(Operation *op) const {
  if (auto sub = dyn_cast<arith::SubFOp>(op))
    return matchDifference(sub);
  if (auto product = dyn_cast<arith::MulFOp>(op))
    return matchProduct(product);
  auto choice = dyn_cast<arith::SelectOp>(op);
  if (!choice)
    return std::nullopt;
  std::optional<ExpDifference> one = get(choice.getTrueValue());
  bool areSame = one && one == get(choice.getFalseValue());
  return areSame ? one : std::nullopt;
}

ExpDifferences::ExpDifferences(FormulaOp formula, const FormulaShifts &shifts)
    : variance(formula) {
  llvm::DenseMap<Value, Kinds> kinds =
      getValueKinds(formula, [](BlockArgument argument) {
        return Kinds::ofAny(argument.getType());
      });
  constexpr unsigned kAtLeastZero =
      Kinds::NaN | Kinds::Zero | Kinds::Positive | Kinds::PosInf;
  for (Operation &op : formula.getBody().front().without_terminator()) {
    std::optional<ExpDifference> found = match(&op);
    if (found && variance.isVarying(found->x) &&
        !variance.isVarying(found->u) && shifts.leansOnExtremum(found->u) &&
        kinds.lookup(found->u).isWithin(kAtLeastZero))
      known[op.getResult(0)] = *found;
  }
}

std::optional<ExpDifference> ExpDifferences::get(Value value) const {
  auto found = known.find(value);
  return found == known.end() ? std::nullopt
                              : std::optional<ExpDifference>(found->second);
}
