//===- RowTiles.h - tiles of the operands of row ops --------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_ROWTILES_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_ROWTILES_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace weir {

/// A tile of the rows of an op: which part of every operand it takes, and where
/// it lies in the whole.
class RowTile {
public:
  RowTile(mlir::OpBuilder &builder, mlir::Location loc, int64_t rowDim,
          llvm::ArrayRef<mlir::OpFoldResult> offsets,
          llvm::ArrayRef<mlir::OpFoldResult> sizes)
      : builder(builder), loc(loc), rowDim(rowDim), offsets(offsets),
        sizes(sizes) {}

  /// The part of an operand with one number per element, which is aligned from
  /// the right and repeats along static sizes of 1.
  mlir::Value sliceVarying(mlir::Value value);
  /// The part of an operand with one number per row. Scalars stay.
  mlir::Value sliceUniform(mlir::Value value);
  /// The index of the tile's first row, and the strides of the outer
  /// dimensions, given those of what is tiled (none: it is the whole, of
  /// `fullSizes`).
  std::pair<mlir::Value, llvm::SmallVector<mlir::Value>>
  getRowOffset(mlir::Value base, mlir::ValueRange strides,
               llvm::ArrayRef<mlir::OpFoldResult> fullSizes);
  /// The position of the tile's first column, or null for 0.
  mlir::Value getColumn(mlir::Value column);
  /// The tile of a result.
  void getPosition(bool uniform,
                   llvm::SmallVectorImpl<mlir::OpFoldResult> &tileOffsets,
                   llvm::SmallVectorImpl<mlir::OpFoldResult> &tileSizes);

  /// Slices that were made so far.
  llvm::SmallVector<mlir::Operation *> slices;

private:
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<int64_t> dims);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t rowDim;
  llvm::SmallVector<mlir::OpFoldResult> offsets, sizes;
};

/// The sizes that operands with one number per element broadcast to, each taken
/// from the first that has it.
llvm::SmallVector<mlir::OpFoldResult> getFullSizes(mlir::OpBuilder &builder,
                                                   mlir::Location loc,
                                                   mlir::ValueRange varying);
/// The sizes of one tensor or memref.
llvm::SmallVector<mlir::OpFoldResult>
getSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// The value of result `result` of a tiling, for an op that gives all of them
/// at once.
mlir::FailureOr<mlir::TilingResult>
pickResult(mlir::FailureOr<mlir::TilingResult> tiled, unsigned result);

/// True when the tile [offset, offset + size) is all of a dimension of size
/// `full`.
bool isWholeDimension(mlir::OpFoldResult offset, mlir::OpFoldResult size,
                      mlir::OpFoldResult full);

/// True when the formula asks for the index of the row, or for positions.
bool usesRowIndex(FormulaOp formula);
bool usesColumn(FormulaOp formula);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_ROWTILES_H
