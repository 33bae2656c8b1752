//===- PackSource.cpp - what packing reads and writes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackSource.h"

#include "Spans.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

PackSource::PackSource(OpBuilder &b, cpu::PackOp op)
    : loc(op.getLoc()), src(op.getSrc()), dst(op.getDst()),
      inPairs(op.isInPairs()), transpose(op.getTranspose()),
      unit(inPairs ? b.getI32Type() : op.getDst().getType().getElementType()) {
  for (unsigned dim : {0, 1}) {
    elements[dim] = b.createOrFold<memref::DimOp>(loc, src, dim);
    rooms[dim] = b.createOrFold<memref::DimOp>(loc, dst, dim);
    sizes[dim] = wholeSizes[dim] = elements[dim];
  }
  if (!inPairs)
    return;
  Value two = arith::ConstantIndexOp::create(b, loc, 2);
  unsigned paired = transpose ? 1 : 0;
  wholeSizes[paired] = arith::DivUIOp::create(b, loc, elements[paired], two);
  sizes[paired] =
      b.createOrFold<arith::CeilDivUIOp>(loc, elements[paired], two);
}

static Value emitMask(OpBuilder &b, Location loc, int64_t lanes, Value count) {
  if (!count)
    return Value();
  return vector::CreateMaskOp::create(
      b, loc, VectorType::get(lanes, b.getI1Type()), count);
}

/// Pairs that lie in `src` as they are.
Value PackSource::loadPairsAlongRow(OpBuilder &b, int64_t width, Value row,
                                    Value column, Value count) {
  Value two = arith::ConstantIndexOp::create(b, loc, 2);
  Value first = arith::MulIOp::create(b, loc, column, two);
  if (count) {
    // The last pair may end with the row.
    count = arith::MulIOp::create(b, loc, count, two);
    Value left = arith::SubIOp::create(b, loc, elements[1], first);
    count = arith::MinUIOp::create(b, loc, count, left);
  }
  auto halves = VectorType::get(2 * width, b.getBF16Type());
  Value vector = loadVector(b, loc, halves, src, {row, first},
                            emitMask(b, loc, 2 * width, count));
  return vector::BitCastOp::create(b, loc, VectorType::get(width, unit),
                                   vector);
}

/// Pairs of an element of one row and one of the next.
Value PackSource::loadPairsOfRows(OpBuilder &b, int64_t width, Value row,
                                  Value column, Value count) {
  auto type = VectorType::get(width, b.getBF16Type());
  auto pairs = VectorType::get(width, unit);
  auto loadRow = [&](Value at, Value many) -> Value {
    Value vector = loadVector(b, loc, type, src, {at, column},
                              emitMask(b, loc, width, many));
    Value bits =
        arith::BitcastOp::create(b, loc, type.clone(b.getI16Type()), vector);
    return arith::ExtUIOp::create(b, loc, pairs, bits);
  };
  Value two = arith::ConstantIndexOp::create(b, loc, 2);
  Value even = arith::MulIOp::create(b, loc, row, two);
  Value odd = emitSum(b, loc, even, 1);
  Value isThere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, odd,
                                        elements[0]);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value all = count ? count : arith::ConstantIndexOp::create(b, loc, width);
  Value low = loadRow(even, count);
  Value high =
      loadRow(odd, arith::SelectOp::create(b, loc, isThere, all, zero));
  Value shift = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(pairs, b.getI32IntegerAttr(16)));
  return arith::OrIOp::create(b, loc, low,
                              arith::ShLIOp::create(b, loc, high, shift));
}

Value PackSource::load(OpBuilder &b, int64_t width, Value row, Value column,
                       Value count) {
  if (inPairs)
    return transpose ? loadPairsAlongRow(b, width, row, column, count)
                     : loadPairsOfRows(b, width, row, column, count);
  Type stored = cast<MemRefType>(src.getType()).getElementType();
  Value vector = loadVector(b, loc, VectorType::get(width, stored), src,
                            {row, column}, emitMask(b, loc, width, count));
  if (stored == unit)
    return vector;
  return arith::ExtFOp::create(b, loc, VectorType::get(width, unit), vector);
}

void PackSource::store(OpBuilder &b, Value units, Value row, Value column,
                       Value mask) {
  if (!inPairs)
    return storeVector(b, loc, units, dst, {row, column}, mask);
  constexpr int64_t kBytes = 2; // All that elements are sure to be aligned to.
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value address = emitAddress(b, loc, dst, {row, column, zero});
  if (mask)
    LLVM::MaskedStoreOp::create(b, loc, units, address, mask,
                                b.getI32IntegerAttr(kBytes));
  else
    LLVM::StoreOp::create(b, loc, units, address, kBytes);
}
