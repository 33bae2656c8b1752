//===- TilingInterfaceImpl.cpp - tiling by rows and along them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "AttentionInterfaces.h"
#include "weir/Dialect/Weir/Transforms/RowTiles.h"
#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

using Sizes = ArrayRef<OpFoldResult>;
using utils::IteratorType;

//===----------------------------------------------------------------------===//
// Ops over rows
//===----------------------------------------------------------------------===//

/// What weir.apply, rows, stats and weights have in common, and what not.
static int64_t getRowDim(ApplyOp op, int64_t) { return op.getRowDim(); }
template <typename OpTy>
static int64_t getRowDim(OpTy, int64_t rank) {
  return rank - 1;
}
/// True when output `i` has one number per row.
static bool isUniformOutput(StatsOp, unsigned) { return true; }
static bool isUniformOutput(WeightsOp, unsigned) { return false; }
template <typename OpTy>
static bool isUniformOutput(OpTy op, unsigned i) {
  return op.resolveFormula().isUniformResult(i);
}

/// True when tiles along the row are tiles of the op: its results are
/// elementwise, and nothing asks how long the row is.
static bool isParallelAlongRow(WeightsOp) { return true; }
static bool isParallelAlongRow(StatsOp) { return false; }
template <typename OpTy>
static bool isParallelAlongRow(OpTy op) {
  FormulaOp formula = op.resolveFormula();
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    if (formula.isUniformResult(i))
      return false;
  return !formula.hasReduction() &&
         formula.getBody().template getOps<LengthOp>().empty() &&
         formula.getBody().template getOps<ExtentOp>().empty();
}

/// Why a tile along the row is refused; null when it is not.
static const char *whyNotAlongRow(OpBuilder &b, StatsOp) {
  // Parts of a row are merged one after the other.
  if (!isa<scf::ForallOp>(b.getInsertionBlock()->getParentOp()))
    return nullptr;
  return "is tiled along its row by a parallel loop, whose iterations would "
         "all merge into one state; use transform.structured."
         "tile_reduction_using_forall";
}
template <typename OpTy>
static const char *whyNotAlongRow(OpBuilder &, OpTy op) {
  if (isParallelAlongRow(op))
    return nullptr;
  if (!op.resolveFormula().hasReduction())
    return "cannot be tiled along its row: its formula asks how long the row "
           "is, or has a uniform result";
  return "cannot be tiled along its row, which it needs whole; take it apart "
         "first (weir-take-apart), then tile weir.stats and weir.weights";
}

/// Operands and destinations with one number per element.
template <typename OpTy>
static SmallVector<Value> getVarying(OpTy op) {
  FormulaOp formula = op.resolveFormula();
  SmallVector<Value> varying = formula.pickVarying(op.getInputs());
  if (op.getMask())
    varying.push_back(op.getMask());
  if (auto dps = dyn_cast<DestinationStyleOpInterface>(op.getOperation()))
    for (auto [i, output] : llvm::enumerate(dps.getDpsInits()))
      if (!isUniformOutput(op, i))
        varying.push_back(output);
  return varying;
}

template <typename OpTy>
static int64_t getFullRank(OpTy op) {
  int64_t rank = 0;
  for (Value value : getVarying(op))
    rank = std::max(rank, cast<ShapedType>(value.getType()).getRank());
  return rank;
}

static void sliceOutputs(ApplyOp, RowTile &) {}
template <typename OpTy>
static void sliceOutputs(OpTy op, RowTile &tile) {
  for (auto [i, output] : llvm::enumerate(op.getOutputsMutable()))
    output.set(isUniformOutput(op, i) ? tile.sliceUniform(output.get())
                                      : tile.sliceVarying(output.get()));
}

static void sliceKnown(ApplyOp, RowTile &) {}
static void sliceKnown(RowsOp, RowTile &) {}
template <typename OpTy>
static void sliceKnown(OpTy op, RowTile &tile) {
  for (OpOperand &known : op.getKnownMutable())
    known.set(tile.sliceUniform(known.get()));
}

/// Gives the results the shapes of the tile.
static void setResultTypes(Operation *op, Sizes sizes, int64_t rowDim,
                           llvm::function_ref<bool(unsigned)> isUniform) {
  for (OpResult result : op->getResults()) {
    SmallVector<int64_t> shape;
    for (auto [dim, size] : llvm::enumerate(sizes))
      if (!isUniform(result.getResultNumber()) ||
          static_cast<int64_t>(dim) != rowDim)
        shape.push_back(
            getConstantIntValue(size).value_or(ShapedType::kDynamic));
    result.setType(cast<ShapedType>(result.getType()).clone(shape));
  }
}

/// The op on a tile of its rows.
template <typename OpTy>
static TilingResult tileRows(OpBuilder &b, OpTy op, Sizes offsets,
                             Sizes sizes) {
  FormulaOp formula = op.resolveFormula();
  int64_t rowDim = getRowDim(op, offsets.size());
  RowTile tile(b, op.getLoc(), rowDim, offsets, sizes);
  OpTy tiled = cast<OpTy>(op->clone());
  for (auto [i, input] : llvm::enumerate(tiled.getInputsMutable()))
    input.set(formula.isUniformArgument(i) ? tile.sliceUniform(input.get())
                                           : tile.sliceVarying(input.get()));
  if (Value mask = tiled.getMask())
    tiled.getMaskMutable().assign(tile.sliceVarying(mask));
  sliceKnown(tiled, tile);
  sliceOutputs(tiled, tile);
  if (usesRowIndex(formula)) {
    auto [base, strides] = tile.getRowOffset(
        op.getRowBase(), op.getRowStrides(),
        op.getRowBase() ? SmallVector<OpFoldResult>()
                        : getFullSizes(b, op.getLoc(), getVarying(op)));
    tiled.getRowBaseMutable().assign(base);
    tiled.getRowStridesMutable().assign(strides);
  }
  if (usesColumn(formula))
    if (Value column = tile.getColumn(op.getColumn()))
      tiled.getColumnMutable().assign(column);
  if (isa<ApplyOp>(tiled))
    setResultTypes(tiled, sizes, rowDim,
                   [&](unsigned i) { return isUniformOutput(op, i); });
  else
    for (OpResult result : tiled->getResults())
      result.setType(cast<DestinationStyleOpInterface>(tiled.getOperation())
                         .getTiedOpOperand(result)
                         ->get()
                         .getType());
  b.insert(tiled);
  return TilingResult{
      {tiled}, SmallVector<Value>(tiled->getResults()), tile.slices};
}

namespace {

template <typename OpTy>
struct RowsTiling : TilingInterface::ExternalModel<RowsTiling<OpTy>, OpTy> {
  SmallVector<IteratorType> getLoopIteratorTypes(Operation *op) const {
    OpTy typed = cast<OpTy>(op);
    int64_t rank = getFullRank(typed);
    SmallVector<IteratorType> types(rank, IteratorType::parallel);
    if (!isParallelAlongRow(typed))
      types[getRowDim(typed, rank)] = IteratorType::reduction;
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    SmallVector<Range> ranges;
    for (OpFoldResult size :
         getFullSizes(b, op->getLoc(), getVarying(cast<OpTy>(op))))
      ranges.push_back({b.getIndexAttr(0), size, b.getIndexAttr(1)});
    return ranges;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b,
                                                 Sizes offsets,
                                                 Sizes sizes) const {
    OpTy typed = cast<OpTy>(op);
    int64_t rowDim = getRowDim(typed, offsets.size());
    if (const char *why = whyNotAlongRow(b, typed)) {
      OpFoldResult full =
          getFullSizes(b, op->getLoc(), getVarying(typed))[rowDim];
      if (!isWholeDimension(offsets[rowDim], sizes[rowDim], full))
        return op->emitOpError(why);
    }
    return tileRows(b, typed, offsets, sizes);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned result,
                        Sizes offsets, Sizes sizes,
                        SmallVector<OpFoldResult> &tileOffsets,
                        SmallVector<OpFoldResult> &tileSizes) const {
    OpTy typed = cast<OpTy>(op);
    RowTile(b, op->getLoc(), getRowDim(typed, offsets.size()), offsets, sizes)
        .getPosition(isUniformOutput(typed, result), tileOffsets, tileSizes);
    return success();
  }

  /// The rows that a tile of a result takes: whole ones, unless the op is
  /// elementwise.
  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &b, unsigned result, Sizes offsets, Sizes sizes,
      SmallVectorImpl<OpFoldResult> &tileOffsets,
      SmallVectorImpl<OpFoldResult> &tileSizes) const {
    OpTy typed = cast<OpTy>(op);
    SmallVector<OpFoldResult> full =
        getFullSizes(b, op->getLoc(), getVarying(typed));
    int64_t rowDim = getRowDim(typed, full.size());
    tileOffsets.assign(offsets.begin(), offsets.end());
    tileSizes.assign(sizes.begin(), sizes.end());
    if (isUniformOutput(typed, result)) {
      tileOffsets.insert(tileOffsets.begin() + rowDim, b.getIndexAttr(0));
      tileSizes.insert(tileSizes.begin() + rowDim, full[rowDim]);
      return success();
    }
    return success(
        isParallelAlongRow(typed) ||
        isWholeDimension(offsets[rowDim], sizes[rowDim], full[rowDim]));
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

//===----------------------------------------------------------------------===//
// Ops over states
//===----------------------------------------------------------------------===//

/// weir.merge and weir.finish: every operand has one number per row, and every
/// dimension is an outer one.
template <typename OpTy>
struct StateTiling : TilingInterface::ExternalModel<StateTiling<OpTy>, OpTy> {
  SmallVector<IteratorType> getLoopIteratorTypes(Operation *op) const {
    Value first = cast<OpTy>(op).getState()[0];
    return SmallVector<IteratorType>(
        cast<ShapedType>(first.getType()).getRank(), IteratorType::parallel);
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    SmallVector<Range> ranges;
    for (OpFoldResult size :
         getSizes(b, op->getLoc(), cast<OpTy>(op).getState()[0]))
      ranges.push_back({b.getIndexAttr(0), size, b.getIndexAttr(1)});
    return ranges;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b,
                                                 Sizes offsets,
                                                 Sizes sizes) const {
    RowTile tile(b, op->getLoc(), /*rowDim=*/-1, offsets, sizes);
    Operation *tiled = op->clone();
    for (OpOperand &operand : tiled->getOpOperands())
      operand.set(tile.sliceUniform(operand.get()));
    auto dps = cast<DestinationStyleOpInterface>(tiled);
    for (OpResult result : tiled->getResults())
      result.setType(dps.getTiedOpOperand(result)->get().getType());
    b.insert(tiled);
    return TilingResult{
        {tiled}, SmallVector<Value>(tiled->getResults()), tile.slices};
  }

  LogicalResult
  getResultTilePosition(Operation *, OpBuilder &, unsigned, Sizes offsets,
                        Sizes sizes, SmallVector<OpFoldResult> &tileOffsets,
                        SmallVector<OpFoldResult> &tileSizes) const {
    tileOffsets.assign(offsets.begin(), offsets.end());
    tileSizes.assign(sizes.begin(), sizes.end());
    return success();
  }

  LogicalResult getIterationDomainTileFromResultTile(
      Operation *, OpBuilder &, unsigned, Sizes offsets, Sizes sizes,
      SmallVectorImpl<OpFoldResult> &tileOffsets,
      SmallVectorImpl<OpFoldResult> &tileSizes) const {
    tileOffsets.assign(offsets.begin(), offsets.end());
    tileSizes.assign(sizes.begin(), sizes.end());
    return success();
  }

  FailureOr<TilingResult> generateResultTileValue(Operation *op, OpBuilder &b,
                                                  unsigned result,
                                                  Sizes offsets,
                                                  Sizes sizes) const {
    return pickResult(getTiledImplementation(op, b, offsets, sizes), result);
  }
};

//===----------------------------------------------------------------------===//
// Parts of rows
//===----------------------------------------------------------------------===//

/// Parts of rows have a state each, in tensors with the part as the first
/// dimension. A parallel loop uses all of them; a sequential one merges into
/// the first.
struct StatsPartialReduction
    : PartialReductionOpInterface::ExternalModel<StatsPartialReduction,
                                                 StatsOp> {
  FailureOr<SmallVector<Value>>
  generateInitialTensorForPartialReduction(Operation *op, OpBuilder &b,
                                           Location loc, Sizes sizes,
                                           const SetVector<unsigned> &) const {
    auto stats = cast<StatsOp>(op);
    if (stats.getResults().empty())
      return op->emitOpError("has no results; only tensors are tiled to "
                             "partial reductions");
    StateLayout layout =
        TakenApart(stats.resolveFormula(), stats.getStatePolicies())
            .getLayout(stats.getSweep());
    SmallVector<Value> states;
    for (auto [slot, output] : llvm::zip(layout.slots, stats.getOutputs())) {
      SmallVector<OpFoldResult> shape{sizes.back()};
      llvm::append_range(shape, getSizes(b, loc, output));
      Type element = getElementTypeOrSelf(output.getType());
      Value empty = tensor::EmptyOp::create(b, loc, shape, element);
      Value identity =
          arith::ConstantOp::create(b, loc, getStoredIdentity(slot, element));
      states.push_back(
          linalg::FillOp::create(b, loc, identity, empty).getResult(0));
    }
    return states;
  }

  FailureOr<TilingResult>
  tileToPartialReduction(Operation *op, OpBuilder &b, Location loc,
                         ReductionTilingStrategy strategy, ValueRange init,
                         Sizes offsets, Sizes sizes,
                         const SetVector<unsigned> &, Sizes splitIvs) const {
    TilingResult all;
    auto part = cast<StatsOp>(op->clone());
    for (auto [operand, state] : llvm::zip(part.getOutputsMutable(), init))
      operand.set(
          slicePart(b, loc, state, getPart(b, strategy, splitIvs), all));
    b.insert(part);
    TilingResult tiled = tileRows(b, part, offsets, sizes);
    part.erase();
    llvm::append_range(tiled.generatedSlices, all.generatedSlices);
    return tiled;
  }

  FailureOr<MergeResult> mergeReductions(Operation *op, OpBuilder &b,
                                         Location loc, ValueRange partial,
                                         const SetVector<unsigned> &) const {
    auto stats = cast<StatsOp>(op);
    MergeResult result;
    if (partial[0].getDefiningOp<scf::ForOp>()) {
      // One after the other they were merged into the first.
      result.replacements = emitMerge(b, loc, stats, partial, b.getIndexAttr(0),
                                      stats.getOutputs(), result);
      return result;
    }
    Value zero = arith::ConstantIndexOp::create(b, loc, 0),
          one = arith::ConstantIndexOp::create(b, loc, 1),
          parts = tensor::DimOp::create(b, loc, partial[0], zero);
    auto loop = scf::ForOp::create(
        b, loc, zero, parts, one, stats.getOutputs(),
        [&](OpBuilder &inner, Location, Value part, ValueRange carried) {
          scf::YieldOp::create(
              inner, loc,
              emitMerge(inner, loc, stats, partial, part, carried, result));
        });
    llvm::append_range(result.replacements, loop.getResults());
    return result;
  }

  LogicalResult getPartialResultTilePosition(
      Operation *op, OpBuilder &b, unsigned, ReductionTilingStrategy strategy,
      Sizes offsets, Sizes sizes, const SetVector<unsigned> &, Sizes splitIvs,
      SmallVector<OpFoldResult> &tileOffsets,
      SmallVector<OpFoldResult> &tileSizes) const {
    tileOffsets.assign({getPart(b, strategy, splitIvs)});
    tileSizes.assign({b.getIndexAttr(1)});
    llvm::append_range(tileOffsets, offsets.drop_back());
    llvm::append_range(tileSizes, sizes.drop_back());
    return success();
  }

private:
  static OpFoldResult getPart(OpBuilder &b, ReductionTilingStrategy strategy,
                              Sizes splitIvs) {
    return strategy == ReductionTilingStrategy::PartialReductionOuterParallel
               ? splitIvs[0]
               : OpFoldResult(b.getIndexAttr(0));
  }

  /// The state of one part.
  static Value slicePart(OpBuilder &b, Location loc, Value states,
                         OpFoldResult part, TilingResult &tiling) {
    auto type = cast<RankedTensorType>(states.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
        sizes = tensor::getMixedSizes(b, loc, states),
        strides(type.getRank(), b.getIndexAttr(1));
    offsets[0] = part;
    sizes[0] = b.getIndexAttr(1);
    auto slice = tensor::ExtractSliceOp::create(
        b, loc,
        RankedTensorType::get(type.getShape().drop_front(),
                              type.getElementType()),
        states, offsets, sizes, strides);
    tiling.generatedSlices.push_back(slice);
    return slice;
  }

  static SmallVector<Value> emitMerge(OpBuilder &b, Location loc, StatsOp stats,
                                      ValueRange partial, OpFoldResult part,
                                      ValueRange into, MergeResult &result) {
    FormulaOp formula = stats.resolveFormula();
    SmallVector<Value> state, uniforms;
    TilingResult slices;
    for (Value states : partial)
      state.push_back(slicePart(b, loc, states, part, slices));
    llvm::append_range(uniforms, formula.pickUniform(stats.getInputs()));
    auto merge =
        MergeOp::create(b, loc, stats.getResultTypes(), stats.getFormulaAttr(),
                        stats.getSweepAttr(), state, uniforms, stats.getKnown(),
                        into, stats.getEmptyRowAttr(), stats.getNanAttr());
    result.mergeOps.push_back(merge);
    return SmallVector<Value>(merge.getResults());
  }
};

} // namespace

void weir::registerTilingInterfaceModels(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, linalg::LinalgDialect, scf::SCFDialect,
                  tensor::TensorDialect>();
  registry.addExtension(+[](MLIRContext *context, WeirDialect *) {
    ApplyOp::attachInterface<RowsTiling<ApplyOp>>(*context);
    RowsOp::attachInterface<RowsTiling<RowsOp>>(*context);
    StatsOp::attachInterface<RowsTiling<StatsOp>, StatsPartialReduction>(
        *context);
    WeightsOp::attachInterface<RowsTiling<WeightsOp>>(*context);
    MergeOp::attachInterface<StateTiling<MergeOp>>(*context);
    FinishOp::attachInterface<StateTiling<FinishOp>>(*context);
    attachAttentionTiling(context);
  });
}
