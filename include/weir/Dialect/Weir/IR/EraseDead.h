//===- EraseDead.h - ops that nobody needs any more -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_ERASEDEAD_H
#define WEIR_DIALECT_WEIR_IR_ERASEDEAD_H

#include "mlir/IR/Operation.h"

namespace weir {

/// Erases those of `ops` that nobody needs, and what only they needed; `forget`
/// is told of each before.
void eraseDead(
    llvm::ArrayRef<mlir::Operation *> ops,
    llvm::function_ref<void(mlir::Operation *)> forget = [](mlir::Operation *) {
    });

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_ERASEDEAD_H
