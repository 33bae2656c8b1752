//===- NormalizeFormulas.cpp - formulas as they are best evaluated ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "BodyBuilder.h"
#include "weir/Dialect/Weir/Analysis/RowLaws.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"

#include <cmath>

namespace weir {
#define GEN_PASS_DEF_WEIRNORMALIZEFORMULAS
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

class Normalizer {
  static constexpr int kMostRounds = 256, kMostResultRounds = 4;

public:
  explicit Normalizer(FormulaOp formula) : formula(formula) {}

  void run() {
    // Every rewriting makes one reduction direct, and what it adds is direct:
    // the bound is for safety. Cleaning up in between lets the analysis see
    // that a new maximum is one that is there already. A reduction that comes
    // out as it went in must not keep others from their turn.
    size_t settled = 0;
    for (int round = 0; round < kMostRounds; ++round) {
      std::string before = print();
      if (!rewriteOne(settled))
        break;
      cleanUp();
      settled = print() == before ? settled + 1 : 0;
    }
    // What a result is written as may have parts to be written again.
    for (int round = 0; round < kMostResultRounds && rewriteResults(); ++round)
      cleanUp();
    cleanUp();
  }

private:
  /// Rewrites the first reduction that asks for it after `skipped` others.
  bool rewriteOne(size_t skipped);
  std::string print();
  bool rewriteResults();
  void cleanUp() { cleanUpFormula(formula); }
  bool pullAsWritten(const Law &law, const NormalForms &forms,
                     const ExprContext &exprs);
  void rewriteSum(const Law &law, ExprContext &exprs);
  void rewriteExtremum(const Law &law, ExprContext &exprs);
  Value emitSum(OpBuilder &builder, const RunningSum &sum, ReduceOp reduce,
                ExprContext &exprs);
  std::pair<Value, double> emitAnchor(OpBuilder &builder, const RunningSum &sum,
                                      Location loc);
  Value emitOperand(BodyBuilder &code, const RunningSum &sum,
                    const Factors &exponent, ExprContext &exprs);

  FormulaOp formula;
};

} // namespace

//===----------------------------------------------------------------------===//
// What has to be rewritten
//===----------------------------------------------------------------------===//

/// True when e^(sum of `exponent`) grows with a maximum, or as a minimum falls:
/// the factor that an anchor of its own leaves outside a sum.
static bool growsWithExtremum(const Factors &exponent) {
  return llvm::any_of(exponent, [](auto &term) {
    auto &[expr, k] = term;
    auto reduce = expr->kind == Expr::Leaf
                      ? expr->value.template getDefiningOp<ReduceOp>()
                      : ReduceOp();
    return reduce && ((reduce.getKind() == ReductionKind::Max && k > 0) ||
                      (reduce.getKind() == ReductionKind::Min && k < 0));
  });
}

/// True when e^a multiplies e^h: what a varying exponential that may overflow
/// is anchored by.
static bool isAnchored(const NormalForm &form) {
  return llvm::any_of(form.terms, [](auto &term) {
    return !term.first.exponent.empty() &&
           llvm::any_of(term.second.terms, [](auto &t) {
             const Linear *exponent = getExponent(t.first);
             return exponent && exponent->isVarying();
           });
  });
}

/// True when evaluating `value` as written takes an exponential that nothing
/// bounds, while its normal form would not.
static bool overflowsAsWritten(Value value, const NormalForms &forms,
                               const Variance &variance) {
  const NormalForm &form = forms.get(value);
  if (form.isStuck() || !value.getType().isF32())
    return false;
  bool anchored = isAnchored(form);
  bool grows = llvm::any_of(form.terms, [](auto &term) {
    return growsWithExtremum(term.first.exponent);
  });
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || isa<WeirDialect>(op->getDialect()) || !seen.insert(next).second)
      continue;
    // What an exponential or a function is taken of stays as it is in the form.
    if (!isa<math::ExpOp, math::Exp2Op>(op)) {
      if (isa<arith::ArithDialect>(op->getDialect()) ||
          isa<math::LogOp, math::SqrtOp, math::RsqrtOp, math::PowFOp,
              math::AbsFOp, math::FmaOp>(op))
        llvm::append_range(work, op->getOperands());
      continue;
    }
    const auto *single = forms.get(next).getSingle();
    if (!single)
      continue;
    if (!variance.isVarying(next)) {
      if (!grows && growsWithExtremum(single->first.exponent))
        return true;
      continue;
    }
    const Linear *inner = getExponent(single->second.terms[0].first);
    bool leans = llvm::any_of(single->first.exponent, [&](auto &atom) {
      return forms.isAnchor(atom.first);
    });
    if (anchored && inner && !leans && !isBoundedAbove(*inner))
      return true;
  }
  return false;
}

std::string Normalizer::print() {
  std::string text;
  llvm::raw_string_ostream(text) << formula;
  return text;
}

bool Normalizer::rewriteOne(size_t skipped) {
  RowLaws laws(formula);
  for (const DerivedSweep &sweep : laws.getSweeps())
    for (const Law &law : sweep.laws) {
      ReduceOp reduce = law.getReduce();
      if (!reduce || law.kind == Law::Recentre)
        continue;
      bool isSum = reduce.getKind() == ReductionKind::Add;
      bool overflows =
          isSum && overflowsAsWritten(reduce.getValue(), *sweep.forms,
                                      laws.getVariance());
      if (law.isDirect() && !overflows)
        continue;
      if (skipped-- > 0)
        continue;
      if (isSum && !overflows &&
          pullAsWritten(law, *sweep.forms, laws.getExprs()))
        return true;
      if (isSum)
        rewriteSum(law, laws.getExprs());
      else
        rewriteExtremum(law, laws.getExprs());
      return true;
    }
  return false;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// The exponents of everything a sum is made of; a part without an exponential
/// has the exponent 0.
static void collectExponents(const Linear &sum,
                             SmallVectorImpl<Linear> &exponents) {
  walkExprs(sum.terms, [&](const Expr *expr) {
    const Linear *exponent = getExponent(expr);
    if (expr->kind == Expr::Apply && !exponent &&
        isa<math::AbsFOp, arith::MaximumFOp, arith::MinimumFOp>(expr->op))
      return true;
    const Linear found = exponent ? *exponent : Linear();
    if (!llvm::is_contained(exponents, found))
      exponents.push_back(found);
    return false;
  });
}

/// The maximum, over the row and over the parts of the sum, of the exponents,
/// as a multiple of a number.
std::pair<Value, double> Normalizer::emitAnchor(OpBuilder &builder,
                                                const RunningSum &sum,
                                                Location loc) {
  SmallVector<Linear> exponents;
  for (const RunningSum::Term &term : sum.polynomial)
    collectExponents(term.h, exponents);
  BodyBuilder code(builder, loc);
  SmallVector<Factors> all;
  for (const Linear &exponent : exponents)
    all.push_back(exponent.terms);
  double unit = ExprBuilder::getUnit(all);
  Value most;
  for (const Factors &exponent : all) {
    Value value = code.emit(Linear{addFactors({}, exponent, 1 / unit)});
    most = most ? Value(arith::MaximumFOp::create(builder, loc, most, value))
                : value;
  }
  return {ReduceOp::create(builder, loc, ReductionKind::Max, most).getResult(),
          unit};
}

/// (x - m) e^(x - m), not x e^(x - m) - m e^(x - m): what all terms share is
/// taken out first.
Value Normalizer::emitOperand(BodyBuilder &code, const RunningSum &sum,
                              const Factors &exponent, ExprContext &exprs) {
  const Linear *shared = nullptr;
  bool share = sum.getDegree() > 0;
  for (const RunningSum::Term &term : sum.polynomial)
    for (auto &[monomial, k] : term.h.terms) {
      const Linear *own = getExponent(monomial);
      share &= own && (!shared || *own == *shared);
      shared = own;
    }
  Linear whole;
  for (const RunningSum::Term &term : sum.polynomial) {
    Linear part = term.h;
    if (share)
      part = exprs.multiply(part, exprs.raise(exprs.exponential(*shared), -1));
    whole = exprs.add(
        whole, exprs.multiply(part, exprs.linear(exprs.product(term.anchors))));
  }
  if (!share)
    return code.emit(whole, exponent);
  Factors factors;
  factors.push_back({exprs.exp(*shared), 1.0});
  Value e = code.emit(exprs.linear(exprs.product(factors)), exponent);
  OpBuilder builder = OpBuilder::atBlockTerminator(e.getParentBlock());
  builder.setInsertionPointAfterValue(e);
  BodyBuilder after(builder, e.getLoc());
  return arith::MulFOp::create(builder, e.getLoc(), after.emit(whole), e);
}

Value Normalizer::emitSum(OpBuilder &builder, const RunningSum &sum,
                          ReduceOp reduce, ExprContext &exprs) {
  Location loc = reduce.getLoc();
  BodyBuilder code(builder, loc);
  Factors exponent = sum.exponent;
  Coefficient outside = sum.pull;
  if (sum.needsAnchor) {
    Factors anchor;
    auto [most, unit] = emitAnchor(builder, sum, loc);
    anchor.push_back({exprs.leaf(most, /*varying=*/false), unit});
    exponent = addFactors(exponent, anchor, -1);
    outside.exponent = addFactors(outside.exponent, anchor);
  }
  // A number in front of all terms waits outside, so that equal sums become
  // one.
  RunningSum plain = sum;
  double factor = 1;
  if (plain.polynomial.size() == 1 && plain.polynomial[0].h.terms.size() == 1)
    std::swap(factor, plain.polynomial[0].h.terms[0].second);
  Value operand = emitOperand(code, plain, exponent, exprs);
  builder.setInsertionPoint(reduce);
  Value total =
      ReduceOp::create(builder, loc, ReductionKind::Add, operand).getResult();
  if (factor != 1)
    total = arith::MulFOp::create(builder, loc, total, code.constant(factor));
  return outside.isOne() ? total : code.emit(outside, total);
}

namespace {
/// Takes powers of unfinished statistics off products, as they are written: e d
/// is what (e / s) d has besides 1 / s.
class PowerStripper {
public:
  PowerStripper(OpBuilder &builder, const NormalForms &forms,
                const ExprContext &exprs)
      : builder(builder), forms(forms), exprs(exprs) {}

  /// What is left of a value, and what was taken off; no value where powers
  /// are no factors of it.
  struct Stripped {
    Value rest;
    Coefficient powers;
  };
  Stripped strip(Value value);

private:
  Stripped compute(Value value);
  /// `value` to the power p, if powers are all it is.
  std::optional<Coefficient> getPowers(Value value, double p);

  OpBuilder &builder;
  const NormalForms &forms;
  const ExprContext &exprs;
  llvm::DenseMap<Value, Stripped> known;
};
} // namespace

std::optional<Coefficient> PowerStripper::getPowers(Value value, double p) {
  const auto *single = forms.get(value).getSingle();
  if (!single || single->first.power.empty() ||
      exprs.getNumber(single->second) != 1.0)
    return std::nullopt;
  return single->first.raisedTo(p);
}

PowerStripper::Stripped PowerStripper::strip(Value value) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  Stripped stripped = compute(value);
  return known[value] = stripped;
}

PowerStripper::Stripped PowerStripper::compute(Value value) {
  const NormalForm &form = forms.get(value);
  if (form.isStuck())
    return {};
  if (llvm::all_of(form.terms,
                   [](auto &term) { return term.first.power.empty(); }))
    return {value, {}};
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::MulFOp, arith::DivFOp>(op))
    return {};
  bool divides = isa<arith::DivFOp>(op);
  Value a = op->getOperand(0), b = op->getOperand(1);
  auto stripBeside = [&](Value factor, const Coefficient &powers) -> Stripped {
    Stripped other = strip(factor);
    return {other.rest, other.powers.times(powers)};
  };
  if (std::optional<Coefficient> powers = getPowers(b, divides ? -1 : 1))
    return stripBeside(a, *powers);
  if (divides)
    return {};
  if (std::optional<Coefficient> powers = getPowers(a, 1))
    return stripBeside(b, *powers);
  Stripped x = strip(a), y = strip(b);
  if (!x.rest || !y.rest)
    return {};
  return {arith::MulFOp::create(builder, op->getLoc(), x.rest, y.rest),
          x.powers.times(y.powers)};
}

/// Pulls powers of statistics out of a sum and leaves what is summed as it is
/// written: its normal form has products multiplied out, x e - m e for (x - m)
/// e, and other roundings than the same value has elsewhere.
bool Normalizer::pullAsWritten(const Law &law, const NormalForms &forms,
                               const ExprContext &exprs) {
  const RunningSum *sum = law.sums.size() == 1 ? &law.sums[0] : nullptr;
  if (!sum || sum->needsAnchor || !sum->isPulled())
    return false;
  ReduceOp reduce = law.getReduce();
  OpBuilder builder(reduce);
  auto [rest, powers] =
      PowerStripper(builder, forms, exprs).strip(reduce.getValue());
  if (!rest || !(powers == sum->pull))
    return false;
  Value total =
      ReduceOp::create(builder, reduce.getLoc(), ReductionKind::Add, rest)
          .getResult();
  total = BodyBuilder(builder, reduce.getLoc()).emit(sum->pull, total);
  reduce.getResult().replaceAllUsesWith(total);
  reduce.erase();
  return true;
}

void Normalizer::rewriteSum(const Law &law, ExprContext &exprs) {
  ReduceOp reduce = law.getReduce();
  OpBuilder builder(reduce);
  Value total;
  for (const RunningSum &sum : law.sums) {
    Value part = emitSum(builder, sum, reduce, exprs);
    total = total ? Value(arith::AddFOp::create(builder, reduce.getLoc(), total,
                                                part))
                  : part;
  }
  if (!total) // Everything cancels.
    total = BodyBuilder(builder, reduce.getLoc()).constant(0.0);
  reduce.getResult().replaceAllUsesWith(total);
  reduce.erase();
}

//===----------------------------------------------------------------------===//
// Maxima and minima
//===----------------------------------------------------------------------===//

/// max(c h + u) is c max(h) + u, and the maximum of exponentials is that of the
/// exponents.
void Normalizer::rewriteExtremum(const Law &law, ExprContext &exprs) {
  ReduceOp reduce = law.getReduce();
  OpBuilder builder(reduce);
  Location loc = reduce.getLoc();
  BodyBuilder code(builder, loc);
  Coefficient c = law.sums[0].pull;
  Linear h = law.sums[0].polynomial[0].h;
  bool isExp = h.terms.size() == 1 && h.terms[0].first->kind == Expr::Exp &&
               h.terms[0].second > 0;
  Factors own = isExp ? h.terms[0].first->args[0].terms : Factors();
  double unit = ExprBuilder::getUnit({own});
  Value operand = code.emit(isExp ? Linear{addFactors({}, own, 1 / unit)} : h);
  Type winner = reduce.getWinner() ? Type(builder.getIndexType()) : Type();
  auto inner = ReduceOp::create(builder, loc, operand.getType(), winner,
                                reduce.getKind(), operand);
  Value value = inner.getResult();
  if (isExp) {
    Factors most;
    most.push_back({exprs.leaf(value, /*varying=*/false), unit});
    c.exponent = addFactors(c.exponent, most);
    value = h.terms[0].second == 1 ? Value() : code.constant(h.terms[0].second);
  }
  value = code.emit(c, value);
  if (!law.shift.terms.empty())
    value = arith::AddFOp::create(builder, loc, value, code.emit(law.shift));
  reduce.getResult().replaceAllUsesWith(value);
  if (reduce.getWinner())
    reduce.getWinner().replaceAllUsesWith(inner.getWinner());
  reduce.erase();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

bool Normalizer::rewriteResults() {
  bool changed = false;
  RowLaws laws(formula);
  Operation *yield = formula.getBody().front().getTerminator();
  for (OpOperand &operand : yield->getOpOperands()) {
    if (!overflowsAsWritten(operand.get(), laws.getForms(), laws.getVariance()))
      continue;
    OpBuilder builder(yield);
    operand.set(BodyBuilder(builder, operand.get().getLoc())
                    .emit(laws.getForms().get(operand.get())));
    changed = true;
  }
  return changed;
}

/// Parts that several rewritings wrote are written once, and what nobody needs
/// goes.
void weir::cleanUpFormula(FormulaOp formula) {
  IRRewriter rewriter(formula.getContext());
  DominanceInfo dominance(formula);
  eliminateCommonSubExpressions(rewriter, dominance, formula);
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(formula.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void weir::normalizeFormula(FormulaOp formula) { Normalizer(formula).run(); }

namespace {
struct WeirNormalizeFormulas
    : weir::impl::WeirNormalizeFormulasBase<WeirNormalizeFormulas> {
  void runOnOperation() override {
    getOperation().walk([](FormulaOp formula) {
      if (!formula->hasAttr(WeirDialect::kAsWrittenAttrName))
        normalizeFormula(formula);
    });
  }
};
} // namespace
