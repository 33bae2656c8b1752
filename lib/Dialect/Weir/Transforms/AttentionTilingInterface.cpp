//===- AttentionTilingInterface.cpp - tiles of batches, heads, queries ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops are batches, heads of queries, queries and keys. Each result at the
// first three is a matter of them alone, so they are parallel; keys stay whole,
// but where what is left of some of them is asked for
// (AttentionPartialReduction.cpp). What asks for an index learns by `place`
// where the tile lies. Packed sequences have no batches, and their queries stay
// whole, like the keys.
//
//===----------------------------------------------------------------------===//

#include "AttentionInterfaces.h"

#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace weir;

using Sizes = ArrayRef<OpFoldResult>;

namespace {

/// Offset and size in one dimension; all of it where there is none.
using Part = std::optional<std::pair<OpFoldResult, OpFoldResult>>;

/// The parts of operands that a tile takes.
class Tile {
public:
  Tile(OpBuilder &b, Location loc, Sizes offsets, Sizes sizes)
      : b(b), loc(loc) {
    if (offsets.size() == 3)
      loops.push_back(std::nullopt);
    for (auto [offset, size] :
         llvm::zip_equal(offsets.drop_back(), sizes.drop_back()))
      loops.push_back(std::make_pair(offset, size));
  }

  /// Part of a tensor or memref that is aligned with `parts` from the right and
  /// repeats along static sizes of 1.
  Value slice(Value value, ArrayRef<Part> parts) {
    auto type = dyn_cast<ShapedType>(value.getType());
    if (!type || type.getRank() == 0)
      return value;
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
        sizes = getSizes(b, loc, value),
        strides(type.getRank(), b.getIndexAttr(1));
    for (auto [i, part] : llvm::enumerate(parts.take_back(type.getRank())))
      if (part && type.getDimSize(i) != 1) {
        offsets[i] = part->first;
        sizes[i] = part->second;
      }
    Value own = isa<TensorType>(type)
                    ? Value(tensor::ExtractSliceOp::create(
                          b, loc, value, offsets, sizes, strides))
                    : Value(memref::SubViewOp::create(b, loc, value, offsets,
                                                      sizes, strides));
    slices.push_back(own.getDefiningOp());
    return own;
  }

  /// Batch, heads, length, and all of the last dimension, in the op's layout.
  template <typename OpTy>
  static SmallVector<Part> inLayout(OpTy op, Part batch, Part heads,
                                    Part length) {
    if (op.hasHeadsLast())
      std::swap(heads, length);
    return {batch, heads, length, std::nullopt};
  }

  OpBuilder &b;
  Location loc;
  SmallVector<Part> loops; // Batches, heads, queries; all, if need be.
  Part keys;
  SmallVector<Operation *> slices;
};

} // namespace

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// True when `offset` is certainly a multiple of `factor`.
static bool isMultiple(OpFoldResult offset, int64_t factor) {
  if (std::optional<int64_t> known = getConstantIntValue(offset))
    return *known % factor == 0;
  if (auto apply = cast<Value>(offset).getDefiningOp<affine::AffineApplyOp>())
    return apply.getMap().getResult(0).getLargestKnownDivisor() % factor == 0;
  auto argument = dyn_cast<BlockArgument>(cast<Value>(offset));
  auto loop =
      argument
          ? dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp())
          : LoopLikeOpInterface();
  if (!loop)
    return false;
  std::optional<SmallVector<Value>> variables = loop.getLoopInductionVars();
  std::optional<SmallVector<OpFoldResult>> bounds = loop.getLoopLowerBounds(),
                                           steps = loop.getLoopSteps();
  if (!variables || !bounds || !steps)
    return false;
  for (auto [variable, bound, step] : llvm::zip(*variables, *bounds, *steps))
    if (variable == argument)
      return getConstantIntValue(bound).value_or(1) % factor == 0 &&
             getConstantIntValue(step).value_or(1) % factor == 0;
  return false;
}

/// The heads of keys that a tile of heads of queries needs; fails where they
/// are not known, or are no whole heads.
template <typename OpTy>
static FailureOr<Part> getKeyHeads(OpBuilder &b, OpTy op, Part heads) {
  Location loc = op.getLoc();
  int64_t dim = op.getHeadDim();
  OpFoldResult all = getSizes(b, loc, op.getQuery())[dim];
  int64_t ofKeys = cast<ShapedType>(op.getKey().getType()).getDimSize(dim);
  if (isWholeDimension(heads->first, heads->second, all) || ofKeys == 1)
    return Part();
  std::optional<int64_t> count = getConstantIntValue(all),
                         size = getConstantIntValue(heads->second);
  if (!count || ShapedType::isDynamic(ofKeys) || ofKeys == 0)
    return failure();
  int64_t group = *count / ofKeys;
  if (group == 1)
    return heads;
  // Whole groups, or part of one.
  if (!size || (*size % group != 0 && group % *size != 0) ||
      !isMultiple(heads->first, *size))
    return failure();
  AffineExpr index;
  bindDims(b.getContext(), index);
  OpFoldResult first = affine::makeComposedFoldedAffineApply(
      b, loc, index.floorDiv(group), heads->first);
  return Part(std::make_pair(first, OpFoldResult(b.getIndexAttr(
                                        std::max<int64_t>(1, *size / group)))));
}

//===----------------------------------------------------------------------===//
// The tile
//===----------------------------------------------------------------------===//

/// True when something asks for an index that the tile would not know.
template <typename OpTy>
static bool asksForPlace(OpBuilder &b, OpTy op, const Tile &tile) {
  if (!op.getPlace().empty() || usesRowIndex(op.resolveFormula()))
    return true;
  Part queries = tile.loops[2];
  OpFoldResult all = getSizes(b, op.getLoc(), op.getQuery())[op.getLengthDim()];
  return (op.getCausal() || op.getWindowLeft() || op.getWindowRight()) &&
         !isWholeDimension(queries->first, queries->second, all);
}

/// Says where the tile lies in the whole.
template <typename OpTy>
static SmallVector<Value> getPlace(OpBuilder &b, OpTy op, const Tile &tile) {
  Location loc = op.getLoc();
  SmallVector<Value> place(op.getPlace());
  auto value = [&](OpFoldResult index) {
    return getValueOrCreateConstantIndexOp(b, loc, index);
  };
  SmallVector<OpFoldResult> whole = getSizes(b, loc, op.getQuery());
  if (place.empty())
    place = {Value(), Value(), Value(), value(whole[op.getHeadDim()]),
             value(whole[op.getLengthDim()])};
  for (int i = 0; i < 3; ++i) {
    Value offset =
        value(tile.loops[i] ? tile.loops[i]->first : b.getIndexAttr(0));
    place[i] = place[i] ? b.createOrFold<arith::AddIOp>(loc, place[i], offset)
                        : offset;
  }
  return place;
}

/// Outputs are in the op's layout, sums of values of a state are not.
static bool hasLayout(AttentionOp) { return true; }
static bool hasLayout(AttentionRowsOp op) { return !op.getState(); }

static void sliceOutputs(AttentionOp, FormulaOp, Tile &) {}
static void sliceOutputs(AttentionRowsOp op, FormulaOp, Tile &tile) {
  for (OpOperand &output : op.getOutputsMutable()) {
    int64_t rank = cast<ShapedType>(output.get().getType()).getRank();
    SmallVector<Part> parts(tile.loops);
    if (rank == op.getElementDim() + 1 && hasLayout(op))
      parts = Tile::inLayout(op, tile.loops[0], tile.loops[1], tile.loops[2]);
    else if (rank == op.getElementDim() + 1)
      parts.push_back(std::nullopt);
    output.set(tile.slice(output.get(), parts));
  }
}

/// The types of results of the shape of the tile.
static void setResultTypes(AttentionOp op, FormulaOp formula, Tile &tile) {
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<int64_t> shape(type.getShape());
    SmallVector<Part> parts =
        formula.isUniformResult(i)
            ? tile.loops
            : Tile::inLayout(op, tile.loops[0], tile.loops[1], tile.loops[2]);
    for (auto [size, part] :
         llvm::zip_equal(shape, ArrayRef(parts).take_back(shape.size())))
      if (part)
        size = getConstantIntValue(part->second).value_or(ShapedType::kDynamic);
    result.setType(type.clone(shape));
  }
}
static void setResultTypes(AttentionRowsOp op, FormulaOp, Tile &) {
  for (auto [result, output] : llvm::zip(op.getResults(), op.getOutputs()))
    result.setType(cast<RankedTensorType>(output.getType()));
}

template <typename OpTy>
static void sliceOperands(OpTy op, FormulaOp formula, Part keyHeads,
                          Tile &tile) {
  ArrayRef<Part> loops = tile.loops;
  SmallVector<Part> scores(loops);
  scores.push_back(tile.keys);
  for (auto [i, input] : llvm::enumerate(op.getInputsMutable()))
    input.set(
        tile.slice(input.get(),
                   i == 0 ? Tile::inLayout(op, loops[0], loops[1], loops[2])
                          : Tile::inLayout(op, loops[0], keyHeads, tile.keys)));
  for (auto [i, operand] : llvm::enumerate(op.getFormulaOperandsMutable()))
    operand.set(tile.slice(operand.get(), formula.isUniformArgument(i + 1)
                                              ? loops
                                              : ArrayRef<Part>(scores)));
  if (Value mask = op.getMask())
    op.getMaskMutable().assign(tile.slice(mask, scores));
  if (Value bias = op.getBias())
    op.getBiasMutable().assign(tile.slice(bias, scores));
  if (Value lengths = op.getLengths())
    op.getLengthsMutable().assign(tile.slice(lengths, loops.take_front()));
  for (OpOperand &operand : op.getEpilogueOperandsMutable())
    operand.set(tile.slice(operand.get(),
                           Tile::inLayout(op, loops[0], loops[1], loops[2])));
  sliceOutputs(op, formula, tile);
  setResultTypes(op, formula, tile);
}

template <typename OpTy>
static OpFoldResult getKeyCount(OpBuilder &b, OpTy op) {
  return getSizes(b, op.getLoc(), op.getKey())[op.getLengthDim()];
}

/// The op on the parts of its operands that the tile takes.
template <typename OpTy>
static FailureOr<TilingResult> tileOp(OpBuilder &b, OpTy op, Tile tile) {
  FailureOr<Part> keyHeads = getKeyHeads(b, op, tile.loops[1]);
  if (failed(keyHeads))
    return op->emitOpError("cannot be tiled so: which heads of keys a tile "
                           "of heads of queries needs is not known; tile "
                           "whole groups of a static number of heads");
  FormulaOp formula = op.resolveFormula();
  auto tiled = cast<OpTy>(op->clone());
  sliceOperands(tiled, formula, *keyHeads, tile);
  if (asksForPlace(b, op, tile))
    tiled.getPlaceMutable().assign(getPlace(b, op, tile));
  b.insert(tiled);
  return TilingResult{
      {tiled}, SmallVector<Value>(tiled->getResults()), tile.slices};
}

FailureOr<TilingResult> weir::tileAttentionWithKeys(OpBuilder &b,
                                                    AttentionOp op,
                                                    Sizes offsets,
                                                    Sizes sizes) {
  Tile tile(b, op.getLoc(), offsets, sizes);
  tile.keys = std::make_pair(offsets[3], sizes[3]);
  return tileOp(b, op, tile);
}

namespace {

template <typename OpTy>
struct AttentionTilingModel
    : TilingInterface::ExternalModel<AttentionTilingModel<OpTy>, OpTy> {
  static int64_t getRank(Operation *op, unsigned result) {
    return cast<ShapedType>(op->getResult(result).getType()).getRank();
  }

  /// Those along rows; behind them come the keys.
  static int64_t getNumRowLoops(OpTy op) { return op.isPacked() ? 2 : 3; }

  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    SmallVector<utils::IteratorType> types(getNumRowLoops(cast<OpTy>(op)),
                                           utils::IteratorType::parallel);
    types.push_back(utils::IteratorType::reduction);
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    auto typed = cast<OpTy>(op);
    SmallVector<OpFoldResult> sizes =
        getSizes(b, op->getLoc(), typed.getQuery());
    SmallVector<Range> ranges;
    SmallVector<int64_t> dims{0, typed.getHeadDim(), typed.getLengthDim()};
    for (int64_t dim : ArrayRef(dims).take_back(getNumRowLoops(typed)))
      ranges.push_back({b.getIndexAttr(0), sizes[dim], b.getIndexAttr(1)});
    ranges.push_back(
        {b.getIndexAttr(0), getKeyCount(b, typed), b.getIndexAttr(1)});
    return ranges;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b,
                                                 Sizes offsets,
                                                 Sizes sizes) const {
    auto typed = cast<OpTy>(op);
    if (!isWholeDimension(offsets.back(), sizes.back(), getKeyCount(b, typed)))
      return op->emitOpError("cannot be tiled along its keys, all of which a "
                             "row needs; use transform.structured."
                             "tile_reduction_using_for or _forall");
    int64_t length = typed.getLengthDim();
    if (typed.isPacked() &&
        !isWholeDimension(offsets[1], sizes[1],
                          getSizes(b, op->getLoc(), typed.getQuery())[length]))
      return op->emitOpError("cannot be tiled so: the queries of packed "
                             "sequences stay whole");
    return tileOp(b, typed, Tile(b, op->getLoc(), offsets, sizes));
  }

  /// From heads and queries, the last loops, to their order in the output or
  /// back.
  static void swapToLayout(OpTy op, SmallVectorImpl<OpFoldResult> &offsets,
                           SmallVectorImpl<OpFoldResult> &sizes) {
    if (!op.hasHeadsLast())
      return;
    for (auto *all : {&offsets, &sizes})
      std::swap((*all)[all->size() - 2], (*all)[all->size() - 1]);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned result,
                        Sizes offsets, Sizes sizes,
                        SmallVector<OpFoldResult> &tileOffsets,
                        SmallVector<OpFoldResult> &tileSizes) const {
    auto typed = cast<OpTy>(op);
    int64_t loops = getNumRowLoops(typed);
    tileOffsets.assign(offsets.begin(), offsets.begin() + loops);
    tileSizes.assign(sizes.begin(), sizes.begin() + loops);
    if (getRank(op, result) == loops)
      return success();
    if (hasLayout(typed))
      swapToLayout(typed, tileOffsets, tileSizes);
    tileOffsets.push_back(b.getIndexAttr(0));
    tileSizes.push_back(getSizes(b, op->getLoc(), typed.getValue()).back());
    return success();
  }

  /// A tile of the output has all elements of a head, and needs all keys.
  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &b, unsigned result, Sizes offsets, Sizes sizes,
      SmallVectorImpl<OpFoldResult> &tileOffsets,
      SmallVectorImpl<OpFoldResult> &tileSizes) const {
    auto typed = cast<OpTy>(op);
    int64_t loops = getNumRowLoops(typed);
    tileOffsets.assign(offsets.begin(), offsets.begin() + loops);
    tileSizes.assign(sizes.begin(), sizes.begin() + loops);
    bool isRows = getRank(op, result) == loops;
    if (!isRows && hasLayout(typed))
      swapToLayout(typed, tileOffsets, tileSizes);
    tileOffsets.push_back(b.getIndexAttr(0));
    tileSizes.push_back(getKeyCount(b, typed));
    return success(
        isRows ||
        isWholeDimension(offsets[loops], sizes[loops],
                         getSizes(b, op->getLoc(), typed.getValue()).back()));
  }

  FailureOr<TilingResult> generateResultTileValue(Operation *op, OpBuilder &b,
                                                  unsigned result,
                                                  Sizes offsets,
                                                  Sizes sizes) const {
    SmallVector<OpFoldResult> tileOffsets, tileSizes;
    if (failed(getIterationDomainTileFromResultTile(
            op, b, result, offsets, sizes, tileOffsets, tileSizes)))
      return failure();
    return pickResult(getTiledImplementation(op, b, tileOffsets, tileSizes),
                      result);
  }
};

} // namespace

void weir::attachAttentionTiling(MLIRContext *context) {
  AttentionOp::attachInterface<AttentionTilingModel<AttentionOp>>(*context);
  attachAttentionPartialReduction(context);
  AttentionRowsOp::attachInterface<AttentionTilingModel<AttentionRowsOp>>(
      *context);
}
