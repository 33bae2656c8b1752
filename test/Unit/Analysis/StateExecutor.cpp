//===- StateExecutor.cpp - running states, as they are defined ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StateExecutor.h"

#include "ExprEvaluator.h"
#include "ScalarOps.h"

using namespace mlir;
using namespace weir;
using namespace weir::test;

std::vector<ReduceOp> weir::test::getReductions(FormulaOp formula) {
  auto all = formula.getBody().getOps<ReduceOp>();
  return {all.begin(), all.end()};
}

SweepExecutor::SweepExecutor(FormulaOp formula, const DerivedSweep &sweep,
                             const Statistics &known, const Row &row)
    : formula(formula), shape(sweep), known(known),
      none(row.part(formula, {})) {
  for (ReduceOp reduce : getReductions(formula))
    if (!known.contains(reduce.getResult()))
      unknown.append(reduce->result_begin(), reduce->result_end());
}

PartState SweepExecutor::identity() const {
  PartState state;
  for (ReduceOp anchor : shape.anchors)
    state.anchors.push_back(getIdentity(anchor.getKind()));
  state.winners.assign(shape.anchors.size(), -1);
  state.sums.assign(shape.sums.size(), 0);
  state.moments.resize(shape.moments.size());
  return state;
}

Statistics SweepExecutor::whileRunning(ArrayRef<Real> anchors) const {
  Statistics values = known;
  for (Value value : unknown)
    values[value] = kNaN;
  for (auto [anchor, value] : llvm::zip(shape.anchors, anchors))
    values[ReduceOp(anchor).getResult()] = value;
  return values;
}

/// Anchors and winners of `state` and `other` together; the lowest position
/// wins.
void SweepExecutor::raise(PartState &state, const PartState &other) const {
  for (auto [i, anchor] : llvm::enumerate(shape.anchors)) {
    Real mine = state.anchors[i], theirs = other.anchors[i];
    Real both = combine(ReduceOp(anchor).getKind(), mine, theirs);
    int64_t &winner = state.winners[i];
    bool tie = mine == theirs && other.winners[i] >= 0 &&
               (winner < 0 || other.winners[i] < winner);
    if (tie || both != mine)
      winner = other.winners[i];
    state.anchors[i] = both;
  }
}

/// Moves the sums to the anchors `to`.
void SweepExecutor::correct(PartState &state, ArrayRef<Real> to) const {
  if (!state.seen)
    return; // All 0.
  Statistics was = whileRunning(state.anchors), is = whileRunning(to);
  RowInterpreter before(formula, none, was), after(formula, none, is);
  ExprEvaluator old(before), now(after);
  std::vector<Real> sums = state.sums;
  for (auto [s, sum] : llvm::enumerate(shape.sums)) {
    // A sum of 0 stays 0 though an anchor that has seen nothing is infinite.
    auto move = [](Real value, Real correction) {
      return value == 0 ? 0 : value * correction;
    };
    for (const SweepState::Sum::Shift &shift : sum.shifts)
      state.sums[s] +=
          move(sums[shift.sum], shift.factor * (now.evaluate(shift.anchor) -
                                                old.evaluate(shift.anchor)));
    if (!sum.exponent.empty())
      state.sums[s] =
          move(state.sums[s], inRange(exp(now.evaluate(sum.exponent) -
                                          old.evaluate(sum.exponent))));
  }
}

/// Chan, Golub and LeVeque (1979).
void SweepExecutor::addMoments(PartState &state, const PartState &other) const {
  for (auto [mine, theirs] : llvm::zip(state.moments, other.moments)) {
    Real count = mine.count + theirs.count;
    if (count == 0)
      continue;
    Real delta = theirs.mean - mine.mean, share = theirs.count / count;
    mine.squares += theirs.squares + delta * delta * mine.count * share;
    mine.mean += delta * share;
    mine.count = count;
  }
}

void SweepExecutor::update(PartState &state, const Row &block) const {
  // What the block is by itself; its anchors lean on nothing of this sweep.
  PartState own = identity();
  Statistics nothing =
      whileRunning(std::vector<Real>(shape.anchors.size(), kNaN));
  RowInterpreter finished(formula, block, nothing);
  for (size_t i = 0; i < block.size(); ++i) {
    if (!finished.isIncluded(i))
      continue;
    PartState single = identity();
    for (auto [a, anchor] : llvm::enumerate(shape.anchors)) {
      single.anchors[a] = finished.get(ReduceOp(anchor).getValue(), i);
      single.winners[a] = block.positions[i];
    }
    for (auto [m, law] : llvm::enumerate(shape.moments))
      single.moments[m] = {
          1, ExprEvaluator(finished, i).evaluate(law->centred).value, 0};
    raise(own, single);
    addMoments(own, single);
    own.seen = true;
  }
  if (!own.seen)
    return;
  PartState raised = state;
  raise(raised, own);
  correct(state, raised.anchors);
  state.anchors = raised.anchors;
  state.winners = raised.winners;
  Statistics running = whileRunning(state.anchors);
  RowInterpreter values(formula, block, running);
  for (auto [s, sum] : llvm::enumerate(shape.sums))
    for (size_t i = 0; i < block.size(); ++i) {
      if (!values.isIncluded(i))
        continue;
      ExprEvaluator at(values, i);
      state.sums[s] +=
          sum.reduce ? values.get(ReduceOp(sum.reduce).getValue(), i)
                     : at.evaluate(sum.h, at.evaluate(sum.exponent)).value;
    }
  addMoments(state, own);
  state.seen = true;
}

PartState SweepExecutor::merge(const PartState &a, const PartState &b) const {
  PartState both = a, other = b;
  raise(both, b);
  PartState mine = a;
  correct(mine, both.anchors);
  correct(other, both.anchors);
  for (size_t s = 0; s < shape.sums.size(); ++s)
    both.sums[s] = mine.sums[s] + other.sums[s];
  addMoments(both, b);
  both.seen = a.seen || b.seen;
  return both;
}

Statistics SweepExecutor::finish(const PartState &state) const {
  Statistics all = whileRunning(state.anchors), result = known;
  for (auto [anchor, value, winner] :
       llvm::zip(shape.anchors, state.anchors, state.winners)) {
    ReduceOp reduce = anchor;
    result[reduce.getResult()] = value;
    if (Value index = reduce.getWinner())
      result[index] = all[index] = winner;
  }
  for (auto [sum, value] : llvm::zip(shape.sums, state.sums))
    if (ReduceOp reduce = sum.reduce)
      result[reduce.getResult()] = all[reduce.getResult()] = value;
  for (auto [law, moments] : llvm::zip(shape.moments, state.moments)) {
    RowInterpreter uniforms(formula, none, all);
    Real off =
        moments.mean - ExprEvaluator(uniforms).evaluate(law->centre).value;
    Value value = law->getReduce().getResult();
    result[value] = all[value] =
        moments.count == 0 ? 0 : moments.squares + moments.count * off * off;
  }
  return result;
}
