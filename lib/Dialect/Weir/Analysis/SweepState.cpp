//===- SweepState.cpp - what a sweep carries from element to element ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/SweepState.h"

using namespace mlir;
using namespace weir;

SweepState::SweepState(const DerivedSweep &sweep) {
  for (const Law &law : sweep.laws) {
    if (law.kind == Law::Search)
      continue; // Carries nothing from element to element.
    if (law.kind == Law::Recentre)
      moments.push_back(&law);
    else if (law.getReduce().getKind() == ReductionKind::Add)
      addSum(law);
    else
      anchors.push_back(law.getReduce());
  }
  for (const Law &law : sweep.laws)
    for (const RunningSum &sum : law.sums)
      addShifts(law, sum);
}

/// A sum of integers has no normal form; it is plain.
void SweepState::addSum(const Law &law) {
  assert(law.isDirect() && "a formula that was not normalised");
  Sum sum;
  sum.reduce = law.getReduce();
  if (!law.sums.empty()) {
    const RunningSum &running = law.sums[0];
    sum.exponent = running.exponent;
    if (running.polynomial.size() == 1 && running.polynomial[0].anchors.empty())
      sum.h = running.polynomial[0].h;
  }
  sums.push_back(std::move(sum));
}

/// A polynomial h0 + sum of a h_a moves by the movement of a times the sum of
/// h_a.
void SweepState::addShifts(const Law &law, const RunningSum &running) {
  for (const RunningSum::Term &term : running.polynomial) {
    if (term.anchors.empty())
      continue;
    size_t at =
        llvm::find_if(sums,
                      [&](Sum &sum) { return sum.reduce == law.getReduce(); }) -
        sums.begin();
    Sum::Shift shift{term.anchors[0].first, 0, 1.0};
    shift.sum = findOrAddBase(term.h, running.exponent, shift.factor);
    sums[at].shifts.push_back(shift);
  }
}

/// The sum of h but for a factor: one that the formula asks for anyway, or a
/// new one.
unsigned SweepState::findOrAddBase(const Linear &h, const Factors &exponent,
                                   double &factor) {
  factor = h.terms[0].second;
  Linear unit = h;
  for (auto &term : unit.terms)
    term.second /= factor;
  for (auto [i, sum] : llvm::enumerate(sums))
    if (sum.h == unit && sum.exponent == exponent)
      return i;
  Sum base;
  base.exponent = exponent;
  base.h = unit;
  sums.push_back(std::move(base));
  return sums.size() - 1;
}

bool weir::canCarryState(const DerivedSweep &sweep) {
  bool any = false;
  for (const Law &law : sweep.laws) {
    ReduceOp reduce = law.getReduce();
    if (!reduce)
      continue;
    any = true;
    if (reduce.getWinner() || !reduce.getResult().getType().isF32() ||
        (law.kind != Law::Recentre && !law.isDirect()))
      return false;
  }
  return any;
}
