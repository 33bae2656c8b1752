//===- NormalForm.h - values as coefficients times terms ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Relative to a set of finished uniforms every value of a formula is a sum of c
// h: a coefficient c made of uniforms that are not finished yet, times a term h
// that leans on finished ones only. What a reduction can do follows from the
// coefficients of its operand (RowLaws.h).
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_NORMALFORM_H
#define WEIR_DIALECT_WEIR_ANALYSIS_NORMALFORM_H

#include "weir/Dialect/Weir/Analysis/Expr.h"
#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir {

/// prod u^p times e^(sum k a) in unfinished uniforms u and a.
struct Coefficient {
  Factors power;
  Factors exponent;

  bool isOne() const { return power.empty() && exponent.empty(); }
  bool operator==(const Coefficient &other) const {
    return power == other.power && exponent == other.exponent;
  }
  Coefficient times(const Coefficient &other) const;
  Coefficient raisedTo(double p) const;
};

/// A value in normal form, or the reason why it has none.
struct NormalForm {
  llvm::SmallVector<std::pair<Coefficient, Linear>>
      terms;           // No two of equal coefficient.
  mlir::Value culprit; // Where the form was lost; null while there is one.
  llvm::StringRef why;

  bool isStuck() const { return static_cast<bool>(culprit); }
  /// True when no unfinished uniform takes part.
  bool isFinished() const;
  bool isUniform() const;
  /// The only term, or null.
  const std::pair<Coefficient, Linear> *getSingle() const {
    return terms.size() == 1 ? &terms[0] : nullptr;
  }
};

/// The normal forms of a formula's values. Expressions live in `exprs`, which
/// may outlive this object and be shared by several, so that their terms
/// compare equal.
class NormalForms {
public:
  NormalForms(FormulaOp formula, const Variance &variance,
              const llvm::DenseSet<mlir::Value> &finished, ExprContext &exprs);

  const NormalForm &get(mlir::Value value) const {
    return forms.find(value)->second;
  }

  /// True when `value` is a monotone or other function of maxima, minima and
  /// finished values only: something an exponent can be anchored at.
  bool isAnchor(mlir::Value value) const;
  bool isAnchor(const Expr *atom) const;
  /// True when c >= 0 for every value its uniforms can have.
  bool isNonNegative(const Coefficient &c) const;

private:
  NormalForm compute(mlir::Operation *op, unsigned result);
  NormalForm computeFloat(mlir::Operation *op);
  NormalForm computeRow(mlir::Operation *op, unsigned result);
  NormalForm add(const NormalForm &a, const NormalForm &b, double factor = 1);
  NormalForm multiply(NormalForm a, mlir::Value av, NormalForm b,
                      mlir::Value bv, mlir::Value at);
  NormalForm divide(const NormalForm &a, mlir::Value av, const NormalForm &b,
                    mlir::Value bv, mlir::Value at);
  NormalForm exponential(const NormalForm &a, mlir::Value at);
  NormalForm logarithm(const NormalForm &a, mlir::Value at);
  NormalForm power(const NormalForm &a, double exponent, mlir::Value at);
  NormalForm homogeneous(mlir::Operation *op);
  NormalForm compare(mlir::Operation *op);
  NormalForm select(mlir::Operation *op);
  NormalForm apply(mlir::Operation *op);
  NormalForm atom(mlir::Value value);
  NormalForm scaled(const NormalForm &a, double factor);
  NormalForm number(double value);
  NormalForm finishedTerm(Linear h);
  NormalForm collapse(const NormalForm &a, mlir::Value value);
  NormalForm stuck(mlir::Value value, llvm::StringRef why);

  const Variance &variance;
  const llvm::DenseSet<mlir::Value> &finished;
  ExprContext &exprs;
  llvm::DenseMap<mlir::Value, NormalForm> forms;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_NORMALFORM_H
