//===- Dependents.h - what leans on some ops ----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_DEPENDENTS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_DEPENDENTS_H

#include "weir/Dialect/Weir/Analysis/Expr.h"

#include "llvm/ADT/DenseSet.h"

namespace weir {

/// Ops of a formula's body and everything that leans on them. Marked forward,
/// each value once, so that a question costs a look-up and not a walk through
/// what the value is made of.
class Dependents {
public:
  void add(mlir::Operation *op);

  bool contains(mlir::Operation *op) const { return marked.contains(op); }
  bool contains(mlir::Value value) const {
    mlir::Operation *op = value.getDefiningOp();
    return op && marked.contains(op);
  }
  /// True when a leaf of `expr` is among them.
  bool contains(const Expr *expr) const;
  /// True when a leaf of one of `factors` is.
  bool containsAny(const Factors &factors) const;

private:
  llvm::DenseSet<mlir::Operation *> marked;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_DEPENDENTS_H
