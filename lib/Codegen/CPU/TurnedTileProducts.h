//===- TurnedTileProducts.h - tiles of a transposed B -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_TURNEDTILEPRODUCTS_H
#define WEIR_LIB_CODEGEN_CPU_TURNEDTILEPRODUCTS_H

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// C = A B^T for a few rows of A, of bf16, where the rows of B lie as rows of
/// tiles. Operands: a [M, K] with a known K, b [N, K], c [M, N].
void emitTurnedTileProduct(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::ValueRange operands, cpu::ProductOp op);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_TURNEDTILEPRODUCTS_H
