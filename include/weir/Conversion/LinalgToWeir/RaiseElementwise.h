//===- RaiseElementwise.h - an op beside a weir.apply -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CONVERSION_LINALGTOWEIR_RAISEELEMENTWISE_H
#define WEIR_CONVERSION_LINALGTOWEIR_RAISEELEMENTWISE_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace weir {

/// A value that a weir.apply and its neighbour share, and the rows it lies in.
struct SharedTensor {
  mlir::Value value;
  bool varying;                     // One number per element, or per row.
  llvm::SmallVector<int64_t> shape; // Of the rows.
  int64_t rowDim;
};

/// An elementwise op as the application of a formula.
struct RaisedElementwise {
  ApplyOp apply;
  /// The results of the op that those of `apply` stand for, and which of them
  /// the op rounds to a narrower type on purpose.
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<bool> rounds;
};

/// Writes a weir.apply in front of `op`, with a formula of the name `name` or
/// one like it, that means the same. Nothing uses it yet. Fails, and says why,
/// when `op` does not run over those rows or no formula says what it says.
mlir::FailureOr<RaisedElementwise> raiseElementwise(mlir::linalg::LinalgOp op,
                                                    const SharedTensor &shared,
                                                    llvm::StringRef name,
                                                    std::string &why);

/// True for ops of linalg that look at one element at a time.
bool isElementwise(mlir::Operation *op);

} // namespace weir

#endif // WEIR_CONVERSION_LINALGTOWEIR_RAISEELEMENTWISE_H
