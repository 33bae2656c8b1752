//===- ExprEvaluator.h - numbers for normal forms -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_EXPREVALUATOR_H
#define WEIR_TEST_UNIT_ANALYSIS_EXPREVALUATOR_H

#include "RowInterpreter.h"

#include "weir/Dialect/Weir/Analysis/NormalForm.h"

namespace weir::test {

/// A number and the sum of the absolute values of what it was added up from,
/// which says how much of it may be rounding.
struct Measured {
  Real value = 0;
  Real magnitude = 0;
};

/// Expressions, with the values that an interpreter found for their leaves, at
/// one element of the row. Exponentials that multiply each other are evaluated
/// as one.
class ExprEvaluator {
public:
  explicit ExprEvaluator(const RowInterpreter &values, size_t element = 0)
      : values(values), element(element) {}

  Real evaluate(const Expr *expr, Real exponent = 0) const;
  /// `sum` times e^`exponent`.
  Measured evaluate(const Linear &sum, Real exponent = 0) const;
  Measured evaluate(const NormalForm &form) const;
  /// The sum of multiples of expressions.
  Real evaluate(const Factors &multiples) const;

private:
  Real evaluateProduct(const Factors &factors, Real exponent) const;

  const RowInterpreter &values;
  size_t element;
};

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_EXPREVALUATOR_H
