//===- RowViews.cpp - rows of memrefs, and vectors in them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowViews.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

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
                         int64_t rank) {
  for (int64_t dim = 0; dim < rank; ++dim) {
    Value size;
    for (Value value : varying) {
      auto type = cast<MemRefType>(value.getType());
      int64_t own = dim - (rank - type.getRank());
      if (own < 0 || type.getDimSize(own) == 1)
        continue;
      size = memref::DimOp::create(builder, loc, value, own);
      break;
    }
    if (!size)
      size = arith::ConstantIndexOp::create(builder, loc, 1);
    outerSizes.push_back(size);
  }
  length = outerSizes.pop_back_val();
}

bool RowViews::repeatsAlongRow(MemRefType type) const {
  if (type.getShape().back() != 1)
    return false;
  // A row of static length 1 everywhere is an ordinary row.
  return !length.getDefiningOp<arith::ConstantIndexOp>();
}

/// The row's outer indices as `operand` sees them: aligned from the right, 0
/// where it repeats.
SmallVector<Value> RowViews::getOuterIndices(Value operand,
                                             int64_t operandOuterRank) {
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<Value> own;
  size_t skip = indices.size() - operandOuterRank;
  for (int64_t dim = 0; dim < operandOuterRank; ++dim) {
    Value index = indices[skip + dim];
    if (type.getDimSize(dim) == 1) {
      OpBuilder builder(loc.getContext());
      builder.setInsertionPointAfterValue(length);
      index = arith::ConstantIndexOp::create(builder, loc, 0);
    }
    own.push_back(index);
  }
  return own;
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

/// A one-dimensional view of the row of `operand`.
Value RowViews::emitRowView(OpBuilder &builder, Value operand) {
  auto type = cast<MemRefType>(operand.getType());
  int64_t rank = type.getRank();
  if (rank == 1)
    return operand;
  SmallVector<Value> outer = getOuterIndices(operand, rank - 1);
  if (type.getDimSize(rank - 1) == 1)
    return emitElementView(builder, loc, operand, outer);
  SmallVector<OpFoldResult> offsets(outer.begin(), outer.end()),
      sizes(rank, builder.getIndexAttr(1)),
      strides(rank, builder.getIndexAttr(1));
  offsets.push_back(builder.getIndexAttr(0));
  int64_t size = type.getDimSize(rank - 1);
  // A row without elements is never read, and upstream takes no view of one.
  if (size == 0)
    return memref::AllocaOp::create(
        builder, loc, MemRefType::get({0}, type.getElementType()));
  sizes.back() = ShapedType::isDynamic(size)
                     ? OpFoldResult(length)
                     : OpFoldResult(builder.getIndexAttr(size));
  auto viewType = memref::SubViewOp::inferRankReducedResultType(
      {size}, type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(viewType),
                                   operand, offsets, sizes, strides);
}

Value RowViews::emitRowIndex(OpBuilder &builder) {
  Value row = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [index, size] : llvm::zip(indices, outerSizes)) {
    row = arith::MulIOp::create(builder, loc, row, size);
    row = arith::AddIOp::create(builder, loc, row, index);
  }
  return row;
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

int64_t weir::getByteSize(Type element) {
  return element.isIndex()
             ? 8
             : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

Value weir::emitAddressAsIndex(OpBuilder &b, Location loc, Value buffer,
                               Value position) {
  Type type = cast<MemRefType>(buffer.getType()).getElementType();
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, loc, metadata.getBaseBuffer());
  Value element = arith::AddIOp::create(b, loc, metadata.getOffset(), position);
  Value offset = arith::MulIOp::create(
      b, loc, element,
      arith::ConstantIndexOp::create(b, loc, getByteSize(type)));
  return arith::AddIOp::create(b, loc, base, offset);
}

/// How an element type lies in memory when vectors of it cannot be loaded as
/// they are: LLVM packs vectors of i1 into bits, and takes vectors of
/// half-width floats apart on targets that lack them.
static IntegerType getRawType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  if (element.isBF16() || element.isF16())
    return IntegerType::get(element.getContext(), 16);
  return IntegerType();
}

/// The address of element `position` of a one-dimensional buffer.
static Value emitAddress(OpBuilder &b, Location loc, Value buffer,
                         Value position) {
  Value address = emitAddressAsIndex(b, loc, buffer, position);
  address = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

Value RowViews::loadRaw(OpBuilder &b, Value buffer, const Lanes &lanes,
                        Value padding, IntegerType raw) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  int64_t bytes = raw.getWidth() / 8;
  Value address = emitAddress(b, loc, buffer, lanes.position);
  VectorType type = getVectorType(raw);
  Value bits;
  if (!lanes.mask) {
    bits = LLVM::LoadOp::create(b, loc, type, address, bytes);
  } else {
    Value fill = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    if (padding && !element.isInteger(1))
      fill = arith::BitcastOp::create(b, loc, type, padding);
    bits = LLVM::MaskedLoadOp::create(b, loc, type, address, lanes.mask, fill,
                                      b.getI32IntegerAttr(bytes));
  }
  if (!element.isInteger(1))
    return arith::BitcastOp::create(b, loc, getVectorType(element), bits);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bits, zero);
}

Value RowViews::loadVector(OpBuilder &builder, Value buffer, const Lanes &lanes,
                           Value padding) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (IntegerType raw = getRawType(element))
    return loadRaw(builder, buffer, lanes, padding, raw);
  VectorType type = getVectorType(element);
  if (!lanes.mask)
    return vector::LoadOp::create(builder, loc, type, buffer,
                                  ValueRange{lanes.position});
  if (!padding)
    padding =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, buffer,
                                      ValueRange{lanes.position}, lanes.mask,
                                      padding);
}

/// So far ahead a line arrives in time: a hundred nanoseconds at the pace of
/// main memory.
static constexpr int64_t kPrefetchBytes = 2048, kLineBytes = 64;

void RowViews::prefetchRow(OpBuilder &b, Value row, ArrayRef<Lanes> group) {
  int64_t bytes = getByteSize(cast<MemRefType>(row.getType()).getElementType());
  Value ahead = arith::ConstantIndexOp::create(b, loc, kPrefetchBytes / bytes);
  for (auto [v, lanes] : llvm::enumerate(group)) {
    if (v * laneCount * bytes % kLineBytes != 0)
      continue;
    Value position = arith::AddIOp::create(b, loc, lanes.position, ahead);
    memref::PrefetchOp::create(b, loc, row, position, /*isWrite=*/false,
                               /*localityHint=*/3, /*isDataCache=*/true);
  }
}

void RowViews::storeVector(OpBuilder &builder, Value buffer, const Lanes &lanes,
                           Value value) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (IntegerType raw = getRawType(element)) {
    int64_t bytes = raw.getWidth() / 8;
    value = element.isInteger(1)
                ? Value(arith::ExtUIOp::create(builder, loc, getVectorType(raw),
                                               value))
                : Value(arith::BitcastOp::create(builder, loc,
                                                 getVectorType(raw), value));
    Value address = emitAddress(builder, loc, buffer, lanes.position);
    if (!lanes.mask)
      LLVM::StoreOp::create(builder, loc, value, address,
                            streams ? bytes * laneCount : bytes,
                            /*isVolatile=*/false, /*isNonTemporal=*/streams);
    else
      LLVM::MaskedStoreOp::create(builder, loc, value, address, lanes.mask,
                                  builder.getI32IntegerAttr(bytes));
    return;
  }
  // Without the alignment LLVM would write such vectors scalar by scalar.
  if (!lanes.mask && streams)
    vector::StoreOp::create(builder, loc, value, buffer,
                            ValueRange{lanes.position}, /*nontemporal=*/true,
                            llvm::Align(getByteSize(element) * laneCount));
  else if (!lanes.mask)
    vector::StoreOp::create(builder, loc, value, buffer,
                            ValueRange{lanes.position});
  else
    vector::MaskedStoreOp::create(
        builder, loc, buffer, ValueRange{lanes.position}, lanes.mask, value);
}

Value RowViews::loadFlags(OpBuilder &builder, Value buffer,
                          const Lanes &lanes) {
  if (!repeatsAlongRow(cast<MemRefType>(buffer.getType())))
    return loadVector(builder, buffer, lanes, Value());
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value flags = vector::BroadcastOp::create(builder, loc,
                                            getVectorType(builder.getI1Type()),
                                            loadFlag(builder, buffer, zero));
  return lanes.mask
             ? Value(arith::AndIOp::create(builder, loc, flags, lanes.mask))
             : flags;
}

Value RowViews::loadFlag(OpBuilder &builder, Value buffer, Value position) {
  if (repeatsAlongRow(cast<MemRefType>(buffer.getType())))
    position = arith::ConstantIndexOp::create(builder, loc, 0);
  Value address = emitAddress(builder, loc, buffer, position);
  Value byte = LLVM::LoadOp::create(builder, loc, builder.getI8Type(), address);
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 8);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte,
                               zero);
}
