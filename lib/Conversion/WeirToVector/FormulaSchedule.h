//===- FormulaSchedule.h - which sweep computes what -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASCHEDULE_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASCHEDULE_H

#include "weir/Dialect/Weir/IR/Variance.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace weir {

/// The body evaluated as written: reductions grouped by how many others must be
/// finished before them, and the one value worth keeping from the last sweep
/// for the results.
class FormulaSchedule {
public:
  explicit FormulaSchedule(FormulaOp formula);

  /// Reductions of sweep 0, 1, ...: each needs only those of earlier sweeps.
  llvm::ArrayRef<llvm::SmallVector<ReduceOp>> getSweeps() const {
    return sweeps;
  }

  /// Selections and root searches (weir.kth, weir.solve) that run after sweep
  /// i and before sweep i + 1.
  llvm::ArrayRef<mlir::Operation *> getSearches(size_t i) const {
    return i < searches.size() ? llvm::ArrayRef<mlir::Operation *>(searches[i])
                               : llvm::ArrayRef<mlir::Operation *>();
  }
  /// Sweeps with the searches after them.
  size_t getStageCount() const {
    return std::max(sweeps.size(), searches.size());
  }

  /// The reductions of a block of their own, the body of a root search, by
  /// sweep; values from outside count as finished.
  static llvm::SmallVector<llvm::SmallVector<ReduceOp>>
  scheduleBlock(mlir::Block &block);

  /// The number of sweeps that must be over before `value` can be evaluated.
  unsigned getLevel(mlir::Value value) const { return levels.lookup(value); }

  /// The varying value of the last sweep that saves most work in the results
  /// when kept per element (softmax: the exponentials). Null when nothing
  /// expensive would be saved.
  mlir::Value getStoredValue() const { return stored; }

  bool hasVaryingResult() const;
  const Variance &getVariance() const { return variance; }

private:
  void assignLevels(mlir::Block &block);
  void chooseStoredValue();
  unsigned getCost(mlir::Value value, mlir::Value kept,
                   llvm::SmallPtrSetImpl<mlir::Operation *> &seen) const;

  FormulaOp formula;
  Variance variance;
  llvm::SmallVector<llvm::SmallVector<ReduceOp>> sweeps;
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> searches;
  llvm::DenseMap<mlir::Value, unsigned> levels;
  mlir::Value stored;
};

/// Cost of one elementwise op in vector instructions, roughly: 1, or more for
/// exp and friends.
unsigned getElementwiseCost(mlir::Operation *op);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASCHEDULE_H
