//===- RowAccess.cpp - one row of the operands of weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

/// The rank of the full shape: that of the highest varying operand, mask or
/// result.
static int64_t getFullRank(RowsOp rows, FormulaOp formula) {
  int64_t rank = 0;
  auto join = [&](Value value) {
    rank = std::max(rank, cast<ShapedType>(value.getType()).getRank());
  };
  for (auto [i, input] : llvm::enumerate(rows.getInputs()))
    if (!formula.isUniformArgument(i))
      join(input);
  if (rows.getMask())
    join(rows.getMask());
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      join(output);
  return rank;
}

/// All shaped operands that hold one value per element, the destinations first:
/// their sizes are exact, while an input may be broadcast.
static SmallVector<Value> getVaryingOperands(RowsOp rows, FormulaOp formula) {
  SmallVector<Value> values;
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      values.push_back(output);
  for (auto [i, input] : llvm::enumerate(rows.getInputs()))
    if (!formula.isUniformArgument(i))
      values.push_back(input);
  if (rows.getMask())
    values.push_back(rows.getMask());
  return values;
}

FailureOr<RowAccess> RowAccess::create(RowsOp rows, FormulaOp formula,
                                       OpBuilder &builder, Type computeType,
                                       int64_t laneCount) {
  SmallVector<Value> varying = getVaryingOperands(rows, formula);
  for (Value value : varying) {
    auto type = cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    if (type.getRank() == 0 ||
        failed(type.getStridesAndOffset(strides, offset)) ||
        (strides.back() != 1 && type.getShape().back() != 1))
      return rows.emitOpError("operand of type ")
             << type
             << " has no statically contiguous row; make it contiguous first";
  }
  RowAccess access(rows, formula, computeType, laneCount);
  Location loc = rows.getLoc();
  int64_t rank = getFullRank(rows, formula);
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
    access.outerSizes.push_back(size);
  }
  access.length = access.outerSizes.pop_back_val();
  access.resultsAreLarge = access.emitResultsAreLarge(builder);
  return access;
}

//===----------------------------------------------------------------------===//
// Writing past the caches
//===----------------------------------------------------------------------===//

static int64_t getBytes(Type element) {
  return element.isIndex()
             ? 8
             : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

Value RowAccess::emitResultsAreLarge(OpBuilder &b) {
  int64_t least = rows.getStreamBytes().value_or(0), bytes = 0;
  if (least == 0)
    return Value();
  for (auto [i, output] : llvm::enumerate(rows.getOutputs())) {
    if (formula.isUniformResult(i))
      continue;
    int64_t own = getBytes(getElementTypeOrSelf(output.getType()));
    if (own * laneCount < 16) // No instruction writes less.
      return Value();
    bytes += own;
  }
  Location loc = rows.getLoc();
  Value size = length;
  for (Value outer : outerSizes)
    size = arith::MulIOp::create(b, loc, size, outer);
  Value elements = arith::ConstantIndexOp::create(
      b, loc, llvm::divideCeil(least, std::max<int64_t>(bytes, 1)));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, size,
                               elements);
}

/// The address of element `position` of a one-dimensional buffer, as an index.
static Value emitAddressAsIndex(OpBuilder &b, Location loc, Value buffer,
                                Value position, int64_t bytes) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, loc, metadata.getBaseBuffer());
  Value element = arith::AddIOp::create(b, loc, metadata.getOffset(), position);
  Value offset = arith::MulIOp::create(
      b, loc, element, arith::ConstantIndexOp::create(b, loc, bytes));
  return arith::AddIOp::create(b, loc, base, offset);
}

Value RowAccess::emitStreams(OpBuilder &b) {
  if (!resultsAreLarge)
    return Value();
  Location loc = rows.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), all = resultsAreLarge;
  auto address = [&](Value row) {
    Type element = cast<MemRefType>(row.getType()).getElementType();
    return emitAddressAsIndex(b, loc, row, zero, getBytes(element));
  };
  auto also = [&](arith::CmpIPredicate predicate, Value x, Value y) {
    Value holds = arith::CmpIOp::create(b, loc, predicate, x, y);
    all = arith::AndIOp::create(b, loc, all, holds);
  };
  for (Value result : resultRows) {
    if (!result)
      continue;
    Type element = cast<MemRefType>(result.getType()).getElementType();
    Value start = address(result);
    Value mask = arith::ConstantIndexOp::create(
        b, loc, getBytes(element) * laneCount - 1);
    Value beyond = arith::AndIOp::create(b, loc, start, mask);
    also(arith::CmpIPredicate::eq, beyond, zero);
    for (Value input : inputRows)
      if (input)
        also(arith::CmpIPredicate::ne, start, address(input));
  }
  return all;
}

/// The row's outer indices as `operand` sees them: aligned from the right, 0
/// where it repeats.
SmallVector<Value> RowAccess::getOuterIndices(Value operand,
                                              int64_t operandOuterRank) {
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<Value> own;
  size_t skip = indices.size() - operandOuterRank;
  for (int64_t dim = 0; dim < operandOuterRank; ++dim) {
    Value index = indices[skip + dim];
    if (type.getDimSize(dim) == 1) {
      OpBuilder builder(rows.getContext());
      builder.setInsertionPointAfterValue(length);
      index = arith::ConstantIndexOp::create(builder, rows.getLoc(), 0);
    }
    own.push_back(index);
  }
  return own;
}

/// A one-dimensional view of the row of `operand`.
Value RowAccess::emitRowView(OpBuilder &builder, Value operand) {
  auto type = cast<MemRefType>(operand.getType());
  int64_t rank = type.getRank();
  if (rank == 1)
    return operand;
  SmallVector<OpFoldResult> offsets, sizes(rank, builder.getIndexAttr(1)),
      strides(rank, builder.getIndexAttr(1));
  for (Value index : getOuterIndices(operand, rank - 1))
    offsets.push_back(index);
  offsets.push_back(builder.getIndexAttr(0));
  int64_t size = type.getDimSize(rank - 1);
  // A row without elements is never read, and upstream takes no view of one.
  if (size == 0)
    return memref::AllocaOp::create(
        builder, rows.getLoc(), MemRefType::get({0}, type.getElementType()));
  sizes.back() = ShapedType::isDynamic(size)
                     ? OpFoldResult(length)
                     : OpFoldResult(builder.getIndexAttr(size));
  auto viewType = memref::SubViewOp::inferRankReducedResultType(
      {size}, type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, rows.getLoc(),
                                   cast<MemRefType>(viewType), operand, offsets,
                                   sizes, strides);
}

void RowAccess::enterRow(OpBuilder &builder, ValueRange outerIndices) {
  indices.assign(outerIndices.begin(), outerIndices.end());
  inputRows.assign(rows.getInputs().size(), Value());
  resultRows.assign(rows.getOutputs().size(), Value());
  for (auto [i, input] : llvm::enumerate(rows.getInputs()))
    if (!formula.isUniformArgument(i))
      inputRows[i] = emitRowView(builder, input);
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      resultRows[i] = emitRowView(builder, output);
  if (rows.getMask())
    maskRow = emitRowView(builder, rows.getMask());
}

Value RowAccess::emitRowIndex(OpBuilder &builder) {
  Location loc = rows.getLoc();
  if (Value row = rows.getRowBase()) {
    for (auto [index, stride] : llvm::zip(indices, rows.getRowStrides()))
      row = arith::AddIOp::create(
          builder, loc, row,
          arith::MulIOp::create(builder, loc, index, stride));
    return row;
  }
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

Value RowAccess::toCompute(OpBuilder &builder, Value value, Type formal) {
  Type element = getElementTypeOrSelf(value.getType()),
       wanted = getScalarType(formal);
  if (element == wanted)
    return value;
  Type type = likeShape(value, wanted);
  if (wanted.isIndex())
    return arith::IndexCastOp::create(builder, rows.getLoc(), type, value);
  if (element.getIntOrFloatBitWidth() < wanted.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, rows.getLoc(), type, value);
  return arith::TruncFOp::create(builder, rows.getLoc(), type, value);
}

Value RowAccess::toStorage(OpBuilder &builder, Value value, Type element) {
  Type own = getElementTypeOrSelf(value.getType());
  if (own == element)
    return value;
  Type type = likeShape(value, element);
  if (own.isIndex())
    return arith::IndexCastOp::create(builder, rows.getLoc(), type, value);
  if (own.getIntOrFloatBitWidth() > element.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(builder, rows.getLoc(), type, value);
  return arith::ExtFOp::create(builder, rows.getLoc(), type, value);
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
                         Value position, int64_t bytes) {
  Value address = emitAddressAsIndex(b, loc, buffer, position, bytes);
  address = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

Value RowAccess::loadRaw(OpBuilder &b, Value buffer, const Lanes &lanes,
                         Value padding, IntegerType raw) {
  Location loc = rows.getLoc();
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  int64_t bytes = raw.getWidth() / 8;
  Value address = emitAddress(b, loc, buffer, lanes.position, bytes);
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

Value RowAccess::loadVector(OpBuilder &builder, Value buffer,
                            const Lanes &lanes, Value padding) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (IntegerType raw = getRawType(element))
    return loadRaw(builder, buffer, lanes, padding, raw);
  VectorType type = getVectorType(element);
  Location loc = rows.getLoc();
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

void RowAccess::prefetch(OpBuilder &b, ArrayRef<Lanes> group) {
  Location loc = rows.getLoc();
  for (auto [i, row] : llvm::enumerate(inputRows)) {
    if (!row || isBroadcastAlongRow(i))
      continue;
    Type element = cast<MemRefType>(row.getType()).getElementType();
    int64_t bytes = getBytes(element);
    Value ahead =
        arith::ConstantIndexOp::create(b, loc, kPrefetchBytes / bytes);
    for (auto [v, lanes] : llvm::enumerate(group)) {
      if (v * laneCount * bytes % kLineBytes != 0)
        continue;
      Value position = arith::AddIOp::create(b, loc, lanes.position, ahead);
      memref::PrefetchOp::create(b, loc, row, position, /*isWrite=*/false,
                                 /*localityHint=*/3, /*isDataCache=*/true);
    }
  }
}

void RowAccess::storeVector(OpBuilder &builder, Value buffer,
                            const Lanes &lanes, Value value) {
  Location loc = rows.getLoc();
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (IntegerType raw = getRawType(element)) {
    int64_t bytes = raw.getWidth() / 8;
    value = element.isInteger(1)
                ? Value(arith::ExtUIOp::create(builder, loc, getVectorType(raw),
                                               value))
                : Value(arith::BitcastOp::create(builder, loc,
                                                 getVectorType(raw), value));
    Value address = emitAddress(builder, loc, buffer, lanes.position, bytes);
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
                            llvm::Align(getBytes(element) * laneCount));
  else if (!lanes.mask)
    vector::StoreOp::create(builder, loc, value, buffer,
                            ValueRange{lanes.position});
  else
    vector::MaskedStoreOp::create(
        builder, loc, buffer, ValueRange{lanes.position}, lanes.mask, value);
}

Value RowAccess::loadVarying(OpBuilder &builder, unsigned index,
                             const Lanes &lanes, Value padding) {
  Value row = inputRows[index];
  Type element = cast<MemRefType>(row.getType()).getElementType();
  if (padding && lanes.mask &&
      element != getElementTypeOrSelf(padding.getType()))
    padding = toStorage(builder, padding, element);
  return toCompute(builder, loadVector(builder, row, lanes, padding),
                   formula.getArgumentTypes()[index]);
}

bool RowAccess::isBroadcastAlongRow(unsigned index) const {
  FormulaOp op = formula;
  if (op.isUniformArgument(index))
    return false;
  RowsOp rowsOp = rows;
  auto type = cast<MemRefType>(rowsOp.getInputs()[index].getType());
  if (type.getShape().back() != 1)
    return false;
  // A row of static length 1 everywhere is an ordinary row.
  return !(length.getDefiningOp<arith::ConstantIndexOp>());
}

Value RowAccess::loadScalar(OpBuilder &builder, unsigned index) {
  Value input = rows.getInputs()[index];
  Location loc = rows.getLoc();
  Type formal = formula.getArgumentTypes()[index];
  if (!formula.isUniformArgument(index)) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    return toCompute(
        builder, memref::LoadOp::create(builder, loc, inputRows[index], zero),
        formal);
  }
  auto type = dyn_cast<MemRefType>(input.getType());
  if (!type)
    return toCompute(builder, input, formal);
  return toCompute(
      builder,
      memref::LoadOp::create(builder, loc, input,
                             getOuterIndices(input, type.getRank())),
      formal);
}

Value RowAccess::loadMask(OpBuilder &builder, const Lanes &lanes) {
  return loadVector(builder, maskRow, lanes, Value());
}

void RowAccess::storeVarying(OpBuilder &builder, unsigned result,
                             const Lanes &lanes, Value value) {
  Value row = resultRows[result];
  Type element = cast<MemRefType>(row.getType()).getElementType();
  storeVector(builder, row, lanes, toStorage(builder, value, element));
}

void RowAccess::storeScalar(OpBuilder &builder, unsigned result, Value value) {
  Value output = rows.getOutputs()[result];
  auto type = cast<MemRefType>(output.getType());
  memref::StoreOp::create(builder, rows.getLoc(),
                          toStorage(builder, value, type.getElementType()),
                          output, getOuterIndices(output, type.getRank()));
}
