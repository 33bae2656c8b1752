//===- RowLayout.h - weir.apply with its row last -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWLAYOUT_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWLAYOUT_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/Builders.h"

namespace weir {

/// The operands of a weir.apply with the row as the last dimension, and the way
/// back for its results.
class RowLayout {
public:
  RowLayout(ApplyOp apply, mlir::OpBuilder &builder);

  llvm::SmallVector<mlir::Value> inputs;
  mlir::Value mask;
  llvm::SmallVector<mlir::OpFoldResult> fullSizes; // The row's own last.

  /// A destination for result `index`, in the order of `fullSizes`.
  mlir::Value createDestination(unsigned index);
  /// Uses `value`, which has the row last, in the place of result `index`.
  void replaceResult(unsigned index, mlir::Value value);

private:
  ApplyOp apply;
  FormulaOp formula;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t rank, along;
  llvm::SmallVector<int64_t> permutation; // Moves the row to the end.
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWLAYOUT_H
