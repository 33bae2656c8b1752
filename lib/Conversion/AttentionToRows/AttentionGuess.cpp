//===- AttentionGuess.cpp - rows whose maximum is guessed ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionGuess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

/// A larger anchor is left to run: exponents are formed otherwise then.
static constexpr double kModerate = 0x1p21;
/// The sum may be this large, or this many times that of a row of equal scores,
/// whichever is more. A score is at most ln(2^20) = 14 above the guess then, of
/// a million keys 17, where a fast exponential's error is half of what its class
/// allows.
static constexpr double kMostSum = 0x1p20, kMostMean = 16;

Value AttentionGuess::constant(double value) {
  return arith::ConstantOp::create(
      t.builder, t.loc, t.builder.getFloatAttr(t.operands.accumulator, value));
}

void AttentionGuess::allocate(Value parts) {
  OpFoldResult rows = t.builder.getIndexAttr(t.rowsPerTile);
  holds = t.allocateApart({parts, rows}, t.operands.accumulator);
  may = t.allocateApart({parts, rows}, t.operands.accumulator);
}

Value AttentionGuess::getHolds(const AttentionTile &rows) {
  return t.perRow(holds, rows);
}

/// A loop over rows that goes from `start` to what `body` makes of it last.
Value AttentionGuess::forRows(
    const AttentionTile &rows, bool start,
    llvm::function_ref<Value(Value row, Value before)> body) {
  OpBuilder::InsertionGuard guard(t.builder);
  Value first = arith::ConstantIntOp::create(t.builder, t.loc, start, 1);
  auto loop = scf::ForOp::create(t.builder, t.loc, t.index.constant(0),
                                 rows.rowCount, t.index.constant(1), first);
  t.builder.setInsertionPointToStart(loop.getBody());
  Value after = body(loop.getInductionVar(), loop.getRegionIterArg(0));
  scf::YieldOp::create(t.builder, t.loc, after);
  return loop.getResult(0);
}

void AttentionGuess::emitStart(const AttentionTile &tile) {
  t.fill(getHolds(tile), 0.0);
}

Value AttentionGuess::emitAllHold(const AttentionTile &rows) {
  Value own = getHolds(rows), zero = constant(0.0);
  return forRows(rows, true, [&](Value row, Value before) -> Value {
    Value hold = memref::LoadOp::create(t.builder, t.loc, own, row);
    Value is = arith::CmpFOp::create(t.builder, t.loc, P::UNE, hold, zero);
    return arith::AndIOp::create(t.builder, t.loc, before, is);
  });
}

void AttentionGuess::emitHold(const AttentionTile &rows, Value anchors) {
  Value own = getHolds(rows), allowed = t.perRow(may, rows),
        zero = constant(0.0), bound = constant(kModerate);
  forRows(rows, false, [&](Value row, Value before) -> Value {
    OpBuilder &b = t.builder;
    Value anchor = memref::LoadOp::create(b, t.loc, anchors, row);
    Value size = math::AbsFOp::create(b, t.loc, anchor);
    Value is = arith::CmpFOp::create(b, t.loc, P::OLT, size, bound);
    Value one = memref::LoadOp::create(b, t.loc, allowed, row);
    Value hold = arith::SelectOp::create(b, t.loc, is, one, zero);
    memref::StoreOp::create(b, t.loc, hold, own, row);
    return before;
  });
}

/// Rows whose guess failed may not hold again; true when there are any.
Value AttentionGuess::emitFailures(const AttentionTile &tile, Value sums) {
  Value own = getHolds(tile), allowed = t.perRow(may, tile),
        zero = constant(0.0);
  OpBuilder &b = t.builder;
  Value count =
      arith::IndexCastOp::create(b, t.loc, b.getI64Type(), tile.keyCount);
  count = arith::SIToFPOp::create(b, t.loc, t.operands.accumulator, count);
  Value most = arith::MaximumFOp::create(
      b, t.loc, arith::MulFOp::create(b, t.loc, count, constant(kMostMean)),
      constant(kMostSum));
  return forRows(tile, false, [&](Value row, Value before) -> Value {
    Value sum = memref::LoadOp::create(b, t.loc, sums, row);
    Value far = arith::CmpFOp::create(b, t.loc, P::UGT, sum, most);
    Value hold = memref::LoadOp::create(b, t.loc, own, row);
    Value held = arith::CmpFOp::create(b, t.loc, P::UNE, hold, zero);
    Value fails = arith::AndIOp::create(b, t.loc, far, held);
    Value old = memref::LoadOp::create(b, t.loc, allowed, row);
    Value now = arith::SelectOp::create(b, t.loc, fails, zero, old);
    memref::StoreOp::create(b, t.loc, now, allowed, row);
    return arith::OrIOp::create(b, t.loc, before, fails);
  });
}

void AttentionGuess::emit(const AttentionTile &tile,
                          llvm::function_ref<Value()> attempt) {
  OpBuilder::InsertionGuard guard(t.builder);
  t.fill(t.perRow(may, tile), 1.0);
  auto loop = scf::WhileOp::create(t.builder, t.loc, TypeRange(), ValueRange());
  t.builder.createBlock(&loop.getAfter());
  scf::YieldOp::create(t.builder, t.loc);
  t.builder.createBlock(&loop.getBefore());
  Value sums = attempt();
  Value fails = emitFailures(tile, sums);
  scf::ConditionOp::create(t.builder, t.loc, fails, ValueRange());
}
