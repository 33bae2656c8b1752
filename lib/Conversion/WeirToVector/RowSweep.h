//===- RowSweep.h - loops over one row --------------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWSWEEP_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWSWEEP_H

#include "RowEmitter.h"

namespace weir {

/// One pass over a row: a main loop over groups of whole vectors, then a loop
/// over single vectors whose last one is masked. Across rows no vector reaches
/// beyond the row's end.
class RowSweep {
public:
  /// Emits code for one group of lanes; returns the carried values after it.
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, llvm::ArrayRef<Lanes>, mlir::ValueRange carried)>;

  /// Groups have `groupSize` vectors where each takes one register, else fewer.
  /// A sweep of a formula's row: uniform values of it are emitted ahead of the
  /// loops.
  RowSweep(RowEmitter &emitter, mlir::OpBuilder &builder, int64_t groupSize);
  /// A sweep of any row.
  RowSweep(RowViews &access, mlir::OpBuilder &builder, mlir::Location loc,
           int64_t groupSize);

  /// Visits the whole groups. `carried` goes through the loop.
  llvm::SmallVector<mlir::Value> emitGroups(mlir::ValueRange carried,
                                            Body body);
  /// As emitGroups, in blocks of `kGroupsInBlock` groups: each block starts
  /// from `begin`, and `fold` takes its result into the carried values. Sums
  /// stay short, so their error does not grow with the row.
  llvm::SmallVector<mlir::Value> emitGroupsInBlocks(
      mlir::ValueRange carried,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(
          mlir::OpBuilder &, mlir::ValueRange carried)>
          begin,
      Body body,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(
          mlir::OpBuilder &, mlir::ValueRange carried, mlir::ValueRange block)>
          fold);
  /// Visits what emitGroups left over, one vector at a time.
  llvm::SmallVector<mlir::Value> emitRest(mlir::ValueRange carried, Body body);

  /// So many numbers a sum's accumulator takes before it is folded.
  static constexpr int64_t kGroupsInBlock = 64;

private:
  llvm::SmallVector<mlir::Value> emitLoop(mlir::OpBuilder &builder,
                                          mlir::Value from, mlir::Value to,
                                          int64_t vectors, bool masked,
                                          mlir::ValueRange carried, Body body);
  mlir::Value index(mlir::OpBuilder &builder, int64_t value);

  RowSweep(RowEmitter *emitter, RowViews &access, mlir::Value length,
           mlir::OpBuilder &builder, mlir::Location loc, int64_t groupSize);
  void anchorRowCode(mlir::Operation *loop) {
    if (emitter)
      emitter->anchorRowCode(loop);
  }

  RowEmitter *emitter;
  RowViews &access;
  mlir::Value length;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t groupSize;
  mlir::Value groupsEnd;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWSWEEP_H
