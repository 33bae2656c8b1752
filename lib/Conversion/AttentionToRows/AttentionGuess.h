//===- AttentionGuess.h - rows whose maximum is guessed ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a maximum only keeps exponentials in range (FreeAnchor.h), that of the
// first block in which a row has keys will do for the blocks behind it: no
// maximum is looked for, and no sum is corrected. Where the sum of exponentials
// says in the end that a later score was far above, the tile is done again, and
// that row's maximum runs along. What a row becomes follows from the row alone,
// not from others of its tile.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONGUESS_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONGUESS_H

#include "AttentionTiling.h"

namespace weir {

/// Which rows of a tile hold their anchor. Anchors and sums are given as one
/// number per row.
class AttentionGuess {
public:
  explicit AttentionGuess(AttentionTiling &tiling) : t(tiling) {}

  void allocate(mlir::Value parts);
  /// Emits what is done with a tile, which is run once more if a guess fails:
  /// `attempt` emits the tile and returns the sums of all its rows.
  void emit(const AttentionTile &tile,
            llvm::function_ref<mlir::Value()> attempt);
  /// Before the first block of an attempt: no row holds.
  void emitStart(const AttentionTile &tile);
  /// True when all of the rows hold.
  mlir::Value emitAllHold(const AttentionTile &rows);
  /// After a block: rows that have seen a score hold what they have.
  void emitHold(const AttentionTile &rows, mlir::Value anchors);
  /// One number per row, not 0 where the row holds.
  mlir::Value getHolds(const AttentionTile &rows);

private:
  mlir::Value emitFailures(const AttentionTile &tile, mlir::Value sums);
  mlir::Value constant(double value);
  mlir::Value
  forRows(const AttentionTile &rows, bool start,
          llvm::function_ref<mlir::Value(mlir::Value row, mlir::Value before)>
              body);

  AttentionTiling &t;
  /// For each part and row: whether it holds, and whether it may.
  mlir::Value holds, may;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONGUESS_H
