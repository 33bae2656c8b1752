//===- GuessedAnchor.cpp - a row without a sweep for its maximum ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GuessedAnchor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// Samples of a row. Their maximum is seldom far below that of all: of normal
/// scores about a standard deviation and a half where there are thousands.
static constexpr int64_t kSamples = 64;
/// Rows must be longer than the samples by this factor, or the sweep that is
/// saved is no more than they are.
static constexpr int64_t kLeastRatio = 4;
/// The sum may be this many times that of a row of equal scores, or 2^20. A
/// score is at most ln(2^20) = 14 above the guess then, where a fast
/// exponential's error is half of what its class allows.
static constexpr double kMostMean = 16, kMostSum = 0x1p20;

std::optional<GuessedAnchor> GuessedAnchor::find(RowEmitter &emitter) {
  if (emitter.access.getLayout().hasRowVectors())
    return std::nullopt;
  std::optional<FreeAnchor> free =
      findFreeAnchor(emitter.formula, emitter.rows.getFreeAnchor());
  if (!free)
    return std::nullopt;
  GuessedAnchor guessed(emitter, *free);
  int64_t length = emitter.access.getStaticLastSize();
  if (!ShapedType::isDynamic(length) && length < guessed.getLeastLength())
    return std::nullopt;
  return guessed;
}

int64_t GuessedAnchor::getSampleCount() const {
  return std::max<int64_t>(
      1, kSamples / emitter.access.getLayout().getPositionCount());
}

int64_t GuessedAnchor::getLeastLength() const {
  return kLeastRatio * getSampleCount() *
         emitter.access.getLayout().getPositionCount();
}

/// A row that is long enough and will be there for a second try.
Value GuessedAnchor::emitMayGuess(OpBuilder &b, Value keptRow) {
  Location loc = emitter.rows.getLoc();
  Value least = arith::ConstantIndexOp::create(b, loc, getLeastLength());
  Value may = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge,
                                    emitter.access.getRowLength(), least);
  bool overwrites = keptRow && keptRow == emitter.access.getResultRow(0);
  if (!overwrites)
    return may;
  return arith::AndIOp::create(b, loc, may,
                               emitter.access.emitIsApart(b, keptRow));
}

/// The largest of samples spread over the row.
Value GuessedAnchor::emitGuess(OpBuilder &b) {
  Location loc = emitter.rows.getLoc();
  int64_t positions = emitter.access.getLayout().getPositionCount();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value share = arith::DivUIOp::create(b, loc, emitter.access.getRowLength(),
                                       index(getSampleCount() * positions));
  Value stride = arith::MulIOp::create(b, loc, share, index(positions));
  // The last of them end the row, so that rows which rise or fall all along are
  // guessed well.
  SmallVector<Value> places{arith::SubIOp::create(
      b, loc, emitter.access.getRowLength(), index(positions))};
  for (int64_t s = 0, e = getSampleCount(); s < e; ++s)
    places.push_back(arith::MulIOp::create(b, loc, stride, index(s)));
  Value largest;
  for (Value place : places) {
    Element element(Lanes{place, Value()});
    Value sample = emitter.getReduced(b, element, free.anchor);
    largest =
        largest ? emitter.combine(b, free.anchor, largest, sample) : sample;
  }
  return emitter.combineLanes(b, free.anchor, largest);
}

/// Whether the sum says that no score was far above the guess.
Value GuessedAnchor::emitIsNear(OpBuilder &b) {
  Location loc = emitter.rows.getLoc();
  Value sum = emitter.getScalar(free.witness.getResult());
  Value length = arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                            emitter.access.getRowLength());
  Value count = arith::SIToFPOp::create(b, loc, sum.getType(), length);
  Value most = arith::MinimumFOp::create(
      b, loc,
      arith::MulFOp::create(b, loc, count,
                            emitter.constant(b, sum.getType(), kMostMean)),
      emitter.constant(b, sum.getType(), kMostSum));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, sum, most);
}

void GuessedAnchor::emitRow(OpBuilder &builder, Value keptRow,
                            llvm::function_ref<void(OpBuilder &)> sweeps,
                            llvm::function_ref<void(OpBuilder &)> results,
                            llvm::function_ref<void(OpBuilder &)> ordinary) {
  Location loc = emitter.rows.getLoc();
  RowEmitter::RowValues known = emitter.saveRow();
  // Where fused shifts show in results but for small ones, a guess is worth
  // more than they are.
  bool couldFuse = emitter.canFuseShifts;
  emitter.canFuseShifts &= emitter.shifts.suitMostRows();
  Value may = emitMayGuess(builder, keptRow);
  auto attempt = scf::IfOp::create(builder, loc, builder.getI1Type(), may,
                                   /*withElseRegion=*/true);
  OpBuilder no = attempt.getElseBodyBuilder();
  Value never = emitter.constant(no, no.getI1Type(), 0);
  scf::YieldOp::create(no, loc, never);

  OpBuilder sampled = attempt.getThenBodyBuilder();
  emitter.anchorRowCode(sampled);
  Value guess = emitGuess(sampled);
  emitter.setScalar(free.anchor.getResult(), guess);
  emitter.anchorRowCode(sampled);
  Value moderate = emitter.emitIsModerate(sampled, guess);
  auto guessed = scf::IfOp::create(sampled, loc, sampled.getI1Type(), moderate,
                                   /*withElseRegion=*/true);
  scf::YieldOp::create(sampled, loc, guessed.getResults());
  no = guessed.getElseBodyBuilder();
  never = emitter.constant(no, no.getI1Type(), 0);
  scf::YieldOp::create(no, loc, never);

  OpBuilder inside = guessed.getThenBodyBuilder();
  emitter.anchorRowCode(inside);
  emitter.fusesShifts = emitter.canFuseShifts;
  emitter.isKnownNotEmpty = true; // A sample takes part.
  // Terms of excluded elements are 0, or the sum is too large or NaN.
  if (emitter.limits.isInfiniteAtExcluded(free.anchor.getValue()))
    emitter.trustedSum = free.witness;
  sweeps(inside);
  emitter.anchorRowCode(inside);
  Value near = emitIsNear(inside);
  auto write = scf::IfOp::create(inside, loc, near, /*withElseRegion=*/false);
  scf::YieldOp::create(inside, loc, near);
  OpBuilder writing = write.getThenBodyBuilder();
  emitter.anchorRowCode(writing);
  results(writing);
  emitter.isKnownNotEmpty = false;
  emitter.trustedSum = ReduceOp();
  emitter.fusesShifts = false;
  emitter.canFuseShifts = couldFuse;

  emitter.restoreRow(known);
  emitter.anchorRowCode(builder);
  Value failed =
      arith::XOrIOp::create(builder, loc, attempt.getResult(0),
                            emitter.constant(builder, builder.getI1Type(), 1));
  auto again = scf::IfOp::create(builder, loc, failed,
                                 /*withElseRegion=*/false);
  OpBuilder rest = again.getThenBodyBuilder();
  emitter.beginSeldomRun(rest);
  emitter.anchorRowCode(rest);
  ordinary(rest);
  emitter.anchorRowCode(builder);
}
