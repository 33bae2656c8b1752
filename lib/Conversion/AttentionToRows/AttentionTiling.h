//===- AttentionTiling.h - attention as loops over tiles ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile is some queries of one batch that share a head of keys and values. Its
// rows are these queries, of one head or, where there are few queries, of
// several. What a form does with a tile is the business of AttentionForm.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONTILING_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONTILING_H

#include "AttentionSequences.h"
#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"
#include "weir/Dialect/Weir/Transforms/DerivedSymbols.h"

#include "mlir/IR/Builders.h"

namespace weir {

/// So many tiles for each thread even out.
constexpr int64_t kTilesPerThread = 4;

/// The operands of an op on memrefs, with dimensions in the order batch, head,
/// query or key, element, and their sizes. Packed sequences are one batch.
struct AttentionOperands {
  AttentionOperands(mlir::OpBuilder &builder, AttentionRowsOp op);

  mlir::Value query, key, value, output;
  mlir::Value batches, queryHeads, keyHeads, queries, keys;
  int64_t headSize, valueSize;
  mlir::Type accumulator;
  /// True when products are of bf16 in pairs: queries and weights are bf16,
  /// too.
  bool inPairs;
  /// True when keys may be used where they lie, and when values are.
  bool keysAreReady, valuesAreReady;

  /// What queries and weights are stored as.
  mlir::Type getStorage() const;
};

/// Where scores are multiplied by the scale: in the queries, which are fewer;
/// on the way to the formula, with the cap; or in the formula.
struct ScoreScale {
  ScoreScale(AttentionRowsOp op, const AttentionOperands &operands);

  double inQueries = 1, inPreparation = 1, inFormula = 1;
};

/// Where the operands lie in a whole that they are a tile of; it may be them.
struct AttentionPlace {
  AttentionPlace(AttentionRowsOp op, const AttentionOperands &operands);

  /// The index of a key, and that of a query's row among those of all batches
  /// and heads.
  mlir::Value getKey(IndexMath &index, mlir::Value own) const {
    return key ? index.add(own, key) : own;
  }
  mlir::Value getRow(IndexMath &index, mlir::Value ownBatch,
                     mlir::Value ownHead, mlir::Value ownQuery) const;

  mlir::Value batch, head, query; // The first ones; null where they are 0.
  mlir::Value heads, queries;     // Of the whole.
  mlir::Value key, keys;          // Likewise.
};

/// What is known of the tile at hand.
struct AttentionTile {
  AttentionSequence sequence;
  mlir::Value part; // Whose scratch is used.
  mlir::Value slot; // Where states and sums of values lie.
  mlir::Value batch, keyHead;
  mlir::Value head, headCount;   // The first query head, and how many.
  mlir::Value query, queryCount; // The first query of each, and how many.
  mlir::Value row,
      rowCount; // Where it lies in scratch; headCount * queryCount.
  /// Keys of the sequence, in the whole and of those that are here.
  mlir::Value allKeys, keyCount;
  /// How far indices of keys that are here are ahead of query indices.
  mlir::Value ahead;
  /// Keys that some query sees lie in [firstKey, endKey), those that all see
  /// in [firstCommon, endCommon), but for the mask.
  mlir::Value firstKey, endKey, firstCommon, endCommon;
};

class AttentionTiling;

/// Which of the op's policies rows of a tile run under: all where they are
/// whole.
/// `Lossy`: as NaNOnly, and maxima need not be NaN where a score is.
/// `Ordinary`: none, -inf and NaN go where arithmetic takes them.
enum class RowPolicies { None, NaNOnly, Lossy, Ordinary, All };

/// What one form needs beside the loops over tiles.
class AttentionForms {
public:
  virtual ~AttentionForms() = default;
  /// True when what a row becomes depends on its tile, in the last bits: tiles
  /// must then follow from the sizes of a row alone.
  virtual bool rowsFollowTiles() const { return false; }
  /// Queries in a tile of a sequence, at most `most`.
  virtual mlir::Value chooseQueries(AttentionTiling &tiling,
                                    const AttentionSequence &sequence,
                                    mlir::Value most) = 0;
  /// Scratch, with a first dimension for the parts.
  virtual void allocate(AttentionTiling &tiling, mlir::Value parts) = 0;
  virtual void emitTile(AttentionTiling &tiling, const AttentionTile &tile) = 0;

  /// True when a tile may meet its keys in parts, each of which leaves a state
  /// and sums in a slot of its own. A tile is then its parts, merged, and an
  /// end.
  virtual bool meetsKeysInParts() const { return false; }
  virtual void emitPart(AttentionTiling &tiling, const AttentionTile &tile) {}
  /// Merges what is in the slot `from` into the tile's.
  virtual void emitMerge(AttentionTiling &tiling, const AttentionTile &tile,
                         mlir::Value from) {}
  virtual void emitEnd(AttentionTiling &tiling, const AttentionTile &tile) {}
};

/// The loops around tiles, and what all forms do in one.
class AttentionTiling {
public:
  AttentionTiling(AttentionRowsOp op, const AttentionOperands &operands,
                  DerivedSymbols &symbols);
  void run(AttentionForms &form);

  //===--- For forms
  //-------------------------------------------------------===//

  /// Memory for each part.
  mlir::Value allocate(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                       mlir::Type element);
  /// The same for what each part, or slot, has of its own, along the first of
  /// two or more dimensions.
  mlir::Value allocateApart(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                            mlir::Type element);
  /// Part of a memref; dimensions whose size is null are dropped, at the
  /// offset.
  mlir::Value view(mlir::Value memref,
                   llvm::ArrayRef<mlir::OpFoldResult> offsets,
                   llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// The tile's queries, scaled, in rows of scratch.
  mlir::Value getQueries(const AttentionTile &tile);
  /// Scores of the tile's rows and the keys from block * keysPerBlock on, into
  /// `scores`; what is not seen is -inf.
  void emitScores(const AttentionTile &tile, mlir::Value block,
                  mlir::Value scores);
  /// Adds the product of weights and the values of that block to `sums`.
  void emitValues(const AttentionTile &tile, mlir::Value block,
                  mlir::Value weights, mlir::Value sums);
  /// A loop over the blocks that hold keys of the tile,
  /// and the rows of it that may see some of them.
  void forEachBlock(
      const AttentionTile &tile,
      llvm::function_ref<void(const AttentionTile &rows, mlir::Value block)>
          body);
  /// Runs a formula on scores of the tile: arguments behind the score are the
  /// formula's operands, then what it was made to take. `firstKey` is the
  /// index of the first column's key, `width` how many there are.
  void emitRows(const AttentionTile &tile, mlir::FlatSymbolRefAttr formula,
                mlir::Value scores, mlir::Value firstKey, mlir::Value width,
                llvm::ArrayRef<mlir::Value> moreInputs,
                llvm::ArrayRef<mlir::Value> outputs, Form form,
                RowPolicies policies, mlir::Value scratch = {});
  /// What rows have once of the formula's arguments behind the score: one for
  /// each row or one for all. Varying arguments are left out.
  llvm::SmallVector<mlir::Value> getRowInputs(const AttentionTile &tile);
  /// Writes what is left of the keys: one number per row for each slot, and the
  /// sums.
  void emitState(const AttentionTile &tile, mlir::ValueRange slots,
                 mlir::ValueRange sums);
  /// Writes the uniform results, given one per row, and the output: the sums,
  /// where there are coefficients each times that of the row, plus an offset of
  /// the row where there is one more.
  void emitResults(const AttentionTile &tile, mlir::ValueRange sums,
                   mlir::ValueRange coefficients, mlir::ValueRange uniforms);
  void fill(mlir::Value memref, double value);
  /// The same, with rows in strips where some see only part of the block: a
  /// strip then does little that its rows do not see.
  void forEachStrip(
      const AttentionTile &tile,
      llvm::function_ref<void(const AttentionTile &rows, mlir::Value block)>
          body);
  /// The columns of a block that the formula runs on: all that rows may see,
  /// or, beside varying operands, those that these have.
  mlir::Value getWidth(const AttentionTile &rows, mlir::Value firstKey);
  /// Does `body` for that width: where it may be less than a block, once for a
  /// block and once for what is less.
  void withWidth(const AttentionTile &rows, mlir::Value firstKey,
                 llvm::function_ref<void(mlir::Value width)> body);
  /// True when the formula has a number for each score beside that.
  bool hasVaryingOperands();
  mlir::Value perRow(mlir::Value all, const AttentionTile &tile);
  /// Of a row of scores in scratch, for so many blocks of keys.
  mlir::Value getRowLength(mlir::Value blocks) {
    return index.mul(index.max(blocks, index.constant(1)),
                     index.constant(keysPerBlock));
  }

  AttentionRowsOp op;
  FormulaOp formula;
  DerivedSymbols &symbols;
  mlir::OpBuilder builder;
  mlir::Location loc;
  IndexMath index;
  AttentionOperands operands;
  AttentionPlace place;
  int64_t keysPerBlock, rowsPerTile;
  SequenceTotals totals;
  /// Slots for states and sums of values, and the rows of each.
  mlir::Value slots;
  mlir::OpFoldResult slotRows;
  AttendedArguments attended;
  unsigned weights; // Index of the varying result.

private:
  using Value = mlir::Value;
  struct KeyRange {
    Value first, end;
  };

  Value findTiles(AttentionForms &form);
  SequenceTotals cutTiles(AttentionSequence &sequence, AttentionForms &form);
  /// Of packed sequences there is but one.
  Value getBatch(Value found) { return packed ? index.constant(0) : found; }
  AttentionSequence findSequence(Value &number, PackedSequences::Column column,
                                 AttentionForms &form);
  AttentionTile restrictTo(const AttentionTile &tile, Value firstKey);
  std::optional<int64_t> getWindowRight();
  void allocateAll(Value parts);
  void allocatePanels(Value parts);
  Value shareHeads(Value parts);
  void emitPacking(Value parts, AttentionForms &form);
  enum class Packed { Keys, Values };
  void packPanel(Packed what, const AttentionSequence &sequence, Value batch,
                 Value head, Value block, Value panel);
  Value emitPanel(Packed what, const AttentionTile &tile, Value block);
  void emitLoop(Value parts, AttentionForms &form);
  void withTile(Value number, Value part, AttentionForms &form,
                llvm::function_ref<void(AttentionTile &tile)> body);
  Value getKeysPerPart(Value meetsFew);
  Value findKeyParts(AttentionForms &form, Value threads);
  KeyRange getKeyParts(const AttentionTile &tile);
  void emitKeyParts(Value number, Value part, AttentionForms &form);
  void emitMerges(Value parts, AttentionForms &form);
  void findKeys(AttentionTile &tile);
  void findBounds(AttentionTile &tile);
  KeyRange getSeen(const AttentionTile &tile, Value query);
  Value countSeen(const AttentionTile &tile, Value head, Value query,
                  KeyRange seen);
  void gatherRows(const AttentionTile &tile);
  void exclude(const AttentionTile &tile, Value firstKey, Value scores);
  void prepareScores(const AttentionTile &tile, Value firstKey, Value scores);
  void multiplyInPlace(const AttentionTile &tile, Value firstKey, Value scores);
  void multiplyPacked(const AttentionTile &tile, Value block, Value firstKey,
                      Value scores);
  void emitFewOrMany(const AttentionTile &tile, llvm::function_ref<void()> few,
                     llvm::function_ref<void()> many);
  Value getPanel(Packed what, Value number, mlir::OpFoldResult keys);
  mlir::OpFoldResult getUsedWidth(const AttentionTile &tile, Value firstKey,
                                  int64_t step);
  void forEachHead(const AttentionTile &tile,
                   llvm::function_ref<void(Value head, Value firstRow)> body);
  void
  forEachRow(const AttentionTile &tile,
             llvm::function_ref<void(Value head, Value query, Value row)> body);
  void forEachPart(Value parts, llvm::function_ref<void(Value part)> body);
  Value slice(Value operand, llvm::ArrayRef<mlir::OpFoldResult> offsets,
              llvm::ArrayRef<mlir::OpFoldResult> sizes);
  Value sliceVarying(Value operand, const AttentionTile &tile, Value head,
                     Value firstKey, Value width);
  Value sliceOutput(Value operand, const AttentionTile &tile, Value head);
  Value sliceRow(Value operand, const AttentionTile &tile, Value head,
                 Value query);

  mlir::Type indexType;
  ScorePreparation preparation;
  double queryScale;
  mlir::FlatSymbolRefAttr copy;
  mlir::FlatSymbolRefAttr prepare, scaleQueries;
  Value mostQueries; // In a tile.
  /// What tiles are cut from: packed sequences, or batches that are all alike.
  std::optional<PackedSequences> packed;
  AttentionSequence each;
  /// Parts of the keys, where there may be several, and whether threads take
  /// these apart; then what they take in turn.
  Value keyParts, spreads, items;
  /// Keys, and values that are not used in place, packed by blocks: all of them
  /// ahead, or by each part as it goes.
  Value keyPanels, valuePanels;
  /// For each part: queries; the first and the last key but one of each row;
  /// what the formula takes of each row.
  Value queryScratch, firstKeys, endKeys;
  llvm::SmallVector<Value> rowOperands, rowIndices, buffers;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONTILING_H
