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

/// One pass over a row, or the part of it at hand: a main loop over groups of
/// whole vectors, then a loop over single vectors whose last one is masked.
/// Across rows no vector reaches beyond the row's end. A whole sweep over a
/// block visits its rows in turn.
class RowSweep {
public:
  /// Emits code for one group of lanes; returns the carried values after it.
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, llvm::ArrayRef<Lanes>, mlir::ValueRange carried)>;
  /// What a block of groups starts from.
  using Start = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, mlir::ValueRange carried)>;
  /// Takes what a block of groups has come to into the carried values.
  using Fold = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, mlir::ValueRange carried, mlir::ValueRange block)>;

  /// Groups have `groupSize` vectors where each takes one register, else fewer.
  /// A sweep of a formula's row: uniform values of it are emitted ahead of the
  /// loops.
  RowSweep(RowEmitter &emitter, mlir::OpBuilder &builder, int64_t groupSize);
  /// A sweep of any row.
  RowSweep(RowViews &access, mlir::OpBuilder &builder, mlir::Location loc,
           int64_t groupSize);

  /// Lets the groups begin at element `first`; emitHead visits those before it,
  /// which are fewer than a vector has lanes.
  void startAt(mlir::Value first);
  /// Visits the pages of a block in turn, as many as the op says: for bodies
  /// that do not depend on the order of elements.
  void visitPagesInTurn();

  /// Visits all elements. `carried` goes through the loops; in blocks of rows,
  /// it is where every row begins, and buffers with a vector for each row come
  /// back.
  llvm::SmallVector<mlir::Value> emit(mlir::ValueRange carried, Body body);
  /// Visits all elements, first in blocks as emitGroupsInBlocks does, then with
  /// `rest`.
  llvm::SmallVector<mlir::Value> emitInBlocks(mlir::ValueRange carried,
                                              Start start, Body body, Fold fold,
                                              Body rest);

  /// Visits what lies before the groups of one row, in one vector.
  llvm::SmallVector<mlir::Value> emitHead(mlir::ValueRange carried, Body body);
  /// Visits the whole groups. `carried` goes through the loop.
  llvm::SmallVector<mlir::Value> emitGroups(mlir::ValueRange carried,
                                            Body body);
  /// As emitGroups, in blocks of `kGroupsInBlock` groups or of some pages: each
  /// block starts from `start`, and `fold` takes its result into the carried
  /// values. Sums stay short, so their error does not grow with the row. A row
  /// that is known to have few groups has no loop: the first sees the very
  /// values of `start`.
  llvm::SmallVector<mlir::Value> emitGroupsInBlocks(mlir::ValueRange carried,
                                                    Start start, Body body,
                                                    Fold fold);
  /// Visits what emitGroups left over, one vector at a time.
  llvm::SmallVector<mlir::Value> emitRest(mlir::ValueRange carried, Body body);

  /// So many numbers a sum's accumulator takes before it is folded.
  static constexpr int64_t kGroupsInBlock = 64;

private:
  using Block = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, mlir::Value from, mlir::ValueRange carried)>;

  llvm::SmallVector<mlir::Value>
  visitRows(mlir::ValueRange carried,
            llvm::function_ref<llvm::SmallVector<mlir::Value>()> row);
  llvm::SmallVector<mlir::Value> emitLoop(mlir::OpBuilder &builder,
                                          mlir::Value from, mlir::Value to,
                                          int64_t vectors, bool masked,
                                          mlir::ValueRange carried, Body body);
  llvm::SmallVector<mlir::Value> emitGroup(mlir::OpBuilder &builder,
                                           mlir::Value first, int64_t vectors,
                                           mlir::Value maskedFrom,
                                           mlir::ValueRange carried, Body body);
  llvm::SmallVector<mlir::Value>
  emitBlocks(int64_t length, mlir::ValueRange carried, Block block);
  llvm::SmallVector<mlir::Value> emitPages(mlir::OpBuilder &builder,
                                           mlir::Value from,
                                           mlir::ValueRange carried, Body body);
  int64_t countFewGroups() const;
  int64_t getGroupLength() const {
    return groupSize * access.getLayout().getPositionCount();
  }
  mlir::Value index(mlir::OpBuilder &builder, int64_t value);

  RowSweep(RowEmitter *emitter, RowViews &access, mlir::Value begin,
           mlir::Value end, mlir::OpBuilder &builder, mlir::Location loc,
           int64_t groupSize);
  void anchorRowCode(mlir::Operation *loop) {
    if (emitter)
      emitter->anchorRowCode(loop);
  }

  RowEmitter *emitter;
  RowViews &access;
  mlir::Value begin, end;
  mlir::OpBuilder *builder; // In a row of a block, that row's.
  mlir::Location loc;
  int64_t groupSize;
  /// How many pages a block has, and how many elements a page.
  int64_t pages = 1, pageLength = 0;
  mlir::Value groupsBegin, groupsEnd;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWSWEEP_H
