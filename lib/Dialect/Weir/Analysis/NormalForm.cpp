//===- NormalForm.cpp - values as coefficients times terms ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/NormalForm.h"

#include "weir/Dialect/Weir/IR/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace weir;

/// Products of sums may multiply out without end.
static constexpr size_t kMostTerms = 24;

//===----------------------------------------------------------------------===//
// Coefficients and forms
//===----------------------------------------------------------------------===//

Coefficient Coefficient::times(const Coefficient &other) const {
  return {addFactors(power, other.power), addFactors(exponent, other.exponent)};
}

Coefficient Coefficient::raisedTo(double p) const {
  return {addFactors({}, power, p), addFactors({}, exponent, p)};
}

bool NormalForm::isFinished() const {
  return !isStuck() &&
         llvm::all_of(terms, [](auto &term) { return term.first.isOne(); });
}

bool NormalForm::isUniform() const {
  return !isStuck() && llvm::none_of(terms, [](auto &term) {
    return term.second.isVarying();
  });
}

static const Linear *find(const NormalForm &form, const Coefficient &c) {
  for (auto &term : form.terms)
    if (term.first == c)
      return &term.second;
  return nullptr;
}

NormalForm NormalForms::stuck(Value value, StringRef why) {
  NormalForm form;
  form.culprit = value;
  form.why = why;
  return form;
}

NormalForm NormalForms::finishedTerm(Linear h) {
  NormalForm form;
  if (!h.isZero())
    form.terms.push_back({Coefficient(), std::move(h)});
  return form;
}

NormalForm NormalForms::number(double value) {
  return finishedTerm(exprs.number(value));
}

/// An unfinished uniform as an unknown of its own.
NormalForm NormalForms::atom(Value value) {
  uint8_t sign = kAnySign;
  if (auto reduce = value.getDefiningOp<ReduceOp>()) {
    const NormalForm &operand = get(reduce.getValue());
    bool positive =
        !operand.isStuck() && llvm::all_of(operand.terms, [&](auto &term) {
          return ::isNonNegative(getSign(term.second)) &&
                 isNonNegative(term.first);
        });
    if (positive && value == reduce.getResult())
      sign = kPositive | kZero;
  } else if (Operation *op = value.getDefiningOp()) {
    // A sum of what is not negative is not negative: a guarded or shifted
    // denominator.
    if (const NormalForm *known =
            forms.count(value) ? &forms.find(value)->second : nullptr;
        known && !known->isStuck())
      if (llvm::all_of(known->terms, [&](auto &term) {
            return ::isNonNegative(getSign(term.second)) &&
                   isNonNegative(term.first);
          }))
        sign = kPositive | kZero;
    if (isa<math::AbsFOp, math::SqrtOp, math::RsqrtOp>(op))
      sign = kPositive | kZero;
    if (isa<arith::MaximumFOp>(op))
      for (Value operand : op->getOperands())
        if (get(operand).isFinished() &&
            llvm::all_of(get(operand).terms, [](auto &term) {
              return ::isNonNegative(getSign(term.second));
            }))
          sign = kPositive | kZero;
  }
  NormalForm form;
  Coefficient c;
  c.power.push_back({exprs.leaf(value, /*varying=*/false, sign), 1.0});
  form.terms.push_back({std::move(c), exprs.number(1)});
  return form;
}

/// A sum of unfinished uniforms becomes one unknown before it multiplies a
/// varying value.
NormalForm NormalForms::collapse(const NormalForm &a, Value value) {
  // A varying value whose varying terms cancel is no unknown of the row.
  bool isUnknown = a.terms.size() > 1 && a.isUniform() && !a.isFinished() &&
                   !variance.isVarying(value);
  return isUnknown ? atom(value) : a;
}

//===----------------------------------------------------------------------===//
// Algebra
//===----------------------------------------------------------------------===//

NormalForm NormalForms::add(const NormalForm &a, const NormalForm &b,
                            double factor) {
  NormalForm sum = a;
  for (auto &[c, h] : b.terms) {
    auto known = llvm::find_if(
        sum.terms, [&c = c](auto &term) { return term.first == c; });
    if (known == sum.terms.end())
      sum.terms.push_back({c, exprs.add(Linear(), h, factor)});
    else
      known->second = exprs.add(known->second, h, factor);
  }
  llvm::erase_if(sum.terms, [](auto &term) { return term.second.isZero(); });
  return sum;
}

NormalForm NormalForms::scaled(const NormalForm &a, double factor) {
  return add(NormalForm(), a, factor);
}

/// Products of differences stay together, since (x - u) (y - v) multiplied out
/// would cancel.
NormalForm NormalForms::multiply(NormalForm a, Value av, NormalForm b, Value bv,
                                 Value at) {
  if (!a.isUniform() || !b.isUniform()) {
    a = collapse(a, av);
    b = collapse(b, bv);
    if (a.terms.size() > 1 && b.terms.size() > 1)
      return stuck(at, "raw powers of a statistic, which would cancel");
  }
  NormalForm product;
  for (auto &[c, h] : a.terms)
    for (auto &[d, g] : b.terms) {
      NormalForm term;
      term.terms.push_back({c.times(d), exprs.multiply(h, g)});
      product = add(product, term);
    }
  return product;
}

NormalForm NormalForms::divide(const NormalForm &a, Value av,
                               const NormalForm &b, Value bv, Value at) {
  NormalForm divisor = collapse(b, bv);
  const auto *single = divisor.getSingle();
  if (!single)
    return stuck(bv, "a divisor whose terms move differently with the "
                     "unfinished statistics");
  NormalForm inverse;
  inverse.terms.push_back(
      {single->first.raisedTo(-1), exprs.raise(single->second, -1)});
  return multiply(a, av, inverse, bv, at);
}

/// Uniform summands of the argument go into the coefficient.
NormalForm NormalForms::exponential(const NormalForm &a, Value at) {
  Linear inner;
  Coefficient outer;
  for (auto &[c, h] : a.terms) {
    if (c.isOne()) {
      inner = h;
      continue;
    }
    if (h.isVarying())
      return stuck(at,
                   "an unfinished statistic multiplies the score inside exp");
    bool single =
        c.power.size() == 1 && c.power[0].second == 1 && c.exponent.empty();
    for (auto &[monomial, k] : h.terms) {
      const Expr *base = single ? c.power[0].first : nullptr;
      // e^(log u) is u.
      if (base && monomial == exprs.getOne() && base->kind == Expr::Apply &&
          isa<math::LogOp>(base->op)) {
        Factors power;
        power.push_back({base->args[0].terms[0].first, k});
        outer.power = addFactors(outer.power, power);
        continue;
      }
      Factors factors = c.power, self;
      self.push_back({monomial, 1.0});
      if (!c.exponent.empty()) { // e^(s e^m): the factor e^m stays whole.
        Factors scale;
        scale.push_back({exprs.exp(Linear{c.exponent}), 1.0});
        factors = addFactors(factors, scale);
      }
      Factors exponent;
      exponent.push_back({exprs.product(addFactors(factors, self)), k});
      outer.exponent = addFactors(outer.exponent, exponent);
    }
  }
  NormalForm form;
  form.terms.push_back({std::move(outer), exprs.exponential(inner)});
  return form;
}

/// The logarithm of a single positive term splits into a sum.
NormalForm NormalForms::logarithm(const NormalForm &a, Value at) {
  Operation *log = at.getDefiningOp();
  const auto *single = a.getSingle();
  const Linear *exponent = single && single->second.terms.size() == 1
                               ? getExponent(single->second.terms[0].first)
                               : nullptr;
  // Every factor gets a logarithm of its own, so an even power will not do.
  bool splits = single && ::isNonNegative(getSign(single->second)) &&
                llvm::all_of(single->first.power, [](auto &factor) {
                  return ::isNonNegative(factor.first->sign);
                });
  if (a.isFinished() && !(splits && exponent))
    return apply(log);
  if (!splits)
    return variance.isVarying(at)
               ? stuck(at,
                       "the logarithm of a sum of terms that move differently")
               : atom(at);
  auto &[c, h] = *single;
  NormalForm sum;
  std::optional<double> constant = exprs.getNumber(h);
  const Expr *only = h.terms.size() == 1 ? h.terms[0].first : nullptr;
  if (constant)
    sum = number(std::log(*constant));
  else if (only && only->kind == Expr::Exp && h.terms[0].second > 0)
    sum = add(finishedTerm(only->args[0]), number(std::log(h.terms[0].second)));
  else if (exponent)
    // log(h e^g) = log h + g.
    sum =
        add(finishedTerm(*exponent),
            finishedTerm(exprs.linear(exprs.apply(
                log, {exprs.multiply(
                         h, exprs.raise(exprs.exponential(*exponent), -1))}))));
  else
    sum = finishedTerm(exprs.linear(exprs.apply(log, {h})));
  auto unknown = [&](const Expr *expr, double k) {
    NormalForm form;
    Coefficient coefficient;
    coefficient.power.push_back({expr, 1.0});
    form.terms.push_back({std::move(coefficient), exprs.number(k)});
    return form;
  };
  for (auto &[expr, k] : c.exponent)
    sum = add(sum, unknown(expr, k));
  for (auto &[expr, p] : c.power)
    sum = add(sum, unknown(exprs.apply(log, {exprs.linear(expr)}), p));
  return sum;
}

NormalForm NormalForms::power(const NormalForm &a, double exponent, Value at) {
  const auto *single = a.getSingle();
  bool whole = exponent == std::floor(exponent);
  if (!single || !(whole || isNonNegative(single->first)) ||
      !canRaiseEach(single->first.power, exponent))
    return variance.isVarying(at)
               ? stuck(at, "a power of a sum of terms that move differently")
               : atom(at);
  NormalForm form;
  form.terms.push_back({single->first.raisedTo(exponent),
                        exprs.raise(single->second, exponent)});
  return form;
}

//===----------------------------------------------------------------------===//
// Functions that let a positive factor through
//===----------------------------------------------------------------------===//

bool NormalForms::isNonNegative(const Coefficient &c) const {
  return llvm::all_of(c.power, [](auto &factor) {
    return ::isNonNegative(factor.first->sign) ||
           std::fmod(factor.second, 2) == 0;
  });
}

/// The coefficient that all forms share, where a form of 0 shares any. None
/// when there is no such one or it may be negative.
static std::optional<Coefficient> getShared(const NormalForms &forms,
                                            ArrayRef<const NormalForm *> all) {
  std::optional<Coefficient> shared;
  for (const NormalForm *form : all) {
    if (form->terms.empty())
      continue;
    if (form->terms.size() > 1 ||
        (shared && !(*shared == form->terms[0].first)))
      return std::nullopt;
    shared = form->terms[0].first;
  }
  if (!shared)
    shared = Coefficient();
  return forms.isNonNegative(*shared) ? shared : std::nullopt;
}

/// |.|, max and min commute with a factor that is not negative.
NormalForm NormalForms::homogeneous(Operation *op) {
  Value at = op->getResult(0);
  SmallVector<const NormalForm *> all;
  for (Value operand : op->getOperands())
    all.push_back(&get(operand));
  std::optional<Coefficient> shared = getShared(*this, all);
  if (!shared)
    return variance.isVarying(at)
               ? stuck(at,
                       isa<math::AbsFOp>(op)
                           ? "the absolute value of terms that move differently"
                           : "a maximum or minimum of terms that move "
                             "differently")
               : atom(at);
  SmallVector<Linear> args;
  for (const NormalForm *form : all)
    args.push_back(form->terms.empty() ? Linear() : form->terms[0].second);
  NormalForm form;
  form.terms.push_back({*shared, exprs.linear(exprs.apply(op, args))});
  return form;
}

NormalForm NormalForms::compare(Operation *op) {
  Value at = op->getResult(0);
  const NormalForm &a = get(op->getOperand(0)), &b = get(op->getOperand(1));
  // A factor of 0 would make both sides equal.
  std::optional<Coefficient> shared = getShared(*this, {&a, &b});
  if (shared && llvm::all_of(shared->power, [](auto &factor) {
        return factor.first->sign == kPositive;
      })) {
    auto arg = [](const NormalForm &form) {
      return form.terms.empty() ? Linear() : form.terms[0].second;
    };
    return finishedTerm(exprs.linear(exprs.apply(op, {arg(a), arg(b)})));
  }
  return variance.isVarying(at) ? stuck(at, "a comparison of a varying value "
                                            "with an unfinished statistic")
                                : atom(at);
}

/// A comparison and a choice between what was compared is a maximum or a
/// minimum; returns 1, -1, or 0 for neither.
static int getExtremum(Operation *op) {
  auto cmp = op->getOperand(0).getDefiningOp<arith::CmpFOp>();
  if (!cmp)
    return 0;
  using P = arith::CmpFPredicate;
  bool greater =
      llvm::is_contained({P::OGT, P::OGE, P::UGT, P::UGE}, cmp.getPredicate());
  bool less =
      llvm::is_contained({P::OLT, P::OLE, P::ULT, P::ULE}, cmp.getPredicate());
  bool same =
      cmp.getLhs() == op->getOperand(1) && cmp.getRhs() == op->getOperand(2);
  bool swapped =
      cmp.getLhs() == op->getOperand(2) && cmp.getRhs() == op->getOperand(1);
  if (!(greater || less) || !(same || swapped))
    return 0;
  return greater == same ? 1 : -1;
}

NormalForm NormalForms::select(Operation *op) {
  Value at = op->getResult(0);
  const NormalForm &condition = get(op->getOperand(0));
  NormalForm a = collapse(get(op->getOperand(1)), op->getOperand(1));
  NormalForm b = collapse(get(op->getOperand(2)), op->getOperand(2));
  if (!variance.isVarying(at))
    return atom(at);
  if (!condition.isFinished())
    return stuck(at, getExtremum(op)
                         ? "a maximum or minimum of terms that move differently"
                         : "a choice that an unfinished statistic decides");
  Linear decided =
      condition.terms.empty() ? Linear() : condition.terms[0].second;
  NormalForm form;
  auto take = [&](const Coefficient &c) {
    if (find(form, c))
      return;
    const Linear *x = find(a, c), *y = find(b, c);
    Linear chosen = exprs.linear(
        exprs.apply(op, {decided, x ? *x : Linear(), y ? *y : Linear()}));
    form.terms.push_back({c, std::move(chosen)});
  };
  for (const NormalForm *side : {&a, &b})
    for (auto &term : side->terms)
      take(term.first);
  return form;
}

/// Any function of finished values is finished.
NormalForm NormalForms::apply(Operation *op) {
  SmallVector<Linear> args;
  for (Value operand : op->getOperands())
    args.push_back(get(operand).terms.empty() ? Linear()
                                              : get(operand).terms[0].second);
  return finishedTerm(exprs.linear(exprs.apply(op, args)));
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

NormalForms::NormalForms(FormulaOp formula, const Variance &variance,
                         const llvm::DenseSet<Value> &finished,
                         ExprContext &exprs)
    : variance(variance), finished(finished), exprs(exprs) {
  Block &body = formula.getBody().front();
  for (BlockArgument argument : body.getArguments())
    forms[argument] = finishedTerm(
        exprs.linear(exprs.leaf(argument, variance.isVarying(argument))));
  for (Operation &op : body.without_terminator())
    for (unsigned i = 0, e = op.getNumResults(); i < e; ++i) {
      NormalForm form = compute(&op, i);
      if (!form.isStuck() && form.terms.size() > kMostTerms)
        form = stuck(op.getResult(i),
                     "a product that multiplies out into too many terms");
      forms[op.getResult(i)] = std::move(form);
    }
}

/// Leaves, and ops over the whole row: finished, or unknowns.
NormalForm NormalForms::computeRow(Operation *op, unsigned result) {
  Value value = op->getResult(result);
  if (isa<LengthOp, ExtentOp, RowOp, PositionOp, RandomOp>(op) ||
      finished.contains(value)) {
    uint8_t sign = kPositive | kZero;
    if (!isa<LengthOp, ExtentOp, RowOp, PositionOp, RandomOp>(
            op)) // What an unknown's sign would be.
      sign = atom(value).terms[0].first.power[0].first->sign;
    return finishedTerm(
        exprs.linear(exprs.leaf(value, variance.isVarying(value), sign)));
  }
  return atom(value);
}

NormalForm NormalForms::compute(Operation *op, unsigned result) {
  Value value = op->getResult(result);
  if (isa<WeirDialect>(op->getDialect()))
    return computeRow(op, result);
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)) && constant.isFinite())
    return number(getF64Value(cast<arith::ConstantOp>(op)));
  if (isa<arith::ConstantOp>(op))
    return finishedTerm(exprs.linear(exprs.apply(op, {})));
  for (Value operand : op->getOperands())
    if (get(operand).isStuck())
      return get(operand);
  if (value.getType().isF32())
    return computeFloat(op);
  if (isa<arith::CmpFOp>(op))
    return compare(op);
  bool allFinished = llvm::all_of(op->getOperands(), [&](Value operand) {
    return get(operand).isFinished();
  });
  if (allFinished)
    return apply(op);
  return variance.isVarying(value)
             ? stuck(value,
                     "a function of a value that holds unfinished statistics")
             : atom(value);
}

static std::optional<double> getConstant(Value value) {
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)))
    return getF64Value(value.getDefiningOp<arith::ConstantOp>());
  APInt whole;
  if (matchPattern(value, m_ConstantInt(&whole)))
    return static_cast<double>(whole.getSExtValue());
  return std::nullopt;
}

NormalForm NormalForms::computeFloat(Operation *op) {
  constexpr double ln2 = 0.693147180559945309417232121458;
  Value value = op->getResult(0);
  auto in = [&](unsigned i) -> const NormalForm & {
    return get(op->getOperand(i));
  };
  auto operand = [&](unsigned i) { return op->getOperand(i); };
  bool allFinished = llvm::all_of(op->getOperands(),
                                  [&](Value v) { return get(v).isFinished(); });
  auto other = [&]() -> NormalForm {
    if (allFinished)
      return apply(op);
    return variance.isVarying(value)
               ? stuck(value,
                       "a function of a value that holds unfinished statistics")
               : atom(value);
  };
  return llvm::TypeSwitch<Operation *, NormalForm>(op)
      .Case<arith::AddFOp>([&](auto) { return add(in(0), in(1)); })
      .Case<arith::SubFOp>([&](auto) { return add(in(0), in(1), -1); })
      .Case<arith::NegFOp>([&](auto) { return scaled(in(0), -1); })
      .Case<arith::MulFOp>([&](auto) {
        return multiply(in(0), operand(0), in(1), operand(1), value);
      })
      .Case<arith::DivFOp>([&](auto) {
        return allFinished && in(1).terms.empty()
                   ? other()
                   : divide(in(0), operand(0), in(1), operand(1), value);
      })
      .Case<math::FmaOp>([&](auto) {
        NormalForm product =
            multiply(in(0), operand(0), in(1), operand(1), value);
        return product.isStuck() ? product : add(product, in(2));
      })
      .Case<math::ExpOp>([&](auto) { return exponential(in(0), value); })
      .Case<math::Exp2Op>(
          [&](auto) { return exponential(scaled(in(0), ln2), value); })
      .Case<math::ExpM1Op>([&](auto) {
        if (allFinished)
          return apply(op);
        NormalForm e = exponential(in(0), value);
        return e.isStuck() ? e : add(e, number(-1));
      })
      .Case<math::LogOp>([&](auto) { return logarithm(in(0), value); })
      .Case<math::AbsFOp, arith::MaximumFOp, arith::MinimumFOp,
            arith::MaxNumFOp, arith::MinNumFOp>(
          [&](auto) { return homogeneous(op); })
      .Case<math::SqrtOp>([&](auto) {
        return allFinished ? other() : power(in(0), 0.5, value);
      })
      .Case<math::RsqrtOp>([&](auto) {
        return allFinished ? other() : power(in(0), -0.5, value);
      })
      .Case<math::PowFOp, math::FPowIOp>([&](auto) {
        std::optional<double> exponent = getConstant(operand(1));
        return allFinished || !exponent ? other()
                                        : power(in(0), *exponent, value);
      })
      .Case<arith::SelectOp>(
          [&](auto) { return allFinished ? other() : select(op); })
      .Default([&](Operation *) { return other(); });
}

//===----------------------------------------------------------------------===//
// Anchors
//===----------------------------------------------------------------------===//

bool NormalForms::isAnchor(Value value) const {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || finished.contains(next) || !seen.insert(next).second)
      continue;
    auto reduce = dyn_cast<ReduceOp>(op);
    if (reduce ? reduce.getKind() == ReductionKind::Add ||
                     next != reduce.getResult()
               : isa<KthOp, SolveOp>(op))
      return false;
    if (!reduce)
      llvm::append_range(work, op->getOperands());
  }
  return true;
}

bool NormalForms::isAnchor(const Expr *atom) const {
  bool isAll = true;
  walkExprs({{atom, 1.0}}, [&](const Expr *expr) {
    isAll = isAll && (expr->kind != Expr::Leaf || isAnchor(expr->value));
    return isAll;
  });
  return isAll;
}
