//===- TileProducts.cpp - matrix products in tile registers ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two by two tiles of C take four loads for four products in each step of k.
// What is smaller than a tile, where columns or k end, goes through buffers of
// a tile's size that are filled up with zeros. Rows of A that are left, fewer
// than 16, are the business of another function, in which tiles of A and C have
// just so many.
//
//===----------------------------------------------------------------------===//

#include "TileProducts.h"

#include "Spans.h"
#include "TileRegisters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

static constexpr int64_t kRows = kTileRows, kColumns = kTileColumns,
                         kDepth = kTileDepth;

namespace {
class TileProduct {
public:
  TileProduct(OpBuilder &b, Location loc, ValueRange operands, bool accumulate);
  /// All whole tiles of rows.
  void emitWholeRows(OpBuilder &b);
  /// All rows, of which there are at most 16.
  void emitFewRows(OpBuilder &b);

private:
  using Tiles = SmallVector<Value>;
  using Body = llvm::function_ref<void(OpBuilder &, Value)>;
  using Step = llvm::function_ref<Tiles(OpBuilder &, Value k, ValueRange sums)>;

  void emitBlock(OpBuilder &b, Value m, Value n, int64_t down, int64_t across);
  void emitEdge(OpBuilder &b, Value m, Value n);
  void emitSquare(OpBuilder &b, Value m, Value n, Value end);
  void emitTilesOf(OpBuilder &b, Value m, Value n, Value rowEnd,
                   int64_t across);
  Value emitPartialSum(OpBuilder &b, Value m, Value n, Value k, Value sum);

  // Tiles.
  Value getHeight(OpBuilder &b, Value memref);
  Value load(OpBuilder &b, Value memref, Value row, Value column);
  Value loadBuffer(OpBuilder &b, Value buffer);
  Value loadZeros(OpBuilder &b);
  void store(OpBuilder &b, Value tile, Value memref, Value row, Value column);
  Tiles multiplyAdd(OpBuilder &b, ValueRange a, ValueRange pairs, ValueRange c);

  // Buffers.
  void fillA(OpBuilder &b, Value m, Value k);
  void fillB(OpBuilder &b, Value k, Value n);
  void fillC(OpBuilder &b, Value m, Value n);
  void writeC(OpBuilder &b, Value m, Value n);
  void forRows(OpBuilder &b, Value count, Value width,
               llvm::function_ref<void(OpBuilder &, Value row, Value length)>);

  void emitLoop(OpBuilder &b, Value begin, Value end, int64_t step, Body body);
  Tiles emitSums(OpBuilder &b, Value begin, Value end, ValueRange sums,
                 Step step);
  Value emitFits(OpBuilder &b, Value begin, Value size, int64_t tiles);
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value number(OpBuilder &b, int16_t value) {
    return arith::ConstantIntOp::create(b, loc, b.getI16Type(), value);
  }
  Value subtract(OpBuilder &b, Value x, Value y) {
    return arith::SubIOp::create(b, loc, x, y);
  }
  Value half(OpBuilder &b, Value k) {
    return arith::DivUIOp::create(b, loc, k, index(b, 2));
  }

  Location loc;
  Value a, pairs, c;
  bool accumulate, inStrips;
  Value rows, columns, depth, pairRows;
  Value height;                    // Of tiles of A and C, where that is not 16.
  Value wholeDepth;                // What of the depth fills tiles.
  Value bufferA, bufferB, bufferC; // A tile each.
};
} // namespace

TileProduct::TileProduct(OpBuilder &b, Location loc, ValueRange operands,
                         bool accumulate)
    : loc(loc), a(operands[0]), pairs(operands[1]), c(operands[2]),
      accumulate(accumulate) {
  auto size = [&](Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  };
  rows = size(c, 0);
  columns = size(c, 1);
  depth = size(a, 1);
  inStrips = cast<MemRefType>(pairs.getType()).getRank() == 4;
  pairRows = size(pairs, inStrips ? 1 : 0);
  Value rest = arith::RemUIOp::create(b, loc, depth, index(b, kDepth));
  wholeDepth = subtract(b, depth, rest);
  auto allocate = [&](ArrayRef<int64_t> shape, Type element) -> Value {
    return memref::AllocaOp::create(b, loc, MemRefType::get(shape, element),
                                    b.getI64IntegerAttr(kTileRowBytes));
  };
  bufferA = allocate({kRows, kDepth}, b.getBF16Type());
  bufferB = allocate({kRows, kColumns, 2}, b.getBF16Type());
  bufferC = allocate({kRows, kColumns}, b.getF32Type());
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

static bool isInPairs(Value memref) {
  return cast<MemRefType>(memref.getType()).getRank() >= 3;
}

/// The indices of what lies in `column` of `row`: a pair's first element.
static SmallVector<Value> getIndices(OpBuilder &b, Location loc, Value memref,
                                     Value row, Value column) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> indices = {row, column};
  if (type.getRank() == 4) {
    Value width = arith::ConstantIndexOp::create(b, loc, type.getDimSize(2));
    indices = {arith::DivUIOp::create(b, loc, column, width), row,
               arith::RemUIOp::create(b, loc, column, width)};
  }
  if (isInPairs(memref))
    indices.push_back(arith::ConstantIndexOp::create(b, loc, 0));
  return indices;
}

/// The rows of tiles of an operand.
Value TileProduct::getHeight(OpBuilder &b, Value memref) {
  return height && !isInPairs(memref) ? height : number(b, kRows);
}

Value TileProduct::load(OpBuilder &b, Value memref, Value row, Value column) {
  Value address =
      emitAddress(b, loc, memref, getIndices(b, loc, memref, row, column));
  return emitTileLoad(b, loc, getHeight(b, memref), address,
                      emitPitch(b, loc, memref));
}

Value TileProduct::loadBuffer(OpBuilder &b, Value buffer) {
  return load(b, buffer, index(b, 0), index(b, 0));
}

Value TileProduct::loadZeros(OpBuilder &b) {
  return emitTileZero(b, loc, getHeight(b, c));
}

void TileProduct::store(OpBuilder &b, Value tile, Value memref, Value row,
                        Value column) {
  Value address = emitAddress(b, loc, memref, {row, column});
  emitTileStore(b, loc, getHeight(b, memref), address,
                emitPitch(b, loc, memref), tile);
}

SmallVector<Value> TileProduct::multiplyAdd(OpBuilder &b, ValueRange a,
                                            ValueRange pairs, ValueRange c) {
  Tiles sums;
  Value rowCount = getHeight(b, this->c);
  for (auto [i, left] : llvm::enumerate(a))
    for (auto [j, right] : llvm::enumerate(pairs))
      sums.push_back(emitTileProduct(b, loc, rowCount, c[i * pairs.size() + j],
                                     left, right));
  return sums;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// Visits a tile's rows. Of the first `count`, `width` columns count, up to a
/// vector's 16; of others none.
void TileProduct::forRows(
    OpBuilder &b, Value count, Value width,
    llvm::function_ref<void(OpBuilder &, Value, Value)> body) {
  emitLoop(b, index(b, 0), index(b, kRows), 1,
           [&](OpBuilder &inner, Value row) {
             Value isInside = arith::CmpIOp::create(
                 inner, loc, arith::CmpIPredicate::ult, row, count);
             Value length = arith::SelectOp::create(inner, loc, isInside, width,
                                                    index(inner, 0));
             body(inner, row, length);
           });
}

static Value emitMask(OpBuilder &b, Location loc, int64_t lanes, Value count) {
  return vector::CreateMaskOp::create(
      b, loc, VectorType::get(lanes, b.getI1Type()), count);
}

void TileProduct::fillA(OpBuilder &b, Value m, Value k) {
  forRows(b, subtract(b, rows, m), subtract(b, depth, k),
          [&](OpBuilder &inner, Value row, Value length) {
            Value from = arith::AddIOp::create(inner, loc, m, row);
            Value vector = loadVector(
                inner, loc, VectorType::get(kDepth, inner.getBF16Type()), a,
                {from, k}, emitMask(inner, loc, kDepth, length));
            storeVector(inner, loc, vector, bufferA, {row, index(inner, 0)},
                        Value());
          });
}

void TileProduct::fillB(OpBuilder &b, Value k, Value n) {
  Value first = half(b, k);
  auto pair = VectorType::get(2 * kColumns, b.getBF16Type());
  forRows(
      b, subtract(b, pairRows, first), subtract(b, columns, n),
      [&](OpBuilder &inner, Value row, Value length) {
        Value from = arith::AddIOp::create(inner, loc, first, row);
        Value elements =
            arith::MulIOp::create(inner, loc, length, index(inner, 2));
        Value zero = index(inner, 0);
        Value vector = loadVector(inner, loc, pair, pairs,
                                  getIndices(inner, loc, pairs, from, n),
                                  emitMask(inner, loc, 2 * kColumns, elements));
        storeVector(inner, loc, vector, bufferB, {row, zero, zero}, Value());
      });
}

void TileProduct::fillC(OpBuilder &b, Value m, Value n) {
  auto type = VectorType::get(kColumns, b.getF32Type());
  forRows(b, subtract(b, rows, m), subtract(b, columns, n),
          [&](OpBuilder &inner, Value row, Value length) {
            Value from = arith::AddIOp::create(inner, loc, m, row);
            Value vector = loadVector(inner, loc, type, c, {from, n},
                                      emitMask(inner, loc, kColumns, length));
            storeVector(inner, loc, vector, bufferC, {row, index(inner, 0)},
                        Value());
          });
}

void TileProduct::writeC(OpBuilder &b, Value m, Value n) {
  auto type = VectorType::get(kColumns, b.getF32Type());
  forRows(b, subtract(b, rows, m), subtract(b, columns, n),
          [&](OpBuilder &inner, Value row, Value length) {
            Value to = arith::AddIOp::create(inner, loc, m, row);
            Value vector = loadVector(inner, loc, type, bufferC,
                                      {row, index(inner, 0)}, Value());
            storeVector(inner, loc, vector, c, {to, n},
                        emitMask(inner, loc, kColumns, length));
          });
}

//===----------------------------------------------------------------------===//
// Blocks of tiles
//===----------------------------------------------------------------------===//

void TileProduct::emitLoop(OpBuilder &b, Value begin, Value end, int64_t step,
                           Body body) {
  scf::ForOp::create(b, loc, begin, end, index(b, step), ValueRange(),
                     [&](OpBuilder &inner, Location, Value place, ValueRange) {
                       body(inner, place);
                       scf::YieldOp::create(inner, loc);
                     });
}

SmallVector<Value> TileProduct::emitSums(OpBuilder &b, Value begin, Value end,
                                         ValueRange sums, Step step) {
  auto loop = scf::ForOp::create(
      b, loc, begin, end, index(b, kDepth), sums,
      [&](OpBuilder &inner, Location, Value k, ValueRange before) {
        scf::YieldOp::create(inner, loc, step(inner, k, before));
      });
  return loop.getResults();
}

/// One product of tiles at `k`, where k or the edges of C end.
Value TileProduct::emitPartialSum(OpBuilder &b, Value m, Value n, Value k,
                                  Value sum) {
  fillA(b, m, k);
  fillB(b, k, n);
  return multiplyAdd(b, loadBuffer(b, bufferA), loadBuffer(b, bufferB), sum)[0];
}

/// So many whole tiles of C, one below the other and side by side.
void TileProduct::emitBlock(OpBuilder &b, Value m, Value n, int64_t down,
                            int64_t across) {
  Tiles sums;
  auto place = [&](OpBuilder &at, Value first, int64_t i) {
    return emitSum(at, loc, first, i * kRows);
  };
  for (int64_t i = 0; i < down; ++i)
    for (int64_t j = 0; j < across; ++j)
      sums.push_back(accumulate ? load(b, c, place(b, m, i), place(b, n, j))
                                : loadZeros(b));
  sums = emitSums(b, index(b, 0), wholeDepth, sums,
                  [&](OpBuilder &inner, Value k, ValueRange before) {
                    Tiles left, right;
                    for (int64_t i = 0; i < down; ++i)
                      left.push_back(load(inner, a, place(inner, m, i), k));
                    for (int64_t j = 0; j < across; ++j)
                      right.push_back(load(inner, pairs, half(inner, k),
                                           place(inner, n, j)));
                    return multiplyAdd(inner, left, right, before);
                  });
  sums = emitSums(b, wholeDepth, depth, sums,
                  [&](OpBuilder &inner, Value k, ValueRange before) {
                    Tiles after;
                    for (int64_t i = 0; i < down * across; ++i)
                      after.push_back(emitPartialSum(
                          inner, place(inner, m, i / across),
                          place(inner, n, i % across), k, before[i]));
                    return after;
                  });
  for (int64_t i = 0; i < down * across; ++i)
    store(b, sums[i], c, place(b, m, i / across), place(b, n, i % across));
}

/// A tile of C that is not whole.
void TileProduct::emitEdge(OpBuilder &b, Value m, Value n) {
  if (accumulate)
    fillC(b, m, n);
  Value sum = accumulate ? loadBuffer(b, bufferC) : loadZeros(b);
  sum = emitSums(b, index(b, 0), depth, sum,
                 [&](OpBuilder &inner, Value k, ValueRange before) {
                   return Tiles{emitPartialSum(inner, m, n, k, before[0])};
                 })[0];
  store(b, sum, bufferC, index(b, 0), index(b, 0));
  writeC(b, m, n);
}

/// True when so many tiles from `begin` on lie within `size`.
Value TileProduct::emitFits(OpBuilder &b, Value begin, Value size,
                            int64_t tiles) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule,
                               emitSum(b, loc, begin, tiles * kRows), size);
}

/// Tiles from (m, n) on one by one, as far as there are rows and columns.
void TileProduct::emitTilesOf(OpBuilder &b, Value m, Value n, Value rowEnd,
                              int64_t across) {
  Value columnEnd = arith::MinUIOp::create(
      b, loc, emitSum(b, loc, n, across * kColumns), columns);
  emitLoop(b, m, rowEnd, kRows, [&](OpBuilder &outer, Value row) {
    emitLoop(outer, n, columnEnd, kColumns,
             [&](OpBuilder &inner, Value column) {
               scf::IfOp::create(
                   inner, loc, emitFits(inner, column, columns, 1),
                   [&](OpBuilder &at, Location) {
                     emitBlock(at, row, column, 1, 1);
                     scf::YieldOp::create(at, loc);
                   },
                   [&](OpBuilder &at, Location) {
                     emitEdge(at, row, column);
                     scf::YieldOp::create(at, loc);
                   });
             });
  });
}

/// Four tiles of C from (m, n) on, or those of them that there are.
void TileProduct::emitSquare(OpBuilder &b, Value m, Value n, Value end) {
  Value fits = arith::AndIOp::create(b, loc, emitFits(b, m, end, 2),
                                     emitFits(b, n, columns, 2));
  scf::IfOp::create(
      b, loc, fits,
      [&](OpBuilder &at, Location) {
        emitBlock(at, m, n, 2, 2);
        scf::YieldOp::create(at, loc);
      },
      [&](OpBuilder &at, Location) {
        Value rowEnd = arith::MinUIOp::create(
            at, loc, emitSum(at, loc, m, 2 * kRows), end);
        emitTilesOf(at, m, n, rowEnd, 2);
        scf::YieldOp::create(at, loc);
      });
}

/// What is met in the inner loop should be read in order, what is met in the
/// outer loop stays in the first-level cache.
void TileProduct::emitWholeRows(OpBuilder &b) {
  Value rest = arith::RemUIOp::create(b, loc, rows, index(b, kRows));
  Value end = subtract(b, rows, rest), zero = index(b, 0);
  auto overRows = [&](OpBuilder &at, Body body) {
    emitLoop(at, zero, end, 2 * kRows, body);
  };
  auto overColumns = [&](OpBuilder &at, Body body) {
    emitLoop(at, zero, columns, 2 * kColumns, body);
  };
  if (inStrips)
    overRows(b, [&](OpBuilder &outer, Value m) {
      overColumns(outer, [&](OpBuilder &inner, Value n) {
        emitSquare(inner, m, n, end);
      });
    });
  else
    overColumns(b, [&](OpBuilder &outer, Value n) {
      overRows(outer, [&](OpBuilder &inner, Value m) {
        emitSquare(inner, m, n, end);
      });
    });
}

void TileProduct::emitFewRows(OpBuilder &b) {
  constexpr int64_t kAcross = 2; // Registers: two of C, one of A, two of B.
  height = arith::IndexCastOp::create(b, loc, b.getI16Type(), rows);
  Value zero = index(b, 0);
  emitLoop(b, zero, columns, kAcross * kColumns,
           [&](OpBuilder &outer, Value n) {
             scf::IfOp::create(
                 outer, loc, emitFits(outer, n, columns, kAcross),
                 [&](OpBuilder &at, Location) {
                   emitBlock(at, zero, n, 1, kAcross);
                   scf::YieldOp::create(at, loc);
                 },
                 [&](OpBuilder &at, Location) {
                   emitTilesOf(at, zero, n, rows, kAcross);
                   scf::YieldOp::create(at, loc);
                 });
           });
}

/// The rows of `memref` from `first` on.
static Value viewRows(OpBuilder &b, Location loc, Value memref, Value first,
                      Value count) {
  SmallVector<OpFoldResult> offsets{first, b.getIndexAttr(0)},
      sizes{count, memref::getMixedSize(b, loc, memref, 1)},
      strides(2, b.getIndexAttr(1));
  return memref::SubViewOp::create(b, loc, memref, offsets, sizes, strides);
}

void weir::emitProductInTiles(OpBuilder &b, Location loc, ValueRange operands,
                              ProductEmitter emitWhole,
                              ProductEmitter emitRest) {
  Value rows = b.createOrFold<memref::DimOp>(loc, operands[2], 0);
  Value tile = arith::ConstantIndexOp::create(b, loc, kRows),
        zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value rest = b.createOrFold<arith::RemUIOp>(loc, rows, tile);
  Value first = b.createOrFold<arith::SubIOp>(loc, rows, rest);
  auto emitWhere = [&](Value count,
                       llvm::function_ref<void(OpBuilder &)> emit) {
    if (getConstantIntValue(count) == 0)
      return;
    Value isSome = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ne,
                                                 count, zero);
    scf::IfOp::create(b, loc, isSome, [&](OpBuilder &inner, Location) {
      emit(inner);
      scf::YieldOp::create(inner, loc);
    });
  };
  emitWhere(first, [&](OpBuilder &inner) { emitWhole(inner, operands); });
  emitWhere(rest, [&](OpBuilder &inner) {
    emitRest(inner,
             {viewRows(inner, loc, operands[0], first, rest), operands[1],
              viewRows(inner, loc, operands[2], first, rest)});
  });
}

void weir::emitWholeRowTileProduct(OpBuilder &b, Location loc,
                                   ValueRange operands, bool accumulate) {
  TileProduct(b, loc, operands, accumulate).emitWholeRows(b);
}

void weir::emitFewRowTileProduct(OpBuilder &b, Location loc,
                                 ValueRange operands, bool accumulate) {
  TileProduct(b, loc, operands, accumulate).emitFewRows(b);
}
