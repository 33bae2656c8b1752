//===- ExprEvaluator.cpp - numbers for normal forms ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExprEvaluator.h"

#include "ScalarOps.h"

using namespace weir;
using namespace weir::test;

Real ExprEvaluator::evaluateProduct(const Factors &factors,
                                    Real exponent) const {
  Real product = 1;
  for (auto &[factor, power] : factors) {
    if (factor->kind == Expr::Exp)
      exponent += power * evaluate(factor->args[0]).value;
    else
      product *= pow(evaluate(factor), static_cast<Real>(power));
  }
  return exponent == 0 ? product : product * inRange(exp(exponent));
}

Real ExprEvaluator::evaluate(const Expr *expr, Real exponent) const {
  switch (expr->kind) {
  case Expr::Exp:
    return inRange(exp(evaluate(expr->args[0]).value + exponent));
  case Expr::Product:
    return evaluateProduct(expr->factors, exponent);
  case Expr::Sum:
    return evaluate(expr->args[0], exponent).value;
  default:
    break;
  }
  Real value;
  if (expr->kind == Expr::Leaf) {
    value = values.get(expr->value, element);
  } else {
    llvm::SmallVector<Real> operands;
    for (const Linear &arg : expr->args)
      operands.push_back(evaluate(arg).value);
    value = test::evaluate(expr->op, operands);
  }
  return exponent == 0 ? value : value * inRange(exp(exponent));
}

Measured ExprEvaluator::evaluate(const Linear &sum, Real exponent) const {
  Measured total;
  for (auto &[expr, k] : sum.terms) {
    Real term = k * evaluate(expr, exponent);
    total.value += term;
    total.magnitude += fabs(term);
  }
  // What is left of terms that cancel is rounding, and under a root or a
  // logarithm its sign would tell.
  if (fabs(total.value) < 1e-30 * total.magnitude)
    total.value = 0;
  return total;
}

Measured ExprEvaluator::evaluate(const NormalForm &form) const {
  Measured total;
  for (auto &[c, h] : form.terms) {
    Real factor = evaluateProduct(c.power, 0);
    Measured term = evaluate(h, evaluate(c.exponent));
    total.value += factor * term.value;
    total.magnitude += fabs(factor) * term.magnitude;
  }
  return total;
}

Real ExprEvaluator::evaluate(const Factors &multiples) const {
  Real total = 0;
  for (auto &[expr, k] : multiples)
    total += k * evaluate(expr);
  return total;
}
