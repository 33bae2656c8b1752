//===- AttentionInterfaces.h - interfaces of attention ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Interfaces/TilingInterface.h"

namespace weir {

void attachAttentionTiling(mlir::MLIRContext *context);
void attachAttentionPartialReduction(mlir::MLIRContext *context);

/// The op on a tile of batches, heads, queries and keys. What it gives is that
/// of rows of these keys alone.
mlir::FailureOr<mlir::TilingResult>
tileAttentionWithKeys(mlir::OpBuilder &b, AttentionOp op,
                      llvm::ArrayRef<mlir::OpFoldResult> offsets,
                      llvm::ArrayRef<mlir::OpFoldResult> sizes);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H
