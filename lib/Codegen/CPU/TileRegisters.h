//===- TileRegisters.h - tile registers of AMX -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tiles are 16 rows of 64 bytes: 16 x 32 of A, 16 x 16 pairs of B, 16 x 16 of
// C. A register's shape holds for a whole function, so all tiles have this one,
// but that of A and C where rows are few and a function is only for them.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_TILEREGISTERS_H
#define WEIR_LIB_CODEGEN_CPU_TILEREGISTERS_H

#include "mlir/IR/Builders.h"

namespace weir {

/// Rows of any tile, columns of C's and B's, k of A's and B's.
inline constexpr int64_t kTileRows = 16, kTileColumns = 16, kTileDepth = 32;
inline constexpr int16_t kTileRowBytes = 64;

/// `height` is how many rows a tile has, an i16, `pitch` the bytes from one to
/// the next in memory, an i64.
mlir::Value emitTileLoad(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value height, mlir::Value address,
                         mlir::Value pitch);
mlir::Value emitTileZero(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value height);
void emitTileStore(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value height, mlir::Value address, mlir::Value pitch,
                   mlir::Value tile);
/// c + a b, of `height` rows; b in pairs.
mlir::Value emitTileProduct(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value height, mlir::Value c, mlir::Value a,
                            mlir::Value pairs);

/// The bytes from one row of `memref` to the next; of strips of pairs, within a
/// strip.
mlir::Value emitPitch(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value memref);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_TILEREGISTERS_H
