//===- FormulaLimits.h - what a formula does at the edges ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_FORMULALIMITS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_FORMULALIMITS_H

#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir {

/// What is known of a value when the score of its element is -inf and the
/// scores of others are finite. `Positive`, `Negative` and `Finite` are finite;
/// nothing is known of `Unknown`.
enum class Limit { Unknown, NegInf, PosInf, Zero, Positive, Negative, Finite };

/// The behaviour of a formula's values at the edges of the score's range. It
/// lets the code generator leave out masking where an excluded element vanishes
/// by itself.
class FormulaLimits {
public:
  /// With `scoreExcludes` an element is excluded by a score of -inf, else only
  /// by a mask, and nothing is known of its score.
  FormulaLimits(FormulaOp formula, bool scoreExcludes)
      : formula(formula), variance(formula), scoreExcludes(scoreExcludes) {}

  /// The limit of `value` for an excluded element.
  Limit atExcluded(mlir::Value value);
  /// Says that code sees to it that `value` has this limit. Comes before all
  /// questions.
  void assume(mlir::Value value, Limit limit) { known[value] = limit; }

  /// Whose score is NaN: that of the element at hand, or that of some element
  /// of the row.
  enum class NaNAt { Element, Row };
  /// True when `value` is certainly NaN then. Sums keep a NaN; maxima and
  /// minima are made to keep it or not.
  bool propagatesNaN(mlir::Value value, NaNAt where, bool maximaKeepNaN);

  /// True when `value` is finite in every row that is not empty and whose
  /// scores are finite, unless it overflows. A maximum over part of a row,
  /// where the others count as -inf, may be -inf.
  bool isFiniteInRow(mlir::Value value);

  /// True when the operand of `reduce` is the reduction's identity for an
  /// excluded element.
  bool vanishesWhenExcluded(ReduceOp reduce);
  /// True when `value` is certainly infinite or NaN for an excluded element,
  /// whatever other operands are.
  bool isInfiniteAtExcluded(mlir::Value value);

private:
  Limit compute(mlir::Value value);
  bool findInfiniteAtExcluded(mlir::Operation *op);
  bool findFiniteInRow(mlir::Value value);
  /// What is known of values: of each, for an element and for a row.
  using KnownNaNs = llvm::DenseMap<std::pair<mlir::Value, int>, bool>;
  bool propagatesNaN(mlir::Value value, NaNAt where, bool maximaKeepNaN,
                     KnownNaNs &known);
  bool findNaN(mlir::Value value, NaNAt where, bool maximaKeepNaN,
               KnownNaNs &known);

  FormulaOp formula;
  Variance variance;
  bool scoreExcludes;
  llvm::DenseMap<mlir::Value, Limit> known;
  llvm::DenseMap<mlir::Value, bool> knownFinite, knownInfinite;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_FORMULALIMITS_H
