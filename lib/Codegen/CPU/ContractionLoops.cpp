//===- ContractionLoops.cpp - loops around products in caches ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A panel of B, some rows by many columns, is packed in strips as wide as a
// register tile; each strip is contiguous, so that reading it takes few pages.
// Then blocks of rows of A go through all strips. Of few rows no panel pays:
// B is read where it lies, a few of its rows at a time, so that these are read
// one after the other; transposed it is turned on the way.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// So many rows of A are few; beside tiles of pairs vectors are faster for
/// less. B is then read where it lies, so many of its rows at a time, or packed
/// and used at once, so many columns and rows.
static constexpr int64_t kFewRows = 16, kFewVectorRows = 6, kRowsAtATime = 16,
                         kTileTerms = 32, kFewColumns = 512, kFewTerms = 128;
/// So many where B lies transposed: memory is fast for rows that go on.
static constexpr int64_t kTurnedTerms = 1 << 14;
/// Rows of B that are packed side by side: prefetchers follow no more.
static constexpr int64_t kPackedRows = 16;
/// The rows that go to one thread together.
static constexpr int64_t kRowUnit = 192;
/// Multiply-adds that a thread is worth: some ten microseconds.
static constexpr int64_t kThreadGrain = int64_t(1) << 20;

namespace {
/// A part of a loop.
struct Range {
  Value begin, end;
};

/// A panel of B for each part, packed: [part][strip][row][column], rows in
/// pairs or not.
struct Panels {
  Blocking blocking;
  Value memory;
};

class ContractionLoops {
public:
  ContractionLoops(const Contraction &contraction, Type packed,
                   const Blocking &blocking, ProductTarget target)
      : contraction(contraction), loc(contraction.loc), packed(packed),
        blocking(blocking), target(target),
        inPairs(packed.isBF16() && target.tiles) {}
  void emit(OpBuilder &b, bool threads);

private:
  using Body = llvm::function_ref<void(OpBuilder &, Value begin, Value size)>;

  Value allocatePanels(OpBuilder &b, Value parts, const Blocking &sizes,
                       int64_t length);
  void allocate(OpBuilder &b, Value parts);
  void emitOnThreads(OpBuilder &b, Value matrices);
  void emitPart(OpBuilder &b, Value part, Range matrices, Range rows,
                Range columns);
  void emitMatrix(OpBuilder &b, Value part, Range rows, Range columns);
  void emitDirect(OpBuilder &b, Value part, Range rows, Range columns);
  void emitPanels(OpBuilder &b, Value part, Range rows, Range columns,
                  const Panels &panels);
  void packPanel(OpBuilder &b, const Panels &panels, Value part, Value sum,
                 Value depth, Value column, Value width);
  void emitBlock(OpBuilder &b, const Panels &panels, Value part, Value row,
                 Value height, Value sum, Value depth, Value column,
                 Value width);

  void emitProduct(OpBuilder &b, Value sum, Value rows, Value columns,
                   Value result, bool isTransposed = false);
  void emitZeros(OpBuilder &b);

  /// The matrix of `rows` and `columns` of an operand, as it lies.
  Value view(OpBuilder &b, const Contraction::Operand &operand, unsigned first,
             unsigned second, Value row, Value column, Value rows,
             Value columns);
  Value viewStrip(OpBuilder &b, const Panels &panels, Value part, Value strip,
                  Value row, Value column, Value depth, Value width);
  Value viewBlockA(OpBuilder &b, Value blocks, Value part, Value height,
                   Value depth);
  Value getA(OpBuilder &b, Value part, Value row, Value height, Value sum,
             Value depth);
  bool packsA() const {
    return contraction.isTransposedA() || contraction.a.getElement() != packed;
  }
  /// Where B lies as products read it, so many rows of A are too few to pack it
  /// for. Tiles of pairs pay for the packing sooner.
  int64_t getDirectRows() const { return inPairs ? kFewVectorRows : kFewRows; }
  int64_t getDirectTerms() const {
    if (contraction.isTransposedB())
      return kTurnedTerms;
    return inPairs ? kTileTerms : kRowsAtATime;
  }

  void forBlocks(OpBuilder &b, Range range, int64_t size, Body body);
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value multiply(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(loc, x, y);
  }
  Value divideUp(OpBuilder &b, Value x, int64_t y) {
    return b.createOrFold<arith::CeilDivUIOp>(loc, x, index(b, y));
  }
  Value smaller(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<arith::MinUIOp>(loc, x, y);
  }

  const Contraction &contraction;
  Location loc;
  Type packed;
  Blocking blocking;
  ProductTarget target;
  bool inPairs;
  Value height, width, depth; // The sizes of the loops.
  SmallVector<Value> outerSizes, outerIndices, buffers;
  Panels many, few;      // For many rows of A and for few.
  Value blocks, directA; // Of A, for each part.
};
} // namespace

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

Value ContractionLoops::view(OpBuilder &b, const Contraction::Operand &operand,
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
Value ContractionLoops::viewStrip(OpBuilder &b, const Panels &panels,
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

Value ContractionLoops::viewBlockA(OpBuilder &b, Value blocks, Value part,
                                   Value height, Value depth) {
  OpFoldResult zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> sizes = {
      b.getIndexAttr(1), getAsOpFoldResult(height), getAsOpFoldResult(depth)};
  return emitView(b, loc, blocks, {getStatic(sizes[1]), getStatic(sizes[2])},
                  {part, zero, zero}, sizes);
}

/// Rows of A where they lie, or packed.
Value ContractionLoops::getA(OpBuilder &b, Value part, Value row, Value height,
                             Value sum, Value depth) {
  Value rows = view(b, contraction.a, contraction.row, contraction.sum, row,
                    sum, height, depth);
  if (!packsA())
    return rows;
  Value block = viewBlockA(b, blocks, part, height, depth);
  cpu::PackOp::create(b, loc, rows, block, contraction.isTransposedA());
  return block;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Visits a range in blocks of `size`, of which the last may be smaller.
void ContractionLoops::forBlocks(OpBuilder &b, Range range, int64_t size,
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

/// A few rows of B at a time go to the panel, a line of each in turn: memory
/// then sees each row go on, where a strip by itself would ask for one line of
/// every row. Where B lies transposed, a strip is some of its rows.
void ContractionLoops::packPanel(OpBuilder &b, const Panels &panels, Value part,
                                 Value sum, Value depth, Value column,
                                 Value width) {
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

/// The product of the terms from `sum` on: the first of all may find nothing in
/// C to add to.
void ContractionLoops::emitProduct(OpBuilder &b, Value sum, Value rows,
                                   Value columns, Value result,
                                   bool isTransposed) {
  bool isInPairs = cast<MemRefType>(columns.getType()).getRank() == 3;
  auto emit = [&](OpBuilder &at, bool accumulate) {
    cpu::ProductOp::create(at, loc, rows, columns, result, accumulate,
                           /*tile_order=*/inPairs && !isInPairs, isTransposed);
  };
  if (!contraction.addsToZeros)
    return emit(b, true);
  Value isFirst =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, sum, index(b, 0));
  scf::IfOp::create(
      b, loc, isFirst,
      [&](OpBuilder &at, Location) {
        emit(at, false);
        scf::YieldOp::create(at, loc);
      },
      [&](OpBuilder &at, Location) {
        emit(at, true);
        scf::YieldOp::create(at, loc);
      });
}

/// A block of rows of A and all strips of a panel.
void ContractionLoops::emitBlock(OpBuilder &b, const Panels &panels, Value part,
                                 Value row, Value height, Value sum,
                                 Value depth, Value column, Value width) {
  Value rows = getA(b, part, row, height, sum, depth);
  int64_t strip = panels.blocking.strip;
  forBlocks(b, {index(b, 0), width}, strip,
            [&](OpBuilder &inner, Value first, Value count) {
              Value to = arith::AddIOp::create(inner, loc, column, first);
              Value number = arith::DivUIOp::create(inner, loc, first,
                                                    index(inner, strip));
              Value zero = index(inner, 0);
              Value right = viewStrip(inner, panels, part, number, zero, zero,
                                      depth, count);
              Value result = view(inner, contraction.c, contraction.row,
                                  contraction.column, row, to, height, count);
              emitProduct(inner, sum, rows, right, result);
            });
}

void ContractionLoops::emitPanels(OpBuilder &b, Value part, Range rows,
                                  Range columns, const Panels &panels) {
  Range sums = {index(b, 0), depth};
  const Blocking &sizes = panels.blocking;
  forBlocks(b, columns, sizes.columns,
            [&](OpBuilder &outer, Value column, Value width) {
              forBlocks(
                  outer, sums, sizes.depth,
                  [&](OpBuilder &middle, Value sum, Value terms) {
                    packPanel(middle, panels, part, sum, terms, column, width);
                    forBlocks(middle, rows, sizes.rows,
                              [&](OpBuilder &inner, Value row, Value count) {
                                emitBlock(inner, panels, part, row, count, sum,
                                          terms, column, width);
                              });
                  });
            });
}

/// Rows of A and columns of B where they lie; A in the type of the result.
void ContractionLoops::emitDirect(OpBuilder &b, Value part, Range rows,
                                  Range columns) {
  Value count = arith::SubIOp::create(b, loc, rows.end, rows.begin),
        width = arith::SubIOp::create(b, loc, columns.end, columns.begin);
  auto emitTerms = [&](OpBuilder &inner, Value sum, Value terms) {
    Value left = view(inner, contraction.a, contraction.row, contraction.sum,
                      rows.begin, sum, count, terms);
    if (directA) {
      Value block = viewBlockA(inner, directA, part, count, terms);
      cpu::PackOp::create(inner, loc, left, block, contraction.isTransposedA());
      left = block;
    }
    Value right = view(inner, contraction.b, contraction.sum,
                       contraction.column, sum, columns.begin, terms, width);
    Value result =
        view(inner, contraction.c, contraction.row, contraction.column,
             rows.begin, columns.begin, count, width);
    emitProduct(inner, sum, left, right, result, contraction.isTransposedB());
  };
  forBlocks(b, {index(b, 0), depth}, getDirectTerms(), emitTerms);
}

/// One of the matrices. The size of the whole decides how it is done: a
/// thread's share may not change results.
void ContractionLoops::emitMatrix(OpBuilder &b, Value part, Range rows,
                                  Range columns) {
  using Way = llvm::function_ref<void(OpBuilder &)>;
  auto choose = [&](OpBuilder &at, int64_t most, Way small, Way large) {
    Value areFew = arith::CmpIOp::create(at, loc, arith::CmpIPredicate::ule,
                                         height, index(at, most));
    auto emit = [&](Way way) {
      return [&, way](OpBuilder &inner, Location) {
        way(inner);
        scf::YieldOp::create(inner, loc);
      };
    };
    scf::IfOp::create(at, loc, areFew, emit(small), emit(large));
  };
  auto direct = [&](OpBuilder &at) { emitDirect(at, part, rows, columns); };
  auto withFew = [&](OpBuilder &at) {
    emitPanels(at, part, rows, columns, few);
  };
  auto withMany = [&](OpBuilder &at) {
    emitPanels(at, part, rows, columns, many);
  };
  auto withPanels = [&](OpBuilder &at) {
    if (few.memory)
      choose(at, kFewRows, withFew, withMany);
    else
      withMany(at);
  };
  if (int64_t most = getDirectRows())
    choose(b, most, direct, withPanels);
  else
    withPanels(b);
}

/// Some of the matrices, some of their rows and columns.
void ContractionLoops::emitPart(OpBuilder &b, Value part, Range matrices,
                                Range rows, Range columns) {
  scf::ForOp::create(
      b, loc, matrices.begin, matrices.end, index(b, 1), ValueRange(),
      [&](OpBuilder &inner, Location, Value matrix, ValueRange) {
        outerIndices.assign(outerSizes.size(), Value());
        for (size_t dim = outerSizes.size(); dim-- > 0;) {
          outerIndices[dim] =
              dim == 0
                  ? matrix
                  : arith::RemUIOp::create(inner, loc, matrix, outerSizes[dim])
                        .getResult();
          if (dim != 0)
            matrix =
                arith::DivUIOp::create(inner, loc, matrix, outerSizes[dim]);
        }
        emitMatrix(inner, part, rows, columns);
        scf::YieldOp::create(inner, loc);
      });
}

/// Rows of a panel as wide as few rows meet at once would lie in few sets of a
/// cache, were they not a little longer.
static constexpr int64_t kPad = 16;

Value ContractionLoops::allocatePanels(OpBuilder &b, Value parts,
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
void ContractionLoops::allocate(OpBuilder &b, Value parts) {
  many = {blocking, allocatePanels(b, parts, blocking, blocking.strip)};
  if (getDirectRows() < kFewRows) {
    Blocking sizes = blocking;
    sizes.columns = sizes.strip = kFewColumns;
    sizes.depth = kFewTerms;
    few = {sizes, allocatePanels(b, parts, sizes, kFewColumns + kPad)};
  }
  auto allocateBlocks = [&](int64_t most, int64_t length, Type element) {
    SmallVector<int64_t> shape(3, ShapedType::kDynamic);
    Value rows = smaller(b, height, index(b, most)),
          terms = smaller(b, depth, index(b, length));
    buffers.push_back(memref::AllocOp::create(
        b, loc, MemRefType::get(shape, element), ValueRange{parts, rows, terms},
        b.getI64IntegerAttr(64)));
    return buffers.back();
  };
  if (packsA())
    blocks = allocateBlocks(blocking.rows, blocking.depth, packed);
  Type sumType = contraction.c.getElement();
  bool convertsA =
      contraction.isTransposedA() || contraction.a.getElement() != sumType;
  if (int64_t most = getDirectRows(); most && convertsA)
    directA = allocateBlocks(most, getDirectTerms(), sumType);
}

/// The first unit of part `part`: parts differ by at most one.
static Value emitFirst(OpBuilder &b, Location loc, Value part, Value share,
                       Value rest) {
  Value first = arith::MulIOp::create(b, loc, part, share);
  Value longer = arith::MinUIOp::create(b, loc, part, rest);
  return arith::AddIOp::create(b, loc, first, longer);
}

/// Cuts the loop that has most units: matrices, strips of columns or blocks of
/// rows. Each element is summed by one thread, in the order of k.
void ContractionLoops::emitOnThreads(OpBuilder &b, Value matrices) {
  struct Cut {
    Value size, units;
    int64_t unit;
    Value isMade;
  };
  Cut cuts[] = {{matrices, matrices, 1, {}},
                {width, divideUp(b, width, blocking.strip), blocking.strip, {}},
                {height, divideUp(b, height, kRowUnit), kRowUnit, {}}};
  Value most = arith::MaxUIOp::create(
      b, loc, cuts[0].units,
      arith::MaxUIOp::create(b, loc, cuts[1].units, cuts[2].units));
  Value isOpen = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1);
  for (Cut &cut : cuts) {
    Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                       cut.units, most);
    cut.isMade = arith::AndIOp::create(b, loc, fits, isOpen);
    isOpen = arith::XOrIOp::create(b, loc, isOpen, cut.isMade);
  }
  Value work =
      multiply(b, multiply(b, height, width), multiply(b, depth, matrices));
  Value wanted = smaller(b, most, divideUp(b, work, kThreadGrain));
  Value parts = cpu::PartsOp::create(b, loc, b.getIndexType(), wanted);
  allocate(b, parts);
  Value share = arith::DivUIOp::create(b, loc, most, parts),
        rest = arith::RemUIOp::create(b, loc, most, parts);
  auto loop = scf::ParallelOp::create(b, loc, index(b, 0), parts, index(b, 1));
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value part = loop.getInductionVars()[0];
  Value next = arith::AddIOp::create(inner, loc, part, index(inner, 1));
  Value first = emitFirst(inner, loc, part, share, rest),
        end = emitFirst(inner, loc, next, share, rest);
  auto getRange = [&](const Cut &cut) -> Range {
    Value unit = index(inner, cut.unit);
    auto place = [&](Value units, Value whole) -> Value {
      Value own = smaller(inner, multiply(inner, units, unit), cut.size);
      return arith::SelectOp::create(inner, loc, cut.isMade, own, whole);
    };
    return {place(first, index(inner, 0)), place(end, cut.size)};
  };
  emitPart(inner, part, getRange(cuts[0]), getRange(cuts[2]),
           getRange(cuts[1]));
}

/// Sums of no terms.
void ContractionLoops::emitZeros(OpBuilder &b) {
  Value isEmpty = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, depth,
                                        index(b, 0));
  scf::IfOp::create(b, loc, isEmpty, [&](OpBuilder &at, Location) {
    Value zero = arith::ConstantOp::create(
        at, loc, at.getZeroAttr(contraction.c.getElement()));
    linalg::FillOp::create(at, loc, ValueRange(zero),
                           ValueRange(contraction.c.value));
    scf::YieldOp::create(at, loc);
  });
}

void ContractionLoops::emit(OpBuilder &b, bool threads) {
  height = contraction.getSize(b, contraction.row);
  width = contraction.getSize(b, contraction.column);
  depth = contraction.getSize(b, contraction.sum);
  Value matrices = index(b, 1);
  for (unsigned loop : contraction.outer) {
    outerSizes.push_back(contraction.getSize(b, loop));
    matrices = multiply(b, matrices, outerSizes.back());
  }
  if (contraction.addsToZeros && getConstantIntValue(depth).value_or(0) == 0)
    emitZeros(b);
  if (threads) {
    emitOnThreads(b, matrices);
  } else {
    allocate(b, index(b, 1));
    Value zero = index(b, 0);
    emitPart(b, zero, {zero, matrices}, {zero, height}, {zero, width});
  }
  for (Value buffer : buffers)
    memref::DeallocOp::create(b, loc, buffer);
}

void weir::emitContraction(OpBuilder &builder, const Contraction &contraction,
                           Type packed, const Blocking &blocking,
                           ProductTarget target, bool threads) {
  ContractionLoops(contraction, packed, blocking, target)
      .emit(builder, threads);
}
