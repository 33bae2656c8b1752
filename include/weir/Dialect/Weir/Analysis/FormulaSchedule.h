//===- FormulaSchedule.h - which sweep computes what -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_FORMULASCHEDULE_H
#define WEIR_DIALECT_WEIR_ANALYSIS_FORMULASCHEDULE_H

#include "weir/Dialect/Weir/IR/Variance.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace weir {

/// The body evaluated as written: reductions grouped by how many others must be
/// finished before them, and the one value worth keeping from the last sweep
/// for the results.
class FormulaSchedule {
public:
  explicit FormulaSchedule(FormulaOp formula);

  /// What runs over the whole row: a sweep that finds `reduces`, and the
  /// selections and root searches (weir.kth, weir.solve) after it. Both lean on
  /// earlier stages only.
  struct Stage {
    llvm::SmallVector<ReduceOp> reduces;
    llvm::SmallVector<mlir::Operation *> searches;
  };
  llvm::ArrayRef<Stage> getStages() const { return stages; }
  /// The stages of a block of its own, the body of a root search; values from
  /// outside count as finished.
  static llvm::SmallVector<Stage> scheduleBlock(mlir::Block &block);

  /// The number of stages that must be over before `value` can be evaluated.
  unsigned getLevel(mlir::Value value) const { return levels.lookup(value); }

  /// The varying value of the last stage's sweep that saves most work in the
  /// results when kept per element (softmax: the exponentials). Null when
  /// nothing expensive would be saved.
  mlir::Value getStoredValue() const { return stored; }

  /// The varying arguments that more than one pass over the row reads, the one
  /// that writes the results among them.
  llvm::SmallVector<unsigned> getArgumentsReadOften() const;

  bool hasVaryingResult() const;
  const Variance &getVariance() const { return variance; }

private:
  void chooseStoredValue();
  unsigned getCost(mlir::Value value, mlir::Value kept,
                   llvm::SmallPtrSetImpl<mlir::Operation *> &seen) const;

  FormulaOp formula;
  Variance variance;
  llvm::SmallVector<Stage> stages;
  llvm::DenseMap<mlir::Value, unsigned> levels;
  mlir::Value stored;
};

/// Cost of one elementwise op in vector instructions, roughly: 1, or more for
/// exp and friends.
unsigned getElementwiseCost(mlir::Operation *op);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_FORMULASCHEDULE_H
