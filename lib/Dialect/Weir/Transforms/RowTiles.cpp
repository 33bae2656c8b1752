//===- RowTiles.cpp - tiles of the operands of row ops ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

Value RowTile::slice(Value value, ArrayRef<int64_t> dims) {
  auto type = cast<ShapedType>(value.getType());
  SmallVector<OpFoldResult> from, size,
      strides(dims.size(), builder.getIndexAttr(1));
  for (auto [own, dim] : llvm::enumerate(dims)) {
    bool repeats = type.getDimSize(own) == 1;
    from.push_back(repeats ? builder.getIndexAttr(0) : offsets[dim]);
    size.push_back(repeats ? builder.getIndexAttr(1) : sizes[dim]);
  }
  Value part = isa<TensorType>(type)
                   ? Value(tensor::ExtractSliceOp::create(builder, loc, value,
                                                          from, size, strides))
                   : Value(memref::SubViewOp::create(builder, loc, value, from,
                                                     size, strides));
  slices.push_back(part.getDefiningOp());
  return part;
}

Value RowTile::sliceVarying(Value value) {
  int64_t rank = cast<ShapedType>(value.getType()).getRank();
  int64_t missing = offsets.size() - rank;
  SmallVector<int64_t> dims;
  for (int64_t dim = 0; dim < rank; ++dim)
    dims.push_back(missing + dim);
  return slice(value, dims);
}

Value RowTile::sliceUniform(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  if (!type || type.getRank() == 0)
    return value;
  SmallVector<int64_t> dims;
  for (int64_t dim = 0, rank = offsets.size(); dim < rank; ++dim)
    if (dim != rowDim)
      dims.push_back(dim);
  return slice(value, dims);
}

std::pair<Value, SmallVector<Value>>
RowTile::getRowOffset(Value base, ValueRange given,
                      ArrayRef<OpFoldResult> fullSizes) {
  auto index = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(builder, loc, value);
  };
  SmallVector<Value> strides(given);
  if (!base) { // Row-major over the whole.
    base = index(builder.getIndexAttr(0));
    Value stride = index(builder.getIndexAttr(1));
    for (int64_t dim = fullSizes.size() - 1; dim >= 0; --dim) {
      if (dim == rowDim)
        continue;
      strides.insert(strides.begin(), stride);
      if (strides.size() + 1 < fullSizes.size())
        stride =
            arith::MulIOp::create(builder, loc, stride, index(fullSizes[dim]));
    }
  }
  unsigned outer = 0;
  for (int64_t dim = 0, rank = offsets.size(); dim < rank; ++dim) {
    if (dim == rowDim)
      continue;
    Value stride = strides[outer++];
    if (isConstantIntValue(offsets[dim], 0))
      continue;
    Value moved =
        arith::MulIOp::create(builder, loc, index(offsets[dim]), stride);
    base = arith::AddIOp::create(builder, loc, base, moved);
  }
  return {base, strides};
}

Value RowTile::getColumn(Value column) {
  OpFoldResult offset = offsets[rowDim];
  if (isConstantIntValue(offset, 0))
    return column;
  Value moved = getValueOrCreateConstantIndexOp(builder, loc, offset);
  return column ? Value(arith::AddIOp::create(builder, loc, column, moved))
                : moved;
}

void RowTile::getPosition(bool uniform,
                          SmallVectorImpl<OpFoldResult> &tileOffsets,
                          SmallVectorImpl<OpFoldResult> &tileSizes) {
  for (int64_t dim = 0, rank = offsets.size(); dim < rank; ++dim) {
    if (uniform && dim == rowDim)
      continue;
    tileOffsets.push_back(offsets[dim]);
    tileSizes.push_back(sizes[dim]);
  }
}

SmallVector<OpFoldResult> weir::getSizes(OpBuilder &builder, Location loc,
                                         Value value) {
  return isa<TensorType>(value.getType())
             ? tensor::getMixedSizes(builder, loc, value)
             : memref::getMixedSizes(builder, loc, value);
}

SmallVector<OpFoldResult> weir::getFullSizes(OpBuilder &builder, Location loc,
                                             ValueRange varying) {
  int64_t rank = 0;
  for (Value value : varying)
    rank = std::max(rank, cast<ShapedType>(value.getType()).getRank());
  SmallVector<OpFoldResult> full(rank);
  for (bool wantStatic : {true, false}) // What is known is better.
    for (Value value : varying) {
      auto type = cast<ShapedType>(value.getType());
      int64_t missing = rank - type.getRank();
      for (int64_t dim = 0; dim < type.getRank(); ++dim) {
        if (full[missing + dim] || type.getDimSize(dim) == 1 ||
            type.isDynamicDim(dim) == wantStatic)
          continue;
        full[missing + dim] =
            wantStatic
                ? OpFoldResult(builder.getIndexAttr(type.getDimSize(dim)))
                : getSizes(builder, loc, value)[dim];
      }
    }
  for (OpFoldResult &size : full)
    if (!size)
      size = builder.getIndexAttr(1);
  return full;
}

/// The operand and the dimension that `value` is the size of.
static std::optional<std::pair<Value, int64_t>> getDimension(Value value) {
  if (auto dim = value.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> index = dim.getConstantIndex())
      return std::make_pair(dim.getSource(), *index);
  if (auto dim = value.getDefiningOp<memref::DimOp>())
    if (std::optional<int64_t> index = dim.getConstantIndex())
      return std::make_pair(dim.getSource(), *index);
  return std::nullopt;
}

FailureOr<TilingResult> weir::pickResult(FailureOr<TilingResult> tiled,
                                         unsigned result) {
  if (failed(tiled))
    return failure();
  return TilingResult{
      tiled->tiledOps, {tiled->tiledValues[result]}, tiled->generatedSlices};
}

bool weir::isWholeDimension(OpFoldResult offset, OpFoldResult size,
                            OpFoldResult full) {
  if (!isConstantIntValue(offset, 0))
    return false;
  if (isEqualConstantIntOrValue(size, full))
    return true;
  auto a = dyn_cast<Value>(size), b = dyn_cast<Value>(full);
  return a && b && getDimension(a) && getDimension(a) == getDimension(b);
}

bool weir::usesRowIndex(FormulaOp formula) {
  return formula.getBody()
      .walk([](Operation *op) {
        return isa<RowOp, RandomOp>(op) ? WalkResult::interrupt()
                                        : WalkResult::advance();
      })
      .wasInterrupted();
}

bool weir::usesColumn(FormulaOp formula) {
  return formula.getBody()
      .walk([](Operation *op) {
        auto reduce = dyn_cast<ReduceOp>(op);
        bool uses = isa<PositionOp, RandomOp, KthOp>(op) ||
                    (reduce && reduce.getWinner());
        return uses ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}
