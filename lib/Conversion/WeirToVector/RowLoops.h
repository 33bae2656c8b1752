//===- RowLoops.h - loops over the rows of an op ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWLOOPS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWLOOPS_H

#include "RowViews.h"

namespace weir {

/// The loops over the outer dimensions of one op over rows, on one thread or in
/// parts of consecutive rows that threads take. What a part needs for itself,
/// scratch rows and the floating-point mode, lies inside it. Across rows and in
/// blocks the unit is a group of as many neighbouring rows as there are lanes.
/// Where masked accesses are dear, a last group across rows that has fewer has
/// code of its own.
class RowLoops {
public:
  /// Emits one row, or one group of rows, with as many scratch rows as asked
  /// for.
  using Row =
      llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange scratch)>;

  /// A buffer that each part has for its rows: `size` elements.
  struct Scratch {
    mlir::Type element;
    mlir::Value size;
  };

  /// Which denormal numbers count as zero.
  enum class Flushes { None, Results, All };

  /// Rows are shared where each thread gets `grain` elements; 0 means never.
  /// With `cutsRows` a thread's share may begin and end inside a row: elements
  /// must have nothing to do with each other, and rows no results of their own.
  RowLoops(mlir::Operation *op, RowViews &access, int64_t grain,
           Flushes flushes, bool masksCheaply, llvm::ArrayRef<Scratch> scratch,
           bool cutsRows = false)
      : op(op), access(access), loc(op->getLoc()), grain(grain),
        flushes(flushes), masksCheaply(masksCheaply), cutsRows(cutsRows),
        allScratch(scratch.begin(), scratch.end()) {}

  /// Emits the loops at `builder`, which stands before the op, and moves the
  /// op into the innermost one: the row's code goes before it.
  void emit(mlir::OpBuilder &builder, Row row);

private:
  void emitSerial(mlir::OpBuilder &builder, Row row);
  void emitLoops(mlir::OpBuilder &builder, mlir::ValueRange scratch, Row row);
  /// Memory that the op was given to work in, or null.
  mlir::Value getGivenScratch();
  void emitParts(mlir::OpBuilder &builder, Row row);
  struct Pieces;
  Pieces emitPieces(mlir::OpBuilder &builder);
  mlir::Value emitPieceLoop(mlir::OpBuilder &builder, const Pieces &pieces,
                            mlir::Value first, mlir::Value end);
  void enterMode(mlir::OpBuilder &builder);
  void leaveStreams(mlir::OpBuilder &builder);
  llvm::SmallVector<mlir::Value> emitUnitCounts(mlir::OpBuilder &builder);
  void emitUnit(mlir::OpBuilder &builder,
                llvm::SmallVector<mlir::Value> indices,
                mlir::ValueRange scratch, Row row);
  void emitRow(mlir::OpBuilder &builder, mlir::ValueRange indices,
               mlir::Value rowMask, mlir::ValueRange scratch, Row row);
  mlir::Value emitPitch(mlir::OpBuilder &builder, const Scratch &scratch);
  mlir::Value emitScratch(mlir::OpBuilder &builder, const Scratch &scratch,
                          mlir::Value parts);
  mlir::Value emitOwnScratch(mlir::OpBuilder &builder, mlir::Value all,
                             const Scratch &scratch, mlir::Value part);
  mlir::Value index(mlir::OpBuilder &builder, int64_t value);

  mlir::Operation *op;
  RowViews &access;
  mlir::Location loc;
  int64_t grain;
  Flushes flushes;
  bool masksCheaply, cutsRows;
  llvm::SmallVector<Scratch> allScratch;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWLOOPS_H
