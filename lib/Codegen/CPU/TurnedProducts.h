//===- TurnedProducts.h - products with a transposed B ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_TURNEDPRODUCTS_H
#define WEIR_LIB_CODEGEN_CPU_TURNEDPRODUCTS_H

#include "ProductTarget.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// Writes `op`, whose B lies transposed, for the operands A, B and C. It should
/// be a function of its own, since it may take memory on the stack.
void emitTurnedProduct(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::ValueRange operands, cpu::ProductOp op,
                       ProductTarget target);

/// Asks for the line of `memref` that holds an element, which need not exist.
void emitPrefetch(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value memref, mlir::ValueRange indices);

/// How many rows of `matrix` ahead of their use to ask for them, at least one.
/// Of each so many bytes are used before the next, all of them without
/// `stripBytes`.
mlir::Value emitRowsAhead(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value matrix, int64_t stripBytes = 0);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_TURNEDPRODUCTS_H
