//===- AttentionBlocks.cpp - score rows of a tile kept whole ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All scores of a tile's queries are made, block by block; the formula runs on
// them as it does on any rows; the weights meet the values block by block. Fits
// every formula. Tiles have as few queries as it takes for the scores to stay
// in the second-level cache.
//
//===----------------------------------------------------------------------===//

#include "AttentionForms.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

namespace {

/// Scores of a tile: half of a usual second-level cache, in f32.
constexpr int64_t kScores = int64_t(256) * 1024;
/// Rows that share each block of keys and values, at least.
constexpr int64_t kFewRows = 16;

class Blocks : public AttentionForms {
public:
  explicit Blocks(FlatSymbolRefAttr attended) : symbol(attended) {}

  /// A row is as long as its tile's last query sees, and longer rows are summed
  /// in other groups.
  bool rowsFollowTiles() const override { return true; }
  Value chooseQueries(AttentionTiling &t, const AttentionSequence &sequence,
                      Value most) override {
    Value step = t.index.constant(kFewRows);
    Value fits =
        t.index.div(t.index.constant(kScores), t.getRowLength(sequence.blocks));
    Value whole = t.index.mul(t.index.div(fits, step), step);
    return t.index.min(t.index.max(whole, step), most);
  }

  void allocate(AttentionTiling &t, Value parts) override {
    rows = t.rowsPerTile;
    Type element = t.operands.accumulator;
    OpFoldResult count = t.builder.getIndexAttr(rows);
    // As the tiles of a sequence have few rows where these are long, and many
    // where they are short, the memory is laid out by the tile.
    Value most = t.totals.scores;
    scores = t.allocateApart({parts, most}, element);
    weights = t.operands.inPairs
                  ? t.allocateApart({parts, most}, t.operands.getStorage())
                  : scores;
    sums = t.allocateApart(
        {parts, count, t.builder.getIndexAttr(t.operands.valueSize)}, element);
    Value line = t.index.constant(64);
    Value longest =
        t.index.ceilDiv(t.totals.longest, t.index.constant(t.keysPerBlock));
    keptSize = t.index.add(t.getRowLength(longest), line);
    kept = t.allocateApart({parts, keptSize}, element);
    for (auto [i, type] : llvm::enumerate(t.formula.getResultTypes()))
      if (i != t.weights)
        uniforms.push_back(
            t.allocateApart({parts, count}, type.isF32() ? element : type));
  }

  void emitTile(AttentionTiling &t, const AttentionTile &tile) override {
    OpFoldResult zero = t.builder.getIndexAttr(0);
    Value size = t.index.constant(t.keysPerBlock);
    Value first = t.index.mul(t.index.div(tile.firstKey, size), size);
    Value all = getRows(t, tile, scores),
          allWeights = getRows(t, tile, weights);
    auto getBlock = [&](Value of, const AttentionTile &rows, Value block) {
      Value column = t.index.sub(t.index.mul(block, size), first);
      return t.view(of, {rows.row, column}, {rows.rowCount, size});
    };
    auto getScores = [&](const AttentionTile &rows, Value block) {
      return getBlock(all, rows, block);
    };
    t.forEachBlock(tile, [&](const AttentionTile &rows, Value block) {
      excludeOthers(t, tile, rows, [&](const AttentionTile &others) {
        return getScores(others, block);
      });
      t.emitScores(rows, block, getScores(rows, block));
    });
    Value seen =
        t.index.max(t.index.sub(tile.endKey, first), t.index.constant(0));
    Value row = t.view(all, {zero, zero}, {tile.rowCount, seen});
    Value weightRow = t.view(allWeights, {zero, zero}, {tile.rowCount, seen});
    if (t.operands.inPairs) { // Products take all of the last block.
      Value last = t.index.div(
          t.index.max(t.index.sub(tile.endKey, t.index.constant(1)), first),
          size);
      t.fill(getBlock(allWeights, tile, last), 0.0);
    }
    SmallVector<Value> found;
    for (Value uniform : uniforms)
      found.push_back(t.perRow(uniform, tile));
    SmallVector<Value> outputs = found;
    outputs.insert(outputs.begin() + t.weights, weightRow);
    t.emitRows(tile, symbol, row, first, seen, {}, outputs, Form::Stored,
               t.formula.hasReduction() ? RowPolicies::All : RowPolicies::None,
               t.view(kept, {tile.part, zero}, {nullptr, keptSize}));
    OpFoldResult valueSize = t.builder.getIndexAttr(t.operands.valueSize);
    Value own = t.view(sums, {tile.part, zero, zero},
                       {nullptr, tile.rowCount, valueSize});
    t.fill(own, 0.0);
    t.forEachBlock(tile, [&](const AttentionTile &rows, Value block) {
      Value some = t.view(own, {rows.row, zero}, {rows.rowCount, valueSize});
      t.emitValues(rows, block, getBlock(allWeights, rows, block), some);
    });
    t.emitResults(tile, own, {}, found);
  }

private:
  /// The tile's rows in scratch, all that there are of each.
  static Value getRows(AttentionTiling &t, const AttentionTile &tile,
                       Value scratch) {
    OpBuilder &b = t.builder;
    auto type = MemRefType::get(
        {ShapedType::kDynamic, ShapedType::kDynamic},
        getElementTypeOrSelf(scratch),
        StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                               {ShapedType::kDynamic, 1}));
    Value length = t.getRowLength(tile.sequence.blocks);
    Value first = t.index.mul(tile.part, t.totals.scores);
    return memref::ReinterpretCastOp::create(
        b, t.loc, type, scratch, OpFoldResult(first),
        SmallVector<OpFoldResult>{tile.rowCount, length},
        SmallVector<OpFoldResult>{length, b.getIndexAttr(1)});
  }

  /// Rows that see nothing of a block are whole all the same.
  void
  excludeOthers(AttentionTiling &t, const AttentionTile &tile,
                const AttentionTile &rows,
                llvm::function_ref<Value(const AttentionTile &)> getScores) {
    AttentionTile front = tile, back = tile;
    front.rowCount = rows.row;
    back.row = t.index.add(rows.row, rows.rowCount);
    back.rowCount = t.index.sub(tile.rowCount, back.row);
    for (const AttentionTile &others : {front, back})
      t.fill(getScores(others), -std::numeric_limits<double>::infinity());
  }

  int64_t rows;
  Value scores, weights, sums, kept, keptSize;
  SmallVector<Value> uniforms;
  FlatSymbolRefAttr symbol; // Of the formula on the scores of a tile.
};

} // namespace

std::unique_ptr<AttentionForms>
weir::createBlocksForm(FlatSymbolRefAttr attended) {
  return std::make_unique<Blocks>(attended);
}
