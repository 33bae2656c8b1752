//===- RowLaneProducts.h - products with rows in the lanes -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_ROWLANEPRODUCTS_H
#define WEIR_LIB_CODEGEN_CPU_ROWLANEPRODUCTS_H

#include "ProductTarget.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// Writes `op`, whose B lies transposed, for the operands A, B and C, where A
/// has at least one row and no more than a vector of sums has lanes. It should
/// be a function of its own, since it takes memory on the stack.
void emitRowLaneProduct(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::ValueRange operands, cpu::ProductOp op,
                        ProductTarget target);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_ROWLANEPRODUCTS_H
