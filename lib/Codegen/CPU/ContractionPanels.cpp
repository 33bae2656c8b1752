//===- ContractionPanels.cpp - operands of products in caches ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionPanels.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// What of B is met at a time where it lies: so many rows, or all that a tile
/// register has.
static constexpr int64_t kRowsAtATime = 16, kTileTerms = 32;
/// So many where B lies transposed: memory is fast for rows that go on.
static constexpr int64_t kTurnedTerms = 1 << 14;
/// Rows of B that are packed side by side: prefetchers follow no more.
static constexpr int64_t kPackedRows = 16;
/// Columns of B that rows of A are packed for, beside tiles of pairs.
static constexpr int64_t kPackedWidth = 256;

int64_t ContractionPanels::getDirectTerms() const {
  if (contraction.isTransposedB())
    return kTurnedTerms;
  return inPairs ? kTileTerms : kRowsAtATime;
}

/// Visits a range in blocks of `size`, of which the last may be smaller.
void ContractionPanels::forBlocks(OpBuilder &b, Range range, int64_t size,
                                  Body body) {
  Value step = index(b, size);
  scf::ForOp::create(b, loc, range.begin, range.end, step, ValueRange(),
                     [&](OpBuilder &inner, Location, Value begin, ValueRange) {
                       Value left =
                           arith::SubIOp::create(inner, loc, range.end, begin);
                       body(inner, begin, smaller(inner, left, step));
                       scf::YieldOp::create(inner, loc);
                     });
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

static Value emitView(OpBuilder &b, Location loc, Value memref,
                      ArrayRef<int64_t> shape, ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  MemRefType type = memref::SubViewOp::inferRankReducedResultType(
      shape, cast<MemRefType>(memref.getType()), offsets, sizes, strides);
  return memref::SubViewOp::create(b, loc, type, memref, offsets, sizes,
                                   strides);
}

static int64_t getStatic(OpFoldResult size) {
  return getConstantIntValue(size).value_or(ShapedType::kDynamic);
}

Value ContractionPanels::view(OpBuilder &b, const Contraction::Operand &operand,
                              unsigned first, unsigned second, Value row,
                              Value column, Value rows, Value columns) {
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> shape;
  for (unsigned loop : operand.loops) {
    bool isRow = loop == first, isColumn = loop == second;
    if (isRow || isColumn) {
      offsets.push_back(isRow ? row : column);
      sizes.push_back(getAsOpFoldResult(isRow ? rows : columns));
      shape.push_back(getStatic(sizes.back()));
      continue;
    }
    auto *outer = llvm::find(contraction.outer, loop);
    offsets.push_back(outerIndices[outer - contraction.outer.begin()]);
    sizes.push_back(b.getIndexAttr(1));
  }
  return emitView(b, loc, operand.value, shape, offsets, sizes);
}

/// Rows and columns of one strip of a panel.
Value ContractionPanels::viewStrip(OpBuilder &b, const Panels &panels,
                                   Value part, Value strip, Value row,
                                   Value column, Value depth, Value width) {
  OpFoldResult one = b.getIndexAttr(1);
  Value first = row, rows = depth;
  if (inPairs) {
    first = b.createOrFold<arith::DivUIOp>(loc, row, index(b, 2));
    rows = divideUp(b, depth, 2);
  }
  SmallVector<OpFoldResult> offsets = {part, strip, getAsOpFoldResult(first),
                                       getAsOpFoldResult(column)};
  SmallVector<OpFoldResult> sizes = {one, one, getAsOpFoldResult(rows),
                                     getAsOpFoldResult(width)};
  SmallVector<int64_t> shape = {getStatic(sizes[2]), getStatic(sizes[3])};
  if (inPairs) {
    offsets.push_back(b.getIndexAttr(0));
    sizes.push_back(b.getIndexAttr(2));
    shape.push_back(2);
  }
  return emitView(b, loc, panels.memory, shape, offsets, sizes);
}

/// All strips of a panel in pairs that hold `width` columns.
Value ContractionPanels::viewStrips(OpBuilder &b, const Panels &panels,
                                    Value part, Value depth, Value width) {
  int64_t strip = panels.blocking.strip;
  OpFoldResult zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> offsets(5, zero);
  offsets[0] = part;
  SmallVector<OpFoldResult> sizes = {
      b.getIndexAttr(1), getAsOpFoldResult(divideUp(b, width, strip)),
      getAsOpFoldResult(divideUp(b, depth, 2)), b.getIndexAttr(strip),
      b.getIndexAttr(2)};
  return emitView(b, loc, panels.memory,
                  {getStatic(sizes[1]), getStatic(sizes[2]), strip, 2}, offsets,
                  sizes);
}

Value ContractionPanels::viewBlockA(OpBuilder &b, Value blocks, Value part,
                                    Value height, Value depth) {
  OpFoldResult zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> sizes = {
      b.getIndexAttr(1), getAsOpFoldResult(height), getAsOpFoldResult(depth)};
  return emitView(b, loc, blocks, {getStatic(sizes[1]), getStatic(sizes[2])},
                  {part, zero, zero}, sizes);
}

/// Rows of A where they lie, or packed for `width` columns of B.
Value ContractionPanels::getA(OpBuilder &b, Value part, Value row, Value height,
                              Value sum, Value depth, Value width) {
  Value rows = view(b, contraction.a, contraction.row, contraction.sum, row,
                    sum, height, depth);
  if (!mayPackA())
    return rows;
  Value block = viewBlockA(b, blocks, part, height, depth);
  auto pack = [&](OpBuilder &at) {
    cpu::PackOp::create(at, loc, rows, block, contraction.isTransposedA());
  };
  if (mustPackA()) {
    pack(b);
    return block;
  }
  // Of a few strips reading the rows where they lie is less work.
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                                       {ShapedType::kDynamic, 1});
  auto type = MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                              packed, layout);
  Value areMany = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge,
                                        width, index(b, kPackedWidth));
  auto choose = [&](bool isMany) {
    return [&, isMany](OpBuilder &at, Location) {
      if (isMany)
        pack(at);
      Value own = isMany ? block : rows;
      scf::YieldOp::create(
          at, loc, memref::CastOp::create(at, loc, type, own).getResult());
    };
  };
  return scf::IfOp::create(b, loc, areMany, choose(true), choose(false))
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

/// A few rows of B at a time go to the panel, a line of each in turn: memory
/// then sees each row go on, where a strip by itself would ask for one line of
/// every row. Where B lies transposed, a strip is some of its rows.
void ContractionPanels::packPanel(OpBuilder &b, const Panels &panels,
                                  Value part, Value sum, Value depth,
                                  Value column, Value width) {
  bool isTransposed = contraction.isTransposedB();
  int64_t strip = panels.blocking.strip;
  auto packRows = [&](OpBuilder &outer, Value row, Value rows) {
    forBlocks(outer, {index(outer, 0), width}, blocking.strip,
              [&](OpBuilder &inner, Value first, Value count) {
                Value from = arith::AddIOp::create(inner, loc, column, first);
                Value top = arith::AddIOp::create(inner, loc, sum, row);
                Value source = view(inner, contraction.b, contraction.sum,
                                    contraction.column, top, from, rows, count);
                Value size = index(inner, strip);
                Value target = viewStrip(
                    inner, panels, part,
                    arith::DivUIOp::create(inner, loc, first, size), row,
                    arith::RemUIOp::create(inner, loc, first, size), rows,
                    count);
                cpu::PackOp::create(inner, loc, source, target, isTransposed);
              });
  };
  Value zero = index(b, 0);
  if (isTransposed)
    return packRows(b, zero, depth);
  forBlocks(b, {zero, depth}, kPackedRows, packRows);
}

/// Rows of a panel as wide as few rows meet at once would lie in few sets of a
/// cache, were they not a little longer.
static constexpr int64_t kPad = 16;
/// So would rows of A as long as a block is deep; a line of pairs more keeps
/// them aligned.
static constexpr int64_t kPairPad = 32;

Value ContractionPanels::allocatePanels(OpBuilder &b, Value parts,
                                        const Blocking &sizes, int64_t length) {
  Value terms = smaller(b, depth, index(b, sizes.depth));
  Value columns = smaller(b, width, index(b, sizes.columns));
  Value strips = divideUp(b, columns, sizes.strip);
  SmallVector<int64_t> shape = {ShapedType::kDynamic, ShapedType::kDynamic,
                                ShapedType::kDynamic, length};
  if (inPairs)
    shape.push_back(2);
  Value held = inPairs ? divideUp(b, terms, 2) : terms;
  Value memory = memref::AllocOp::create(b, loc, MemRefType::get(shape, packed),
                                         ValueRange{parts, strips, held},
                                         b.getI64IntegerAttr(64));
  buffers.push_back(memory);
  return memory;
}

/// Buffers for each part, allocated before the parts run: only the calling
/// thread can end a call when memory is short.
void ContractionPanels::allocate(OpBuilder &b, Value parts) {
  many = {blocking, allocatePanels(b, parts, blocking, blocking.strip)};
  if (getDirectRows() < kFewRows) {
    Blocking sizes = blocking;
    sizes.columns = sizes.strip = kFewColumns;
    sizes.depth = kFewTerms;
    few = {sizes, allocatePanels(b, parts, sizes, kFewColumns + kPad)};
  }
  auto allocateBlocks = [&](int64_t most, int64_t length, Type element,
                            int64_t pad) {
    SmallVector<int64_t> shape(3, ShapedType::kDynamic);
    Value rows = smaller(b, height, index(b, most)),
          terms = smaller(b, depth, index(b, length));
    if (pad > 0)
      terms = arith::AddIOp::create(
          b, loc,
          arith::MulIOp::create(b, loc, divideUp(b, terms, pad), index(b, pad)),
          index(b, pad));
    buffers.push_back(memref::AllocOp::create(
        b, loc, MemRefType::get(shape, element), ValueRange{parts, rows, terms},
        b.getI64IntegerAttr(64)));
    return buffers.back();
  };
  if (mayPackA())
    blocks = allocateBlocks(blocking.rows, blocking.depth, packed,
                            inPairs ? kPairPad : 0);
  Type sumType = contraction.c.getElement();
  bool convertsA =
      contraction.isTransposedA() || contraction.a.getElement() != sumType;
  if (int64_t most = getDirectRows(); most && convertsA)
    directA = allocateBlocks(most, getDirectTerms(), sumType, 0);
}
