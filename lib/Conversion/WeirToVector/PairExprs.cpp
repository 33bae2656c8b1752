//===- PairExprs.cpp - expressions as mantissa and exponent ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PairExprs.h"

#include "RowExprBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

Value weir::emitGreatestExponent(OpBuilder &b, RowEmitter &emitter,
                                 ArrayRef<Value> exponents) {
  Location loc = emitter.rows.getLoc();
  SmallVector<Value> tree;
  bool anyNull = false;
  for (Value exponent : exponents)
    if (!exponent)
      anyNull = true;
    else if (!llvm::is_contained(tree, exponent))
      tree.push_back(exponent);
  if (tree.empty())
    return Value();
  if (anyNull)
    tree.push_back(emitter.constant(b, tree[0].getType(), 0.0));
  auto greater = [&](Value x, Value y) -> Value {
    if (!emitter.maximaMayLoseNaN)
      return arith::MaximumFOp::create(b, loc, x, y);
    // One instruction. A mantissa of NaN is not lost.
    Value more = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, y, x);
    return arith::SelectOp::create(b, loc, more, y, x);
  };
  while (tree.size() > 1) {
    SmallVector<Value> half;
    for (size_t i = 0; i + 1 < tree.size(); i += 2)
      half.push_back(greater(tree[i], tree[i + 1]));
    if (tree.size() % 2)
      half.push_back(tree.back());
    tree = std::move(half);
  }
  return tree[0];
}

Value weir::emitOver(OpBuilder &b, RowEmitter &emitter, ExponentPair pair,
                     Value exponent) {
  Location loc = emitter.rows.getLoc();
  if (!exponent || pair.exponent == exponent)
    return pair.mantissa;
  Value down =
      pair.exponent
          ? Value(arith::SubFOp::create(b, loc, pair.exponent, exponent))
          : Value(arith::NegFOp::create(b, loc, exponent));
  return cpu::ScaleOp::create(b, loc, pair.mantissa, down);
}

//===----------------------------------------------------------------------===//
// Written exponents
//===----------------------------------------------------------------------===//

WrittenExponents::WrittenExponents(FormulaOp formula, const DerivedSweep &sweep,
                                   const Variance &variance) {
  llvm::DenseSet<Value> unfinished;
  for (Operation &op : formula.getBody().front().without_terminator())
    for (Value result : op.getResults()) {
      bool leans = isa<ReduceOp, KthOp, SolveOp>(op) ||
                   llvm::any_of(op.getOperands(), [&](Value operand) {
                     return unfinished.contains(operand);
                   });
      if (leans && !sweep.known->contains(result)) {
        unfinished.insert(result);
        continue;
      }
      if (!variance.isVarying(result) || !result.getType().isF32())
        continue;
      const NormalForm &form = sweep.forms->get(result);
      const auto *single = form.isStuck() ? nullptr : form.getSingle();
      if (single && single->first.isOne())
        values.push_back({single->second, result});
    }
}

Value WrittenExponents::get(const Linear &sum) const {
  for (auto &[form, value] : values)
    if (form == sum)
      return value;
  return Value();
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

namespace {

class PairBuilder {
public:
  PairBuilder(OpBuilder &b, RowEmitter &emitter, Element &element,
              const WrittenExponents &written, cpu::ExpVariant variant)
      : b(b), loc(emitter.rows.getLoc()), emitter(emitter), element(element),
        plain(b, emitter, element), whole(plain), written(written),
        variant(variant) {}

  ExponentPair emit(const Linear &sum);

private:
  ExponentPair emit(const Expr *expr);
  ExponentPair writePair(const Expr *expr);
  ExponentPair emitPlain(const Linear &sum);
  Value emitExponent(const Linear &sum);
  ExponentPair emitProduct(const Factors &factors);
  ExponentPair emitApply(const Expr *expr);
  ExponentPair emitChoice(const Expr *expr);
  ExponentPair raise(ExponentPair base, double power);
  ExponentPair multiply(ExponentPair x, ExponentPair y);

  OpBuilder &b;
  Location loc;
  RowEmitter &emitter;
  Element &element;
  LaneExprBuilder plain;
  ExprBuilder::Emission whole;
  llvm::DenseMap<const Expr *, ExponentPair> pairs;
  const WrittenExponents &written;
  cpu::ExpVariant variant;
};

} // namespace

/// What no exponential is in. A 0 has the exponent of one, which is looked at
/// where it is not known.
ExponentPair PairBuilder::emitPlain(const Linear &sum) {
  Value value = plain.emit(sum);
  bool isNumber = sum.terms.size() == 1 &&
                  sum.terms[0].first->kind == Expr::Product &&
                  sum.terms[0].first->factors.empty();
  if (isNumber)
    return {value, Value()};
  Value ofZero = plain.constant(kExponentOfZero);
  if (sum.isZero())
    return {value, ofZero};
  Value zero = plain.constant(0.0);
  Value isZero =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, value, zero);
  return {value, arith::SelectOp::create(b, loc, isZero, ofZero, zero)};
}

/// An exponential's argument, as the formula writes it or its opposite.
Value PairBuilder::emitExponent(const Linear &sum) {
  if (Value value = written.get(sum))
    return emitter.getVector(b, element, value);
  Linear opposite = sum;
  for (auto &term : opposite.terms)
    term.second = -term.second;
  if (Value value = written.get(opposite))
    return arith::NegFOp::create(b, loc, emitter.getVector(b, element, value));
  return plain.emit(sum);
}

ExponentPair PairBuilder::emit(const Linear &sum) {
  SmallVector<ExponentPair> terms;
  Linear rest;
  for (auto &[expr, k] : sum.terms) {
    if (!expr->extended) {
      rest.terms.push_back({expr, k});
      continue;
    }
    ExponentPair term = emit(expr);
    if (k != 1)
      term.mantissa =
          arith::MulFOp::create(b, loc, term.mantissa, plain.constant(k));
    terms.push_back(term);
  }
  if (!rest.isZero() || terms.empty())
    terms.push_back(emitPlain(rest));
  SmallVector<Value> exponents;
  for (ExponentPair &term : terms)
    exponents.push_back(term.exponent);
  Value common = emitGreatestExponent(b, emitter, exponents);
  Value total;
  for (ExponentPair &term : terms) {
    Value scaled = emitOver(b, emitter, term, common);
    total =
        total ? Value(arith::AddFOp::create(b, loc, total, scaled)) : scaled;
  }
  return {total, common};
}

ExponentPair PairBuilder::emit(const Expr *expr) {
  if (!expr->extended) {
    Linear alone;
    alone.terms.push_back({expr, 1.0});
    return emitPlain(alone);
  }
  if (auto found = pairs.find(expr); found != pairs.end())
    return found->second;
  ExponentPair pair = writePair(expr);
  pairs[expr] = pair;
  return pair;
}

ExponentPair PairBuilder::writePair(const Expr *expr) {
  switch (expr->kind) {
  case Expr::Exp: {
    auto split =
        cpu::ExpSplitOp::create(b, loc, variant, emitExponent(expr->args[0]));
    return {split.getMantissa(), split.getExponent()};
  }
  case Expr::Sum:
    return emit(expr->args[0]);
  case Expr::Apply:
    return isa<arith::SelectOp>(expr->op) ? emitChoice(expr) : emitApply(expr);
  case Expr::Product:
    return emitProduct(expr->factors);
  case Expr::Leaf:
    break;
  }
  llvm_unreachable("a leaf is no pair");
}

ExponentPair PairBuilder::multiply(ExponentPair x, ExponentPair y) {
  Value mantissa = arith::MulFOp::create(b, loc, x.mantissa, y.mantissa);
  if (!x.exponent || !y.exponent)
    return {mantissa, x.exponent ? x.exponent : y.exponent};
  return {mantissa, arith::AddFOp::create(b, loc, x.exponent, y.exponent)};
}

/// The powers that getObstacle lets through.
ExponentPair PairBuilder::raise(ExponentPair base, double power) {
  if (power == 1)
    return base;
  if (power == 2)
    return multiply(base, base);
  Value inverse =
      arith::DivFOp::create(b, loc, plain.constant(1.0), base.mantissa);
  return {inverse, base.exponent
                       ? Value(arith::NegFOp::create(b, loc, base.exponent))
                       : Value()};
}

ExponentPair PairBuilder::emitProduct(const Factors &factors) {
  Factors rest;
  std::optional<ExponentPair> product;
  for (auto &[factor, power] : factors) {
    if (!factor->extended) {
      rest.push_back({factor, power});
      continue;
    }
    ExponentPair raised = raise(emit(factor), power);
    product = product ? multiply(*product, raised) : raised;
  }
  if (rest.empty())
    return *product;
  return multiply(*product, {plain.emitPowers(rest), Value()});
}

/// |.|, max and min: of numbers over one power of two.
ExponentPair PairBuilder::emitApply(const Expr *expr) {
  SmallVector<ExponentPair> pairs;
  SmallVector<Value> exponents;
  for (const Linear &arg : expr->args) {
    pairs.push_back(emit(arg));
    exponents.push_back(pairs.back().exponent);
  }
  Value common = emitGreatestExponent(b, emitter, exponents);
  SmallVector<Value> operands;
  for (ExponentPair &pair : pairs)
    operands.push_back(emitOver(b, emitter, pair, common));
  return {emitter.emitElementwise(b, expr->op, 0, operands, /*asVector=*/true),
          common};
}

/// One pair or the other, with its own exponent: what is not chosen may be far
/// greater.
ExponentPair PairBuilder::emitChoice(const Expr *expr) {
  Value condition = plain.emit(expr->args[0]);
  ExponentPair yes = emit(expr->args[1]), no = emit(expr->args[2]);
  auto choose = [&](Value x, Value y) {
    return emitter.emitElementwise(b, expr->op, 0, {condition, x, y},
                                   /*asVector=*/true);
  };
  auto exponentOf = [&](ExponentPair pair) {
    return pair.exponent ? pair.exponent : plain.constant(0.0);
  };
  return {choose(yes.mantissa, no.mantissa),
          choose(exponentOf(yes), exponentOf(no))};
}

ExponentPair weir::emitPair(OpBuilder &builder, RowEmitter &emitter,
                            Element &element, const Linear &sum,
                            const WrittenExponents &written,
                            cpu::ExpVariant variant) {
  return PairBuilder(builder, emitter, element, written, variant).emit(sum);
}
