//===- ExtendedExponents.cpp - sums that need no maximum ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"

#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Which expressions are pairs
//===----------------------------------------------------------------------===//

static bool mentionsExp(const Linear &sum) {
  bool found = false;
  walkExprs(sum.terms, [&](const Expr *expr) {
    found |= expr->kind == Expr::Exp;
    return !found;
  });
  return found;
}

namespace {
/// Finds why pairs do not get through an expression; empty where they do. No
/// part is looked at twice.
class ObstacleSearch {
public:
  StringRef find(const Linear &sum);

private:
  StringRef find(const Expr *expr);

  llvm::SmallPtrSet<const Expr *, 16> seen;
};
} // namespace

StringRef ObstacleSearch::find(const Expr *expr) {
  if (!expr->extended || expr->kind == Expr::Exp || !seen.insert(expr).second)
    return "";
  for (auto &[factor, power] : expr->factors) {
    if (!factor->extended)
      continue;
    if (power != 1 && power != -1 && power != 2)
      return "a pair of mantissa and exponent is raised to a power";
    if (StringRef why = find(factor); !why.empty())
      return why;
  }
  bool chooses = expr->kind == Expr::Apply && isa<arith::SelectOp>(expr->op);
  if (chooses && mentionsExp(expr->args[0]))
    return "a choice that exponentials decide";
  for (const Linear &arg : expr->args)
    if (StringRef why = find(arg); !why.empty())
      return why;
  return "";
}

StringRef ObstacleSearch::find(const Linear &sum) {
  for (auto &[expr, k] : sum.terms)
    if (StringRef why = find(expr); !why.empty())
      return why;
  return "";
}

//===----------------------------------------------------------------------===//
// Sweeps
//===----------------------------------------------------------------------===//

bool ExtendedExponents::covers(const DerivedSweep &sweep) const {
  return llvm::any_of(sweep.laws, [](const Law &law) {
    return law.kind == Law::Exp || law.kind == Law::ExpPoly;
  });
}

ExtendedExponents::ExtendedExponents(FormulaOp formula, RowLaws &laws)
    : formula(formula) {
  bool any = false;
  for (const DerivedSweep &sweep : laws.getSweeps()) {
    if (!covers(sweep))
      continue;
    any = true;
    study(sweep);
  }
  if (any)
    return;
  // The value that keeps a sum out of its maximum's sweep is to blame.
  if (!laws.getRefusals().empty())
    refuse(laws.getRefusals().front().value, laws.getRefusals().front().why);
  refuse(Value(), "no sum of exponentials in it leans on a maximum");
}

void ExtendedExponents::refuse(Value value, StringRef why) {
  if (!refusal)
    refusal = Refusal{value, why};
}

void ExtendedExponents::study(const DerivedSweep &sweep) {
  for (const Law &law : sweep.laws) {
    ReduceOp reduce = law.getReduce();
    if (!reduce)
      continue;
    if (reduce.getWinner())
      return refuse(reduce.getWinner(),
                    "the winner of a maximum has no running form beside sums");
    if (law.kind == Law::Recentre || !reduce.getResult().getType().isF32())
      return refuse(reduce.getResult(),
                    law.kind == Law::Recentre
                        ? "squares about a mean are not added up beside pairs"
                        : "integers are not added up beside pairs");
    if (law.kind == Law::ExpPoly)
      return refuse(reduce.getValue(),
                    "an exponential is multiplied by its distance from the "
                    "maximum, which is not known in time");
    for (const RunningSum &sum : law.sums)
      for (const RunningSum::Term &term : sum.polynomial)
        if (StringRef why = ObstacleSearch().find(term.h);
            !why.empty() && !sum.exponent.empty())
          return refuse(reduce.getValue(), why);
  }
  if (!canCarryState(sweep))
    return refuse(
        Value(),
        "a reduction is not of what it is written of; normalise the formula");
  SweepState state(sweep);
  for (ReduceOp extremum : state.anchors)
    findFree(extremum, sweep, state);
}

/// The sum of e^h in whose place e^(h - a) was written, k = -1, or of e^(-h)
/// for e^(a - h), k = 1, where h is what `extremum` is of.
static ReduceOp findWitness(ReduceOp extremum, Value anchor,
                            const DerivedSweep &sweep, const SweepState &state,
                            double &sign) {
  const NormalForm &form = sweep.forms->get(extremum.getValue());
  const auto *single = form.isStuck() ? nullptr : form.getSingle();
  if (!single || !single->first.isOne())
    return ReduceOp();
  for (const SweepState::Sum &sum : state.sums) {
    if (!sum.reduce || sum.exponent.size() != 1 || sum.h.terms.size() != 1)
      continue;
    auto &[atom, k] = sum.exponent[0];
    auto &[expr, factor] = sum.h.terms[0];
    const Linear *exponent = getExponent(expr);
    bool isPure = expr->kind == Expr::Exp ||
                  (expr->kind == Expr::Product && expr->factors.size() == 1 &&
                   expr->factors[0].second == 1);
    if (atom->kind != Expr::Leaf || atom->value != anchor || factor != 1 ||
        !exponent || !isPure || std::abs(k) != 1)
      continue;
    Linear expected = single->second;
    for (auto &term : expected.terms)
      term.second *= -k;
    if (*exponent == expected) {
      sign = -k;
      return sum.reduce;
    }
  }
  return ReduceOp();
}

/// The anchor may be made of the extremum and a number: the maximum with a
/// sink, say.
void ExtendedExponents::findFree(ReduceOp extremum, const DerivedSweep &sweep,
                                 const SweepState &state) {
  Value anchor = extremum.getResult();
  while (true) {
    double sign = 1;
    ReduceOp witness = findWitness(extremum, anchor, sweep, state, sign);
    if (witness && isFreeAnchor(formula, anchor)) {
      free.push_back({extremum, witness, sign});
      return;
    }
    if (!anchor.hasOneUse() ||
        !isa<arith::MaximumFOp, arith::MinimumFOp>(*anchor.user_begin()))
      return;
    anchor = anchor.user_begin()->getResult(0);
  }
}

const ExtendedExponents::FreeExtremum *
ExtendedExponents::getFree(ReduceOp extremum) const {
  auto found = llvm::find_if(free, [&](const FreeExtremum &candidate) {
    return candidate.extremum == extremum;
  });
  return found == free.end() ? nullptr : found;
}
