//===- TileRegisters.cpp - tile registers of AMX ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileRegisters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace weir;

static Value getRowBytes(OpBuilder &b, Location loc) {
  return arith::ConstantIntOp::create(b, loc, b.getI16Type(), kTileRowBytes);
}

static Value emitTile(OpBuilder &b, Location loc, StringRef name,
                      ValueRange operands) {
  Type tile = LLVM::LLVMX86AMXType::get(b.getContext());
  return LLVM::CallIntrinsicOp::create(b, loc, tile, b.getStringAttr(name),
                                       operands)
      ->getResult(0);
}

Value weir::emitTileLoad(OpBuilder &b, Location loc, Value height,
                         Value address, Value pitch) {
  return emitTile(b, loc, "llvm.x86.tileloadd64.internal",
                  {height, getRowBytes(b, loc), address, pitch});
}

Value weir::emitTileZero(OpBuilder &b, Location loc, Value height) {
  return emitTile(b, loc, "llvm.x86.tilezero.internal",
                  {height, getRowBytes(b, loc)});
}

void weir::emitTileStore(OpBuilder &b, Location loc, Value height,
                         Value address, Value pitch, Value tile) {
  LLVM::CallIntrinsicOp::create(
      b, loc, b.getStringAttr("llvm.x86.tilestored64.internal"),
      ValueRange{height, getRowBytes(b, loc), address, pitch, tile});
}

Value weir::emitTileProduct(OpBuilder &b, Location loc, Value height, Value c,
                            Value a, Value pairs) {
  Value bytes = getRowBytes(b, loc);
  return emitTile(b, loc, "llvm.x86.tdpbf16ps.internal",
                  {height, bytes, bytes, c, a, pairs});
}

Value weir::emitPitch(OpBuilder &b, Location loc, Value memref) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  auto type = cast<MemRefType>(memref.getType());
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  unsigned row = type.getRank() == 4 ? 1 : 0;
  Value pitch = b.createOrFold<arith::MulIOp>(
      loc, metadata.getStrides()[row],
      arith::ConstantIndexOp::create(b, loc, bytes));
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), pitch);
}
