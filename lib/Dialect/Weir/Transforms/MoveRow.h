//===- MoveRow.h - the row as the last dimension of tensors -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_MOVEROW_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_MOVEROW_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace weir {

/// The permutation that moves dimension `from` of `rank` to the end, keeping
/// the order of the others.
llvm::SmallVector<int64_t> moveToEnd(int64_t rank, int64_t from);

mlir::Value transpose(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, llvm::ArrayRef<int64_t> permutation);

/// An operand of rows of `rank` dimensions along dimension `along` with the row
/// as its last dimension. An operand of lower rank that does not reach the
/// row's dimension gets it, with size 1, since it repeats along the row.
mlir::Value alignOperand(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value value, int64_t rank, int64_t along);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_MOVEROW_H
