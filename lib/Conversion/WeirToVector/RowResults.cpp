//===- RowResults.cpp - what every form shares: prologue and results of a row
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StoredForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Before the first sweep
//===----------------------------------------------------------------------===//

/// Counts the unmasked positions of the row.
static Value emitUnmaskedCount(RowEmitter &emitter, OpBuilder &builder) {
  Location loc = emitter.rows.getLoc();
  VectorType type = emitter.access.getVectorType(builder.getI64Type());
  Value zero = emitter.constant(builder, type, 0);
  RowSweep sweep(emitter, builder, 1);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes,
                  ValueRange carried) -> SmallVector<Value> {
    Value mask = emitter.access.loadMask(b, lanes[0]);
    Value ones = arith::ExtUIOp::create(b, loc, type, mask);
    return {arith::AddIOp::create(b, loc, carried[0], ones)};
  };
  SmallVector<Value> counts = sweep.emit(zero, body);
  const LaneLayout &layout = emitter.access.getLayout();
  Value count = layout.combine(builder, vector::CombiningKind::ADD, counts[0]);
  return arith::IndexCastOp::create(
      builder, loc, layout.getRowType(builder.getIndexType()), count);
}

/// Whether some included score is +inf, for the policy that lets them share the
/// mass.
static Value emitHoldsInfinity(RowEmitter &emitter, OpBuilder &builder) {
  Location loc = emitter.rows.getLoc();
  VectorType type =
      emitter.access.getVectorType(emitter.access.getComputeType());
  Value least = emitter.constant(builder, type, -INFINITY);
  RowSweep sweep(emitter, builder, 1);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes,
                  ValueRange carried) -> SmallVector<Value> {
    Element element(lanes[0]);
    Value x = emitter.getVector(b, element, emitter.getScore());
    Value more =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, carried[0]);
    return {arith::SelectOp::create(b, loc, more, x, carried[0])};
  };
  SmallVector<Value> most = sweep.emit(least, body);
  Value max = emitter.access.getLayout().combine(
      builder, vector::CombiningKind::MAXNUMF, most[0],
      arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
  return arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, max,
      emitter.constant(builder, max.getType(), INFINITY));
}

/// Copies the arguments that several sweeps read together.
static void emitGathering(RowEmitter &emitter, OpBuilder &builder) {
  ArrayRef<unsigned> arguments = emitter.access.getGathered();
  auto copy = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange) {
    for (const Lanes &group : lanes)
      for (auto [argument, buffer] :
           llvm::zip_equal(arguments, emitter.access.getGatherBuffers()))
        emitter.access.storeVector(
            b, buffer, group,
            emitter.access.loadVarying(b, argument, group, Value()));
    return SmallVector<Value>();
  };
  RowSweep sweep(emitter, builder, /*groupSize=*/4);
  sweep.emit({}, copy);
  emitter.access.readGathered();
  emitter.anchorRowCode(builder);
}

void weir::emitRowPrologue(RowEmitter &emitter, OpBuilder &builder) {
  emitter.enterRow(builder);
  if (!emitter.access.getGathered().empty())
    emitGathering(emitter, builder);
  if (emitter.access.hasMask()) {
    Value count;
    for (LengthOp length :
         emitter.formula.getBody().front().getOps<LengthOp>()) {
      if (!count)
        count = emitUnmaskedCount(emitter, builder);
      emitter.setScalar(length, count);
    }
  }
  emitter.anchorRowCode(builder);
  if (emitter.rows.getPosInf() == PosInf::Share &&
      emitter.getScore().getType().isF32()) {
    emitter.setSharesInfinity(emitHoldsInfinity(emitter, builder));
    emitter.anchorRowCode(builder);
  }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Looks through the row whether no element takes part.
static Value emitNothingLeft(RowEmitter &emitter, OpBuilder &builder) {
  Location loc = emitter.rows.getLoc();
  VectorType type = emitter.access.getVectorType(builder.getI1Type());
  Value none = emitter.constant(builder, type, 0);
  RowSweep sweep(emitter, builder, 1);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes,
                  ValueRange carried) -> SmallVector<Value> {
    Element element(lanes[0]);
    Value included = emitter.getIncluded(b, element);
    return {included
                ? arith::OrIOp::create(b, loc, carried[0], included).getResult()
                : emitter.constant(b, type, 1)};
  };
  SmallVector<Value> any = sweep.emit(none, body);
  Value someLeft = emitter.access.getLayout().combine(
      builder, vector::CombiningKind::OR, any[0]);
  return arith::XOrIOp::create(
      builder, loc, someLeft, emitter.constant(builder, someLeft.getType(), 1));
}

/// Whether the finished row had nothing left. Null when no result needs to
/// know.
static Value emitIsEmpty(RowEmitter &emitter, OpBuilder &builder) {
  FormulaOp formula = emitter.formula;
  if (!formula.hasReduction() || emitter.allTakePart() ||
      emitter.isKnownNotEmpty)
    return Value();
  bool matters =
      emitter.rows.getEmptyRow().value_or(EmptyRow::Zero) != EmptyRow::Zero;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    matters |= formula.isUniformResult(i) || emitter.resultMasksItself(i);
  if (!matters)
    return Value();
  Location loc = emitter.rows.getLoc();
  ReduceOp witness = emitter.getEmptinessWitness();
  if (!witness || !emitter.hasScalar(witness.getResult())) {
    Value empty = emitNothingLeft(emitter, builder);
    emitter.anchorRowCode(builder);
    return empty;
  }
  Value max = emitter.getScalar(witness.getResult());
  Value isLowest = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, max,
      emitter.constant(builder, max.getType(), -INFINITY));
  if (!emitter.maximaMayLoseNaN)
    return isLowest;
  // A maximum that drops NaN is -inf too where nothing but NaN is left; such
  // rows are looked through.
  auto branch =
      scf::IfOp::create(builder, loc, isLowest.getType(),
                        emitter.access.getLayout().emitAny(builder, isLowest),
                        /*withElseRegion=*/true);
  OpBuilder lowest = branch.getThenBodyBuilder(),
            other = branch.getElseBodyBuilder();
  scf::YieldOp::create(lowest, loc, emitNothingLeft(emitter, lowest));
  scf::YieldOp::create(other, loc,
                       emitter.constant(other, isLowest.getType(), 0));
  emitter.anchorRowCode(builder);
  return branch.getResult(0);
}

/// What a result is in a row that holds NaN. An integer is -1, as positions
/// that do not exist are.
static Value emitNaNValue(RowEmitter &emitter, OpBuilder &builder, Type type) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(type));
  return emitter.constant(builder, type, isFloat ? NAN : -1);
}

/// A uniform result of an empty row is what the formula declares; else what its
/// reductions' identities make of it, and 0 where that is undefined. It is NaN
/// if the policy says so, and in rows for which `holdsNaN`, if not null, is
/// true.
static void emitUniformResults(RowEmitter &emitter, OpBuilder &builder,
                               Value empty, Value holdsNaN) {
  FormulaOp formula = emitter.formula;
  Location loc = emitter.rows.getLoc();
  bool reset = !empty;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i) {
    if (!formula.isUniformResult(i))
      continue;
    if (!reset)
      emitter.resetReductionsWhere(builder, empty);
    reset = true;
    emitter.anchorRowCode(builder);
    Value value = emitter.getScalar(formula.getYieldedValues()[i]);
    if (empty && isa<FloatType>(getElementTypeOrSelf(value.getType()))) {
      Value undefined = empty,
            instead = emitter.constant(builder, value.getType(), NAN);
      if (emitter.rows.getEmptyRow().value_or(EmptyRow::Zero) !=
          EmptyRow::NaN) {
        FloatAttr declared = formula.getEmptyValue(i);
        if (!declared) {
          Value isNaN = arith::CmpFOp::create(
              builder, loc, arith::CmpFPredicate::UNO, value, value);
          undefined = arith::AndIOp::create(builder, loc, empty, isNaN);
        }
        double number = declared ? declared.getValueAsDouble() : 0.0;
        instead = emitter.constant(builder, value.getType(), number);
      }
      value = arith::SelectOp::create(builder, loc, undefined, instead, value);
    }
    if (holdsNaN)
      value = arith::SelectOp::create(
          builder, loc, holdsNaN,
          emitNaNValue(emitter, builder, value.getType()), value);
    emitter.access.storeScalar(builder, i, value);
  }
}

/// The type of result `index` as a row number.
static Type getResultRowType(RowEmitter &emitter, unsigned index) {
  return emitter.access.getLayout().getRowType(
      emitter.access.getScalarType(emitter.formula.getResultTypes()[index]));
}

/// What an empty row's varying result `index` is, as a row number.
static Value emitEmptyValue(RowEmitter &emitter, OpBuilder &builder,
                            unsigned index) {
  Type type = getResultRowType(emitter, index);
  double masked = emitter.getMaskedValue(index);
  EmptyRow policy = emitter.rows.getEmptyRow().value_or(EmptyRow::Zero);
  if (!isa<FloatType>(getElementTypeOrSelf(type)) || policy == EmptyRow::Zero)
    return emitter.constant(builder, type, masked);
  if (policy == EmptyRow::NaN)
    return emitter.constant(builder, type, NAN);
  Location loc = emitter.rows.getLoc();
  const LaneLayout &layout = emitter.access.getLayout();
  Value length =
      emitter.access.hasMask()
          ? emitUnmaskedCount(emitter, builder)
          : layout.fromScalar(builder, emitter.access.getRowLength());
  Value count = arith::IndexCastOp::create(
      builder, loc, layout.getRowType(builder.getI64Type()), length);
  Value n = arith::SIToFPOp::create(builder, loc, type, count);
  Value share = arith::DivFOp::create(builder, loc,
                                      emitter.constant(builder, type, 1.0), n);
  return masked == 0.0 ? share
                       : Value(math::LogOp::create(builder, loc, share));
}

/// An empty row's element of result `index`, whose value is `value` in all
/// lanes: where the mass is shared, only among what the mask leaves.
static Value emitEmptyElement(RowEmitter &emitter, OpBuilder &builder,
                              unsigned index, const Lanes &lanes, Value value) {
  if (emitter.rows.getEmptyRow() != EmptyRow::Uniform ||
      !emitter.access.hasMask())
    return value;
  return arith::SelectOp::create(
      builder, emitter.rows.getLoc(), emitter.access.loadMask(builder, lanes),
      value,
      emitter.constant(builder, value.getType(),
                       emitter.getMaskedValue(index)));
}

static void emitEmptyRow(RowEmitter &emitter, OpBuilder &builder) {
  RowEmitter::SelectedScope selected(emitter);
  FormulaOp formula = emitter.formula;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i) {
    if (formula.isUniformResult(i))
      continue;
    Value scalar = emitEmptyValue(emitter, builder, i);
    emitter.anchorRowCode(builder); // Counting under a mask has moved it.
    Value value = emitter.splat(scalar);
    auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange) {
      emitter.access.storeVarying(
          b, i, lanes[0], emitEmptyElement(emitter, b, i, lanes[0], value));
      return SmallVector<Value>();
    };
    RowSweep sweep(emitter, builder, 1);
    sweep.emit({}, body);
  }
}

namespace {
/// Which of a group of rows have other results than the formula's. Along the
/// row such a row has code of its own instead.
struct SpecialRows {
  Value empty, holdsNaN;               // Null where no row is.
  SmallVector<Value> emptyValues = {}; // By result; null for uniform ones.

  void findEmptyValues(RowEmitter &emitter, OpBuilder &b) {
    FormulaOp formula = emitter.formula;
    for (unsigned i = 0, e = formula.getResultTypes().size(); empty && i < e;
         ++i)
      emptyValues.push_back(
          formula.isUniformResult(i) ? Value() : emitEmptyValue(emitter, b, i));
  }

  /// What the row of a block that is visited, a special one, has instead.
  Value getOwn(RowEmitter &emitter, OpBuilder &b, unsigned index,
               const Lanes &lanes) const {
    Type type = emitter.access.getVectorType(
        emitter.access.getScalarType(emitter.formula.getResultTypes()[index]));
    if (!empty)
      return emitNaNValue(emitter, b, type);
    Value instead = emitEmptyElement(emitter, b, index, lanes,
                                     emitter.splat(emptyValues[index]));
    if (!holdsNaN)
      return instead;
    return arith::SelectOp::create(b, emitter.rows.getLoc(),
                                   emitter.splat(holdsNaN),
                                   emitNaNValue(emitter, b, type), instead);
  }

  Value select(RowEmitter &emitter, OpBuilder &b, unsigned index,
               const Lanes &lanes, Value result) const {
    Location loc = emitter.rows.getLoc();
    if (empty)
      result = arith::SelectOp::create(
          b, loc, empty,
          emitEmptyElement(emitter, b, index, lanes, emptyValues[index]),
          result);
    if (holdsNaN)
      result = arith::SelectOp::create(
          b, loc, holdsNaN, emitNaNValue(emitter, b, result.getType()), result);
    return result;
  }
};
} // namespace

/// True when elements are read from memory, in no order but their own, and what
/// comes later must be asked for apart: where they are worth so many
/// instructions that few of them fit into the window in which the machine runs
/// ahead, arithmetic and memory would take turns; and of several arguments it
/// does not run far enough ahead in each.
static bool readsFallBehind(RowEmitter &emitter) {
  FormulaOp formula = emitter.formula;
  if (formula.followsSweeps() || // One of them has read the row.
      emitter.access.visitsPages())
    return false;
  if (emitter.access.countVarying() > 1)
    return true;
  return llvm::any_of(formula.getBody().front(), [](Operation &op) {
    bool cheap = isa<math::AbsFOp, math::CopySignOp, math::FmaOp>(op);
    return isa<arith::DivFOp>(op) ||
           (op.getName().getDialectNamespace() == "math" && !cheap);
  });
}

/// The varying results of a group of elements.
static void emitResultGroup(RowEmitter &emitter, OpBuilder &b,
                            ArrayRef<Lanes> lanes, const SpecialRows &special) {
  FormulaOp formula = emitter.formula;
  SmallVector<Element> group(lanes.begin(), lanes.end());
  // All reads of a group come before its writes: a result may be an argument's
  // memory.
  SmallVector<std::pair<unsigned, Value>> results;
  for (Element &element : group) {
    if (emitter.keepsStoredValue())
      element.values[emitter.schedule.getStoredValue()] =
          emitter.access.loadVector(b, emitter.getKeptRow(), element.lanes,
                                    Value());
    for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
      if (!formula.isUniformResult(i))
        results.push_back(
            {i, special.select(emitter, b, i, element.lanes,
                               emitter.getResult(b, element, i))});
  }
  unsigned perElement = results.size() / group.size();
  for (auto [n, result] : llvm::enumerate(results))
    emitter.access.storeVarying(b, result.first, group[n / perElement].lanes,
                                result.second);
}

static void emitVaryingResults(RowEmitter &emitter, OpBuilder &builder,
                               const SpecialRows &special) {
  if (emitter.storedResult) // It is there already.
    return;
  RowEmitter::SelectedScope selected(emitter);
  // Whole groups begin at `first`, if not null.
  auto sweepFrom = [&](OpBuilder &at, Value first) {
    bool prefetches = false;
    auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange) {
      if (prefetches)
        emitter.access.prefetch(b, lanes);
      emitter.access.prefetchNext(b, lanes);
      emitResultGroup(emitter, b, lanes, special);
      return SmallVector<Value>();
    };
    RowSweep sweep(emitter, at, 4);
    sweep.visitPagesInTurn();
    if (first) {
      sweep.startAt(first);
      sweep.emitHead({}, body);
    }
    prefetches = readsFallBehind(emitter);
    if (!prefetches && !first) {
      sweep.emit({}, body);
      return;
    }
    sweep.emitGroups({}, body);
    prefetches = false;
    sweep.emitRest({}, body);
  };
  std::optional<RowAccess::Streams> streams =
      emitter.access.emitStreams(builder);
  if (!streams)
    return sweepFrom(builder, Value());
  auto branch = scf::IfOp::create(builder, emitter.rows.getLoc(), streams->flow,
                                  /*withElseRegion=*/true);
  RowEmitter::RowValues known = emitter.saveRow();
  for (bool past : {true, false}) {
    OpBuilder inside =
        past ? branch.getThenBodyBuilder() : branch.getElseBodyBuilder();
    emitter.restoreRow(known);
    emitter.anchorRowCode(inside);
    emitter.access.setStreams(past);
    sweepFrom(inside, past ? streams->first : Value());
  }
  emitter.restoreRow(known);
  emitter.anchorRowCode(builder);
}

/// Writes the rows of a block that have other results than the formula's, over
/// what it has made of them: that there are any is rare.
static void emitSpecialRows(RowEmitter &emitter, OpBuilder &builder,
                            SpecialRows special) {
  Location loc = emitter.rows.getLoc();
  Value chosen = special.empty ? special.empty : special.holdsNaN;
  if (!chosen)
    return;
  if (special.empty && special.holdsNaN)
    chosen = arith::OrIOp::create(builder, loc, chosen, special.holdsNaN);
  auto branch = scf::IfOp::create(
      builder, loc, emitter.access.getLayout().emitAny(builder, chosen),
      /*withElseRegion=*/false);
  OpBuilder inside = branch.getThenBodyBuilder();
  special.findEmptyValues(emitter, inside);
  emitter.anchorRowCode(inside);
  emitter.visitRowsWhere(inside, chosen, [&](OpBuilder &own) {
    auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange) {
      for (unsigned i = 0, e = emitter.rows.getOutputs().size(); i < e; ++i)
        if (!emitter.formula.isUniformResult(i))
          emitter.access.storeVarying(b, i, lanes[0],
                                      special.getOwn(emitter, b, i, lanes[0]));
      return SmallVector<Value>();
    };
    RowSweep sweep(emitter, own, 1);
    sweep.emitGroups({}, body);
    sweep.emitRest({}, body);
  });
  emitter.anchorRowCode(builder);
}

/// Results of rows that hold no NaN; where row numbers are vectors, of all,
/// those with `holdsNaN` among them.
static void emitOrdinaryResults(RowEmitter &emitter, OpBuilder &builder,
                                Value holdsNaN) {
  emitter.anchorRowCode(builder);
  Value empty = emitter.findings ? emitter.findings->empty
                                 : emitIsEmpty(emitter, builder);
  emitUniformResults(emitter, builder, empty, holdsNaN);
  if (!emitter.schedule.hasVaryingResult())
    return;
  const LaneLayout &layout = emitter.access.getLayout();
  SpecialRows special{empty, holdsNaN};
  if (layout.isBlock()) {
    emitVaryingResults(emitter, builder, {});
    emitSpecialRows(emitter, builder, special);
    return;
  }
  if (!empty || layout.isAcross()) {
    special.findEmptyValues(emitter, builder);
    emitter.anchorRowCode(builder);
    emitVaryingResults(emitter, builder, special);
    return;
  }
  auto branch = scf::IfOp::create(builder, emitter.rows.getLoc(), empty,
                                  /*withElseRegion=*/true);
  OpBuilder emptyBuilder = branch.getThenBodyBuilder(),
            fullBuilder = branch.getElseBodyBuilder();
  emitEmptyRow(emitter, emptyBuilder);
  emitter.anchorRowCode(fullBuilder);
  emitVaryingResults(emitter, fullBuilder, {});
}

/// Whether some included score is NaN, where a selection or a comparison would
/// pass over it. Null where NaN finds its way by itself or is to be ignored.
static Value emitHoldsNaN(RowEmitter &emitter, OpBuilder &builder) {
  if (!emitter.looksForNaN || emitter.isKnownFinite)
    return Value();
  Location loc = emitter.rows.getLoc();
  Value none = emitter.constant(
      builder, emitter.access.getVectorType(builder.getI1Type()), 0);
  RowSweep sweep(emitter, builder, 1);
  auto any = [&](OpBuilder &b, ArrayRef<Lanes> lanes,
                 ValueRange carried) -> SmallVector<Value> {
    Element element(lanes[0]);
    Value x = emitter.getVector(b, element, emitter.getScore());
    Value is = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
    return {arith::OrIOp::create(b, loc, carried[0], is).getResult()};
  };
  SmallVector<Value> found = sweep.emit(none, any);
  emitter.anchorRowCode(builder);
  return emitter.access.getLayout().combine(builder, vector::CombiningKind::OR,
                                            found[0]);
}

/// All results of a row that holds NaN.
static void emitNaNRow(RowEmitter &emitter, OpBuilder &builder) {
  RowEmitter::SelectedScope selected(emitter);
  FormulaOp formula = emitter.formula;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i) {
    Value value = emitNaNValue(emitter, builder, getResultRowType(emitter, i));
    if (formula.isUniformResult(i)) {
      emitter.access.storeScalar(builder, i, value);
      continue;
    }
    emitter.anchorRowCode(builder);
    Value splat = emitter.splat(value);
    auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange) {
      emitter.access.storeVarying(b, i, lanes[0], splat);
      return SmallVector<Value>();
    };
    RowSweep sweep(emitter, builder, 1);
    sweep.emit({}, body);
  }
}

void weir::emitFindings(RowEmitter &emitter, OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  Value holdsNaN = emitHoldsNaN(emitter, builder);
  emitter.findings = {emitIsEmpty(emitter, builder), holdsNaN};
  emitter.anchorRowCode(builder);
}

void weir::emitRowResults(RowEmitter &emitter, OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  Value holdsNaN = emitter.findings ? emitter.findings->holdsNaN
                                    : emitHoldsNaN(emitter, builder);
  if (!holdsNaN || emitter.access.getLayout().hasRowVectors()) {
    emitOrdinaryResults(emitter, builder, holdsNaN);
    return;
  }
  auto branch = scf::IfOp::create(builder, emitter.rows.getLoc(), holdsNaN,
                                  /*withElseRegion=*/true);
  OpBuilder nanBuilder = branch.getThenBodyBuilder(),
            otherBuilder = branch.getElseBodyBuilder();
  RowEmitter::RowValues known = emitter.saveRow();
  emitNaNRow(emitter, nanBuilder);
  emitter.restoreRow(known);
  emitOrdinaryResults(emitter, otherBuilder, Value());
}
