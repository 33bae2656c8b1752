//===- Packing.cpp - operands of products, copied ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

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
      : loc(op.getLoc()), src(op.getSrc()), dst(op.getDst()), target(target),
        element(op.getDst().getType().getElementType()),
        lanes(target.getLanes(element)) {
    for (int64_t dim : {0, 1}) {
      from[dim] = b.createOrFold<memref::DimOp>(loc, src, dim);
      to[dim] = b.createOrFold<memref::DimOp>(loc, dst, dim);
    }
  }

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
  Value load(OpBuilder &b, int64_t width, ValueRange indices, Value mask);
  Value index(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  VectorType getType(int64_t width) { return VectorType::get(width, element); }

  Location loc;
  Value src, dst;
  Value from[2], to[2]; // Sizes.
  ProductTarget target;
  Type element;
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

/// Elements of `src` in the type of `dst`.
Value Pack::load(OpBuilder &b, int64_t width, ValueRange indices, Value mask) {
  Type stored = cast<MemRefType>(src.getType()).getElementType();
  Value vector =
      loadVector(b, loc, VectorType::get(width, stored), src, indices, mask);
  if (stored == element)
    return vector;
  return arith::ExtFOp::create(b, loc, getType(width), vector);
}

/// Zeros from `begin` on to the end of a row of `dst`.
void Pack::emitZeros(OpBuilder &b, Value row, Value begin) {
  Value left = arith::SubIOp::create(b, loc, to[1], begin);
  auto store = [&](OpBuilder &inner, Value place, int64_t width, Value mask) {
    Value zero = arith::ConstantOp::create(inner, loc,
                                           inner.getZeroAttr(getType(width)));
    Value column = arith::AddIOp::create(inner, loc, begin, place);
    storeVector(inner, loc, zero, dst, {row, column}, mask);
  };
  Value rest = emitInSteps(b, loc, left, 1, lanes,
                           [&](OpBuilder &inner, Value place, int64_t) {
                             store(inner, place, lanes, Value());
                           });
  emitTail(b, loc, rest, left, lanes, target.masks, store);
}

void Pack::emitZeroRows(OpBuilder &b, Value begin) {
  emitLoop(b, begin, to[0], 1, [&](OpBuilder &inner, Value row) {
    emitZeros(inner, row, index(inner, 0));
  });
}

void Pack::emitCopy(OpBuilder &b) {
  emitLoop(b, index(b, 0), from[0], 1, [&](OpBuilder &inner, Value row) {
    auto copy = [&](OpBuilder &at, Value column, int64_t width, Value mask) {
      Value vector = load(at, width, {row, column}, mask);
      storeVector(at, loc, vector, dst, {row, column}, mask);
    };
    Value rest = emitInSteps(inner, loc, from[1], 1, lanes,
                             [&](OpBuilder &at, Value column, int64_t) {
                               copy(at, column, lanes, Value());
                             });
    emitTail(inner, loc, rest, from[1], lanes, target.masks, copy);
    emitZeros(inner, row, from[1]);
  });
  emitZeroRows(b, from[0]);
}

/// A square of whole vectors, from (row, column) of `src` on.
void Pack::emitBlock(OpBuilder &b, Value row, Value column) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(load(b, lanes, {emitSum(b, loc, row, i), column}, Value()));
  for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, rows)))
    storeVector(b, loc, vector, dst, {emitSum(b, loc, column, i), row},
                Value());
}

/// The same where only so many rows and columns are left.
void Pack::emitMaskedBlock(OpBuilder &b, Value row, Value column, Value rows,
                           Value columns) {
  auto maskType = VectorType::get(lanes, b.getI1Type());
  // Lanes of what lies beyond the last vector are none at all.
  auto getMask = [&](int64_t i, Value count, Value length) -> Value {
    Value isInside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt,
                                           count, index(b, i));
    Value inside =
        arith::SelectOp::create(b, loc, isInside, length, index(b, 0));
    return vector::CreateMaskOp::create(b, loc, maskType, inside);
  };
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < lanes; ++i)
    loaded.push_back(load(b, lanes, {emitSum(b, loc, row, i), column},
                          getMask(i, rows, columns)));
  for (auto [i, vector] : llvm::enumerate(emitTransposed(b, loc, loaded)))
    storeVector(b, loc, vector, dst, {emitSum(b, loc, column, i), row},
                getMask(i, columns, rows));
}

/// What is left of a square at the end of `src`.
void Pack::emitEdge(OpBuilder &b, Value row, Value column) {
  auto atMost = [&](Value size, Value begin) -> Value {
    return arith::MinUIOp::create(
        b, loc, arith::SubIOp::create(b, loc, size, begin), index(b, lanes));
  };
  Value rows = atMost(from[0], row), columns = atMost(from[1], column);
  if (target.masks)
    return emitMaskedBlock(b, row, column, rows, columns);
  Value rowEnd = arith::AddIOp::create(b, loc, row, rows),
        columnEnd = arith::AddIOp::create(b, loc, column, columns);
  emitLoop(b, row, rowEnd, 1, [&](OpBuilder &outer, Value i) {
    emitLoop(outer, column, columnEnd, 1, [&](OpBuilder &inner, Value j) {
      storeVector(inner, loc, load(inner, 1, {i, j}, Value()), dst, {j, i},
                  Value());
    });
  });
}

void Pack::emitTransposition(OpBuilder &b) {
  auto emitSquare = [&](OpBuilder &inner, Value row, Value column) {
    auto fits = [&](Value begin, Value size) -> Value {
      return arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::ule,
                                   emitSum(inner, loc, begin, lanes), size);
    };
    Value isWhole = arith::AndIOp::create(inner, loc, fits(row, from[0]),
                                          fits(column, from[1]));
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
  emitLoop(b, index(b, 0), from[0], lanes, [&](OpBuilder &outer, Value row) {
    emitLoop(outer, index(outer, 0), from[1], lanes,
             [&](OpBuilder &inner, Value column) {
               emitSquare(inner, row, column);
             });
  });
  emitLoop(b, index(b, 0), from[1], 1, [&](OpBuilder &inner, Value row) {
    emitZeros(inner, row, from[0]);
  });
  emitZeroRows(b, from[1]);
}

void weir::emitPack(OpBuilder &builder, cpu::PackOp op, ProductTarget target) {
  Pack pack(builder, op, target);
  if (op.getTranspose())
    pack.emitTransposition(builder);
  else
    pack.emitCopy(builder);
}
