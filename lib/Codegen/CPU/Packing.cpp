//===- Packing.cpp - operands of products, copied ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

#include "PackSource.h"
#include "Spans.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {
/// Writes one pack op.
class Pack {
public:
  Pack(OpBuilder &b, cpu::PackOp op, ProductTarget target)
      : loc(op.getLoc()), source(b, op), target(target),
        lanes(target.getLanes(source.getUnit())) {}

  void emitCopy(OpBuilder &b);
  void emitTransposition(OpBuilder &b);

private:
  using Place = llvm::function_ref<void(OpBuilder &, Value)>;

  void emitLoop(OpBuilder &b, Value begin, Value end, int64_t step, Place body);
  void emitZeros(OpBuilder &b, Value row, Value begin);
  void emitZeroRows(OpBuilder &b, Value begin);
  void emitBlock(OpBuilder &b, Value row, Value column);
  void emitEdge(OpBuilder &b, Value row, Value column);
  void emitMaskedBlock(OpBuilder &b, Value row, Value column, Value rows,
                       Value columns);
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  Location loc;
  PackSource source;
  ProductTarget target;
  int64_t lanes;
};
} // namespace

void Pack::emitLoop(OpBuilder &b, Value begin, Value end, int64_t step,
                    Place body) {
  scf::ForOp::create(b, loc, begin, end, index(b, step), ValueRange(),
                     [&](OpBuilder &inner, Location, Value place, ValueRange) {
                       body(inner, place);
                       scf::YieldOp::create(inner, loc);
                     });
}

/// Zeros from `begin` on to the end of a row of `dst`.
void Pack::emitZeros(OpBuilder &b, Value row, Value begin) {
  Value left = arith::SubIOp::create(b, loc, source.getRoom(1), begin);
  auto store = [&](OpBuilder &inner, Value place, int64_t width, Value mask) {
    Value zero = arith::ConstantOp::create(
        inner, loc,
        inner.getZeroAttr(VectorType::get(width, source.getUnit())));
    Value column = arith::AddIOp::create(inner, loc, begin, place);
    source.store(inner, zero, row, column, mask);
  };
  Value rest = emitInSteps(b, loc, left, 1, lanes,
                           [&](OpBuilder &inner, Value place, int64_t) {
                             store(inner, place, lanes, Value());
                           });
  emitTail(b, loc, rest, left, lanes, target.masks, store);
}

void Pack::emitZeroRows(OpBuilder &b, Value begin) {
  emitLoop(b, begin, source.getRoom(0), 1, [&](OpBuilder &inner, Value row) {
    emitZeros(inner, row, index(inner, 0));
  });
}

void Pack::emitCopy(OpBuilder &b) {
  Value length = source.getSize(1);
  emitLoop(
      b, index(b, 0), source.getSize(0), 1, [&](OpBuilder &inner, Value row) {
        auto copy = [&](OpBuilder &at, Value column, int64_t width,
                        Value mask) {
          Value count;
          if (mask)
            count = arith::SubIOp::create(at, loc, length, column);
          source.store(at, source.load(at, width, row, column, count), row,
                       column, mask);
        };
        Value rest = emitInSteps(inner, loc, length, 1, lanes,
                                 [&](OpBuilder &at, Value column, int64_t) {
                                   copy(at, column, lanes, Value());
                                 });
        emitTail(inner, loc, rest, length, lanes, target.masks, copy);
        emitZeros(inner, row, length);
      });
  emitZeroRows(b, source.getSize(0));
}

/// A square of whole vectors, from (row, column) of `src` on.
void Pack::emitBlock(OpBuilder &b, Value row, Value column) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(
        source.load(b, lanes, emitSum(b, loc, row, i), column, Value()));
  for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, rows)))
    source.store(b, vector, emitSum(b, loc, column, i), row, Value());
}

/// The same where only so many rows and columns are left.
void Pack::emitMaskedBlock(OpBuilder &b, Value row, Value column, Value rows,
                           Value columns) {
  // Of what lies beyond the last row no lane counts.
  auto count = [&](int64_t i, Value many, Value length) -> Value {
    Value isInside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt,
                                           many, index(b, i));
    return arith::SelectOp::create(b, loc, isInside, length, index(b, 0));
  };
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < lanes; ++i)
    loaded.push_back(source.load(b, lanes, emitSum(b, loc, row, i), column,
                                 count(i, rows, columns)));
  auto maskType = VectorType::get(lanes, b.getI1Type());
  for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, loaded))) {
    Value mask =
        vector::CreateMaskOp::create(b, loc, maskType, count(i, columns, rows));
    source.store(b, vector, emitSum(b, loc, column, i), row, mask);
  }
}

/// What is left of a square at the end of `src`.
void Pack::emitEdge(OpBuilder &b, Value row, Value column) {
  auto atMost = [&](Value size, Value begin) -> Value {
    return arith::MinUIOp::create(
        b, loc, arith::SubIOp::create(b, loc, size, begin), index(b, lanes));
  };
  Value rows = atMost(source.getSize(0), row),
        columns = atMost(source.getSize(1), column);
  if (target.masks)
    return emitMaskedBlock(b, row, column, rows, columns);
  Value rowEnd = arith::AddIOp::create(b, loc, row, rows),
        columnEnd = arith::AddIOp::create(b, loc, column, columns);
  emitLoop(b, row, rowEnd, 1, [&](OpBuilder &outer, Value i) {
    emitLoop(outer, column, columnEnd, 1, [&](OpBuilder &inner, Value j) {
      source.store(inner, source.load(inner, 1, i, j, Value()), j, i, Value());
    });
  });
}

void Pack::emitTransposition(OpBuilder &b) {
  auto emitSquare = [&](OpBuilder &inner, Value row, Value column) {
    auto fits = [&](Value begin, Value size) -> Value {
      return arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::ule,
                                   emitSum(inner, loc, begin, lanes), size);
    };
    Value isWhole =
        arith::AndIOp::create(inner, loc, fits(row, source.getWholeSize(0)),
                              fits(column, source.getWholeSize(1)));
    scf::IfOp::create(
        inner, loc, isWhole,
        [&](OpBuilder &at, Location) {
          emitBlock(at, row, column);
          scf::YieldOp::create(at, loc);
        },
        [&](OpBuilder &at, Location) {
          emitEdge(at, row, column);
          scf::YieldOp::create(at, loc);
        });
  };
  emitLoop(b, index(b, 0), source.getSize(0), lanes,
           [&](OpBuilder &outer, Value row) {
             emitLoop(outer, index(outer, 0), source.getSize(1), lanes,
                      [&](OpBuilder &inner, Value column) {
                        emitSquare(inner, row, column);
                      });
           });
  emitLoop(b, index(b, 0), source.getSize(1), 1,
           [&](OpBuilder &inner, Value row) {
             emitZeros(inner, row, source.getSize(0));
           });
  emitZeroRows(b, source.getSize(1));
}

void weir::emitPack(OpBuilder &builder, cpu::PackOp op, ProductTarget target) {
  Pack pack(builder, op, target);
  if (op.getTranspose())
    pack.emitTransposition(builder);
  else
    pack.emitCopy(builder);
}
