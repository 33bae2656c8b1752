//===- TileProducts.h - matrix products in tile registers -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H
#define WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H

#include "mlir/IR/Builders.h"

namespace weir {

/// Writes what makes a product of A, B and C.
using ProductEmitter =
    llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange operands)>;

/// Writes a product in pairs of `operands`, A, B and C: what makes whole tiles
/// of rows of A, where there are some, and what the rows do that are left.
void emitProductInTiles(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::ValueRange operands, ProductEmitter emitWhole,
                        ProductEmitter emitRest);

/// All whole tiles of rows in tile registers. It must be a function of its own:
/// LLVM loads the shapes of tiles where a function begins, which takes as long
/// as some ten products of tiles, and saves no tile around a call.
void emitWholeRowTileProduct(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::ValueRange operands, bool accumulate);

/// The same for less rows than a tile has, another function.
void emitFewRowTileProduct(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::ValueRange operands, bool accumulate);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_TILEPRODUCTS_H
