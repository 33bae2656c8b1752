//===- CarriedWeights.cpp - weights that the last sweep carries along ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softmax's weight is 1/s times e^(x - m): while the row is read, sums of
// e^(x - m') v with the running maximum m' are kept beside the state, and
// multiplied by e^(m' - m'') when that rises to m''. In the end 1/s is known.
// Other formulas have other coefficients and terms, or several.
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "PolicedResults.h"
#include "StateMerging.h"
#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"

#include "mlir/IR/Matchers.h"

#include <map>

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

//===----------------------------------------------------------------------===//
// The terms
//===----------------------------------------------------------------------===//

/// Adds c h to the carried sums: to one of the same term, if there is one.
static void addTerm(std::vector<TakenApart::Carried> &carried,
                    const Coefficient &c, const Linear &h) {
  double lead = h.terms[0].second;
  Linear unit = h;
  for (auto &term : unit.terms)
    term.second /= lead;
  for (TakenApart::Carried &sum : carried)
    if (sum.exponent == c.exponent && sum.h == unit) {
      sum.coefficient.push_back({c.power, lead});
      return;
    }
  carried.push_back({c.exponent, unit, {{c.power, lead}}});
}

void TakenApart::findCarried() {
  carried.emplace();
  if (getNumSweeps() == 0 || !isComplete())
    return;
  Value weights = formula->getYieldedValues()[formula->getFirstVaryingResult()];
  const NormalForms &forms = *laws->getSweeps().back().forms;
  const NormalForm &form = forms.get(weights);
  if (form.isStuck())
    return;
  std::vector<Carried> found;
  for (auto &[c, h] : form.terms) {
    if (h.isZero())
      continue;
    for (auto &[atom, k] : c.exponent)
      if (!forms.isAnchor(atom))
        return;
    addTerm(found, c, h);
  }
  *carried = std::move(found);
}

ArrayRef<TakenApart::Carried> TakenApart::getCarried() {
  if (!carried)
    findCarried();
  return *carried;
}

//===----------------------------------------------------------------------===//
// The step
//===----------------------------------------------------------------------===//

/// Rows give an excluded element the limit -inf where a result has that one, as
/// the logarithm of a weight; a term is 0 there.
static void excludeFromTerms(FormulaOp step, unsigned terms) {
  FormulaLimits limits(step, /*scoreExcludes=*/true);
  Operation *yield = step.getBody().front().getTerminator();
  OpBuilder builder(yield);
  auto constant = [&](double value) {
    return arith::ConstantOp::create(builder, step.getLoc(),
                                     builder.getF32FloatAttr(value));
  };
  Value score = step.getBody().getArgument(step.getScoreIndex()), seen;
  for (unsigned i = 0; i < terms; ++i) {
    if (limits.atExcluded(yield->getOperand(i)) != Limit::NegInf)
      continue;
    if (!seen)
      seen = arith::CmpFOp::create(builder, step.getLoc(), P::UNE, score,
                                   constant(-INFINITY));
    yield->setOperand(i, arith::SelectOp::create(builder, step.getLoc(), seen,
                                                 yield->getOperand(i),
                                                 constant(0.0)));
  }
}

/// The extremum over the part. A positive constant factor is applied to that
/// alone: rounding keeps the order.
static Value emitExtremum(FormulaWriter &w, ValueMap &map, ReduceOp reduce) {
  auto product = reduce.getValue().getDefiningOp<arith::MulFOp>();
  APFloat factor(0.0);
  if (reduce.getWinner() || !product ||
      !matchPattern(product.getRhs(), m_ConstantFloat(&factor)) ||
      !(factor.convertToDouble() > 0))
    return map.get(reduce.getResult());
  Value of = map.get(product.getLhs());
  auto found = ReduceOp::create(w.body, w.loc, reduce.getKind(), of);
  return w.multiply(found.getResult(), map.get(product.getRhs()));
}

FormulaOp TakenApart::buildStep(int64_t sweep, bool carries, StringRef name,
                                Anchors anchors) {
  FormulaWriter w(formula->getLoc());
  const SweepState &state = getState(sweep);
  ValueMap common(w.body);
  addArguments(w, common);
  addKnown(w, common, sweep - 1, [] { return true; });
  using Key = std::pair<int, unsigned>;
  SmallVector<Slot> slots = getSlots(sweep);
  std::map<Key, Value> old, merged;
  bool held = anchors == Anchors::Held;
  DictionaryAttr isExtremum = w.body.getDictionaryAttr(w.body.getNamedAttr(
      WeirDialect::kExtremumAttrName, w.body.getUnitAttr()));
  for (const Slot &slot : slots)
    old[{slot.kind, slot.of}] = w.addArgument(
        slot.type, /*uniform=*/true,
        held && slot.kind == Slot::Anchor ? isExtremum : DictionaryAttr());
  Value holds;
  if (anchors == Anchors::HeldWhereTold)
    holds =
        w.compare(P::UNE, w.addArgument(w.body.getF32Type(), /*uniform=*/true),
                  w.constant(0.0));

  StateMerging merging{w, state, laws->getExprs()};
  // The part is read with the anchors of all, so that nothing is corrected but
  // what was before.
  ValueMap before = common, both = common, raw = common;
  for (auto [i, anchor] : llvm::enumerate(state.anchors)) {
    ReduceOp reduce = anchor;
    Value a = old.at({Slot::Anchor, i});
    if (held) {
      merged[{Slot::Anchor, i}] = a;
      both.set(reduce.getResult(), a);
      continue;
    }
    Value b = emitExtremum(w, raw, reduce);
    Value best = merging.extremum(reduce, a, b);
    if (holds)
      best = w.select(holds, a, best);
    merged[{Slot::Anchor, i}] = best;
    if (reduce.getWinner())
      merged[{Slot::Winner, i}] = merging.winner(
          a, b, old.at({Slot::Winner, i}), raw.get(reduce.getWinner()), best);
    before.set(reduce.getResult(), merging.safe(reduce, a));
    both.set(reduce.getResult(), merging.safe(reduce, best));
  }
  SmallVector<Value> sums;
  for (size_t i = 0; i < state.sums.size(); ++i)
    sums.push_back(old.at({Slot::Sum, i}));
  for (auto [i, sum] : llvm::enumerate(state.sums)) {
    ReduceOp reduce = sum.reduce;
    Value part =
        reduce
            ? both.get(reduce.getResult())
            : w.sum(
                  MappedBuilder(w.body, w.loc, both).emit(sum.h, sum.exponent));
    Value moved = held ? sums[i] : merging.move(i, sums, before, both);
    merged[{Slot::Sum, i}] = w.add(moved, part);
  }
  for (size_t i = 0; i < state.moments.size(); ++i) {
    Value parts[2][3], all[3];
    for (int k : {0, 1, 2})
      parts[0][k] = old.at({Slot::Kind(Slot::Count + k), i});
    emitMoments(w, common, *state.moments[i], parts[1]);
    merging.addMoments(parts[0], parts[1], all);
    for (int k : {0, 1, 2})
      merged[{Slot::Count + k, i}] = all[k];
  }
  assert(!usesRow && "the row's index is an argument where rows have parts");

  if (carries)
    for (const Carried &term : getCarried())
      w.addResult(
          MappedBuilder(w.body, w.loc, both).emit(term.h, term.exponent),
          /*uniform=*/false);
  for (const Slot &slot : slots)
    w.addResult(merged.at({slot.kind, slot.of}), /*uniform=*/true);
  if (carries && !held)
    for (const Carried &term : getCarried())
      w.addResult(merging.carriedFactor(term.exponent, before, both),
                  /*uniform=*/true);
  FormulaOp step = w.finish(name);
  if (carries)
    excludeFromTerms(step, getCarried().size());
  return step;
}

/// True when the terms and the sums of a step that holds its anchors are 0 by
/// arithmetic where the score is -inf, so that nobody has to look for it.
static bool vanishesByItself(FormulaOp step, unsigned terms) {
  FormulaLimits limits(step, /*scoreExcludes=*/true);
  auto vanishes = [&](Value term) {
    return limits.atExcluded(term) == Limit::Zero;
  };
  return llvm::all_of(step.getYieldedValues().take_front(terms), vanishes) &&
         llvm::all_of(step.getBody().front().getOps<ReduceOp>(),
                      [&](ReduceOp op) { return vanishes(op.getValue()); });
}

bool TakenApart::hasFreeAnchor() {
  std::optional<FreeAnchor> free = findFreeAnchor(*formula);
  return free && getNumSweeps() == 1 && getState(1).anchors.size() == 1 &&
         getState(1).anchors[0] == free->anchor;
}

std::optional<TakenApart::Holdable> TakenApart::getHoldable() {
  if (usesRow || getCarried().empty() || !hasFreeAnchor())
    return std::nullopt;
  const SweepState &state = getState(1);
  std::optional<FreeAnchor> free = findFreeAnchor(*formula);
  Holdable holdable{};
  bool found = false;
  for (auto [i, slot] : llvm::enumerate(getSlots(1))) {
    if (slot.kind == Slot::Anchor)
      holdable.anchor = i;
    if (slot.kind == Slot::Sum && state.sums[slot.of].reduce == free->witness) {
      holdable.witness = i;
      found = true;
    }
  }
  OwningOpRef<FormulaOp> step =
      buildStep(1, /*carries=*/true, "held", Anchors::Held);
  if (!found || !vanishesByItself(*step, getCarried().size()))
    return std::nullopt;
  return holdable;
}

//===----------------------------------------------------------------------===//
// Terms that are kept
//===----------------------------------------------------------------------===//

bool TakenApart::findsKeptTerm() {
  auto isFloat = [](ReduceOp anchor) {
    return anchor.getResult().getType().isF32();
  };
  unsigned varying = 0;
  for (unsigned i = 0, e = formula->getNumResults(); i < e; ++i)
    varying += !formula->isUniformResult(i);
  if (varying != 1 || usesRow || getNumSweeps() != 1 || !isComplete() ||
      policies.emptyRow == EmptyRow::Uniform ||
      !llvm::all_of(getState(1).anchors, isFloat))
    return false;
  if (getCarried().size() != 1 || getCarried()[0].exponent.empty())
    return false;
  OwningOpRef<FormulaOp> stats = buildStats(1, "kept", /*withTerm=*/true);
  return FormulaLimits(*stats, /*scoreExcludes=*/true)
             .atExcluded(stats->getYieldedValues()[0]) == Limit::Zero;
}

bool TakenApart::weighsByOneSum() {
  if (!keepsTerm() || formula->getNumResults() != 1 ||
      getCarried()[0].coefficient.size() != 1)
    return false;
  const Factors &power = getCarried()[0].coefficient[0].power;
  return power.size() == 1 && std::abs(power[0].second) <= 1;
}

bool TakenApart::keepsTerm() {
  if (!hasKeptTerm)
    hasKeptTerm = findsKeptTerm();
  return *hasKeptTerm;
}

/// What the term is multiplied by, given all that is known, and in `safe` the
/// anchors that it leans on. Where nothing was seen all terms are 0, and so is
/// the factor, which need not be finite.
Value TakenApart::emitKeptFactor(FormulaWriter &w, ValueMap &all,
                                 ValueMap &safe) {
  StateMerging merging{w, getState(1), laws->getExprs()};
  Value factor = emitCoefficient(w, all, getCarried()[0]);
  Value isNumber; // A maximum that lost all NaN of a row says nothing, too.
  if (ReduceOp sum = findSumOfNaN()) {
    Value found = all.get(sum.getResult());
    isNumber = w.compare(P::ORD, found, found);
  }
  for (ReduceOp anchor : getState(1).anchors) {
    Value found = all.get(anchor.getResult());
    bool isMax = anchor.getKind() == ReductionKind::Max;
    Value nothing =
        w.compare(P::OEQ, found, w.special(isMax ? -INFINITY : INFINITY));
    if (isNumber)
      nothing = arith::AndIOp::create(w.body, w.loc, nothing, isNumber);
    factor = w.select(nothing, w.constant(0.0), factor);
    safe.set(anchor.getResult(), merging.safe(anchor, found));
  }
  return factor;
}

/// A weight as its term times the factor: nobody has to look for excluded
/// scores where arithmetic makes them 0. Null where the formula keeps no term.
Value TakenApart::emitKeptWeight(FormulaWriter &w, ValueMap &all) {
  if (!keepsTerm())
    return Value();
  ValueMap safe = all;
  Value factor = emitKeptFactor(w, all, safe);
  const Carried &term = getCarried()[0];
  return w.multiply(
      MappedBuilder(w.body, w.loc, safe).emit(term.h, term.exponent), factor);
}

FormulaOp TakenApart::buildKeptWeights(StringRef name) {
  FormulaWriter w(formula->getLoc());
  Value term = w.addArgument(w.body.getF32Type(), /*uniform=*/false);
  const SweepState &state = getState(1);
  StateMerging merging{w, state, laws->getExprs()};
  SmallVector<std::pair<Slot, Value>> found;
  for (const Slot &slot : getSlots(1))
    found.push_back({slot, w.addArgument(slot.type, /*uniform=*/true)});
  ValueMap all(w.body);
  auto isUniform = [] { return true; };
  addUniforms(w, all, isUniform);
  addKnown(w, all, 1, isUniform);
  ValueMap own = all;
  for (auto &[slot, value] : found)
    if (slot.kind == Slot::Anchor) {
      ReduceOp anchor = state.anchors[slot.of];
      own.set(anchor.getResult(), merging.safe(anchor, value));
    }
  ValueMap safe = all;
  Value factor =
      w.multiply(emitKeptFactor(w, all, safe),
                 merging.carriedFactor(getCarried()[0].exponent, own, safe));
  Value result = w.multiply(term, factor);
  PolicedResults policed{w, policies, witness, all, findSumOfNaN()};
  if (policies.emptyRow == EmptyRow::NaN)
    result = w.select(policed.isEmpty(), w.special(NAN), result);
  w.addResult(looksForNaN ? policed.withNaN(result) : result,
              /*uniform=*/false);
  FormulaOp weights = w.finish(name);
  weights->setAttr(WeirDialect::kAfterSweepsAttrName, w.body.getUnitAttr());
  keepDenormals(weights);
  return weights;
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

/// What a carried sum is multiplied by.
Value TakenApart::emitCoefficient(FormulaWriter &w, ValueMap &map,
                                  const Carried &carried) {
  Value coefficient;
  for (const Carried::Share &share : carried.coefficient) {
    ExprContext &exprs = laws->getExprs();
    Linear product = exprs.linear(exprs.product(share.power), share.factor);
    Value value = MappedBuilder(w.body, w.loc, map).emit(product);
    coefficient = coefficient ? w.add(coefficient, value) : value;
  }
  return coefficient;
}

FormulaOp TakenApart::buildCarriedFinish(ArrayRef<bool> perRow,
                                         StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addFinished(w, map, getNumSweeps(), perRow);
  PolicedResults policed{w, policies, witness, map};
  for (const Carried &sum : getCarried())
    w.addResult(emitCoefficient(w, map, sum), /*uniform=*/false);
  if (mayOverride()) {
    Value more = w.constant(0.0);
    if (policies.emptyRow == EmptyRow::NaN)
      more = w.select(policed.isEmpty(), w.special(NAN), more);
    w.addResult(looksForNaN ? policed.withNaN(more) : more, /*uniform=*/false);
  }
  addUniformResults(w, map);
  return w.finish(name);
}
