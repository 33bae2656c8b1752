//===- RowLaws.cpp - what follows from a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/RowLaws.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace weir;

static bool isRowWide(Operation *op) {
  return isa<ReduceOp, KthOp, SolveOp>(op);
}

StringRef weir::stringifyLaw(Law::Kind kind) {
  switch (kind) {
  case Law::Plain:
    return "plain";
  case Law::Exp:
    return "exp";
  case Law::ExpPoly:
    return "exp x polynomial";
  case Law::Recentre:
    return "recentre";
  case Law::Search:
    return "search";
  }
  llvm_unreachable("unknown law");
}

unsigned RunningSum::getDegree() const {
  unsigned degree = 0;
  for (const Term &term : polynomial) {
    unsigned total = 0;
    for (auto &[anchor, power] : term.anchors)
      total += static_cast<unsigned>(power);
    degree = std::max(degree, total);
  }
  return degree;
}

bool Law::isPulled() const {
  return !shift.terms.empty() || sums.size() > 1 ||
         llvm::any_of(sums, [](auto &sum) { return sum.isPulled(); });
}

bool Law::needsAnchor() const {
  return llvm::any_of(sums, [](auto &sum) { return sum.needsAnchor; });
}

bool Law::isDirect() const {
  return !isPulled() && !needsAnchor() && evaluatesAsWritten;
}

//===----------------------------------------------------------------------===//
// Laws
//===----------------------------------------------------------------------===//

/// What is refused before every sweep is said once.
std::optional<Law> RowLaws::refuse(Value value, StringRef why) {
  if (refused.insert({value, why}).second)
    refusals.push_back({value, why});
  return std::nullopt;
}

/// (h - u)^2 with a statistic u: centred sums can be merged, raw powers would
/// cancel.
std::optional<Law> RowLaws::getRecentreLaw(ReduceOp reduce,
                                           const NormalForms &forms) {
  Operation *op = reduce.getValue().getDefiningOp();
  bool isSquare = reduce.getKind() == ReductionKind::Add && op &&
                  isa<arith::MulFOp>(op) &&
                  op->getOperand(0) == op->getOperand(1);
  if (!isSquare)
    return std::nullopt;
  const NormalForm &difference = forms.get(op->getOperand(0));
  if (difference.isStuck() || difference.terms.size() < 2)
    return std::nullopt;
  Law law;
  law.op = reduce;
  law.kind = Law::Recentre;
  for (auto &[c, h] : difference.terms) {
    if (c.isOne() && h.isVarying()) {
      law.centred = h;
      continue;
    }
    if (h.isVarying())
      return std::nullopt;
    Linear factor = exprs->multiply(exprs->linear(exprs->product(c.power)),
                                    exprs->exponential({c.exponent}));
    law.centre = exprs->add(law.centre, exprs->multiply(factor, h), -1);
  }
  if (law.centred.isZero())
    return std::nullopt;
  return law;
}

/// True when e^g cannot overflow, or is the caller's to answer for: g is
/// bounded, leans on a maximum, or has a uniform argument as a summand.
static bool isAnchoredInside(const Linear &exponent,
                             const Dependents &extrema) {
  return isBoundedAbove(exponent) || extrema.containsAny(exponent.terms) ||
         llvm::any_of(exponent.terms, [](auto &term) {
           const Expr *expr = term.first;
           return expr->kind == Expr::Leaf && !expr->varying &&
                  !expr->value.getDefiningOp();
         });
}

/// True when a varying exponential takes part: one that e^-m may be needed to
/// bound.
static bool holdsExponential(const Linear &sum) {
  bool found = false;
  walkExprs(sum.terms, [&](const Expr *expr) {
    found |= expr->varying &&
             (expr->kind == Expr::Exp ||
              (expr->kind == Expr::Apply &&
               isa<math::ExpM1Op, math::SinhOp, math::CoshOp>(expr->op)));
    return expr->varying && !found;
  });
  return found;
}

/// Splits a coefficient into what is pulled out of the sum of `h` and what the
/// sum is corrected by. With no exponential to bound, e^-m would be infinite in
/// parts of the row whose maximum m is low.
static void split(const Coefficient &c, const Linear &h,
                  const NormalForms &forms, RunningSum &sum, Factors &anchors) {
  bool bounds = holdsExponential(h);
  for (auto &factor : c.exponent)
    (bounds && forms.isAnchor(factor.first) ? sum.exponent : sum.pull.exponent)
        .push_back(factor);
  for (auto &factor : c.power) {
    bool isPolynomial =
        factor.second > 0 && factor.second == std::floor(factor.second);
    (forms.isAnchor(factor.first) && isPolynomial ? anchors : sum.pull.power)
        .push_back(factor);
  }
  // No running value follows a product of two anchors; where no exponential
  // ties the sum to them they need not be followed.
  if (anchors.size() > 1 && sum.exponent.empty()) {
    sum.pull.power = addFactors(sum.pull.power, anchors);
    anchors.clear();
  }
}

/// True when `expr` is a sum of what is the same at every element: as good as
/// a number, and nothing cancels against its powers.
static bool isCount(const Expr *expr, const Variance &variance) {
  auto reduce = expr->kind == Expr::Leaf ? expr->value.getDefiningOp<ReduceOp>()
                                         : ReduceOp();
  return reduce && !variance.isVarying(reduce.getValue());
}

static double getPower(const Factors &factors, const Expr *of) {
  for (auto &[expr, power] : factors)
    if (expr == of)
      return power;
  return 0;
}

/// True when several powers of a statistic are summed apart, as in h^2 - 2 h u
/// + u^2: what is left of them is rounding.
static bool holdsRawPowers(ArrayRef<RunningSum> sums,
                           const Variance &variance) {
  for (const RunningSum &sum : sums)
    for (auto &[statistic, power] : sum.pull.power)
      if (power > 1 && !isCount(statistic, variance))
        for (const RunningSum &other : sums)
          if (double p = getPower(other.pull.power, statistic);
              p > 0 && p < power)
            return true;
  return false;
}

std::optional<Law> RowLaws::getSumLaw(ReduceOp reduce,
                                      const NormalForms &forms) {
  const NormalForm &operand = forms.get(reduce.getValue());
  Law law;
  law.op = reduce;
  if (!reduce.getValue().getType().isF32() && !operand.isFinished())
    return refuse(reduce.getValue(),
                  "a sum of integers that hold unfinished statistics");
  for (auto &[c, h] : operand.terms) {
    RunningSum sum;
    Factors anchors;
    split(c, h, forms, sum, anchors);
    auto known = llvm::find_if(law.sums, [&](RunningSum &other) {
      return other.pull == sum.pull && other.exponent == sum.exponent;
    });
    if (known == law.sums.end())
      known = law.sums.insert(known, sum);
    RunningSum *same = &*known;
    same->polynomial.push_back({anchors, h});
    for (auto &[monomial, k] : h.terms) {
      const Linear *exponent = getExponent(monomial);
      if (exponent && exponent->isVarying() && same->exponent.empty() &&
          !isAnchoredInside(*exponent, extrema))
        same->needsAnchor = true;
    }
  }
  if (holdsRawPowers(law.sums, variance))
    return refuse(reduce.getValue(),
                  "raw powers of a statistic, which would cancel");
  for (RunningSum &sum : law.sums) {
    if (sum.getDegree() > 1)
      return refuse(reduce.getValue(),
                    "a higher power of a maximum or minimum");
    Law::Kind kind = sum.getDegree() > 0                        ? Law::ExpPoly
                     : sum.exponent.empty() && !sum.needsAnchor ? Law::Plain
                                                                : Law::Exp;
    law.kind = std::max(law.kind, kind);
  }
  return law;
}

/// A maximum of c h + u is c max(h) + u.
std::optional<Law> RowLaws::getExtremumLaw(ReduceOp reduce,
                                           const NormalForms &forms) {
  const NormalForm &operand = forms.get(reduce.getValue());
  Law law;
  law.op = reduce;
  if (operand.isFinished()) {
    RunningSum plain;
    plain.polynomial.push_back(
        {{}, operand.terms.empty() ? Linear() : operand.terms[0].second});
    law.sums.push_back(std::move(plain));
    return law;
  }
  const std::pair<Coefficient, Linear> *varying = nullptr;
  for (auto &term : operand.terms) {
    if (!term.second.isVarying()) {
      law.shift.terms.push_back(term);
      continue;
    }
    if (varying)
      return refuse(reduce.getValue(),
                    "a maximum or minimum of terms that move differently");
    varying = &term;
  }
  if (!varying || !reduce.getValue().getType().isF32())
    return refuse(reduce.getValue(), "a maximum or minimum of a value that "
                                     "moves with unfinished statistics");
  if (!forms.isNonNegative(varying->first))
    return refuse(
        reduce.getValue(),
        "a maximum or minimum of a value whose factor may be negative");
  RunningSum factor;
  factor.pull = varying->first;
  factor.polynomial.push_back({{}, varying->second});
  law.sums.push_back(std::move(factor));
  return law;
}

/// A selection or a root search needs what it looks at to be final.
std::optional<Law> RowLaws::getSearchLaw(Operation *op,
                                         const NormalForms &forms) {
  Law law;
  law.op = op;
  law.kind = Law::Search;
  std::optional<Value> unfinished;
  auto check = [&](Value value) {
    if (value.getParentRegion() == &formula.getBody() && !unfinished &&
        !forms.get(value).isFinished())
      unfinished = value;
  };
  for (Value operand : op->getOperands())
    check(operand);
  op->walk([&](Operation *inner) {
    if (inner != op)
      llvm::for_each(inner->getOperands(), check);
  });
  if (!unfinished)
    return law;
  return refuse(*unfinished, "a search needs what it looks at to be final");
}

std::optional<Law> RowLaws::getLaw(Operation *op, const NormalForms &forms) {
  auto reduce = dyn_cast<ReduceOp>(op);
  if (!reduce)
    return getSearchLaw(op, forms);
  // Before the operand is asked for a form: multiplied out it has none.
  if (std::optional<Law> law = getRecentreLaw(reduce, forms))
    return law;
  const NormalForm &operand = forms.get(reduce.getValue());
  if (operand.isStuck())
    return refuse(operand.culprit, operand.why);
  return reduce.getKind() == ReductionKind::Add ? getSumLaw(reduce, forms)
                                                : getExtremumLaw(reduce, forms);
}

//===----------------------------------------------------------------------===//
// Sweeps
//===----------------------------------------------------------------------===//

RowLaws::RowLaws(FormulaOp formula) : formula(formula), variance(formula) {
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    writes |= !formula.isUniformResult(i);
  countNaiveSweeps();
  analyse();
  initial = std::make_unique<NormalForms>(formula, variance, nothing, *exprs);
}

void RowLaws::countNaiveSweeps() {
  llvm::DenseMap<Value, unsigned> levels;
  for (Operation &op : formula.getBody().front().without_terminator()) {
    unsigned level = 0;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        level = std::max(level, levels.lookup(operand));
    });
    level += isRowWide(&op);
    for (Value result : op.getResults())
      levels[result] = level;
    naive = std::max(naive, level);
  }
}

void RowLaws::finish(const DerivedSweep &sweep) {
  for (const Law &law : sweep.laws)
    finished.insert(law.op->result_begin(), law.op->result_end());
}

/// True when correcting or finishing the reduction takes a statistic that the
/// sweep does not find.
static bool leansOn(const Law &law, const Dependents &blocked) {
  auto takes = [&](const RunningSum &sum) {
    return blocked.containsAny(sum.exponent) ||
           blocked.containsAny(sum.pull.power) ||
           blocked.containsAny(sum.pull.exponent) ||
           llvm::any_of(sum.polynomial, [&](auto &term) {
             return blocked.containsAny(term.anchors);
           });
  };
  auto shifts = [&](auto &term) {
    return blocked.containsAny(term.first.power) ||
           blocked.containsAny(term.first.exponent);
  };
  return llvm::any_of(law.sums, takes) ||
         blocked.containsAny(law.centre.terms) ||
         llvm::any_of(law.shift.terms, shifts);
}

/// True when the sums are corrected by the movement of one of `late`: maxima
/// and minima that get a factor or a summand at the end, and have no running
/// value.
static bool isCorrectedBy(const Law &law, const Dependents &late) {
  return llvm::any_of(law.sums, [&](const RunningSum &sum) {
    return late.containsAny(sum.exponent) ||
           llvm::any_of(sum.polynomial, [&](auto &term) {
             return late.containsAny(term.anchors);
           });
  });
}

bool RowLaws::evaluatesAsWritten(const Law &law,
                                 const Dependents &blocked) const {
  ReduceOp reduce = law.getReduce();
  if (!reduce)
    return true; // Searches look at finished values only.
  SmallVector<Value> work{reduce.getValue()};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || finished.contains(value) || !seen.insert(value).second)
      continue;
    if (isRowWide(op)) {
      auto inner = dyn_cast<ReduceOp>(op);
      bool isAnchor = inner && inner.getKind() != ReductionKind::Add &&
                      value == inner.getResult() && !blocked.contains(op);
      if (!isAnchor || reduce.getKind() != ReductionKind::Add)
        return false;
      continue;
    }
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

/// Takes every reduction that has a law, counts it as finished, and looks again
/// at the rest.
void RowLaws::analyse() {
  SmallVector<Operation *> left;
  for (Operation &op : formula.getBody().front().without_terminator())
    if (isRowWide(&op)) {
      left.push_back(&op);
      if (auto reduce = dyn_cast<ReduceOp>(op);
          reduce && reduce.getKind() != ReductionKind::Add)
        extrema.add(&op);
    }
  do {
    DerivedSweep sweep;
    // Forms keep a view of what is finished: each sweep's must not see the
    // later ones.
    auto known = std::make_unique<llvm::DenseSet<Value>>(finished);
    sweep.forms =
        std::make_unique<NormalForms>(formula, variance, *known, *exprs);
    SmallVector<Operation *> next;
    Dependents blocked, late;
    for (Operation *op : left) {
      std::optional<Law> law = getLaw(op, *sweep.forms);
      if (law && isCorrectedBy(*law, late))
        law = refuse(law->getReduce().getValue(),
                     "an exponent that leans on a maximum or minimum which is "
                     "scaled or shifted by another statistic");
      if (!law || leansOn(*law, blocked)) {
        next.push_back(op);
        blocked.add(op);
        continue;
      }
      if (ReduceOp reduce = law->getReduce();
          reduce && reduce.getKind() != ReductionKind::Add && law->isPulled())
        late.add(op);
      law->evaluatesAsWritten = evaluatesAsWritten(*law, blocked);
      sweep.laws.push_back(std::move(*law));
    }
    sweep.known = std::move(known);
    if (writes && !attention)
      measureAttention(*sweep.forms, blocked);
    if (sweep.laws.empty())
      break;
    finish(sweep);
    sweeps.push_back(std::move(sweep));
    left = std::move(next);
  } while (true);
  assert(left.empty() && "a reduction of what is finished has a law");
  if (writes && !attention)
    attention = AttentionCost{static_cast<unsigned>(sweeps.size()) + 1, 1};
}

/// Weights that are a sum of R coefficients times terms need R accumulators in
/// the pass that finishes the coefficients.
void RowLaws::measureAttention(const NormalForms &forms,
                               const Dependents &blocked) {
  unsigned rank = 0;
  for (auto [i, result] : llvm::enumerate(formula.getYieldedValues())) {
    if (blocked.contains(result))
      return;
    if (formula.isUniformResult(i))
      continue;
    const NormalForm &form = forms.get(result);
    if (form.isStuck())
      return;
    // Terms that are multiples of each other share an accumulator, and so do
    // all uniform ones, which multiply the sum of the values.
    SmallVector<Linear> distinct;
    for (auto &[c, h] : form.terms) {
      Linear unit = h.isVarying() ? h : exprs->number(1);
      double lead = unit.terms[0].second;
      for (auto &term : unit.terms)
        term.second /= lead;
      if (!llvm::is_contained(distinct, unit))
        distinct.push_back(unit);
    }
    rank =
        std::max<unsigned>(rank, std::min(form.terms.size(), distinct.size()));
  }
  attention = AttentionCost{static_cast<unsigned>(sweeps.size()) + 1,
                            std::max(rank, 1u)};
}

bool weir::canRunOnline(FormulaOp formula) {
  RowLaws laws(formula);
  return llvm::none_of(laws.getSweeps(), [](const DerivedSweep &sweep) {
    bool runs = llvm::any_of(sweep.laws, [](const Law &law) {
      return law.kind != Law::Plain && law.kind != Law::Search;
    });
    return runs && llvm::any_of(sweep.laws, [](const Law &law) {
             return law.getReduce() && law.getReduce().getWinner();
           });
  });
}
