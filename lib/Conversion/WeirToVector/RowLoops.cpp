//===- RowLoops.cpp - loops over the rows of an op ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLoops.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

Value RowLoops::index(OpBuilder &builder, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

void RowLoops::enterMode(OpBuilder &builder) {
  if (!flushesDenormals)
    return;
  auto region = cpu::FlushDenormalsOp::create(builder, loc);
  builder.setInsertionPointToStart(&region.getBody().front());
}

/// What is emitted next goes before the place where stores past the caches are
/// waited for.
void RowLoops::leaveStreams(OpBuilder &builder) {
  Value large = access.getResultsAreLarge();
  if (!large)
    return;
  auto branch =
      scf::IfOp::create(builder, loc, large, /*withElseRegion=*/false);
  OpBuilder inside = branch.getThenBodyBuilder();
  cpu::DrainStoresOp::create(inside, loc);
  builder.setInsertionPoint(branch);
}

void RowLoops::emitRow(OpBuilder &builder, ValueRange indices, Value scratch,
                       Row row) {
  op->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  builder.setInsertionPoint(op);
  access.enterRow(builder, indices);
  row(builder, scratch);
}

void RowLoops::emitSerial(OpBuilder &builder, Row row) {
  Value buffer;
  if (scratch.element) {
    auto type = MemRefType::get({ShapedType::kDynamic}, scratch.element);
    buffer = memref::AllocOp::create(builder, loc, type, emitPitch(builder),
                                     builder.getI64IntegerAttr(64));
    // Freed where the loops end: what follows goes before the op's old place.
    auto free = memref::DeallocOp::create(builder, loc, buffer);
    builder.setInsertionPoint(free);
  }
  leaveStreams(builder);
  enterMode(builder);
  SmallVector<Value> indices;
  Value zero = index(builder, 0), one = index(builder, 1);
  for (Value size : access.getOuterSizes()) {
    auto loop = scf::ForOp::create(builder, loc, zero, size, one);
    indices.push_back(loop.getInductionVar());
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  }
  emitRow(builder, indices, buffer, row);
}

/// The elements of a scratch row: whole cache lines, so that whole vectors may
/// be stored at its end.
Value RowLoops::emitPitch(OpBuilder &builder) {
  int64_t line = 512 / scratch.element.getIntOrFloatBitWidth();
  Value lines = arith::CeilDivUIOp::create(builder, loc, scratch.size,
                                           index(builder, line));
  return arith::MulIOp::create(builder, loc, lines, index(builder, line));
}

/// One row for each part, each on cache lines of its own. All are allocated by
/// the calling thread, which alone can end the call when memory is short.
Value RowLoops::emitScratch(OpBuilder &builder, Value parts) {
  Value pitch = emitPitch(builder);
  auto type = MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                              scratch.element);
  return memref::AllocOp::create(builder, loc, type, ValueRange{parts, pitch},
                                 builder.getI64IntegerAttr(64));
}

/// The first row of part `part`: parts differ by at most one row.
static Value emitFirstRow(OpBuilder &builder, Location loc, Value part,
                          Value share, Value rest) {
  Value first = arith::MulIOp::create(builder, loc, part, share);
  Value longer = arith::MinUIOp::create(builder, loc, part, rest);
  return arith::AddIOp::create(builder, loc, first, longer);
}

/// The outer indices of row `row` of all.
static SmallVector<Value> emitIndices(OpBuilder &builder, Location loc,
                                      Value row, ArrayRef<Value> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (int64_t dim = sizes.size() - 1; dim > 0; --dim) {
    indices[dim] = arith::RemUIOp::create(builder, loc, row, sizes[dim]);
    row = arith::DivUIOp::create(builder, loc, row, sizes[dim]);
  }
  indices[0] = row;
  return indices;
}

void RowLoops::emitParts(OpBuilder &builder, Row row) {
  Value zero = index(builder, 0), one = index(builder, 1);
  Value count = one;
  for (Value size : access.getOuterSizes())
    count = arith::MulIOp::create(builder, loc, count, size);
  Value work =
      arith::MulIOp::create(builder, loc, count, access.getRowLength());
  Value shares =
      arith::DivUIOp::create(builder, loc, work, index(builder, grain));
  Value wanted = arith::MinUIOp::create(builder, loc, count, shares);
  Value parts =
      cpu::PartsOp::create(builder, loc, builder.getIndexType(), wanted);
  Value share = arith::DivUIOp::create(builder, loc, count, parts);
  Value rest = arith::RemUIOp::create(builder, loc, count, parts);
  Value allScratch = scratch.element ? emitScratch(builder, parts) : Value();

  auto loop = scf::ParallelOp::create(builder, loc, ValueRange{zero},
                                      ValueRange{parts}, ValueRange{one});
  if (allScratch)
    memref::DeallocOp::create(builder, loc, allScratch);
  builder.setInsertionPointToStart(loop.getBody());
  Value part = loop.getInductionVars()[0];
  Value first = emitFirstRow(builder, loc, part, share, rest);
  Value next = arith::AddIOp::create(builder, loc, part, one);
  Value end = emitFirstRow(builder, loc, next, share, rest);
  Value buffer;
  if (allScratch) {
    SmallVector<OpFoldResult> offsets = {part, builder.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes = {builder.getIndexAttr(1), scratch.size};
    SmallVector<OpFoldResult> strides(2, builder.getIndexAttr(1));
    auto type = memref::SubViewOp::inferRankReducedResultType(
        {ShapedType::kDynamic}, cast<MemRefType>(allScratch.getType()), offsets,
        sizes, strides);
    buffer = memref::SubViewOp::create(builder, loc, cast<MemRefType>(type),
                                       allScratch, offsets, sizes, strides);
  }
  leaveStreams(builder);
  enterMode(builder);
  auto rowLoop = scf::ForOp::create(builder, loc, first, end, one);
  builder.setInsertionPoint(rowLoop.getBody()->getTerminator());
  SmallVector<Value> indices = emitIndices(
      builder, loc, rowLoop.getInductionVar(), access.getOuterSizes());
  emitRow(builder, indices, buffer, row);
}

void RowLoops::emit(OpBuilder &builder, Row row) {
  OpBuilder::InsertionGuard guard(builder);
  // A single row has nothing to share.
  if (grain == 0 || access.getOuterSizes().empty())
    emitSerial(builder, row);
  else
    emitParts(builder, row);
}
