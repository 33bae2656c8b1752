//===- DerivedFormulas.cpp - stats, merge, finish, weights of a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "PolicedResults.h"
#include "StateMerging.h"

#include "weir/Dialect/Weir/Analysis/DenormalUse.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

/// The arguments of the formula itself.
void TakenApart::addArguments(FormulaWriter &w, ValueMap &map) {
  FormulaOp op = *formula;
  for (BlockArgument argument : op.getBody().getArguments())
    map.set(argument,
            w.addArgument(argument.getType(), /*uniform=*/false,
                          op.getArgAttrDict(argument.getArgNumber())));
}

/// The uniform arguments of the formula; `uniform` says of each whether it is
/// the same for all rows.
void TakenApart::addUniforms(FormulaWriter &w, ValueMap &map,
                             llvm::function_ref<bool()> uniform) {
  for (BlockArgument argument : formula->getBody().getArguments())
    if (formula->isUniformArgument(argument.getArgNumber()))
      map.set(argument, w.addArgument(argument.getType(), uniform()));
}

/// True for the value of a maximum or a minimum.
static bool isExtremum(Value statistic) {
  auto reduce = statistic.getDefiningOp<ReduceOp>();
  return reduce && reduce.getKind() != ReductionKind::Add &&
         statistic == reduce.getResult() && statistic.getType().isF32();
}

/// Gives what is known after the first `sweeps` sweeps an argument each, in the
/// order of StateLayout::known. Returns the length, or null.
Value TakenApart::addKnown(FormulaWriter &w, ValueMap &map, int64_t sweeps,
                           llvm::function_ref<bool()> uniform) {
  FormulaOp op = *formula;
  Block &body = op.getBody().front();
  NamedAttribute extremum =
      w.body.getNamedAttr(WeirDialect::kExtremumAttrName, w.body.getUnitAttr());
  Value length;
  if (usesLength) {
    length = w.addArgument(w.body.getIndexType(), uniform());
    for (LengthOp op : body.getOps<LengthOp>())
      map.set(op, length);
  }
  if (usesExtent) {
    Value extent = w.addArgument(w.body.getIndexType(), uniform());
    for (ExtentOp op : body.getOps<ExtentOp>())
      map.set(op, extent);
  }
  for (int64_t s = 1; s <= sweeps; ++s)
    for (Value value : getStatistics(s)) {
      bool isUniform = uniform();
      auto attrs = isUniform && isExtremum(value)
                       ? DictionaryAttr::get(op.getContext(), extremum)
                       : DictionaryAttr();
      map.set(value, w.addArgument(value.getType(), isUniform, attrs));
    }
  return length;
}

static bool always() { return true; }

/// Takes the answers to "is it the same for all rows?" one by one.
static auto answersOf(ArrayRef<bool> perRow) {
  return [perRow]() mutable {
    bool differs = perRow.front();
    perRow = perRow.drop_front();
    return !differs;
  };
}

//===----------------------------------------------------------------------===//
// Stats
//===----------------------------------------------------------------------===//

/// A denormal number that `part` gives may decide something in the whole.
void TakenApart::keepDenormals(FormulaOp part) {
  if (denormalsMayDecide(*formula))
    part->setAttr(WeirDialect::kKeepsDenormalsAttrName,
                  UnitAttr::get(part.getContext()));
}

FormulaOp TakenApart::buildStats(int64_t sweep, StringRef name, bool withTerm) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addArguments(w, map);
  addKnown(w, map, sweep - 1, always);
  const SweepState &state = getState(sweep);
  StateMerging merging{w, state, laws->getExprs()};
  // An anchor may be infinite in a part of a row that has another in the end.
  ValueMap lean = map;
  for (ReduceOp anchor : state.anchors)
    if (!followsScore(anchor.getValue()))
      lean.set(anchor.getResult(),
               merging.safe(anchor, map.get(anchor.getResult())));
  if (withTerm) {
    const Carried &term = getCarried()[0];
    w.addResult(MappedBuilder(w.body, w.loc, lean).emit(term.h, term.exponent),
                /*uniform=*/false);
  }
  std::vector<std::array<Value, 3>> moments(state.moments.size());
  for (const Slot &slot : getSlots(sweep)) {
    Value value;
    switch (slot.kind) {
    case Slot::Anchor:
      value = map.get(ReduceOp(state.anchors[slot.of]).getResult());
      break;
    case Slot::Winner:
      value = map.get(ReduceOp(state.anchors[slot.of]).getWinner());
      break;
    case Slot::Sum: {
      const SweepState::Sum &sum = state.sums[slot.of];
      ReduceOp reduce = sum.reduce;
      value = reduce ? lean.get(reduce.getResult())
                     : w.sum(MappedBuilder(w.body, w.loc, lean)
                                 .emit(sum.h, sum.exponent));
      break;
    }
    case Slot::Count:
    case Slot::Mean:
    case Slot::Squares: {
      std::array<Value, 3> &found = moments[slot.of];
      if (!found[0]) {
        Value all[3];
        emitMoments(w, map, *state.moments[slot.of], all);
        std::copy(all, all + 3, found.begin());
      }
      value = found[slot.kind - Slot::Count];
      break;
    }
    case Slot::Row:
      value = RowOp::create(w.body, w.loc, w.body.getIndexType());
      break;
    }
    w.addResult(value, /*uniform=*/true);
  }
  FormulaOp stats = w.finish(name);
  keepDenormals(stats);
  return stats;
}

//===----------------------------------------------------------------------===//
// Merge
//===----------------------------------------------------------------------===//

FormulaOp TakenApart::buildMerge(int64_t sweep, ArrayRef<bool> perRow,
                                 StringRef name, bool carries) {
  FormulaWriter w(formula->getLoc());
  const SweepState &state = getState(sweep);
  SmallVector<Slot> slots = getSlots(sweep);
  // The values of one state, found by what they are.
  using Key = std::pair<int, unsigned>;
  std::map<Key, Value> values[2], merged;
  for (auto &side : values)
    for (const Slot &slot : slots)
      side[{slot.kind, slot.of}] = w.addArgument(slot.type, /*uniform=*/false);
  ValueMap common(w.body);
  auto uniform = answersOf(perRow);
  addUniforms(w, common, uniform);
  addKnown(w, common, sweep - 1, uniform);

  StateMerging merging{w, state, laws->getExprs()};
  auto of = [&](int side, Slot::Kind kind, unsigned i) {
    return values[side].at({kind, i});
  };
  if (usesRow) { // Both are of the same row; of nothing it is -1.
    Value row = arith::MaxSIOp::create(w.body, w.loc, of(0, Slot::Row, 0),
                                       of(1, Slot::Row, 0));
    merged[{Slot::Row, 0}] = row;
    for (RowOp op : formula->getBody().front().getOps<RowOp>())
      common.set(op, row);
  }
  ValueMap side[2] = {common, common}, both = common;
  for (auto [i, anchor] : llvm::enumerate(state.anchors)) {
    ReduceOp reduce = anchor;
    Value a = of(0, Slot::Anchor, i), b = of(1, Slot::Anchor, i);
    Value best = merging.extremum(reduce, a, b);
    merged[{Slot::Anchor, i}] = best;
    if (reduce.getWinner())
      merged[{Slot::Winner, i}] = merging.winner(a, b, of(0, Slot::Winner, i),
                                                 of(1, Slot::Winner, i), best);
    side[0].set(reduce.getResult(), merging.safe(reduce, a));
    side[1].set(reduce.getResult(), merging.safe(reduce, b));
    both.set(reduce.getResult(), merging.safe(reduce, best));
  }
  SmallVector<Value> sums[2];
  for (int s : {0, 1})
    for (size_t i = 0; i < state.sums.size(); ++i)
      sums[s].push_back(of(s, Slot::Sum, i));
  for (size_t i = 0; i < state.sums.size(); ++i)
    merged[{Slot::Sum, i}] = w.add(merging.move(i, sums[0], side[0], both),
                                   merging.move(i, sums[1], side[1], both));
  for (size_t i = 0; i < state.moments.size(); ++i) {
    Value parts[2][3], all[3];
    for (int s : {0, 1})
      for (int k : {0, 1, 2})
        parts[s][k] = of(s, Slot::Kind(Slot::Count + k), i);
    merging.addMoments(parts[0], parts[1], all);
    for (int k : {0, 1, 2})
      merged[{Slot::Count + k, i}] = all[k];
  }
  for (const Slot &slot : slots)
    w.addResult(merged.at({slot.kind, slot.of}), /*uniform=*/false);
  if (carries)
    for (const Carried &sum : getCarried())
      for (ValueMap &from : side)
        w.addResult(merging.carriedFactor(sum.exponent, from, both),
                    /*uniform=*/false);
  return w.finish(name);
}

//===----------------------------------------------------------------------===//
// Finish and weights
//===----------------------------------------------------------------------===//

void TakenApart::addFinished(FormulaWriter &w, ValueMap &map, int64_t sweep,
                             ArrayRef<bool> perRow) {
  const SweepState &state = getState(sweep);
  std::vector<std::array<Value, 3>> moments(state.moments.size());
  for (const Slot &slot : getSlots(sweep)) {
    Value value = w.addArgument(slot.type, /*uniform=*/false);
    if (slot.kind == Slot::Anchor)
      map.set(ReduceOp(state.anchors[slot.of]).getResult(), value);
    else if (slot.kind == Slot::Winner)
      map.set(ReduceOp(state.anchors[slot.of]).getWinner(), value);
    else if (slot.kind == Slot::Row)
      for (RowOp op : formula->getBody().front().getOps<RowOp>())
        map.set(op, value);
    else if (slot.kind != Slot::Sum)
      moments[slot.of][slot.kind - Slot::Count] = value;
    else if (ReduceOp reduce = state.sums[slot.of].reduce)
      map.set(reduce.getResult(), value);
  }
  auto uniform = answersOf(perRow);
  addUniforms(w, map, uniform);
  addKnown(w, map, sweep - 1, uniform);
  // The centre that the formula subtracts differs from the mean of what is
  // included when scores of -inf count in the length.
  for (auto [law, moment] : llvm::zip(state.moments, moments)) {
    Value centre = MappedBuilder(w.body, w.loc, map).emit(law->centre);
    Value off = w.subtract(moment[1], centre);
    Value squares =
        w.add(moment[2], w.multiply(moment[0], w.multiply(off, off)));
    Value zero = w.constant(0.0);
    map.set(law->getReduce().getResult(),
            w.select(w.compare(P::OEQ, moment[0], zero), zero, squares));
  }
}

FormulaOp TakenApart::buildFinish(int64_t sweep, ArrayRef<bool> perRow,
                                  StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addFinished(w, map, sweep, perRow);
  for (Value statistic : getStatistics(sweep))
    w.addResult(map.get(statistic), /*uniform=*/false);
  if (isLast(sweep))
    addUniformResults(w, map);
  return w.finish(name);
}

/// A sum that is NaN where a score of the row is, even if maxima are not.
ReduceOp TakenApart::findSumOfNaN() {
  FormulaLimits limits(*formula, /*scoreExcludes=*/true);
  for (ReduceOp reduce : formula->getBody().front().getOps<ReduceOp>())
    if (reduce.getKind() == ReductionKind::Add &&
        limits.propagatesNaN(reduce.getResult(), FormulaLimits::NaNAt::Row,
                             /*maximaKeepNaN=*/false))
      return reduce;
  return {};
}

bool TakenApart::tellsEmptyFromNaN() {
  return !witness || witness.getKind() != ReductionKind::Max || findSumOfNaN();
}

bool TakenApart::sumsKeepNaN() {
  FormulaLimits limits(*formula, /*scoreExcludes=*/true);
  bool seesEmpty = policies.emptyRow.value_or(EmptyRow::Zero) != EmptyRow::Zero;
  for (auto [i, result] : llvm::enumerate(formula->getYieldedValues())) {
    if (!limits.propagatesNaN(result, FormulaLimits::NaNAt::Row,
                              /*maximaKeepNaN=*/false))
      return false;
    seesEmpty |= formula->isUniformResult(i);
  }
  return !seesEmpty || tellsEmptyFromNaN();
}

/// The formula's uniform results, with the policies applied.
void TakenApart::addUniformResults(FormulaWriter &w, ValueMap &map) {
  PolicedResults policed{w, policies, witness, map, findSumOfNaN()};
  for (auto [i, value] : llvm::enumerate(formula->getYieldedValues())) {
    if (!formula->isUniformResult(i))
      continue;
    Value result = policed.uniform(map.get(value), formula->getEmptyValue(i));
    w.addResult(looksForNaN ? policed.withNaN(result) : result,
                /*uniform=*/false);
  }
}

FormulaOp TakenApart::buildWeights(bool masked, StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addArguments(w, map);
  Value length = addKnown(w, map, getNumSweeps(), always);
  Value valid, included;
  auto include = [&](Value condition) {
    included =
        included
            ? Value(arith::AndIOp::create(w.body, w.loc, included, condition))
            : condition;
  };
  if (masked)
    include(valid = w.addArgument(w.body.getI1Type(), /*uniform=*/false));
  BlockArgument score =
      formula->getBody().getArgument(formula->getScoreIndex());
  Value kept = emitKeptWeight(w, map);
  if (score.getType().isF32()) {
    Value x = map.get(score);
    if (!kept)
      include(w.compare(P::UNE, x, w.special(-INFINITY)));
    if (policies.nan == NaNPolicy::Ignore)
      include(w.compare(P::ORD, x, x));
  }
  FormulaLimits limits(*formula, /*scoreExcludes=*/true);
  PolicedResults policed{w, policies, witness, map, findSumOfNaN()};
  bool seesEmpty = policies.emptyRow.value_or(EmptyRow::Zero) != EmptyRow::Zero;
  for (auto [i, value] : llvm::enumerate(formula->getYieldedValues())) {
    if (formula->isUniformResult(i))
      continue;
    Value result = kept ? kept : map.get(value);
    bool isFloat = result.getType().isF32();
    bool isLog = limits.atExcluded(value) == Limit::NegInf;
    Value nothing = isFloat ? w.special(isLog ? -INFINITY : 0.0)
                            : w.integer(result.getType(), 0);
    if (included)
      result = w.select(included, result, nothing);
    if (seesEmpty && isFloat)
      result =
          w.select(policed.isEmpty(),
                   policed.emptyValue(nothing, isLog, length, valid), result);
    if (looksForNaN)
      result = policed.withNaN(result);
    w.addResult(result, /*uniform=*/false);
  }
  FormulaOp weights = w.finish(name);
  weights->setAttr(WeirDialect::kAfterSweepsAttrName, w.body.getUnitAttr());
  keepDenormals(weights);
  return weights;
}
