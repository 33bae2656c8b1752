//===- TurnedProducts.cpp - products with a transposed B ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Squares of B are turned in registers as they are met, and multiplied there
// and then with a few rows of A: for so few, packing B would be most of the
// work. Each element is the sum that it is of a packed B.
//
//===----------------------------------------------------------------------===//

#include "TurnedProducts.h"

#include "Packing.h"
#include "RowLaneProducts.h"
#include "Spans.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weir;

namespace {
class TurnedProduct {
public:
  TurnedProduct(OpBuilder &b, Location loc, ValueRange operands,
                cpu::ProductOp op, ProductTarget target);
  void emit(OpBuilder &builder);

  /// How many rows of A there are registers for. A square of B takes half of
  /// them; sums, in the order of tiles two for each element, leave some to turn
  /// it.
  static int64_t getMostRows(ProductTarget target, bool inTileOrder) {
    return target.registers / (inTileOrder ? 5 : 4);
  }

private:
  using Vectors = SmallVector<Value>;
  /// Elements of C: `rows` from `row` on, and a vector of columns from `column`
  /// on. Of those at ends that are given some may not count.
  struct Tile {
    Value row, column;
    int64_t rows;
    Value rowEnd, columnEnd;
  };
  void emitColumns(OpBuilder &b, Value column, Value end);
  void emitRows(OpBuilder &b, Value row, Value column, Value columnEnd);
  void emitTile(OpBuilder &b, const Tile &tile);
  Vectors loadSums(OpBuilder &b, const Tile &tile);
  void storeSums(OpBuilder &b, const Tile &tile, ValueRange sums);
  Value getMask(OpBuilder &b, const Tile &tile, int64_t i);
  Value clamp(OpBuilder &b, Value first, int64_t i, Value end);
  Vectors getZeros(OpBuilder &b, int64_t count);

  /// The rows of B of a tile, from k on, turned: a vector for each k. Of the
  /// last there may be `count` only.
  Vectors loadTurned(OpBuilder &b, ArrayRef<Value> columns, Value k,
                     Value count);
  Value loadRow(OpBuilder &b, Value row, Value k, Value count);
  void splitPairs(OpBuilder &b, Vectors &vectors);

  /// Adds the terms of all of `turned`, or of the first `count`.
  Vectors addTerms(OpBuilder &b, const Tile &tile, Value k,
                   ArrayRef<Value> turned, ValueRange sums);
  Vectors addFirst(OpBuilder &b, const Tile &tile, Value k, Value count,
                   ArrayRef<Value> turned, ValueRange sums);
  Vectors addTerm(OpBuilder &b, const Tile &tile, Value k, Value vector,
                  ValueRange sums);
  /// The sums of even and of odd k, added to those so far.
  Vectors addHalves(OpBuilder &b, ValueRange sums, ValueRange even,
                    ValueRange odd);

  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value size(OpBuilder &b, Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  }

  Location loc;
  Value left, right, result; // A, B and C.
  bool accumulate, inTileOrder;
  ProductTarget target;
  VectorType type; // Of sums.
  int64_t lanes, mostRows;
  int64_t width, step; // In k: a vector of a row of B; what is added at once.
  Value depth, wholeDepth;
  Value rowsAhead; // None where B is near.
  Value buffer;    // What is left of k, turned; none where nothing ever is.
};
} // namespace

TurnedProduct::TurnedProduct(OpBuilder &b, Location loc, ValueRange operands,
                             cpu::ProductOp op, ProductTarget target)
    : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
      accumulate(op.getAccumulate()), inTileOrder(op.getTileOrder()),
      target(target) {
  Type element = getElementTypeOrSelf(result.getType());
  lanes = target.getLanes(element);
  type = VectorType::get(lanes, element);
  mostRows = getMostRows(target, inTileOrder);
  // A vector holds pairs in the order of tiles, whose rows have sixteen.
  width = inTileOrder ? 2 * lanes : lanes;
  step = inTileOrder ? 32 : lanes;
  depth = size(b, left, 1);
  Value rest = b.createOrFold<arith::RemUIOp>(loc, depth, index(b, step));
  wholeDepth = b.createOrFold<arith::SubIOp>(loc, depth, rest);
  if (getConstantIntValue(depth).value_or(1) % step != 0)
    buffer = memref::AllocaOp::create(b, loc,
                                      MemRefType::get({step, lanes}, element),
                                      b.getI64IntegerAttr(64));
  if (op.getPrefetch())
    // Not of the rows at hand, which are read side by side.
    rowsAhead = b.createOrFold<arith::MaxUIOp>(
        loc, emitRowsAhead(b, loc, right), index(b, lanes));
}

//===----------------------------------------------------------------------===//
// C
//===----------------------------------------------------------------------===//

SmallVector<Value> TurnedProduct::getZeros(OpBuilder &b, int64_t count) {
  return Vectors(count, arith::ConstantOp::create(b, loc, b.getZeroAttr(type)));
}

/// The index `first` + i, or the last one before `end` over again.
Value TurnedProduct::clamp(OpBuilder &b, Value first, int64_t i, Value end) {
  Value own = emitSum(b, loc, first, i);
  if (!end)
    return own;
  return arith::MinUIOp::create(
      b, loc, own, arith::SubIOp::create(b, loc, end, index(b, 1)));
}

/// Which columns count of the tile's row i.
Value TurnedProduct::getMask(OpBuilder &b, const Tile &tile, int64_t i) {
  if (!tile.columnEnd && !tile.rowEnd)
    return Value();
  Value count = index(b, lanes);
  if (tile.columnEnd)
    count = arith::SubIOp::create(b, loc, tile.columnEnd, tile.column);
  if (tile.rowEnd) {
    Value isRow =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                              emitSum(b, loc, tile.row, i), tile.rowEnd);
    count = arith::SelectOp::create(b, loc, isRow, count, index(b, 0));
  }
  return vector::CreateMaskOp::create(b, loc, type.clone(b.getI1Type()), count);
}

SmallVector<Value> TurnedProduct::loadSums(OpBuilder &b, const Tile &tile) {
  if (!accumulate)
    return getZeros(b, tile.rows);
  Vectors sums;
  for (int64_t i = 0; i < tile.rows; ++i)
    sums.push_back(loadVector(b, loc, type, result,
                              {emitSum(b, loc, tile.row, i), tile.column},
                              getMask(b, tile, i)));
  return sums;
}

void TurnedProduct::storeSums(OpBuilder &b, const Tile &tile, ValueRange sums) {
  for (auto [i, sum] : llvm::enumerate(sums))
    storeVector(b, loc, sum, result,
                {emitSum(b, loc, tile.row, i), tile.column},
                getMask(b, tile, i));
}

//===----------------------------------------------------------------------===//
// B
//===----------------------------------------------------------------------===//

Value TurnedProduct::loadRow(OpBuilder &b, Value row, Value k, Value count) {
  Type stored = getElementTypeOrSelf(right.getType());
  Value mask;
  if (count)
    mask = vector::CreateMaskOp::create(
        b, loc, VectorType::get(width, b.getI1Type()), count);
  Value vector =
      loadVector(b, loc, VectorType::get(width, stored), right, {row, k}, mask);
  if (inTileOrder)
    return vector::BitCastOp::create(b, loc, type, vector);
  if (stored == type.getElementType())
    return vector;
  return arith::ExtFOp::create(b, loc, type, vector);
}

/// Pairs of bf16 in vectors of f32 become the first elements and the second.
void TurnedProduct::splitPairs(OpBuilder &b, Vectors &vectors) {
  VectorType bits = type.clone(b.getI32Type());
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(bits, b.getI32IntegerAttr(value)));
  };
  Value shift = constant(16), high = constant(int32_t(0xFFFF0000));
  Vectors split;
  for (Value pair : vectors) {
    Value both = arith::BitcastOp::create(b, loc, bits, pair);
    for (Value half : {arith::ShLIOp::create(b, loc, both, shift).getResult(),
                       arith::AndIOp::create(b, loc, both, high).getResult()})
      split.push_back(arith::BitcastOp::create(b, loc, type, half));
  }
  vectors = std::move(split);
}

SmallVector<Value> TurnedProduct::loadTurned(OpBuilder &b,
                                             ArrayRef<Value> columns, Value k,
                                             Value count) {
  Vectors all;
  for (int64_t done = 0; done < step; done += width) {
    Value from = emitSum(b, loc, k, done), left = count;
    if (count && done > 0)
      left = arith::SubIOp::create(b, loc, count, index(b, done));
    Vectors rows;
    for (Value column : columns) {
      rows.push_back(loadRow(b, column, from, left));
      if (rowsAhead && !count)
        emitPrefetch(b, loc, right,
                     {arith::AddIOp::create(b, loc, column, rowsAhead), from});
    }
    Vectors turned = emitTransposed(b, loc, rows);
    if (inTileOrder)
      splitPairs(b, turned);
    all.append(turned);
  }
  return all;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

SmallVector<Value> TurnedProduct::addTerm(OpBuilder &b, const Tile &tile,
                                          Value k, Value vector,
                                          ValueRange sums) {
  Vectors next;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value row = clamp(b, tile.row, i, tile.rowEnd);
    Value element = memref::LoadOp::create(b, loc, left, ValueRange{row, k});
    Value factor = vector::BroadcastOp::create(b, loc, type, element);
    if (target.fma)
      next.push_back(math::FmaOp::create(b, loc, factor, vector, sum));
    else
      next.push_back(arith::AddFOp::create(
          b, loc, sum, arith::MulFOp::create(b, loc, factor, vector)));
  }
  return next;
}

SmallVector<Value> TurnedProduct::addHalves(OpBuilder &b, ValueRange sums,
                                            ValueRange even, ValueRange odd) {
  Vectors next;
  for (auto [sum, x, y] : llvm::zip(sums, even, odd))
    next.push_back(arith::AddFOp::create(b, loc, sum,
                                         arith::AddFOp::create(b, loc, x, y)));
  return next;
}

SmallVector<Value> TurnedProduct::addTerms(OpBuilder &b, const Tile &tile,
                                           Value k, ArrayRef<Value> turned,
                                           ValueRange sums) {
  // Even and odd k; of the order of k there is one chain.
  Vectors chains[2] = {Vectors(sums), {}};
  if (inTileOrder)
    for (Vectors &chain : chains)
      chain = getZeros(b, tile.rows);
  for (auto [i, vector] : llvm::enumerate(turned)) {
    Vectors &chain = chains[inTileOrder ? i % 2 : 0];
    chain = addTerm(b, tile, emitSum(b, loc, k, i), vector, chain);
  }
  return inTileOrder ? addHalves(b, sums, chains[0], chains[1]) : chains[0];
}

/// So few that a loop goes through them, in memory.
SmallVector<Value> TurnedProduct::addFirst(OpBuilder &b, const Tile &tile,
                                           Value k, Value count,
                                           ArrayRef<Value> turned,
                                           ValueRange sums) {
  for (auto [i, vector] : llvm::enumerate(turned))
    vector::StoreOp::create(b, loc, vector, buffer,
                            ValueRange{index(b, i), index(b, 0)});
  auto emitChain = [&](int64_t first, int64_t by, ValueRange before) {
    auto loop = scf::ForOp::create(
        b, loc, index(b, first), count, index(b, by), before,
        [&](OpBuilder &inner, Location, Value i, ValueRange chain) {
          Value vector = vector::LoadOp::create(inner, loc, type, buffer,
                                                ValueRange{i, index(inner, 0)});
          Value at = arith::AddIOp::create(inner, loc, k, i);
          scf::YieldOp::create(inner, loc,
                               addTerm(inner, tile, at, vector, chain));
        });
    return Vectors(loop.getResults());
  };
  if (!inTileOrder)
    return emitChain(0, 1, sums);
  Vectors zeros = getZeros(b, tile.rows);
  Vectors even = emitChain(0, 2, zeros), odd = emitChain(1, 2, zeros);
  return addHalves(b, sums, even, odd);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void TurnedProduct::emitTile(OpBuilder &b, const Tile &tile) {
  Vectors columns;
  for (int64_t i = 0; i < lanes; ++i)
    columns.push_back(clamp(b, tile.column, i, tile.columnEnd));
  auto loop = scf::ForOp::create(
      b, loc, index(b, 0), wholeDepth, index(b, step), loadSums(b, tile),
      [&](OpBuilder &inner, Location, Value k, ValueRange sums) {
        Vectors turned = loadTurned(inner, columns, k, Value());
        scf::YieldOp::create(inner, loc,
                             addTerms(inner, tile, k, turned, sums));
      });
  ValueRange sums = loop.getResults();
  if (!buffer)
    return storeSums(b, tile, sums);
  Value count = arith::SubIOp::create(b, loc, depth, wholeDepth);
  Value isLeft = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, count,
                                       index(b, 0));
  auto rest = scf::IfOp::create(
      b, loc, isLeft,
      [&](OpBuilder &inner, Location) {
        Vectors turned = loadTurned(inner, columns, wholeDepth, count);
        scf::YieldOp::create(
            inner, loc, addFirst(inner, tile, wholeDepth, count, turned, sums));
      },
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, sums);
      });
  storeSums(b, tile, rest.getResults());
}

/// As many rows as are added to at once, or what is left of them, from `row`
/// on: a few sizes for all counts, since each is some hundred instructions.
void TurnedProduct::emitRows(OpBuilder &b, Value row, Value column,
                             Value columnEnd) {
  Value rows = size(b, result, 0),
        left = arith::SubIOp::create(b, loc, rows, row);
  auto choose = [&](auto &&self, OpBuilder &at, int64_t count,
                    int64_t fewer) -> void {
    auto emitOwn = [&](OpBuilder &inner, Location) {
      emitTile(inner,
               {row, column, count, count > 1 ? rows : Value(), columnEnd});
      scf::YieldOp::create(inner, loc);
    };
    if (count == 1)
      return emitTile(at, {row, column, 1, Value(), columnEnd});
    Value isMore = arith::CmpIOp::create(at, loc, arith::CmpIPredicate::ugt,
                                         left, index(at, fewer));
    scf::IfOp::create(at, loc, isMore, emitOwn,
                      [&](OpBuilder &inner, Location) {
                        self(self, inner, fewer, 1);
                        scf::YieldOp::create(inner, loc);
                      });
  };
  choose(choose, b, mostRows, llvm::PowerOf2Ceil(mostRows) / 2);
}

/// All rows at a vector of columns, whose rows of B stay in a cache meanwhile.
void TurnedProduct::emitColumns(OpBuilder &b, Value column, Value columnEnd) {
  Value rows = size(b, result, 0);
  if (getConstantIntValue(rows)) {
    emitInSteps(b, loc, rows, mostRows, 1,
                [&](OpBuilder &inner, Value row, int64_t count) {
                  emitTile(inner, {row, column, count, Value(), columnEnd});
                });
    return;
  }
  scf::ForOp::create(b, loc, index(b, 0), rows, index(b, mostRows),
                     ValueRange(),
                     [&](OpBuilder &inner, Location, Value row, ValueRange) {
                       emitRows(inner, row, column, columnEnd);
                       scf::YieldOp::create(inner, loc);
                     });
}

void TurnedProduct::emit(OpBuilder &b) {
  Value columns = size(b, result, 1);
  bool areWhole = getConstantIntValue(columns).value_or(1) % lanes == 0;
  scf::ForOp::create(b, loc, index(b, 0), columns, index(b, lanes),
                     ValueRange(),
                     [&](OpBuilder &inner, Location, Value column, ValueRange) {
                       emitColumns(inner, column, areWhole ? Value() : columns);
                       scf::YieldOp::create(inner, loc);
                     });
}

/// With more rows than there are registers for B would be turned again for each
/// few of them. Where a vector holds them all, A is turned in its place.
void weir::emitTurnedProduct(OpBuilder &builder, Location loc,
                             ValueRange operands, cpu::ProductOp op,
                             ProductTarget target) {
  auto emitTurned = [&](OpBuilder &b) {
    TurnedProduct(b, loc, operands, op, target).emit(b);
  };
  auto emitRowLanes = [&](OpBuilder &b) {
    emitRowLaneProduct(b, loc, operands, op, target);
  };
  int64_t few = TurnedProduct::getMostRows(target, op.getTileOrder());
  int64_t lanes = target.getLanes(getElementTypeOrSelf(operands[2].getType()));
  if (op.getTileOrder() || target.registers > 16 || lanes <= few)
    return emitTurned(builder);
  Value rows = builder.createOrFold<memref::DimOp>(loc, operands[2], 0);
  if (std::optional<int64_t> known = getConstantIntValue(rows)) {
    if (*known > few && *known <= lanes)
      return emitRowLanes(builder);
    return emitTurned(builder);
  }
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  // Rows beyond the first few are between 1 and what a vector has left.
  Value beyond = arith::SubIOp::create(builder, loc, rows, index(few + 1));
  Value fit = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                    beyond, index(lanes - few));
  scf::IfOp::create(
      builder, loc, fit,
      [&](OpBuilder &b, Location) {
        emitRowLanes(b);
        scf::YieldOp::create(b, loc);
      },
      [&](OpBuilder &b, Location) {
        emitTurned(b);
        scf::YieldOp::create(b, loc);
      });
}

//===----------------------------------------------------------------------===//
// Rows ahead of their use
//===----------------------------------------------------------------------===//

void weir::emitPrefetch(OpBuilder &b, Location loc, Value memref,
                        ValueRange indices) {
  constexpr int64_t kAllLevels = 3;
  memref::PrefetchOp::create(b, loc, memref, indices, /*isWrite=*/false,
                             kAllLevels, /*isDataCache=*/true);
}

Value weir::emitRowsAhead(OpBuilder &b, Location loc, Value matrix,
                          int64_t stripBytes) {
  // What arrives while some work on as much of it is done: a page, or of a
  // strip of each row as many lines as a core waits for at once.
  constexpr int64_t kAheadBytes = 4096, kStripBytes = 3072;
  auto type = cast<MemRefType>(matrix.getType());
  int64_t most = kAheadBytes * 8 / type.getElementTypeBitWidth();
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value length = b.createOrFold<arith::MaxUIOp>(
      loc, b.createOrFold<memref::DimOp>(loc, matrix, 1), one);
  Value rows = b.createOrFold<arith::DivUIOp>(
      loc, arith::ConstantIndexOp::create(b, loc, most), length);
  int64_t least =
      stripBytes > 0 ? std::max<int64_t>(kStripBytes / stripBytes, 1) : 1;
  return b.createOrFold<arith::MaxUIOp>(
      loc, rows, arith::ConstantIndexOp::create(b, loc, least));
}
