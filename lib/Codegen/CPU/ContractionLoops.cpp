//===- ContractionLoops.cpp - loops around products in caches ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A panel of B, some rows by many columns, is packed in strips as wide as a
// register tile; each strip is contiguous, so that reading it takes few pages.
// Then blocks of rows of A go through all strips; beside tiles of pairs they
// are packed, too, since these load sixteen rows at once, which must not lie in
// few sets of a cache nor across its lines. Of few rows no panel pays: B is
// read where it lies, a few of its rows at a time, so that these are read one
// after the other; transposed it is turned on the way.
//
//===----------------------------------------------------------------------===//

#include "ContractionPanels.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// The rows that go to one thread together.
static constexpr int64_t kRowUnit = 192;
/// Multiply-adds that a thread is worth: some ten microseconds.
static constexpr int64_t kThreadGrain = int64_t(1) << 20;

namespace {
class ContractionLoops : ContractionPanels {
public:
  ContractionLoops(const Contraction &contraction, Type packed,
                   const Blocking &blocking, ProductTarget target)
      : ContractionPanels(contraction, packed, blocking, target) {}
  void emit(OpBuilder &b, bool threads);

private:
  void emitOnThreads(OpBuilder &b, Value matrices);
  void emitPart(OpBuilder &b, Value part, Range matrices, Range rows,
                Range columns);
  void emitMatrix(OpBuilder &b, Value part, Range rows, Range columns);
  void emitDirect(OpBuilder &b, Value part, Range rows, Range columns);
  void emitPanels(OpBuilder &b, Value part, Range rows, Range columns,
                  const Panels &panels);
  void emitBlock(OpBuilder &b, const Panels &panels, Value part, Value row,
                 Value height, Value sum, Value depth, Value column,
                 Value width);
  void emitProduct(OpBuilder &b, Value sum, Value rows, Value columns,
                   Value result, bool isTransposed = false);
  void emitZeros(OpBuilder &b);
};
} // namespace

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The product of the terms from `sum` on: the first of all may find nothing in
/// C to add to. Panels of vectors are met by many rows of A, but are too large
/// for the first cache.
void ContractionLoops::emitProduct(OpBuilder &b, Value sum, Value rows,
                                   Value columns, Value result,
                                   bool isTransposed) {
  bool isInPairs = cast<MemRefType>(columns.getType()).getRank() > 2;
  auto emit = [&](OpBuilder &at, bool accumulate) {
    cpu::ProductOp::create(at, loc, rows, columns, result, accumulate,
                           /*tile_order=*/inPairs && !isInPairs, isTransposed,
                           /*prefetch=*/!isInPairs && !isTransposed);
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
  Value rows = getA(b, part, row, height, sum, depth, width);
  if (inPairs) {
    Value right = viewStrips(b, panels, part, depth, width);
    Value result = view(b, contraction.c, contraction.row, contraction.column,
                        row, column, height, width);
    return emitProduct(b, sum, rows, right, result);
  }
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
