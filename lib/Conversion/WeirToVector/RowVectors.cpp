//===- RowVectors.cpp - vectors of a row in memory ===//
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

static Type getElementType(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementType();
}

int64_t weir::getByteSize(Type element) {
  return element.isIndex()
             ? 8
             : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

/// `element` in the shape of `value`: a scalar or a vector of as many lanes.
static Type likeShape(Value value, Type element) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? Type(vector.clone(element)) : element;
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

Value weir::emitAddressAsIndex(OpBuilder &b, Location loc, Value buffer,
                               ValueRange indices) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, loc, metadata.getBaseBuffer());
  Value element =
      arith::AddIOp::create(b, loc, metadata.getOffset(), indices.back());
  for (auto [index, stride] :
       llvm::zip(indices.drop_back(), metadata.getStrides())) {
    Value before = arith::MulIOp::create(b, loc, index, stride);
    element = arith::AddIOp::create(b, loc, element, before);
  }
  int64_t bytes = getByteSize(getElementType(buffer));
  Value offset = arith::MulIOp::create(
      b, loc, element, arith::ConstantIndexOp::create(b, loc, bytes));
  return arith::AddIOp::create(b, loc, base, offset);
}

static Value emitAddress(OpBuilder &b, Location loc, Value buffer,
                         ValueRange indices) {
  Value address = emitAddressAsIndex(b, loc, buffer, indices);
  address = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

/// Bits that were loaded for elements of type `element`, as such.
static Value fromRaw(OpBuilder &b, Location loc, Value bits, Type element) {
  if (!element.isInteger(1))
    return arith::BitcastOp::create(b, loc, likeShape(bits, element), bits);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(bits.getType()));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bits, zero);
}

//===----------------------------------------------------------------------===//
// Vectors in memory
//===----------------------------------------------------------------------===//

/// Where the elements at `lanes` lie in a row's view.
RowViews::Place RowViews::getPlace(OpBuilder &builder, Value view,
                                   const Lanes &lanes) {
  if (!layout.isAcross())
    return {view, {lanes.position}, lanes.mask};
  auto type = cast<MemRefType>(view.getType());
  auto index = [&](int64_t dim, Value value) -> Value {
    if (type.getDimSize(dim) != 1)
      return value;
    return arith::ConstantIndexOp::create(builder, loc, 0);
  };
  Place place{view, {}, layout.getRowMask()};
  if (type.getRank() == 2)
    place.indices.push_back(index(0, lanes.position));
  place.indices.push_back(index(type.getRank() - 1, indices.back()));
  return place;
}

/// Where they lie in a buffer that holds one row, or the elements of a group of
/// rows position by position.
RowViews::Place RowViews::getBufferPlace(OpBuilder &builder, Value buffer,
                                         const Lanes &lanes) {
  if (!layout.isAcross())
    return {buffer, {lanes.position}, lanes.mask};
  Value count =
      arith::ConstantIndexOp::create(builder, loc, layout.getLaneCount());
  Value first = arith::MulIOp::create(builder, loc, lanes.position, count,
                                      arith::IntegerOverflowFlags::nsw);
  return {buffer, {first}, Value()};
}

Value RowViews::loadRaw(OpBuilder &b, const Place &place, Value padding,
                        IntegerType raw) {
  Type element = getElementType(place.buffer);
  int64_t bytes = raw.getWidth() / 8;
  Value address = emitAddress(b, loc, place.buffer, place.indices);
  VectorType type = getVectorType(raw);
  if (!place.mask)
    return fromRaw(b, loc, LLVM::LoadOp::create(b, loc, type, address, bytes),
                   element);
  Value fill = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  if (padding && !element.isInteger(1))
    fill = arith::BitcastOp::create(b, loc, type, padding);
  Value bits = LLVM::MaskedLoadOp::create(b, loc, type, address, place.mask,
                                          fill, b.getI32IntegerAttr(bytes));
  return fromRaw(b, loc, bits, element);
}

/// The one element that all lanes read.
Value RowViews::loadRepeated(OpBuilder &b, const Place &place) {
  Type element = getElementType(place.buffer);
  Value one;
  if (IntegerType raw = getRawType(element)) {
    int64_t bytes = raw.getWidth() / 8;
    Value address = emitAddress(b, loc, place.buffer, place.indices);
    one = fromRaw(b, loc, LLVM::LoadOp::create(b, loc, raw, address, bytes),
                  element);
  } else {
    one = memref::LoadOp::create(b, loc, place.buffer, place.indices);
  }
  return vector::BroadcastOp::create(b, loc, getVectorType(element), one);
}

/// Elements with gaps between them are taken one by one.
static bool isContiguous(Value buffer) {
  return cast<MemRefType>(buffer.getType()).isLastDimUnitStride();
}

static AffineMapAttr getLastDimMap(OpBuilder &b, Value buffer) {
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  return AffineMapAttr::get(
      AffineMap::getMinorIdentityMap(rank, 1, b.getContext()));
}

Value RowViews::load(OpBuilder &builder, const Place &place, Value padding) {
  Type element = getElementType(place.buffer);
  VectorType type = getVectorType(element);
  if (!isContiguous(place.buffer)) {
    Value none =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
    return vector::TransferReadOp::create(
        builder, loc, type, place.buffer, place.indices,
        getLastDimMap(builder, place.buffer), none, place.mask,
        builder.getBoolArrayAttr({true}));
  }
  if (IntegerType raw = getRawType(element))
    return loadRaw(builder, place, padding, raw);
  if (!place.mask)
    return vector::LoadOp::create(builder, loc, type, place.buffer,
                                  place.indices);
  if (!padding)
    padding =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, place.buffer,
                                      place.indices, place.mask, padding);
}

/// `value`, of which LLVM does not know how it was made. It has non-temporal
/// stores of integers but none of f16 and bf16, which it writes through the
/// caches, and would store what these integers were converted from.
static Value hideOrigin(OpBuilder &b, Location loc, Value value) {
  auto dialect =
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT);
  return LLVM::InlineAsmOp::create(
             b, loc, value.getType(), value, /*asm_string=*/"",
             /*constraints=*/"=v,0", /*has_side_effects=*/false,
             /*is_align_stack=*/false, LLVM::TailCallKind::None, dialect,
             /*operand_attrs=*/ArrayAttr())
      .getResult(0);
}

void RowViews::store(OpBuilder &builder, const Place &place, Value value) {
  Type element = getElementType(place.buffer);
  if (!isContiguous(place.buffer)) {
    vector::TransferWriteOp::create(
        builder, loc, value, place.buffer, place.indices,
        getLastDimMap(builder, place.buffer), place.mask,
        builder.getBoolArrayAttr({true}));
    return;
  }
  if (IntegerType raw = getRawType(element)) {
    int64_t bytes = raw.getWidth() / 8;
    value = element.isInteger(1)
                ? Value(arith::ExtUIOp::create(builder, loc, getVectorType(raw),
                                               value))
                : Value(arith::BitcastOp::create(builder, loc,
                                                 getVectorType(raw), value));
    constexpr int64_t kLeastStreamed = 16; // Bytes.
    if (!place.mask && streams && isa<FloatType>(element) &&
        bytes * layout.getLaneCount() >= kLeastStreamed)
      value = hideOrigin(builder, loc, value);
    Value address = emitAddress(builder, loc, place.buffer, place.indices);
    if (!place.mask)
      LLVM::StoreOp::create(builder, loc, value, address,
                            streams ? bytes * layout.getLaneCount() : bytes,
                            /*isVolatile=*/false, /*isNonTemporal=*/streams);
    else
      LLVM::MaskedStoreOp::create(builder, loc, value, address, place.mask,
                                  builder.getI32IntegerAttr(bytes));
    return;
  }
  // Without the alignment LLVM would write such vectors scalar by scalar.
  if (!place.mask && streams)
    vector::StoreOp::create(
        builder, loc, value, place.buffer, place.indices, /*nontemporal=*/true,
        llvm::Align(getByteSize(element) * layout.getLaneCount()));
  else if (!place.mask)
    vector::StoreOp::create(builder, loc, value, place.buffer, place.indices);
  else
    vector::MaskedStoreOp::create(builder, loc, place.buffer, place.indices,
                                  place.mask, value);
}

Value RowViews::loadView(OpBuilder &builder, Value view, const Lanes &lanes,
                         Value padding) {
  Place place = getPlace(builder, view, lanes);
  bool repeats = layout.isAcross() &&
                 cast<MemRefType>(view.getType()).getShape().back() == 1;
  return repeats ? loadRepeated(builder, place) : load(builder, place, padding);
}

Value RowViews::loadVector(OpBuilder &builder, Value buffer, const Lanes &lanes,
                           Value padding) {
  return load(builder, getBufferPlace(builder, buffer, lanes), padding);
}

void RowViews::storeView(OpBuilder &builder, Value view, const Lanes &lanes,
                         Value value) {
  store(builder, getPlace(builder, view, lanes), value);
}

void RowViews::storeVector(OpBuilder &builder, Value buffer, const Lanes &lanes,
                           Value value) {
  store(builder, getBufferPlace(builder, buffer, lanes), value);
}

//===----------------------------------------------------------------------===//
// Ahead of reading
//===----------------------------------------------------------------------===//

static constexpr int64_t kLineBytes = 64;

/// How far apart the elements of a row lie in bytes. Across rows every position
/// has a line of its own.
int64_t RowViews::getStep(Value row) const {
  return layout.isAcross() ? kLineBytes : getByteSize(getElementType(row));
}

Value RowViews::emitAhead(OpBuilder &b, Value row, int64_t bytes) {
  return arith::ConstantIndexOp::create(b, loc, bytes / getStep(row));
}

void RowViews::prefetchRow(OpBuilder &b, Value row, ArrayRef<Lanes> group,
                           ArrayRef<Prefetch> steps) {
  int64_t step = getStep(row);
  for (auto [v, lanes] : llvm::enumerate(group)) {
    if (v * layout.getPositionCount() * step % kLineBytes != 0)
      continue;
    for (const Prefetch &how : steps) {
      Value position = arith::AddIOp::create(b, loc, lanes.position, how.ahead);
      Place place = getPlace(b, row, {position, Value()});
      memref::PrefetchOp::create(b, loc, row, place.indices, /*isWrite=*/false,
                                 how.locality, /*isDataCache=*/true);
    }
  }
}

/// A line of the block has the number q in the order in which the lines are
/// asked for: it lies on page q % kPages, and line q / kPages of it. The group
/// asks for as many as it reads, from the number on that it has itself in
/// memory.
void RowViews::prefetchPages(OpBuilder &b, Value row, ArrayRef<Lanes> group) {
  constexpr int64_t kPages = 8, kPageBytes = 4096;
  constexpr int64_t kBlockBytes = kPages * kPageBytes;
  int64_t step = getStep(row);
  int64_t bytes = group.size() * layout.getPositionCount() * step;
  int64_t lines = bytes / kLineBytes;
  if (lines == 0 || kPages % lines != 0)
    return;
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value position = group.front().position;
  Place place = getPlace(b, row, {position, Value()});
  Value address = emitAddressAsIndex(b, loc, row, place.indices);
  auto maskBits = [&](int64_t bits) -> Value {
    return arith::AndIOp::create(b, loc, address, index(bits));
  };
  // The numbers of the first line's page and of the line, both in bytes.
  Value inBlock = maskBits(kBlockBytes - 1);
  Value page = arith::MulIOp::create(
      b, loc, maskBits((kPages - 1) * kLineBytes & ~(bytes - 1)),
      index(kPageBytes / kLineBytes));
  Value line = arith::DivUIOp::create(
      b, loc, maskBits(kBlockBytes - kPages * kLineBytes), index(kPages));
  Value there = arith::AddIOp::create(b, loc, page, line);
  Value way = arith::SubIOp::create(
      b, loc, arith::AddIOp::create(b, loc, there, index(kBlockBytes)),
      inBlock);
  Value ahead = arith::AddIOp::create(
      b, loc, position, arith::DivUIOp::create(b, loc, way, index(step)));
  for (int64_t i = 0; i < lines; ++i) {
    Value at =
        arith::AddIOp::create(b, loc, ahead, index(i * kPageBytes / step));
    memref::PrefetchOp::create(b, loc, row,
                               getPlace(b, row, {at, Value()}).indices,
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
  }
}

Value RowViews::emitExceedCache(OpBuilder &b, Value operand) {
  int64_t bytes = getByteSize(getElementType(operand));
  Value size = getRowLength();
  for (Value outer : getOuterSizes())
    size = arith::MulIOp::create(b, loc, size, outer);
  return arith::CmpIOp::create(
      b, loc, arith::CmpIPredicate::uge, size,
      arith::ConstantIndexOp::create(b, loc, kCacheBytes / bytes));
}

//===----------------------------------------------------------------------===//
// Row numbers and flags
//===----------------------------------------------------------------------===//

Value RowViews::loadRowNumbers(OpBuilder &builder, Value operand) {
  auto type = cast<MemRefType>(operand.getType());
  Place place{operand, getOuterIndices(operand, type.getRank()),
              layout.getRowMask()};
  return type.getShape().back() == 1 ? loadRepeated(builder, place)
                                     : load(builder, place, Value());
}

void RowViews::storeRowNumbers(OpBuilder &builder, Value operand, Value value) {
  int64_t rank = cast<MemRefType>(operand.getType()).getRank();
  store(builder, {operand, getOuterIndices(operand, rank), layout.getRowMask()},
        value);
}

Value RowViews::loadFlags(OpBuilder &builder, Value buffer,
                          const Lanes &lanes) {
  if (layout.isAcross())
    return loadView(builder, buffer, lanes, Value());
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
