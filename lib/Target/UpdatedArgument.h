//===- UpdatedArgument.h - results that are arguments, changed -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_TARGET_UPDATEDARGUMENT_H
#define WEIR_LIB_TARGET_UPDATEDARGUMENT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weir {

/// A result that an argument becomes by ops with a destination: rows are put
/// into a cache, a product is added to what was there.
struct UpdatedArgument {
  /// Null where `result`, which the function returns, is none.
  static std::optional<UpdatedArgument> find(mlir::Value result);

  /// Makes the ops work on `destination`, which first gets the argument's
  /// elements from `source`, unless both are the same memory or nothing reads
  /// them there. Both are memrefs.
  void moveTo(mlir::Value destination, mlir::Value source) const;

  mlir::OpOperand *first = nullptr; // Where the argument is the destination.
  unsigned argument = 0;
  /// True when nothing else asks for the argument's elements, so that they may
  /// be overwritten.
  bool isOnlyUse = false;
  /// False when all elements are written without a look at the old ones.
  bool isRead = true;
};

} // namespace weir

#endif // WEIR_LIB_TARGET_UPDATEDARGUMENT_H
