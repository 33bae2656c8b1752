//===- AttentionPartialReduction.cpp - attention tiled along its keys ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each part of the keys leaves a state, in tensors with the part as the first
// dimension. A parallel loop uses all of them; a sequential one merges into the
// first.
//
//===----------------------------------------------------------------------===//

#include "AttentionInterfaces.h"

#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"
#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

using Sizes = ArrayRef<OpFoldResult>;
using Strategy = ReductionTilingStrategy;

//===----------------------------------------------------------------------===//
// The op and its state
//===----------------------------------------------------------------------===//

static AttentionState getState(AttentionOp op) {
  return AttentionState(op.resolveFormula(), {op.getEmptyRow(), op.getNan()});
}

static Type getAccumulator(AttentionOp op) {
  Type element = getElementTypeOrSelf(op.getQuery().getType());
  return element.isF64() ? element : Type(Float32Type::get(op.getContext()));
}

/// Why keys cannot be met in parts; empty where they can.
static std::string whyNotInParts(AttentionOp op) {
  if (op.isPacked())
    return "those of packed sequences stay whole";
  FormulaOp formula = op.resolveFormula();
  BlockwiseRows rows(formula, {op.getEmptyRow(), op.getNan()}, op.getPosInf());
  std::string why = rows.getObstacle().str();
  if (why.empty())
    why = getState(op).getMisfit();
  if (why.empty() && op.getMask() && getAttendedArguments(formula).length)
    why = "the formula asks for the length of rows, of which the mask of a "
          "part does not tell";
  return why;
}

/// The types of what is left for rows of the given shape, which is followed by
/// the size of a value.
static SmallVector<Type> getStateTypes(AttentionOp op,
                                       const AttentionStateLayout &layout,
                                       ArrayRef<int64_t> shape) {
  SmallVector<Type> types;
  for (const RowValue &slot : layout.slots)
    types.push_back(RankedTensorType::get(
        shape.drop_back(), slot.type.isF32() ? getAccumulator(op) : slot.type));
  types.append(layout.sums, RankedTensorType::get(shape, getAccumulator(op)));
  return types;
}

static SmallVector<Value> getUniforms(AttentionOp op) {
  FormulaOp formula = op.resolveFormula();
  SmallVector<Value> uniforms;
  for (auto [i, operand] : llvm::enumerate(op.getFormulaOperands()))
    if (formula.isUniformArgument(i + 1))
      uniforms.push_back(operand);
  return uniforms;
}

/// What becomes of the first state beside the second.
static SmallVector<Value> emitMerge(OpBuilder &b, Location loc, AttentionOp op,
                                    ValueRange first, ValueRange second) {
  auto merge = AttentionMergeOp::create(
      b, loc, first.getTypes(), op.getFormulaAttr(), first, second,
      getUniforms(op), op.getEmptyRowAttr(), op.getNanAttr());
  return SmallVector<Value>(merge.getResults());
}

/// What is left of the keys of `part`, which is the op on a tile.
static AttentionStatsOp emitStats(OpBuilder &b, AttentionOp part,
                                  TypeRange types, Value firstKey,
                                  Value allKeys) {
  return AttentionStatsOp::create(
      b, part.getLoc(), types, part.getFormulaAttr(), part.getInputs(),
      part.getFormulaOperands(), part.getMask(), part.getBias(),
      part.getLengths(), part.getPlace(), firstKey, allKeys,
      part.getCausalAttr(), part.getWindowLeftAttr(), part.getWindowRightAttr(),
      part.getScaleAttr(), part.getSoftCapAttr(), part.getLayoutAttr(),
      part.getEmptyRowAttr(), part.getNanAttr(), part.getQueryTileAttr(),
      part.getKeyTileAttr(), part.getThreadGrainAttr());
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

/// Heads and queries as the op's layout has them.
static Value orderDims(OpBuilder &b, Location loc, AttentionOp op,
                       Value output) {
  if (op.getHeadDim() == 1)
    return output;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, output);
  std::swap(sizes[1], sizes[2]);
  Value to = tensor::EmptyOp::create(b, loc, sizes,
                                     getElementTypeOrSelf(output.getType()));
  return linalg::TransposeOp::create(b, loc, output, to,
                                     ArrayRef<int64_t>{0, 2, 1, 3})
      ->getResult(0);
}

/// The op's results, of the state of all keys. An epilogue is applied in the
/// accumulator type, before the output is rounded.
static SmallVector<Value> emitFinish(OpBuilder &b, Location loc, AttentionOp op,
                                     ValueRange state, MergeResult &result) {
  unsigned weights = op.resolveFormula().getFirstVaryingResult();
  SmallVector<Type> types(op.getResultTypes());
  auto output = cast<RankedTensorType>(types[weights]);
  auto sum = cast<RankedTensorType>(state.back().getType());
  bool isPlain = !op.getEpilogueAttr() && op.getHeadDim() == 1;
  if (!isPlain)
    types[weights] = sum.clone(op.getEpilogueAttr() ? sum.getElementType()
                                                    : output.getElementType());
  auto finish = AttentionFinishOp::create(
      b, loc, types, op.getFormulaAttr(), state, getUniforms(op),
      op.getEmptyRowAttr(), op.getNanAttr());
  result.mergeOps.push_back(finish);
  SmallVector<Value> results(finish.getResults());
  if (isPlain)
    return results;
  Value own = orderDims(b, loc, op, results[weights]);
  if (op.getEpilogueAttr()) {
    SmallVector<Value> inputs{own};
    llvm::append_range(inputs, op.getEpilogueOperands());
    own = ApplyOp::create(b, loc, output, op.getEpilogueAttr(), inputs, Value(),
                          IntegerAttr(), EmptyRowAttr(), PosInfAttr(),
                          NaNPolicyAttr(), TiesAttr(), NegInfAttr(), FormAttr(),
                          op.getThreadGrainAttr(), IntegerAttr())
              .getResult(0);
  }
  if (own.getType() != output)
    own = tensor::CastOp::create(b, loc, output, own);
  results[weights] = own;
  return results;
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

/// The static size of a dimension that an op is given this size for.
static int64_t getTypeSize(OpFoldResult size) {
  auto known = dyn_cast<Attribute>(size);
  return known ? cast<IntegerAttr>(known).getInt() : ShapedType::kDynamic;
}

namespace {

struct AttentionPartialReduction
    : PartialReductionOpInterface::ExternalModel<AttentionPartialReduction,
                                                 AttentionOp> {
  /// Nothing is read of any part but the first: in a parallel loop each is
  /// written whole.
  FailureOr<SmallVector<Value>>
  generateInitialTensorForPartialReduction(Operation *op, OpBuilder &b,
                                           Location loc, Sizes sizes,
                                           const SetVector<unsigned> &) const {
    auto attention = cast<AttentionOp>(op);
    if (std::string why = whyNotInParts(attention); !why.empty())
      return op->emitOpError("cannot be tiled along its keys: ") << why;
    SmallVector<OpFoldResult> shape =
        getRowShape(b, loc, attention, b.getIndexAttr(1));
    AffineExpr count;
    bindSymbols(b.getContext(), count);
    OpFoldResult parts = affine::makeComposedFoldedAffineMax(
        b, loc,
        AffineMap::get(0, 1, {count, b.getAffineConstantExpr(1)},
                       b.getContext()),
        {sizes[3]});
    AttentionStateLayout layout = getState(attention).getLayout();
    SmallVector<Value> states;
    for (unsigned i = 0; i < layout.slots.size() + layout.sums; ++i) {
      bool isSlot = i < layout.slots.size();
      Sizes own = ArrayRef(shape).drop_back(isSlot);
      Type element = isSlot && !layout.slots[i].type.isF32()
                         ? layout.slots[i].type
                         : getAccumulator(attention);
      TypedAttr identity = isSlot ? getStoredIdentity(layout.slots[i], element)
                                  : b.getFloatAttr(element, 0.0);
      states.push_back(createParts(b, loc, own, parts, identity));
    }
    return states;
  }

  FailureOr<TilingResult>
  tileToPartialReduction(Operation *op, OpBuilder &b, Location loc,
                         ReductionTilingStrategy strategy, ValueRange init,
                         Sizes offsets, Sizes sizes,
                         const SetVector<unsigned> &, Sizes) const {
    auto attention = cast<AttentionOp>(op);
    FailureOr<TilingResult> tiled =
        tileAttentionWithKeys(b, attention, offsets, sizes);
    if (failed(tiled))
      return failure();
    auto part = cast<AttentionOp>(tiled->tiledOps[0]);
    SmallVector<int64_t> shape =
        llvm::map_to_vector(Sizes(sizes).take_front(3), getTypeSize);
    shape.push_back(getValueSize(attention));
    AttentionStateLayout layout = getState(attention).getLayout();
    SmallVector<Type> types = getStateTypes(attention, layout, shape);
    OpFoldResult keys =
        getSizes(b, loc, attention.getKey())[attention.getLengthDim()];
    AttentionStatsOp stats = emitStats(
        b, part, types, getValueOrCreateConstantIndexOp(b, loc, offsets[3]),
        getValueOrCreateConstantIndexOp(b, loc, keys));
    SmallVector<Value> left(stats.getResults());
    if (strategy == Strategy::PartialReductionOuterReduction) {
      SmallVector<Value> before;
      for (auto [states, type] : llvm::zip(init, types))
        before.push_back(slicePart(b, loc, states, b.getIndexAttr(0), offsets,
                                   sizes, cast<RankedTensorType>(type)));
      left = emitMerge(b, loc, part, before, left);
    }
    part.erase();
    return TilingResult{{stats}, left, tiled->generatedSlices};
  }

  FailureOr<MergeResult> mergeReductions(Operation *op, OpBuilder &b,
                                         Location loc, ValueRange partial,
                                         const SetVector<unsigned> &) const {
    auto attention = cast<AttentionOp>(op);
    MergeResult result;
    auto getPart = [&](OpBuilder &b, OpFoldResult number) {
      SmallVector<Value> state;
      for (Value states : partial) {
        auto all = cast<RankedTensorType>(states.getType());
        SmallVector<OpFoldResult> rows = tensor::getMixedSizes(b, loc, states),
                                  zeros(rows.size() - 1, b.getIndexAttr(0));
        state.push_back(slicePart(
            b, loc, states, number, zeros, ArrayRef(rows).drop_front(),
            RankedTensorType::get(all.getShape().drop_front(),
                                  all.getElementType())));
      }
      return state;
    };
    SmallVector<Value> state = getPart(b, b.getIndexAttr(0));
    if (!partial[0].getDefiningOp<scf::ForOp>()) {
      Value one = arith::ConstantIndexOp::create(b, loc, 1),
            parts = tensor::DimOp::create(b, loc, partial[0], 0);
      auto loop = scf::ForOp::create(
          b, loc, one, parts, one, state,
          [&](OpBuilder &inner, Location, Value part, ValueRange carried) {
            SmallVector<Value> own = getPart(inner, part);
            scf::YieldOp::create(
                inner, loc, emitMerge(inner, loc, attention, carried, own));
          });
      state.assign(loop.getResults().begin(), loop.getResults().end());
    }
    result.replacements = emitFinish(b, loc, attention, state, result);
    return result;
  }

  LogicalResult
  getPartialResultTilePosition(Operation *op, OpBuilder &b, unsigned number,
                               ReductionTilingStrategy strategy, Sizes offsets,
                               Sizes sizes, const SetVector<unsigned> &,
                               Sizes splitIvs,
                               SmallVector<OpFoldResult> &tileOffsets,
                               SmallVector<OpFoldResult> &tileSizes) const {
    auto attention = cast<AttentionOp>(op);
    bool isParallel = strategy == Strategy::PartialReductionOuterParallel;
    tileOffsets.assign({isParallel ? splitIvs[0] : b.getIndexAttr(0)});
    tileSizes.assign({b.getIndexAttr(1)});
    llvm::append_range(tileOffsets, offsets.take_front(3));
    llvm::append_range(tileSizes, sizes.take_front(3));
    if (number >= getState(attention).getLayout().slots.size()) {
      tileOffsets.push_back(b.getIndexAttr(0));
      tileSizes.push_back(b.getIndexAttr(getValueSize(attention)));
    }
    return success();
  }

private:
  static int64_t getValueSize(AttentionOp op) {
    return cast<RankedTensorType>(op.getValue().getType()).getDimSize(3);
  }

  /// Some parts of the rows, and the size of a value.
  static SmallVector<OpFoldResult>
  getRowShape(OpBuilder &b, Location loc, AttentionOp op, OpFoldResult parts) {
    SmallVector<OpFoldResult> query = getSizes(b, loc, op.getQuery());
    return {parts, query[0], query[op.getHeadDim()], query[op.getLengthDim()],
            b.getIndexAttr(getValueSize(op))};
  }

  /// Parts of a shape whose first dimension is 1 for one of them; the first
  /// holds the identity.
  static Value createParts(OpBuilder &b, Location loc, Sizes one,
                           OpFoldResult parts, TypedAttr identity) {
    Type element = identity.getType();
    SmallVector<OpFoldResult> all(one), zeros(one.size(), b.getIndexAttr(0)),
        ones(one.size(), b.getIndexAttr(1));
    all[0] = parts;
    Value nothing = arith::ConstantOp::create(b, loc, identity);
    Value first = tensor::EmptyOp::create(b, loc, one, element);
    first = linalg::FillOp::create(b, loc, nothing, first).getResult(0);
    Value empty = tensor::EmptyOp::create(b, loc, all, element);
    return tensor::InsertSliceOp::create(b, loc, first, empty, zeros, one,
                                         ones);
  }

  /// What some rows have of one part.
  static Value slicePart(OpBuilder &b, Location loc, Value states,
                         OpFoldResult part, Sizes offsets, Sizes sizes,
                         RankedTensorType type) {
    SmallVector<OpFoldResult> from{part}, size{b.getIndexAttr(1)},
        ones(type.getRank() + 1, b.getIndexAttr(1));
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      bool isElement = dim == 3;
      from.push_back(isElement ? b.getIndexAttr(0) : offsets[dim]);
      size.push_back(isElement ? b.getIndexAttr(type.getDimSize(3))
                               : sizes[dim]);
    }
    return tensor::ExtractSliceOp::create(b, loc, type, states, from, size,
                                          ones);
  }
};

} // namespace

void weir::attachAttentionPartialReduction(MLIRContext *context) {
  AttentionOp::attachInterface<AttentionPartialReduction>(*context);
}
