//===- TopKAccess.cpp - one row of the operands of weir.topk_rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TopKAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

FailureOr<TopKAccess> TopKAccess::create(TopKRowsOp op, OpBuilder &builder,
                                         Type computeType, int64_t laneCount) {
  SmallVector<Value> varying{op.getScores()};
  if (op.getMask())
    varying.push_back(op.getMask());
  SmallVector<Value> rows(varying);
  llvm::append_range(rows, op.getOutputs().take_front(2));
  TopKAccess access(op, computeType, laneCount);
  if (failed(access.checkContiguous(rows)))
    return failure();
  int64_t rank = cast<MemRefType>(op.getScores().getType()).getRank();
  access.emitSizes(builder, varying, rank, /*rowDim=*/rank - 1);
  return access;
}

void TopKAccess::enterRow(OpBuilder &builder, ValueRange outerIndices) {
  setIndices(outerIndices);
  scores = emitRowView(builder, op.getScores());
  if (op.getMask())
    mask = emitRowView(builder, op.getMask());
  values = emitRowView(builder, op.getOutputs()[0]);
  indices = emitRowView(builder, op.getOutputs()[1]);
}

Value TopKAccess::loadScores(OpBuilder &builder, const Lanes &lanes) {
  Type element = cast<MemRefType>(scores.getType()).getElementType();
  Value padding;
  if (lanes.mask) {
    auto lowest = builder.getFloatAttr(element, -INFINITY);
    padding = arith::ConstantOp::create(
        builder, op.getLoc(),
        DenseElementsAttr::get(getVectorType(element), TypedAttr(lowest)));
  }
  return toCompute(builder, loadVector(builder, scores, lanes, padding),
                   getComputeType());
}

Value TopKAccess::loadPassing(OpBuilder &builder, const Lanes &lanes,
                              llvm::function_ref<Value(Value)> passes) {
  Value passing = passes(loadScores(builder, lanes));
  if (!mask)
    return passing;
  return arith::AndIOp::create(builder, op.getLoc(), passing,
                               loadFlags(builder, mask, lanes));
}

Value TopKAccess::loadScore(OpBuilder &builder, Value position) {
  return toCompute(
      builder, memref::LoadOp::create(builder, op.getLoc(), scores, position),
      getComputeType());
}

Value TopKAccess::loadValue(OpBuilder &builder, Value slot) {
  return toCompute(builder,
                   memref::LoadOp::create(builder, op.getLoc(), values, slot),
                   getComputeType());
}

Value TopKAccess::loadThreshold(OpBuilder &builder) {
  Value thr = op.getThreshold();
  auto type = dyn_cast<MemRefType>(thr.getType());
  if (!type)
    return thr;
  return memref::LoadOp::create(builder, op.getLoc(), thr,
                                getOuterIndices(thr, type.getRank()));
}

Value TopKAccess::loadTotal(OpBuilder &builder) {
  Value output = op.getOutputs().back();
  int64_t rank = cast<MemRefType>(output.getType()).getRank();
  return memref::LoadOp::create(builder, op.getLoc(), output,
                                getOuterIndices(output, rank));
}

void TopKAccess::storeIndex(OpBuilder &builder, Value slot, Value position) {
  Location loc = op.getLoc();
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), position);
  memref::StoreOp::create(builder, loc, index, indices, slot);
}

void TopKAccess::storeCount(OpBuilder &builder, Value count) {
  Location loc = op.getLoc();
  Value output = op.getOutputs()[2];
  int64_t rank = cast<MemRefType>(output.getType()).getRank();
  Value number =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), count);
  memref::StoreOp::create(builder, loc, number, output,
                          getOuterIndices(output, rank));
}
