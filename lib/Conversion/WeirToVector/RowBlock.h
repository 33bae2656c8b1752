//===- RowBlock.h - the rows of a block, one after the other -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWBLOCK_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWBLOCK_H

#include "RowAccess.h"

namespace weir {

/// The loops over the rows of a block. Each sweep is one. Between them, code
/// runs once for all rows, on row numbers with a lane for each. Row numbers go
/// into a loop, and partial results come out of it, through small buffers in
/// the frame of the function, which a broadcast from memory reads at no cost.
class RowBlock {
public:
  /// `rows` stands where the code of the block is emitted.
  RowBlock(RowsOp rows, RowAccess &access)
      : rows(rows), access(access), loc(rows.getLoc()) {}

  /// Emits the code of one row at `builder`, from the initial values on.
  using Row =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>;
  /// Emits the loop. `anchor` is told of it. Returns, for each of `carried`, a
  /// buffer with the vector that each row has made of it; rows that do not
  /// exist have `carried` itself. The buffers last until the next loop. With
  /// `backwards` the last row is visited first.
  llvm::SmallVector<mlir::Value>
  emitLoop(mlir::OpBuilder &builder, mlir::ValueRange carried, bool backwards,
           llvm::function_ref<void(mlir::Operation *)> anchor, Row row);
  /// Emits the loop; returns the row number that holds what each row has made,
  /// an i32, and 0 for rows that do not exist.
  mlir::Value
  emitLoopForNumber(mlir::OpBuilder &builder,
                    llvm::function_ref<void(mlir::Operation *)> anchor,
                    llvm::function_ref<mlir::Value(mlir::OpBuilder &)> row);
  /// Emits the loop over rows for which `chosen`, a row number, is true.
  void emitLoopWhere(mlir::OpBuilder &builder, mlir::Value chosen,
                     llvm::function_ref<void(mlir::Operation *)> anchor,
                     llvm::function_ref<void(mlir::OpBuilder &)> row);

  /// True while the code of a row is emitted.
  bool isInRow() const { return static_cast<bool>(row); }
  /// Where the row's own uniform values are emitted.
  mlir::OpBuilder &getRowBuilder() { return rowBuilder; }

  /// A row number in all lanes, for the row at hand. `ahead` stands before the
  /// loop.
  mlir::Value spread(mlir::OpBuilder &ahead, mlir::Value rowNumber);
  /// The part of `buffer`, which has one for each row of the block, that
  /// belongs to the row at hand.
  mlir::Value getOwnPart(mlir::Value buffer);

private:
  mlir::Value take(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value loadOwn(mlir::OpBuilder &ahead, mlir::Value rowNumber);
  void storePartials(mlir::OpBuilder &builder, mlir::Value row,
                     mlir::ValueRange vectors, mlir::ValueRange buffers);
  void enterRow(mlir::OpBuilder &builder, mlir::Value row);
  void beginLoop();

  RowsOp rows;
  RowAccess &access;
  mlir::Location loc;
  mlir::OpBuilder rowBuilder{loc.getContext()};
  /// The index of the row at hand in the block.
  mlir::Value row;
  llvm::DenseMap<mlir::Value, mlir::Value> saved;
  /// All buffers by type, and how many of them this loop has taken.
  struct Pool {
    llvm::SmallVector<mlir::Value> buffers;
    size_t taken = 0;
  };
  llvm::DenseMap<mlir::Type, Pool> pools;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWBLOCK_H
