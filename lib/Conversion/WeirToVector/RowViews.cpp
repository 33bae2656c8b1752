//===- RowViews.cpp - rows of memrefs, and vectors in them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowViews.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

int64_t weir::getKnownSize(Value size) {
  if (auto constant = size.getDefiningOp<arith::ConstantIndexOp>())
    return constant.value();
  auto dim = size.getDefiningOp<memref::DimOp>();
  std::optional<int64_t> at = dim ? dim.getConstantIndex() : std::nullopt;
  if (!at)
    return 0;
  int64_t known = cast<MemRefType>(dim.getSource().getType()).getDimSize(*at);
  return ShapedType::isDynamic(known) ? 0 : known;
}

LogicalResult RowViews::checkContiguous(ArrayRef<Value> varying) {
  for (Value value : varying) {
    auto type = cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    if (type.getRank() == 0 ||
        failed(type.getStridesAndOffset(strides, offset)) ||
        (strides.back() != 1 && type.getShape().back() != 1))
      return op->emitOpError("operand of type ")
             << type
             << " has no statically contiguous row; make it contiguous first";
  }
  return success();
}

void RowViews::emitSizes(OpBuilder &builder, ArrayRef<Value> varying,
                         int64_t fullRank, int64_t along) {
  rank = fullRank;
  rowDim = along;
  for (int64_t dim = 0; dim < rank; ++dim) {
    Value size;
    staticLastSize = 1;
    for (Value value : varying) {
      auto type = cast<MemRefType>(value.getType());
      int64_t own = dim - (rank - type.getRank());
      if (own < 0 || type.getDimSize(own) == 1)
        continue;
      size = memref::DimOp::create(builder, loc, value, own);
      staticLastSize = type.getDimSize(own);
      break;
    }
    if (!size)
      size = arith::ConstantIndexOp::create(builder, loc, 1);
    if (dim == rowDim) {
      length = size;
      continue;
    }
    outerSizes.push_back(size);
    staticOuterSize = staticLastSize;
  }
}

bool RowViews::repeatsAlongRow(MemRefType type) const {
  int64_t own = getOwnRowDim(type);
  if (own < 0)
    return true;
  if (type.getDimSize(own) != 1)
    return false;
  // A row of static length 1 everywhere is an ordinary row.
  return !length.getDefiningOp<arith::ConstantIndexOp>();
}

void RowViews::setRowOfBlock(OpBuilder &builder, Value row) {
  rowIndices = indices;
  rowIndices.back() = arith::AddIOp::create(builder, loc, indices.back(), row,
                                            arith::IntegerOverflowFlags::nsw);
}

Value RowViews::emitRowCount(OpBuilder &builder) {
  Value all =
      arith::ConstantIndexOp::create(builder, loc, layout.getLaneCount());
  if (!layout.getRowMask())
    return all;
  Value left =
      arith::SubIOp::create(builder, loc, outerSizes.back(), indices.back());
  return arith::MinUIOp::create(builder, loc, left, all);
}

/// Outer index `index` as dimension `dim` of an operand sees it: 0 where it
/// repeats.
Value RowViews::getOuterIndex(MemRefType type, int64_t dim, Value index) {
  if (type.getDimSize(dim) != 1)
    return index;
  OpBuilder builder(loc.getContext());
  builder.setInsertionPointAfterValue(length);
  return arith::ConstantIndexOp::create(builder, loc, 0);
}

SmallVector<Value> RowViews::getOuterIndices(Value operand,
                                             int64_t operandOuterRank,
                                             ArrayRef<Value> indices) {
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<Value> own;
  size_t skip = indices.size() - operandOuterRank;
  for (int64_t dim = 0; dim < operandOuterRank; ++dim)
    own.push_back(getOuterIndex(type, dim, indices[skip + dim]));
  return own;
}

/// A row without elements is never read, and upstream takes no view of one.
static Value emitEmptyView(OpBuilder &builder, Location loc, int64_t rank,
                           Type element) {
  SmallVector<int64_t> none(rank, 0);
  return memref::AllocaOp::create(builder, loc, MemRefType::get(none, element));
}

/// The view of a group of rows.
Value RowViews::emitGroupView(OpBuilder &builder, Value operand) {
  auto type = cast<MemRefType>(operand.getType());
  int64_t own = getOwnRowDim(type), last = type.getRank() - 1;
  SmallVector<OpFoldResult> offsets, sizes,
      strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim <= last; ++dim) {
    if (dim != own && dim != last) {
      int64_t full = dim + rank - type.getRank();
      offsets.push_back(
          getOuterIndex(type, dim, indices[full < rowDim ? full : full - 1]));
      sizes.push_back(builder.getIndexAttr(1));
      continue;
    }
    int64_t size = type.getDimSize(dim);
    shape.push_back(size);
    offsets.push_back(builder.getIndexAttr(0));
    sizes.push_back(
        !ShapedType::isDynamic(size)
            ? OpFoldResult(builder.getIndexAttr(size))
            : OpFoldResult(dim == own ? length : outerSizes.back()));
  }
  int64_t viewRank = shape.size();
  if (viewRank == type.getRank())
    return operand;
  if (llvm::is_contained(shape, 0))
    return emitEmptyView(builder, loc, viewRank, type.getElementType());
  auto viewType = memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(viewType),
                                   operand, offsets, sizes, strides);
}

/// The view of a row of one element. A subview does not say which of several
/// dimensions of size 1 it keeps, and with it the stride.
static Value emitElementView(OpBuilder &builder, Location loc, Value operand,
                             ValueRange outerIndices) {
  auto metadata =
      memref::ExtractStridedMetadataOp::create(builder, loc, operand);
  Value offset = metadata.getOffset();
  for (auto [index, stride] : llvm::zip(outerIndices, metadata.getStrides())) {
    Value step = arith::MulIOp::create(builder, loc, index, stride);
    offset = arith::AddIOp::create(builder, loc, offset, step);
  }
  auto layout =
      StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {1});
  auto type = MemRefType::get(
      {1}, cast<MemRefType>(operand.getType()).getElementType(), layout);
  OpFoldResult one = builder.getIndexAttr(1);
  return memref::ReinterpretCastOp::create(
      builder, loc, type, metadata.getBaseBuffer(), OpFoldResult(offset),
      ArrayRef<OpFoldResult>{one}, ArrayRef<OpFoldResult>{one});
}

Value RowViews::emitRowView(OpBuilder &builder, Value operand) {
  if (layout.isAcross())
    return emitGroupView(builder, operand);
  auto type = cast<MemRefType>(operand.getType());
  int64_t rank = type.getRank();
  if (rank == 1)
    return operand;
  SmallVector<Value> outer = getOuterIndices(operand, rank - 1, rowIndices);
  if (type.getDimSize(rank - 1) == 1)
    return emitElementView(builder, loc, operand, outer);
  SmallVector<OpFoldResult> offsets(outer.begin(), outer.end()),
      sizes(rank, builder.getIndexAttr(1)),
      strides(rank, builder.getIndexAttr(1));
  offsets.push_back(builder.getIndexAttr(0));
  int64_t size = type.getDimSize(rank - 1);
  if (size == 0)
    return emitEmptyView(builder, loc, 1, type.getElementType());
  sizes.back() = ShapedType::isDynamic(size)
                     ? OpFoldResult(length)
                     : OpFoldResult(builder.getIndexAttr(size));
  auto viewType = memref::SubViewOp::inferRankReducedResultType(
      {size}, type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(viewType),
                                   operand, offsets, sizes, strides);
}

Value RowViews::emitOwnRowIndex(OpBuilder &builder) {
  Value row = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [index, size] : llvm::zip(indices, outerSizes)) {
    row = arith::MulIOp::create(builder, loc, row, size);
    row = arith::AddIOp::create(builder, loc, row, index);
  }
  if (!layout.hasRowVectors())
    return row;
  return arith::AddIOp::create(
      builder, loc, layout.fromScalar(builder, row),
      vector::StepOp::create(builder, loc,
                             getVectorType(builder.getIndexType())));
}

/// `element` in the shape of `value`: a scalar or a vector of as many lanes.
static Type likeShape(Value value, Type element) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? Type(vector.clone(element)) : element;
}

Value RowViews::toCompute(OpBuilder &builder, Value value, Type wanted) {
  Type element = getElementTypeOrSelf(value.getType());
  if (element == wanted)
    return value;
  Type type = likeShape(value, wanted);
  if (wanted.isIndex())
    return arith::IndexCastOp::create(builder, loc, type, value);
  if (element.getIntOrFloatBitWidth() < wanted.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

Value RowViews::toStorage(OpBuilder &builder, Value value, Type element) {
  Type own = getElementTypeOrSelf(value.getType());
  if (own == element)
    return value;
  Type type = likeShape(value, element);
  if (own.isIndex())
    return arith::IndexCastOp::create(builder, loc, type, value);
  if (own.getIntOrFloatBitWidth() > element.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(builder, loc, type, value);
  return arith::ExtFOp::create(builder, loc, type, value);
}
