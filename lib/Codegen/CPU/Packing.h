//===- Packing.h - operands of products, copied ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_PACKING_H
#define WEIR_LIB_CODEGEN_CPU_PACKING_H

#include "ProductTarget.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// Writes `op` at the builder's place.
void emitPack(mlir::OpBuilder &builder, cpu::PackOp op, ProductTarget target);

/// The transposed of a square of vectors, one for each row, of f32 or f64.
llvm::SmallVector<mlir::Value> emitTransposed(mlir::OpBuilder &builder,
                                              mlir::Location loc,
                                              llvm::ArrayRef<mlir::Value> rows);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_PACKING_H
