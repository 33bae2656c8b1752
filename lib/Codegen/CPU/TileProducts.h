//===- TileProducts.h - matrix products in tile registers -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H
#define WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/IR/BuiltinOps.h"

namespace weir {

/// Makes of each product in pairs in `module` a call of a function that
/// computes it in tile registers. Products of one type share a function.
void lowerTileProducts(mlir::ModuleOp module);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H
