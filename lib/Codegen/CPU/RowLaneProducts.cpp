//===- RowLaneProducts.cpp - products with rows in the lanes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As many rows of A as a vector has lanes: A is turned once, and each element
// of B multiplies a vector of it. What is turned for every part of B is then C
// alone, once for all k. Each element is the sum that it is of a packed B.
//
//===----------------------------------------------------------------------===//

#include "RowLaneProducts.h"

#include "Packing.h"
#include "Spans.h"
#include "TurnedProducts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

/// So many k at once, for which the turned A stays in the first-level cache.
static constexpr int64_t kMostTerms = 512;
/// Between widened rows, which would else share few sets of a cache.
static constexpr int64_t kApart = 16;
/// And in a step: with more of them LLVM loads elements of B so early that sums
/// leave their registers.
static constexpr int64_t kSteps = 1;

namespace {
class RowLaneProduct {
public:
  RowLaneProduct(OpBuilder &b, Location loc, ValueRange operands,
                 cpu::ProductOp op, ProductTarget target);
  void emit(OpBuilder &builder);

private:
  using Vectors = SmallVector<Value>;
  /// k from `first` on.
  struct Terms {
    Value first, count;
  };
  /// A vector of columns, of which those before `end` count, all without one.
  struct Columns {
    Value first, end;
    Vectors each;
  };
  using TermsBody = llvm::function_ref<void(OpBuilder &, Value at)>;
  /// Some code for every `lanes` of the terms, and other for each that is left.
  void forTerms(OpBuilder &b, Value count, TermsBody emitMany,
                TermsBody emitOne);
  void turnRows(OpBuilder &b, Terms terms);
  void emitColumns(OpBuilder &b, Terms terms, Columns columns);
  Vectors loadSums(OpBuilder &b, Terms terms, const Columns &columns);
  void storeSums(OpBuilder &b, const Columns &columns, ValueRange sums);
  /// Writes the rows of B in the type of sums to `widened`.
  void widen(OpBuilder &b, Terms terms, const Columns &columns);
  /// What `step` of the terms, from `at` on, have to ask for so that all of
  /// them ask for each line of rows to come once.
  void prefetch(OpBuilder &b, Terms terms, const Columns &columns, Value at,
                int64_t step);
  Vectors addTerm(OpBuilder &b, Terms terms, const Columns &columns, Value at,
                  ValueRange sums);
  /// A loop over `at` in [begin, end) that carries sums.
  Vectors
  emitTerms(OpBuilder &b, Value begin, Value end, int64_t step, ValueRange sums,
            llvm::function_ref<Vectors(OpBuilder &, Value, ValueRange)> add);

  Value getMask(OpBuilder &b, const Columns &columns, int64_t row);
  Value maskFirst(OpBuilder &b, int64_t width, Value count) {
    return vector::CreateMaskOp::create(
        b, loc, VectorType::get(width, b.getI1Type()), count);
  }
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<arith::AddIOp>(loc, x, y);
  }
  Value size(OpBuilder &b, Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  }

  Location loc;
  Value left, right, result; // A, B and C.
  bool accumulate;
  ProductTarget target;
  VectorType type; // Of sums.
  int64_t lanes;
  Value rows, depth;
  Vectors rowOf;   // Of each lane; the last one for those that do not count.
  Value turned;    // [k, lanes] of A.
  Value widened;   // [lanes, k] of B; none where it has the type of sums.
  Value rowsAhead; // None where B is near.
};
} // namespace

RowLaneProduct::RowLaneProduct(OpBuilder &b, Location loc, ValueRange operands,
                               cpu::ProductOp op, ProductTarget target)
    : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
      accumulate(op.getAccumulate()), target(target) {
  Type element = getElementTypeOrSelf(result.getType());
  lanes = target.getLanes(element);
  type = VectorType::get(lanes, element);
  rows = size(b, result, 0), depth = size(b, left, 1);
  Value last = b.createOrFold<arith::SubIOp>(loc, rows, index(b, 1));
  for (int64_t i = 0; i < lanes; ++i)
    rowOf.push_back(b.createOrFold<arith::MinUIOp>(loc, index(b, i), last));
  auto allocate = [&](ArrayRef<int64_t> shape) -> Value {
    return memref::AllocaOp::create(b, loc, MemRefType::get(shape, element),
                                    b.getI64IntegerAttr(64));
  };
  turned = allocate({kMostTerms, lanes});
  if (getElementTypeOrSelf(right.getType()) != element)
    widened = allocate({lanes, kMostTerms + kApart});
  if (op.getPrefetch())
    // Not of the rows at hand, which are read side by side.
    rowsAhead = b.createOrFold<arith::MaxUIOp>(
        loc, emitRowsAhead(b, loc, right), index(b, lanes));
}

//===----------------------------------------------------------------------===//
// A and B
//===----------------------------------------------------------------------===//

void RowLaneProduct::forTerms(OpBuilder &b, Value count, TermsBody emitMany,
                              TermsBody emitOne) {
  auto emitLoop = [&](Value begin, Value end, int64_t step, TermsBody body) {
    scf::ForOp::create(b, loc, begin, end, index(b, step), ValueRange(),
                       [&](OpBuilder &inner, Location, Value at, ValueRange) {
                         body(inner, at);
                         scf::YieldOp::create(inner, loc);
                       });
  };
  Value rest = b.createOrFold<arith::RemUIOp>(loc, count, index(b, lanes));
  Value whole = b.createOrFold<arith::SubIOp>(loc, count, rest);
  emitLoop(index(b, 0), whole, lanes, emitMany);
  if (getConstantIntValue(rest) != 0)
    emitLoop(whole, count, 1, emitOne);
}

void RowLaneProduct::turnRows(OpBuilder &b, Terms terms) {
  auto turnMany = [&](OpBuilder &inner, Value at) {
    Value k = add(inner, terms.first, at);
    Vectors own;
    for (Value row : rowOf)
      own.push_back(
          vector::LoadOp::create(inner, loc, type, left, ValueRange{row, k}));
    for (auto [i, vector] : llvm::enumerate(emitTransposed(inner, loc, own)))
      vector::StoreOp::create(
          inner, loc, vector, turned,
          ValueRange{emitSum(inner, loc, at, i), index(inner, 0)});
  };
  auto turnOne = [&](OpBuilder &inner, Value at) {
    Value k = add(inner, terms.first, at);
    for (auto [i, row] : llvm::enumerate(rowOf))
      memref::StoreOp::create(
          inner, loc,
          memref::LoadOp::create(inner, loc, left, ValueRange{row, k}), turned,
          ValueRange{at, index(inner, i)});
  };
  forTerms(b, terms.count, turnMany, turnOne);
}

void RowLaneProduct::prefetch(OpBuilder &b, Terms terms, const Columns &columns,
                              Value at, int64_t step) {
  if (!rowsAhead)
    return;
  constexpr int64_t kLineBits = 512;
  auto stored = cast<MemRefType>(right.getType());
  int64_t steps = kLineBits / stored.getElementTypeBitWidth() / step;
  int64_t own = std::max<int64_t>(1, lanes / steps);
  // A line lasts for some steps, which share the columns.
  Value turn = arith::RemUIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, at, index(b, step)),
      index(b, steps));
  Value column = add(b, arith::MulIOp::create(b, loc, turn, index(b, own)),
                     add(b, columns.first, rowsAhead));
  Value k = add(b, terms.first, at);
  for (int64_t j = 0; j < own; ++j)
    emitPrefetch(b, loc, right, {emitSum(b, loc, column, j), k});
}

void RowLaneProduct::widen(OpBuilder &b, Terms terms, const Columns &columns) {
  Type stored = getElementTypeOrSelf(right.getType());
  auto emitWidth = [&](OpBuilder &inner, Value at, int64_t width) {
    Value k = add(inner, terms.first, at);
    for (auto [j, column] : llvm::enumerate(columns.each)) {
      Value vector = loadVector(inner, loc, VectorType::get(width, stored),
                                right, {column, k}, Value());
      auto wide = VectorType::get(width, type.getElementType());
      vector::StoreOp::create(inner, loc,
                              arith::ExtFOp::create(inner, loc, wide, vector),
                              widened, ValueRange{index(inner, j), at});
    }
  };
  forTerms(
      b, terms.count,
      [&](OpBuilder &inner, Value at) {
        prefetch(inner, terms, columns, at, lanes);
        emitWidth(inner, at, lanes);
      },
      [&](OpBuilder &inner, Value at) { emitWidth(inner, at, 1); });
}

//===----------------------------------------------------------------------===//
// C
//===----------------------------------------------------------------------===//

/// Which columns count of a row.
Value RowLaneProduct::getMask(OpBuilder &b, const Columns &columns,
                              int64_t row) {
  bool isRow = getConstantIntValue(rows).value_or(0) > row;
  if (isRow && !columns.end)
    return Value();
  Value count = index(b, lanes);
  if (columns.end)
    count = arith::SubIOp::create(b, loc, columns.end, columns.first);
  if (!isRow) {
    Value counts = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         index(b, row), rows);
    count = arith::SelectOp::create(b, loc, counts, count, index(b, 0));
  }
  return maskFirst(b, lanes, count);
}

/// A column in each; what the terms before have left of it.
SmallVector<Value> RowLaneProduct::loadSums(OpBuilder &b, Terms terms,
                                            const Columns &columns) {
  Vectors zeros(lanes, arith::ConstantOp::create(b, loc, b.getZeroAttr(type)));
  auto load = [&](OpBuilder &inner) {
    Vectors own;
    for (auto [i, row] : llvm::enumerate(rowOf))
      own.push_back(loadVector(inner, loc, type, result, {row, columns.first},
                               getMask(inner, columns, i)));
    return emitTransposed(inner, loc, own);
  };
  if (accumulate)
    return load(b);
  if (getConstantIntValue(terms.first) == 0)
    return zeros;
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                        terms.first, index(b, 0));
  auto choice = scf::IfOp::create(
      b, loc, isFirst,
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, zeros);
      },
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, load(inner));
      });
  return Vectors(choice.getResults());
}

void RowLaneProduct::storeSums(OpBuilder &b, const Columns &columns,
                               ValueRange sums) {
  Vectors all = emitTransposed(b, loc, Vectors(sums));
  int64_t known = getConstantIntValue(rows).value_or(lanes);
  for (int64_t i = 0; i < known; ++i)
    storeVector(b, loc, all[i], result, {rowOf[i], columns.first},
                getMask(b, columns, i));
}

SmallVector<Value> RowLaneProduct::addTerm(OpBuilder &b, Terms terms,
                                           const Columns &columns, Value at,
                                           ValueRange sums) {
  Value own =
      vector::LoadOp::create(b, loc, type, turned, ValueRange{at, index(b, 0)});
  Value k = add(b, terms.first, at);
  Vectors next;
  for (auto [j, column] : llvm::enumerate(columns.each)) {
    Value element =
        widened ? memref::LoadOp::create(b, loc, widened,
                                         ValueRange{index(b, j), at})
                : memref::LoadOp::create(b, loc, right, ValueRange{column, k});
    Value factor = vector::BroadcastOp::create(b, loc, type, element);
    if (target.fma)
      next.push_back(math::FmaOp::create(b, loc, own, factor, sums[j]));
    else
      next.push_back(arith::AddFOp::create(
          b, loc, sums[j], arith::MulFOp::create(b, loc, own, factor)));
  }
  return next;
}

SmallVector<Value> RowLaneProduct::emitTerms(
    OpBuilder &b, Value begin, Value end, int64_t step, ValueRange sums,
    llvm::function_ref<Vectors(OpBuilder &, Value, ValueRange)> add) {
  auto loop = scf::ForOp::create(
      b, loc, begin, end, index(b, step), sums,
      [&](OpBuilder &inner, Location, Value at, ValueRange before) {
        scf::YieldOp::create(inner, loc, add(inner, at, before));
      });
  return Vectors(loop.getResults());
}

void RowLaneProduct::emitColumns(OpBuilder &b, Terms terms, Columns columns) {
  for (int64_t j = 0; j < lanes; ++j) {
    Value column = emitSum(b, loc, columns.first, j);
    if (columns.end)
      column = arith::MinUIOp::create(
          b, loc, column,
          arith::SubIOp::create(b, loc, columns.end, index(b, 1)));
    columns.each.push_back(column);
  }
  if (widened)
    widen(b, terms, columns);
  auto addOne = [&](OpBuilder &inner, Value at, ValueRange sums) {
    return addTerm(inner, terms, columns, at, sums);
  };
  auto addMany = [&](OpBuilder &inner, Value at, ValueRange sums) {
    if (!widened)
      prefetch(inner, terms, columns, at, kSteps);
    Vectors next(sums);
    for (int64_t i = 0; i < kSteps; ++i)
      next = addOne(inner, emitSum(inner, loc, at, i), next);
    return next;
  };
  Value rest =
      b.createOrFold<arith::RemUIOp>(loc, terms.count, index(b, kSteps));
  Value whole = b.createOrFold<arith::SubIOp>(loc, terms.count, rest);
  Vectors sums = emitTerms(b, index(b, 0), whole, kSteps,
                           loadSums(b, terms, columns), addMany);
  storeSums(b, columns, emitTerms(b, whole, terms.count, 1, sums, addOne));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void RowLaneProduct::emit(OpBuilder &b) {
  auto emitAll = [&](OpBuilder &outer, Terms terms) {
    turnRows(outer, terms);
    Value columns = size(outer, result, 1);
    bool areWhole = getConstantIntValue(columns).value_or(1) % lanes == 0;
    scf::ForOp::create(
        outer, loc, index(outer, 0), columns, index(outer, lanes), ValueRange(),
        [&](OpBuilder &inner, Location, Value column, ValueRange) {
          emitColumns(inner, terms, {column, areWhole ? Value() : columns, {}});
          scf::YieldOp::create(inner, loc);
        });
  };
  if (getConstantIntValue(depth).value_or(kMostTerms + 1) <= kMostTerms)
    return emitAll(b, {index(b, 0), depth});
  // Without terms sums are 0 all the same.
  Value end = arith::MaxUIOp::create(b, loc, depth, index(b, 1));
  scf::ForOp::create(
      b, loc, index(b, 0), end, index(b, kMostTerms), ValueRange(),
      [&](OpBuilder &outer, Location, Value first, ValueRange) {
        Value left = arith::SubIOp::create(outer, loc, depth, first);
        emitAll(outer,
                {first, arith::MinUIOp::create(outer, loc, left,
                                               index(outer, kMostTerms))});
        scf::YieldOp::create(outer, loc);
      });
}

void weir::emitRowLaneProduct(OpBuilder &builder, Location loc,
                              ValueRange operands, cpu::ProductOp op,
                              ProductTarget target) {
  RowLaneProduct(builder, loc, operands, op, target).emit(builder);
}
