//===- FormulaEdges.h - policies that keep a program's edges *- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_FORMULAEDGES_H
#define WEIR_DIALECT_WEIR_ANALYSIS_FORMULAEDGES_H

#include "weir/Dialect/Weir/Analysis/NumberKinds.h"
#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir {

/// What a formula makes of arguments of the kinds that `argument` tells: the
/// kinds of all values. Of reductions, searches and the like nothing is known.
llvm::DenseMap<mlir::Value, Kinds>
getValueKinds(FormulaOp formula,
              llvm::function_ref<Kinds(mlir::BlockArgument)> argument);

/// The kinds of the results of an elementwise formula, in order.
llvm::SmallVector<Kinds>
getResultKinds(FormulaOp elementwise,
               llvm::function_ref<Kinds(mlir::BlockArgument)> argument);

/// Compares what a formula says of rows with infinities and NaN with what its
/// body gives as plain arithmetic, which is what the program it was raised from
/// means. The operands besides the score may be anything.
class FormulaEdges {
public:
  /// `dropsNaN` are the maxima and minima that preferred numbers to NaN;
  /// `mayBeEmpty` says that rows may have no element at all.
  FormulaEdges(FormulaOp formula, const llvm::DenseSet<ReduceOp> &dropsNaN,
               bool mayBeEmpty);
  /// All maxima and minima keep NaN, and rows may have no element.
  explicit FormulaEdges(FormulaOp formula);

  /// The policy under which leaving scores of -inf out changes nothing, neither
  /// in rows that keep an element nor in those that do not. None when there
  /// is none.
  std::optional<EmptyRow> getEmptyRowIfExcluding();
  /// True when a NaN makes all results of its row NaN, as `nan = propagate`
  /// says.
  bool propagatesNaN();
  /// True when arithmetic in which maxima and minima keep NaN makes all results
  /// NaN where a score is.
  bool keepsNaN();
  /// True when the operand of `reduce` is its identity at elements with a score
  /// of -inf, in every row that has others.
  bool vanishes(ReduceOp reduce);
  /// What `value` may be at elements with a score of -inf, when reductions
  /// leave those out and the others are finite, or `others`.
  Kinds getAtExcluded(mlir::Value value, unsigned others = Kinds::Finite);
  /// What `value` may be in a row of -inf, and in one without elements, when
  /// nothing is left out.
  Kinds getWithNothingLeft(mlir::Value value);
  Kinds getWithoutElements(mlir::Value value);
  /// True when what maxima and minima of the program dropped shows in all
  /// results.
  bool keepsDroppedNaN();
  /// True when a maximum is -inf in no row that keeps an element, or there is
  /// no maximum and one may be added.
  bool hasEmptinessWitness();
  /// True when `value`, at an element that takes part, may be -inf.
  bool mayBeNegInf(mlir::Value value);

private:
  /// A row of some elements of one sort, whose score is `special`, and any
  /// number of others; at least one of both together.
  struct Row {
    Row(Kinds special, Kinds other) : special(special), other(other) {}
    Kinds special, other;
    bool hasSpecial = true, hasOther = true;
    /// Reductions leave the special elements out.
    bool excludes = false;
    /// A reduction whose operand is NaN at special elements, whatever that is
    /// computed from, and which drops it.
    ReduceOp spoilt;
  };
  struct Pair {
    Kinds special, other;
  };
  using Values = llvm::DenseMap<mlir::Value, Pair>;

  Values evaluate(const Row &row);
  Pair evaluateOp(mlir::Operation *op, const Row &row, const Values &values);
  Kinds reduce(ReduceOp op, const Row &row, Pair operand);
  bool isWithin(const Values &values, unsigned kinds);
  bool isShown(ReduceOp op);
  /// Whether excluded elements vanish from reductions and have masked values,
  /// where `others` stay.
  bool vanishBeside(unsigned others);

  FormulaOp formula;
  Variance variance;
  llvm::DenseSet<ReduceOp> dropsNaN;
  bool mayBeEmpty;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_FORMULAEDGES_H
