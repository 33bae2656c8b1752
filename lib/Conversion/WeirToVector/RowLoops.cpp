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
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

Value RowLoops::index(OpBuilder &builder, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

void RowLoops::enterMode(OpBuilder &builder) {
  if (flushes == Flushes::None)
    return;
  auto region =
      cpu::FlushDenormalsOp::create(builder, loc, flushes == Flushes::Results);
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

void RowLoops::emitRow(OpBuilder &builder, ValueRange indices, Value rowMask,
                       ValueRange scratch, Row row) {
  op->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  builder.setInsertionPoint(op);
  access.setRowMask(rowMask);
  access.enterRow(builder, indices);
  row(builder, scratch);
}

/// The sizes of the loops: those of the outer dimensions, across rows with
/// groups in place of rows.
SmallVector<Value> RowLoops::emitUnitCounts(OpBuilder &builder) {
  SmallVector<Value> counts(access.getOuterSizes());
  const LaneLayout &layout = access.getLayout();
  if (layout.hasRowVectors())
    counts.back() = arith::CeilDivUIOp::create(
        builder, loc, counts.back(), index(builder, layout.getLaneCount()));
  return counts;
}

/// Emits the row, or the group of rows, at `indices`.
void RowLoops::emitUnit(OpBuilder &builder, SmallVector<Value> indices,
                        ValueRange scratch, Row row) {
  const LaneLayout &layout = access.getLayout();
  if (!layout.hasRowVectors())
    return emitRow(builder, indices, Value(), scratch, row);
  int64_t lanes = layout.getLaneCount(), size = access.getStaticOuterSize();
  Value first = arith::MulIOp::create(builder, loc, indices.back(),
                                      index(builder, lanes));
  indices.back() = first;
  auto emitMasked = [&](OpBuilder &b) {
    Value left =
        arith::SubIOp::create(b, loc, access.getOuterSizes().back(), first);
    Value mask = vector::CreateMaskOp::create(
        b, loc, access.getVectorType(b.getI1Type()), left);
    emitRow(b, indices, mask, scratch, row);
  };
  bool isStatic = !ShapedType::isDynamic(size);
  if (isStatic && size % lanes == 0)
    return emitRow(builder, indices, Value(), scratch, row);
  // A block is visited row by row, with masks only where rows have numbers.
  if (masksCheaply || layout.isBlock() || (isStatic && size < lanes))
    return emitMasked(builder);
  Value end = arith::AddIOp::create(builder, loc, first, index(builder, lanes));
  Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule,
                                        end, access.getOuterSizes().back());
  auto branch =
      scf::IfOp::create(builder, loc, isWhole, /*withElseRegion=*/true);
  OpBuilder whole = branch.getThenBodyBuilder(),
            tail = branch.getElseBodyBuilder();
  emitRow(whole, indices, Value(), scratch, row);
  emitMasked(tail);
}

Value RowLoops::getGivenScratch() {
  auto rows = dyn_cast<RowsOp>(op);
  return rows ? Value(rows.getScratch()) : Value();
}

void RowLoops::emitSerial(OpBuilder &builder, Row row) {
  SmallVector<Value> scratch;
  if (Value given = getGivenScratch(); given && allScratch.size() == 1)
    return emitLoops(builder, given, row);
  for (const Scratch &each : allScratch) {
    auto type = MemRefType::get({ShapedType::kDynamic}, each.element);
    scratch.push_back(memref::AllocOp::create(builder, loc, type,
                                              emitPitch(builder, each),
                                              builder.getI64IntegerAttr(64)));
  }
  // Freed where the loops end: what follows goes before the op's old place.
  Operation *end = op;
  for (Value buffer : scratch) {
    builder.setInsertionPoint(end);
    end = memref::DeallocOp::create(builder, loc, buffer);
  }
  builder.setInsertionPoint(end);
  emitLoops(builder, scratch, row);
}

/// Loops over all rows, one after the other.
void RowLoops::emitLoops(OpBuilder &builder, ValueRange scratch, Row row) {
  leaveStreams(builder);
  enterMode(builder);
  SmallVector<Value> indices;
  Value zero = index(builder, 0), one = index(builder, 1);
  for (Value count : emitUnitCounts(builder)) {
    auto loop = scf::ForOp::create(builder, loc, zero, count, one);
    indices.push_back(loop.getInductionVar());
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  }
  emitUnit(builder, indices, scratch, row);
}

/// The elements of a scratch row: whole cache lines, so that whole vectors may
/// be stored at its end.
Value RowLoops::emitPitch(OpBuilder &builder, const Scratch &scratch) {
  int64_t line = 512 / scratch.element.getIntOrFloatBitWidth();
  Value lines = arith::CeilDivUIOp::create(builder, loc, scratch.size,
                                           index(builder, line));
  return arith::MulIOp::create(builder, loc, lines, index(builder, line));
}

/// Bytes between the scratch of two threads: what one asks for ahead, or
/// fetches beside a line, must not be the other's.
static constexpr int64_t kApart = 512;

/// One row for each part, each on cache lines of its own. All are allocated by
/// the calling thread, which alone can end the call when memory is short.
Value RowLoops::emitScratch(OpBuilder &builder, const Scratch &scratch,
                            Value parts) {
  int64_t apart = kApart / (scratch.element.getIntOrFloatBitWidth() / 8);
  Value pitch = arith::AddIOp::create(builder, loc, emitPitch(builder, scratch),
                                      index(builder, apart));
  auto type = MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                              scratch.element);
  return memref::AllocOp::create(builder, loc, type, ValueRange{parts, pitch},
                                 builder.getI64IntegerAttr(64));
}

/// The scratch row of one part.
Value RowLoops::emitOwnScratch(OpBuilder &builder, Value all,
                               const Scratch &scratch, Value part) {
  SmallVector<OpFoldResult> offsets = {part, builder.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes = {builder.getIndexAttr(1), scratch.size};
  SmallVector<OpFoldResult> strides(2, builder.getIndexAttr(1));
  auto type = memref::SubViewOp::inferRankReducedResultType(
      {ShapedType::kDynamic}, cast<MemRefType>(all.getType()), offsets, sizes,
      strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(type), all,
                                   offsets, sizes, strides);
}

/// The first unit of part `part`: parts differ by at most one.
static Value emitFirstUnit(OpBuilder &builder, Location loc, Value part,
                           Value share, Value rest) {
  Value first = arith::MulIOp::create(builder, loc, part, share);
  Value longer = arith::MinUIOp::create(builder, loc, part, rest);
  return arith::AddIOp::create(builder, loc, first, longer);
}

/// The outer indices of row `row` of all.
static SmallVector<Value> emitIndices(OpBuilder &builder, Location loc,
                                      Value row, ArrayRef<Value> sizes) {
  SmallVector<Value> indices(sizes.size());
  if (sizes.empty())
    return indices;
  for (int64_t dim = sizes.size() - 1; dim > 0; --dim) {
    indices[dim] = arith::RemUIOp::create(builder, loc, row, sizes[dim]);
    row = arith::DivUIOp::create(builder, loc, row, sizes[dim]);
  }
  indices[0] = row;
  return indices;
}

/// Rows are cut into pieces, of which threads get consecutive ones.
struct RowLoops::Pieces {
  Value perRow, length;
};

/// Short rows are one piece each. Sizes alone say which.
RowLoops::Pieces RowLoops::emitPieces(OpBuilder &builder) {
  // Pages that are visited in turn fit in whole, and cache lines in any type.
  constexpr int64_t kMostInPiece = 16384, kLine = 64;
  int64_t length =
      std::min<int64_t>(kMostInPiece, llvm::divideCeil(grain, kLine) * kLine);
  Value piece = index(builder, length), row = access.getRowLength();
  Value isLong = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge,
                                       row, index(builder, 2 * length));
  Value count = arith::CeilDivUIOp::create(builder, loc, row, piece);
  return {
      arith::SelectOp::create(builder, loc, isLong, count, index(builder, 1)),
      arith::SelectOp::create(builder, loc, isLong, piece, row)};
}

/// A loop over the rows that pieces [first, end) lie in. Lets sweeps visit
/// those pieces only; returns the row.
Value RowLoops::emitPieceLoop(OpBuilder &builder, const Pieces &pieces,
                              Value first, Value end) {
  Value one = index(builder, 1);
  Value from = arith::DivUIOp::create(builder, loc, first, pieces.perRow);
  Value to = arith::CeilDivUIOp::create(builder, loc, end, pieces.perRow);
  auto loop = scf::ForOp::create(builder, loc, from, to, one);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  Value row = loop.getInductionVar();
  Value own = arith::MulIOp::create(builder, loc, row, pieces.perRow);
  Value next = arith::AddIOp::create(builder, loc, own, pieces.perRow);
  auto place = [&](Value piece) -> Value {
    Value inRow = arith::SubIOp::create(builder, loc, piece, own);
    return arith::MulIOp::create(builder, loc, inRow, pieces.length);
  };
  Value begin = place(arith::MaxUIOp::create(builder, loc, first, own));
  Value beyond = place(arith::MinUIOp::create(builder, loc, end, next));
  access.setPart(begin, arith::MinUIOp::create(builder, loc, beyond,
                                               access.getRowLength()));
  return row;
}

void RowLoops::emitParts(OpBuilder &builder, Row row) {
  Value zero = index(builder, 0), one = index(builder, 1);
  auto product = [&](ValueRange factors) {
    Value result = one;
    for (Value factor : factors)
      result = arith::MulIOp::create(builder, loc, result, factor);
    return result;
  };
  SmallVector<Value> counts = emitUnitCounts(builder);
  Value count = product(counts);
  Value rowCount = access.getLayout().hasRowVectors()
                       ? product(access.getOuterSizes())
                       : count;
  Value work =
      arith::MulIOp::create(builder, loc, rowCount, access.getRowLength());
  Pieces pieces;
  if (cutsRows) {
    pieces = emitPieces(builder);
    count = arith::MulIOp::create(builder, loc, count, pieces.perRow);
  }
  Value shares =
      arith::DivUIOp::create(builder, loc, work, index(builder, grain));
  Value wanted = arith::MinUIOp::create(builder, loc, count, shares);
  Value parts =
      cpu::PartsOp::create(builder, loc, builder.getIndexType(), wanted);
  Value share = arith::DivUIOp::create(builder, loc, count, parts);
  Value rest = arith::RemUIOp::create(builder, loc, count, parts);
  SmallVector<Value> buffers;
  for (const Scratch &each : allScratch)
    buffers.push_back(emitScratch(builder, each, parts));

  auto loop = scf::ParallelOp::create(builder, loc, ValueRange{zero},
                                      ValueRange{parts}, ValueRange{one});
  for (Value buffer : buffers)
    memref::DeallocOp::create(builder, loc, buffer);
  builder.setInsertionPointToStart(loop.getBody());
  Value part = loop.getInductionVars()[0];
  Value first = emitFirstUnit(builder, loc, part, share, rest);
  Value next = arith::AddIOp::create(builder, loc, part, one);
  Value end = emitFirstUnit(builder, loc, next, share, rest);
  SmallVector<Value> scratch;
  for (auto [all, each] : llvm::zip_equal(buffers, allScratch))
    scratch.push_back(emitOwnScratch(builder, all, each, part));
  leaveStreams(builder);
  enterMode(builder);
  Value unit;
  if (cutsRows) {
    unit = emitPieceLoop(builder, pieces, first, end);
  } else {
    auto units = scf::ForOp::create(builder, loc, first, end, one);
    builder.setInsertionPoint(units.getBody()->getTerminator());
    unit = units.getInductionVar();
  }
  emitUnit(builder, emitIndices(builder, loc, unit, counts), scratch, row);
}

void RowLoops::emit(OpBuilder &builder, Row row) {
  OpBuilder::InsertionGuard guard(builder);
  // A single row that is not cut has nothing to share.
  if (grain == 0 || (access.getOuterSizes().empty() && !cutsRows))
    emitSerial(builder, row);
  else
    emitParts(builder, row);
}
