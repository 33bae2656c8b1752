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

FormulaOp TakenApart::buildStep(int64_t sweep, bool carries, StringRef name) {
  FormulaWriter w(formula->getLoc());
  const SweepState &state = getState(sweep);
  ValueMap common(w.body);
  addArguments(w, common);
  addKnown(w, common, sweep - 1, [] { return true; });
  using Key = std::pair<int, unsigned>;
  SmallVector<Slot> slots = getSlots(sweep);
  std::map<Key, Value> old, merged;
  for (const Slot &slot : slots)
    old[{slot.kind, slot.of}] = w.addArgument(slot.type, /*uniform=*/true);

  StateMerging merging{w, state, laws->getExprs()};
  // The part is read with the anchors of all, so that nothing is corrected but
  // what was before.
  ValueMap before = common, both = common, raw = common;
  for (auto [i, anchor] : llvm::enumerate(state.anchors)) {
    ReduceOp reduce = anchor;
    Value a = old.at({Slot::Anchor, i}), b = emitExtremum(w, raw, reduce);
    Value best = merging.extremum(reduce, a, b);
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
    merged[{Slot::Sum, i}] = w.add(merging.move(i, sums, before, both), part);
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
  if (carries)
    for (const Carried &term : getCarried()) {
      Value factor = w.constant(1.0);
      if (!term.exponent.empty()) {
        Value moved = math::ExpOp::create(
            w.body, w.loc, merging.movement(term.exponent, before, both));
        // Where nothing was seen the sum is 0 and any finite factor does.
        Value isFinite = w.compare(P::UNE, moved, w.special(INFINITY));
        factor = w.select(isFinite, moved, factor);
      }
      w.addResult(factor, /*uniform=*/true);
    }
  FormulaOp step = w.finish(name);
  if (carries)
    excludeFromTerms(step, getCarried().size());
  return step;
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

FormulaOp TakenApart::buildCarriedFinish(ArrayRef<bool> perRow,
                                         StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addFinished(w, map, getNumSweeps(), perRow);
  PolicedResults policed{w, policies, witness, map};
  ExprContext &exprs = laws->getExprs();
  for (const Carried &sum : getCarried()) {
    Value coefficient;
    for (const Carried::Share &share : sum.coefficient) {
      Linear product = exprs.linear(exprs.product(share.power), share.factor);
      Value value = MappedBuilder(w.body, w.loc, map).emit(product);
      coefficient = coefficient ? w.add(coefficient, value) : value;
    }
    w.addResult(coefficient, /*uniform=*/false);
  }
  if (mayOverride()) {
    Value more = w.constant(0.0);
    if (policies.emptyRow == EmptyRow::NaN)
      more = w.select(policed.isEmpty(), w.special(NAN), more);
    w.addResult(looksForNaN ? policed.withNaN(more) : more, /*uniform=*/false);
  }
  addUniformResults(w, map);
  return w.finish(name);
}
