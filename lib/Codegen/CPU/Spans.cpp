//===- Spans.cpp - loops over whole vectors and what is left ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Spans.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weir;

Value weir::emitSum(OpBuilder &b, Location loc, Value value, int64_t addend) {
  if (addend == 0)
    return value;
  return b.createOrFold<arith::AddIOp>(
      loc, value, arith::ConstantIndexOp::create(b, loc, addend));
}

/// A loop over [begin, end), whose length is a multiple of `step`.
static void emitLoop(OpBuilder &b, Location loc, Value begin, Value end,
                     int64_t step,
                     llvm::function_ref<void(OpBuilder &, Value)> body) {
  Value stride = arith::ConstantIndexOp::create(b, loc, step);
  scf::ForOp::create(b, loc, begin, end, stride, ValueRange(),
                     [&](OpBuilder &inner, Location, Value place, ValueRange) {
                       body(inner, place);
                       scf::YieldOp::create(inner, loc);
                     });
}

static Value emitStaticSteps(OpBuilder &b, Location loc, int64_t size,
                             int64_t most, int64_t unit, StepBody body) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  int64_t units = size / unit;
  if (units == 0)
    return index(0);
  int64_t count = llvm::divideCeil(units, llvm::divideCeil(units, most));
  int64_t whole = units / count * count;
  if (whole == count)
    body(b, index(0), count);
  else
    emitLoop(b, loc, index(0), index(whole * unit), count * unit,
             [&](OpBuilder &inner, Value place) { body(inner, place, count); });
  if (whole < units)
    body(b, index(whole * unit), units - whole);
  return index(units * unit);
}

Value weir::emitInSteps(OpBuilder &b, Location loc, Value size, int64_t most,
                        int64_t unit, StepBody body) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return emitStaticSteps(b, loc, *known, most, unit, body);
  Value begin = arith::ConstantIndexOp::create(b, loc, 0);
  for (int64_t count = most; count > 0;
       count = count > 1 ? llvm::PowerOf2Ceil(count) / 2 : 0) {
    Value step = arith::ConstantIndexOp::create(b, loc, count * unit);
    Value left = arith::SubIOp::create(b, loc, size, begin);
    Value rest = arith::RemUIOp::create(b, loc, left, step);
    Value end = arith::SubIOp::create(b, loc, size, rest);
    emitLoop(b, loc, begin, end, count * unit,
             [&](OpBuilder &inner, Value place) { body(inner, place, count); });
    begin = end;
  }
  return begin;
}

void weir::emitTail(OpBuilder &b, Location loc, Value begin, Value end,
                    int64_t lanes, bool masks, TailBody body) {
  std::optional<int64_t> from = getConstantIntValue(begin),
                         to = getConstantIntValue(end);
  if (from && to && *from == *to)
    return;
  if (!masks)
    return emitLoop(b, loc, begin, end, 1, [&](OpBuilder &inner, Value place) {
      body(inner, place, 1, Value());
    });
  auto emitMasked = [&](OpBuilder &inner, Location) {
    Value left = arith::SubIOp::create(inner, loc, end, begin);
    Value mask = vector::CreateMaskOp::create(
        inner, loc, VectorType::get(lanes, inner.getI1Type()), left);
    body(inner, begin, lanes, mask);
  };
  if (from && to)
    return emitMasked(b, loc);
  Value isLeft =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, begin, end);
  scf::IfOp::create(b, loc, isLeft, [&](OpBuilder &inner, Location) {
    emitMasked(inner, loc);
    scf::YieldOp::create(inner, loc);
  });
}

Value weir::emitAddress(OpBuilder &b, Location loc, Value memref,
                        ValueRange indices) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, loc, metadata.getBaseBuffer());
  Value element = metadata.getOffset();
  for (auto [index, stride] : llvm::zip_equal(indices, metadata.getStrides())) {
    Value before = b.createOrFold<arith::MulIOp>(loc, index, stride);
    element = b.createOrFold<arith::AddIOp>(loc, element, before);
  }
  int64_t bytes =
      cast<MemRefType>(memref.getType()).getElementTypeBitWidth() / 8;
  Value offset = b.createOrFold<arith::MulIOp>(
      loc, element, arith::ConstantIndexOp::create(b, loc, bytes));
  Value address = arith::AddIOp::create(b, loc, base, offset);
  address = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

/// LLVM takes vectors of 16-bit floats apart on targets that do not compute
/// with them, so these are loaded as integers.
static Value loadHalves(OpBuilder &b, Location loc, VectorType type,
                        Value memref, ValueRange indices, Value mask) {
  constexpr int64_t kBytes = 2;
  Value address = emitAddress(b, loc, memref, indices), bits;
  VectorType raw = type.clone(b.getI16Type());
  if (mask)
    bits = LLVM::MaskedLoadOp::create(
        b, loc, raw, address, mask,
        arith::ConstantOp::create(b, loc, b.getZeroAttr(raw)).getResult(),
        b.getI32IntegerAttr(kBytes));
  else
    bits = LLVM::LoadOp::create(b, loc, raw, address, kBytes);
  return arith::BitcastOp::create(b, loc, type, bits);
}

Value weir::loadVector(OpBuilder &b, Location loc, VectorType type,
                       Value memref, ValueRange indices, Value mask) {
  if (type.getElementTypeBitWidth() == 16)
    return loadHalves(b, loc, type, memref, indices, mask);
  if (!mask)
    return vector::LoadOp::create(b, loc, type, memref, indices);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, memref, indices, mask,
                                      zero);
}

void weir::storeVector(OpBuilder &b, Location loc, Value vector, Value memref,
                       ValueRange indices, Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(b, loc, memref, indices, mask, vector);
  else
    vector::StoreOp::create(b, loc, vector, memref, indices);
}
