//===- TurnedTileProducts.cpp - tiles of a transposed B ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A few rows of A meet each row of B, so that packing B would be most of the
// work. The rows of B are rows of tiles as they lie, and the product is turned
// around: tiles of C^T are B times A^T. A^T is put in pairs once, and C^T
// turned in registers, sixteen columns of it for all k. Each element is the sum
// that it is of a packed B, since products commute.
//
//===----------------------------------------------------------------------===//

#include "TurnedTileProducts.h"

#include "Packing.h"
#include "Spans.h"
#include "TileRegisters.h"
#include "TurnedProducts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

/// Tiles of C^T at once: so many products for each load of A's pairs.
static constexpr int64_t kMostTiles = 4;

namespace {
class TurnedTileProduct {
public:
  TurnedTileProduct(OpBuilder &b, Location loc, ValueRange operands,
                    cpu::ProductOp op);
  void emit(OpBuilder &builder);

private:
  using Tiles = SmallVector<Value>;
  /// Columns of C from `first` on: whole tiles of them, or one tile of which
  /// `count` are there.
  struct Columns {
    Value first;
    int64_t tiles;
    Value count;
  };
  void packRows(OpBuilder &b, Value row);
  void emitColumns(OpBuilder &b, const Columns &columns, Value row,
                   Value height);
  /// Adds the products of `terms` k from `k` on.
  Tiles addTerms(OpBuilder &b, const Columns &columns, Value k, int64_t terms,
                 ValueRange sums);
  /// A tile of the rows of B from `first` on, of all that there are or `count`.
  Value loadRows(OpBuilder &b, Value first, Value count, Value k,
                 int64_t terms);
  void fillRows(OpBuilder &b, Value first, Value count, Value k, int64_t terms);
  void turn(OpBuilder &b, int64_t tile);
  void writeRows(OpBuilder &b, const Columns &columns, Value row, Value height);
  void prefetch(OpBuilder &b, Value first, Value k);

  void forEach(OpBuilder &b, Value end, int64_t step,
               llvm::function_ref<void(OpBuilder &, Value)> body) {
    scf::ForOp::create(b, loc, index(b, 0), end, index(b, step), ValueRange(),
                       [&](OpBuilder &inner, Location, Value at, ValueRange) {
                         body(inner, at);
                         scf::YieldOp::create(inner, loc);
                       });
  }
  Value mask(OpBuilder &b, int64_t lanes, Value count) {
    return vector::CreateMaskOp::create(
        b, loc, VectorType::get(lanes, b.getI1Type()), count);
  }
  Value address(OpBuilder &b, Value memref, ValueRange indices) {
    return emitAddress(b, loc, memref, indices);
  }
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  Location loc;
  Value left, right, result; // A, B and C.
  Value rows, columns;
  int64_t depth;
  Value tileHeight; // 16.
  Value pairs;      // [K / 2, 16] of A^T, each a pair.
  Value rest;       // A tile of B that is not whole.
  Value sums;       // Tiles of C^T, then C, each [16, 16].
  Value rowsAhead;  // None where B is near.
};
} // namespace

TurnedTileProduct::TurnedTileProduct(OpBuilder &b, Location loc,
                                     ValueRange operands, cpu::ProductOp op)
    : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
      depth(cast<MemRefType>(left.getType()).getDimSize(1)) {
  rows = b.createOrFold<memref::DimOp>(loc, result, 0);
  columns = b.createOrFold<memref::DimOp>(loc, result, 1);
  tileHeight = arith::ConstantIntOp::create(b, loc, b.getI16Type(), kTileRows);
  auto allocate = [&](ArrayRef<int64_t> shape, Type element) -> Value {
    return memref::AllocaOp::create(b, loc, MemRefType::get(shape, element),
                                    b.getI64IntegerAttr(kTileRowBytes));
  };
  int64_t steps = llvm::divideCeil(depth, kTileDepth);
  pairs = allocate({steps * kTileRows, kTileColumns}, b.getI32Type());
  rest = allocate({kTileRows, kTileDepth}, b.getBF16Type());
  sums = allocate({kMostTiles, kTileRows, kTileColumns}, b.getF32Type());
  if (op.getPrefetch())
    rowsAhead = b.createOrFold<arith::MaxUIOp>(
        loc, emitRowsAhead(b, loc, right), index(b, kTileRows));
}

/// The pairs of A^T for 16 rows from `row` on. The last one stands in for those
/// that do not exist.
void TurnedTileProduct::packRows(OpBuilder &b, Value row) {
  auto type = VectorType::get(kTileDepth, b.getBF16Type());
  auto pair = VectorType::get(kTileColumns, b.getI32Type());
  Value last = arith::SubIOp::create(b, loc, rows, index(b, 1));
  for (int64_t k = 0; k < depth; k += kTileDepth) {
    SmallVector<Value> vectors;
    Value some = depth - k < kTileDepth
                     ? mask(b, kTileDepth, index(b, depth - k))
                     : Value();
    for (int64_t i = 0; i < kTileRows; ++i) {
      Value own = arith::MinUIOp::create(b, loc, emitSum(b, loc, row, i), last);
      Value vector = loadVector(b, loc, type, left, {own, index(b, k)}, some);
      vectors.push_back(vector::BitCastOp::create(b, loc, pair, vector));
    }
    for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, vectors)))
      storeVector(b, loc, vector, pairs,
                  {index(b, k / 2 + static_cast<int64_t>(i)), index(b, 0)},
                  Value());
  }
}

void TurnedTileProduct::prefetch(OpBuilder &b, Value first, Value k) {
  Value ahead = arith::AddIOp::create(b, loc, first, rowsAhead);
  for (int64_t i = 0; i < kTileRows; ++i)
    emitPrefetch(b, loc, right, {emitSum(b, loc, ahead, i), k});
}

/// Fills a tile of which some rows or terms do not exist; these are zeros.
void TurnedTileProduct::fillRows(OpBuilder &b, Value first, Value count,
                                 Value k, int64_t terms) {
  auto type = VectorType::get(kTileDepth, b.getBF16Type());
  forEach(b, index(b, kTileRows), 1, [&](OpBuilder &inner, Value row) {
    Value length = index(inner, terms);
    if (count) {
      Value isInside = arith::CmpIOp::create(
          inner, loc, arith::CmpIPredicate::ult, row, count);
      length = arith::SelectOp::create(inner, loc, isInside, length,
                                       index(inner, 0));
    }
    Value from = arith::AddIOp::create(inner, loc, first, row);
    Value vector = loadVector(inner, loc, type, right, {from, k},
                              mask(inner, kTileDepth, length));
    storeVector(inner, loc, vector, rest, {row, index(inner, 0)}, Value());
  });
}

Value TurnedTileProduct::loadRows(OpBuilder &b, Value first, Value count,
                                  Value k, int64_t terms) {
  if (count || terms < kTileDepth) {
    fillRows(b, first, count, k, terms);
    Value zero = index(b, 0);
    return emitTileLoad(b, loc, tileHeight, address(b, rest, {zero, zero}),
                        emitPitch(b, loc, rest));
  }
  if (rowsAhead)
    prefetch(b, first, k);
  return emitTileLoad(b, loc, tileHeight, address(b, right, {first, k}),
                      emitPitch(b, loc, right));
}

SmallVector<Value> TurnedTileProduct::addTerms(OpBuilder &b,
                                               const Columns &columns, Value k,
                                               int64_t terms,
                                               ValueRange before) {
  Value pair = arith::DivUIOp::create(b, loc, k, index(b, 2));
  Value others =
      emitTileLoad(b, loc, tileHeight, address(b, pairs, {pair, index(b, 0)}),
                   emitPitch(b, loc, pairs));
  Tiles after;
  for (int64_t i = 0; i < columns.tiles; ++i) {
    Value first = emitSum(b, loc, columns.first, i * kTileRows);
    Value own = loadRows(b, first, columns.count, k, terms);
    after.push_back(
        emitTileProduct(b, loc, tileHeight, before[i], own, others));
  }
  return after;
}

/// A tile of C^T becomes one of C.
void TurnedTileProduct::turn(OpBuilder &b, int64_t tile) {
  auto type = VectorType::get(kTileColumns, b.getF32Type());
  auto place = [&](int64_t i) {
    return SmallVector<Value>{index(b, tile), index(b, i), index(b, 0)};
  };
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < kTileRows; ++i)
    vectors.push_back(loadVector(b, loc, type, sums, place(i), Value()));
  for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, vectors)))
    storeVector(b, loc, vector, sums, place(i), Value());
}

void TurnedTileProduct::writeRows(OpBuilder &b, const Columns &columns,
                                  Value row, Value height) {
  auto type = VectorType::get(kTileColumns, b.getF32Type());
  Value some = columns.count ? mask(b, kTileColumns, columns.count) : Value();
  forEach(b, height, 1, [&](OpBuilder &inner, Value at) {
    Value to = arith::AddIOp::create(inner, loc, row, at);
    for (int64_t i = 0; i < columns.tiles; ++i)
      storeVector(inner, loc,
                  loadVector(inner, loc, type, sums,
                             {index(inner, i), at, index(inner, 0)}, Value()),
                  result,
                  {to, emitSum(inner, loc, columns.first, i * kTileColumns)},
                  some);
  });
}

void TurnedTileProduct::emitColumns(OpBuilder &b, const Columns &columns,
                                    Value row, Value height) {
  Tiles tiles;
  for (int64_t i = 0; i < columns.tiles; ++i)
    tiles.push_back(emitTileZero(b, loc, tileHeight));
  Value zero = index(b, 0);
  int64_t terms = depth % kTileDepth;
  auto loop = scf::ForOp::create(
      b, loc, zero, index(b, depth - terms), index(b, kTileDepth), tiles,
      [&](OpBuilder &inner, Location, Value k, ValueRange before) {
        scf::YieldOp::create(inner, loc,
                             addTerms(inner, columns, k, kTileDepth, before));
      });
  tiles = loop.getResults();
  if (terms > 0)
    tiles = addTerms(b, columns, index(b, depth - terms), terms, tiles);
  Value pitch = arith::ConstantIntOp::create(b, loc, b.getI64Type(),
                                             int64_t(kTileRowBytes));
  for (auto [i, tile] : llvm::enumerate(tiles))
    emitTileStore(b, loc, tileHeight,
                  address(b, sums, {index(b, i), zero, zero}), pitch, tile);
  for (int64_t i = 0; i < columns.tiles; ++i)
    turn(b, i);
  writeRows(b, columns, row, height);
}

void TurnedTileProduct::emit(OpBuilder &b) {
  forEach(b, rows, kTileRows, [&](OpBuilder &outer, Value row) {
    Value height =
        arith::MinUIOp::create(outer, loc, index(outer, kTileRows),
                               arith::SubIOp::create(outer, loc, rows, row));
    packRows(outer, row);
    Value end =
        emitInSteps(outer, loc, columns, kMostTiles, kTileColumns,
                    [&](OpBuilder &inner, Value first, int64_t tiles) {
                      emitColumns(inner, {first, tiles, Value()}, row, height);
                    });
    Value count = arith::SubIOp::create(outer, loc, columns, end);
    Value isSome = arith::CmpIOp::create(outer, loc, arith::CmpIPredicate::ne,
                                         count, index(outer, 0));
    scf::IfOp::create(outer, loc, isSome, [&](OpBuilder &inner, Location) {
      emitColumns(inner, {end, 1, count}, row, height);
      scf::YieldOp::create(inner, loc);
    });
  });
}

void weir::emitTurnedTileProduct(OpBuilder &builder, Location loc,
                                 ValueRange operands, cpu::ProductOp op) {
  TurnedTileProduct(builder, loc, operands, op).emit(builder);
}
