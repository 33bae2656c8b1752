//===- AttentionSequences.h - what tiles are cut from -------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Batches are alike: one set of numbers says how each is cut into tiles. Packed
// sequences lie one after the other and differ in length, so where each lies,
// and which tiles are its, stands in a table that is made before the first
// tile. How a sequence is cut follows from its own lengths, as if it were
// alone.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONSEQUENCES_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONSEQUENCES_H

#include "IndexMath.h"

#include "mlir/IR/Builders.h"

namespace weir {

/// One batch, or one of packed sequences.
struct AttentionSequence {
  mlir::Value queries, keys; // How many.
  /// Where they lie in the operands, and which panel is the first of those that
  /// are packed ahead; null where that is 0.
  mlir::Value firstQuery, firstKey, firstPanel;
  mlir::Value blocks; // Of keys.
  /// Tiles: queries and heads in one, numbers of them for each head of keys.
  mlir::Value queriesPerTile, headsPerTile, queryTiles, headTiles;
  /// True where several tiles share keys, which are packed ahead of them all.
  mlir::Value packsAhead;
  /// True where so few queries meet each key that it is used where it lies;
  /// null where it never is.
  mlir::Value meetsFew;
  mlir::Value keysPerPart;

  /// Where something of the sequence lies in operands.
  mlir::Value getQuery(IndexMath &index, mlir::Value own) const {
    return firstQuery ? index.add(own, firstQuery) : own;
  }
  mlir::Value getKey(IndexMath &index, mlir::Value own) const {
    return firstKey ? index.add(own, firstKey) : own;
  }
};

/// What a sequence has, or what all have together.
struct SequenceTotals {
  mlir::Value tiles, panels; // Panels that are packed ahead.
  /// Of the sequence that has most: keys; parts of these; rows of a tile;
  /// scores of a tile.
  mlir::Value longest, keyParts, rows, scores;
};

/// The table of packed sequences. In front of the first and behind the last
/// there is one of the queries that are of none, and without keys.
class PackedSequences {
public:
  enum Column { Queries, Keys, Tiles, Panels };
  static constexpr int64_t kColumns = 4;
  using Value = mlir::Value;

  /// `starts` are those of the op; queries and keys all that there are.
  PackedSequences(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::ValueRange starts, Value queries, Value keys,
                  llvm::function_ref<Value(Value rows)> allocate);

  /// Pairs of a query and a key of one sequence.
  Value getPairs() const { return pairs; }
  /// Fills in the tiles and panels. `cut` is given where a sequence lies, adds
  /// how it is cut and returns what it has.
  SequenceTotals
  cut(llvm::function_ref<SequenceTotals(AttentionSequence &)> cut);
  /// The sequence that has the tile or panel, whose number becomes that in the
  /// sequence.
  AttentionSequence find(Value &number, Column column);

private:
  void findStarts(mlir::ValueRange starts, Value queries, Value keys);
  AttentionSequence load(Value sequence);
  Value load(Value sequence, Column column);
  void store(Value value, Value sequence, Column column);

  mlir::OpBuilder &b;
  mlir::Location loc;
  IndexMath index;
  Value last, table, pairs;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONSEQUENCES_H
