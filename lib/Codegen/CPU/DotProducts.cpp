//===- DotProducts.cpp - matrix products by dot products ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where rows of B lie along k, vectors lie along k as well: each element of C
// has one of sums, and as many elements as a vector has lanes are added up
// across lanes together. Rows of A are taken up to four at a time, so that a
// vector of B meets several; as many rows of B then make the elements full.
//
//===----------------------------------------------------------------------===//

#include "DotProducts.h"

#include "Packing.h"
#include "Spans.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {
class DotProduct {
public:
  DotProduct(Location loc, ValueRange operands, cpu::ProductOp op,
             ProductTarget target)
      : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
        accumulate(op.getAccumulate()), prefetches(op.getPrefetch()),
        target(target), element(getElementTypeOrSelf(result.getType())),
        lanes(target.getLanes(element)) {}
  void emit(OpBuilder &builder);

private:
  using Vectors = SmallVector<Value>;
  /// Elements of C: `rows` from `row` on, `columns` from `column` on. With an
  /// `end` some of the columns may lie behind it and do not count.
  struct Square {
    Value row, column;
    int64_t rows, columns;
    Value end;
  };

  void emitColumns(OpBuilder &b, Value column, Value end);
  void emitSquare(OpBuilder &b, const Square &square);
  Vectors emitTerms(OpBuilder &b, const Square &square, ArrayRef<Value> columns,
                    Value k, Value mask, ValueRange sums);
  Value emitRest(OpBuilder &b, const Square &square, ArrayRef<Value> columns,
                 Value k, Vectors sums);
  void store(OpBuilder &b, const Square &square, Value elements);
  Value load(OpBuilder &b, Value memref, Value row, Value k, Value mask);
  Value multiplyAdd(OpBuilder &b, Value x, Value y, Value sum);
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value size(OpBuilder &b, Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  }
  VectorType getType(int64_t count) { return VectorType::get(count, element); }

  Location loc;
  Value left, right, result; // A, B and C.
  bool accumulate, prefetches;
  ProductTarget target;
  Type element;
  int64_t lanes;
  Value depth, wholeDepth, rowsAhead;
};
} // namespace

Value DotProduct::multiplyAdd(OpBuilder &b, Value x, Value y, Value sum) {
  if (target.fma)
    return math::FmaOp::create(b, loc, x, y, sum);
  return arith::AddFOp::create(b, loc, sum,
                               arith::MulFOp::create(b, loc, x, y));
}

Value DotProduct::load(OpBuilder &b, Value memref, Value row, Value k,
                       Value mask) {
  Type stored = getElementTypeOrSelf(memref.getType());
  Value vector = loadVector(b, loc, VectorType::get(lanes, stored), memref,
                            {row, k}, mask);
  if (stored == element)
    return vector;
  return arith::ExtFOp::create(b, loc, getType(lanes), vector);
}

/// Adds the terms of a vector of k to each sum.
SmallVector<Value> DotProduct::emitTerms(OpBuilder &b, const Square &square,
                                         ArrayRef<Value> columns, Value k,
                                         Value mask, ValueRange sums) {
  Vectors others, next;
  for (Value column : columns) {
    others.push_back(load(b, right, column, k, mask));
    // One row of A is no work to hide the wait behind; memory follows by
    // itself.
    if (rowsAhead && square.rows > 1)
      emitPrefetch(b, loc, right,
                   {arith::AddIOp::create(b, loc, column, rowsAhead), k});
  }
  for (int64_t i = 0; i < square.rows; ++i) {
    Value own = load(b, left, emitSum(b, loc, square.row, i), k, mask);
    for (Value other : others)
      next.push_back(multiplyAdd(b, own, other, sums[next.size()]));
  }
  return next;
}

/// Adds the terms behind the last whole vector of k and gives the elements.
Value DotProduct::emitRest(OpBuilder &b, const Square &square,
                           ArrayRef<Value> columns, Value k, Vectors sums) {
  std::optional<int64_t> known = getConstantIntValue(depth);
  if (!known || *known % lanes != 0) {
    Value left = arith::SubIOp::create(b, loc, depth, k);
    Value mask = vector::CreateMaskOp::create(
        b, loc, VectorType::get(lanes, b.getI1Type()), left);
    sums = emitTerms(b, square, columns, k, mask, sums);
  }
  return emitLaneSums(b, loc, sums);
}

void DotProduct::store(OpBuilder &b, const Square &square, Value elements) {
  Value mask;
  if (square.end)
    mask = vector::CreateMaskOp::create(
        b, loc, VectorType::get(square.columns, b.getI1Type()),
        ValueRange(arith::SubIOp::create(b, loc, square.end, square.column)));
  for (int64_t i = 0; i < square.rows; ++i) {
    Value row = emitSum(b, loc, square.row, i), own = elements;
    if (square.columns < lanes)
      own = vector::ExtractStridedSliceOp::create(
          b, loc, elements, ArrayRef<int64_t>{i * square.columns},
          ArrayRef<int64_t>{square.columns}, ArrayRef<int64_t>{1});
    if (accumulate)
      own =
          arith::AddFOp::create(b, loc, own,
                                loadVector(b, loc, getType(square.columns),
                                           result, {row, square.column}, mask));
    storeVector(b, loc, own, result, {row, square.column}, mask);
  }
}

void DotProduct::emitSquare(OpBuilder &b, const Square &square) {
  // Columns that do not count are the last one over again.
  Vectors columns;
  for (int64_t i = 0; i < square.columns; ++i) {
    Value column = emitSum(b, loc, square.column, i);
    if (square.end)
      column = arith::MinUIOp::create(
          b, loc, column,
          arith::SubIOp::create(b, loc, square.end, index(b, 1)));
    columns.push_back(column);
  }
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(getType(lanes)));
  Vectors zeros(lanes, zero);
  auto loop = scf::ForOp::create(
      b, loc, index(b, 0), wholeDepth, index(b, lanes), zeros,
      [&](OpBuilder &inner, Location, Value k, ValueRange sums) {
        scf::YieldOp::create(
            inner, loc, emitTerms(inner, square, columns, k, Value(), sums));
      });
  store(b, square,
        emitRest(b, square, columns, wholeDepth, Vectors(loop.getResults())));
}

/// All rows at as many columns as a vector has lanes, which stay in the
/// first-level cache meanwhile.
void DotProduct::emitColumns(OpBuilder &b, Value column, Value end) {
  constexpr int64_t kMostRows = 4;
  Value last = emitSum(b, loc, column, lanes);
  if (end)
    last = end;
  auto emitRows = [&](OpBuilder &outer, Value row, int64_t rows) {
    int64_t columns = lanes / rows;
    scf::ForOp::create(outer, loc, column, last, index(outer, columns),
                       ValueRange(),
                       [&](OpBuilder &inner, Location, Value at, ValueRange) {
                         emitSquare(inner, {row, at, rows, columns, end});
                         scf::YieldOp::create(inner, loc);
                       });
  };
  emitInSteps(b, loc, size(b, result, 0), std::min(kMostRows, lanes), 1,
              emitRows);
}

void DotProduct::emit(OpBuilder &b) {
  depth = size(b, left, 1);
  Value rest = b.createOrFold<arith::RemUIOp>(loc, depth, index(b, lanes));
  wholeDepth = b.createOrFold<arith::SubIOp>(loc, depth, rest);
  if (prefetches)
    rowsAhead = emitRowsAhead(b, loc, right);
  Value columns = size(b, result, 1);
  Value whole = emitInSteps(b, loc, columns, 1, lanes,
                            [&](OpBuilder &inner, Value column, int64_t) {
                              emitColumns(inner, column, Value());
                            });
  Value isLeft =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, whole, columns);
  scf::IfOp::create(b, loc, isLeft, [&](OpBuilder &inner, Location) {
    emitColumns(inner, whole, columns);
    scf::YieldOp::create(inner, loc);
  });
}

void weir::emitDotProduct(OpBuilder &builder, Location loc, ValueRange operands,
                          cpu::ProductOp op, ProductTarget target) {
  DotProduct(loc, operands, op, target).emit(builder);
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

Value weir::emitRowsAhead(OpBuilder &b, Location loc, Value matrix) {
  // What arrives while some work on as much of it is done: a page.
  constexpr int64_t kAheadBytes = 4096;
  auto type = cast<MemRefType>(matrix.getType());
  int64_t most = kAheadBytes * 8 / type.getElementTypeBitWidth();
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value length = b.createOrFold<arith::MaxUIOp>(
      loc, b.createOrFold<memref::DimOp>(loc, matrix, 1), one);
  Value rows = b.createOrFold<arith::DivUIOp>(
      loc, arith::ConstantIndexOp::create(b, loc, most), length);
  return b.createOrFold<arith::MaxUIOp>(loc, rows, one);
}
