//===- ExprBuilder.cpp - expressions as code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/ExprBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace weir;

static constexpr double kLog2 = 0.693147180559945309417232121458;

Value ExprBuilder::addTerm(Value sum, Value term, double factor) {
  if (!sum) {
    if (factor == 1)
      return term;
    if (factor == -1)
      return arith::NegFOp::create(builder, loc, term);
    return arith::MulFOp::create(builder, loc, term, constant(factor));
  }
  if (factor == -1)
    return arith::SubFOp::create(builder, loc, sum, term);
  if (factor != 1)
    term = arith::MulFOp::create(builder, loc, term, constant(factor));
  return arith::AddFOp::create(builder, loc, sum, term);
}

/// `sum` plus multiples of expressions, which may be null.
Value ExprBuilder::emitMultiples(const Factors &terms, Value sum) {
  for (bool positive : {true, false}) // x - m rather than -m + x.
    for (auto &[expr, k] : terms)
      if ((k > 0) == positive)
        sum = expr->kind == Expr::Product && expr->factors.empty()
                  ? addTerm(sum, constant(k), 1)
                  : addTerm(sum, emitExpr(expr, {}), k);
  return sum;
}

/// True when f32 holds every number, but for rounding in f64.
static bool areNarrow(ArrayRef<Factors> all, double unit) {
  return llvm::all_of(all, [&](const Factors &terms) {
    return llvm::all_of(terms, [&](auto &term) {
      double k = term.second / unit;
      return std::fabs(k - static_cast<float>(k)) <= 1e-15 * std::fabs(k);
    });
  });
}

double ExprBuilder::getUnit(ArrayRef<Factors> exponents) {
  return !areNarrow(exponents, 1) && areNarrow(exponents, kLog2) ? kLog2 : 1;
}

Value ExprBuilder::emitExponential(const Factors &a, const Factors &b) {
  double unit = hasNarrowConstants() ? getUnit({a, b}) : 1;
  if (unit == 1)
    return exponential(
        emitMultiples(b, a.empty() ? Value() : emitMultiples(a, Value())));
  Value argument;
  for (const Factors &terms : {a, b})
    argument = emitMultiples(addFactors({}, terms, 1 / unit), argument);
  return exponentialOfTwo(argument);
}

Value ExprBuilder::emit(const Linear &sum, const Factors &exponent) {
  Emission emission(*this);
  if (sum.isZero())
    return constant(0.0);
  if (exponent.empty())
    return emitMultiples(sum.terms, Value());
  Value total;
  for (bool positive : {true, false})
    for (auto &[expr, k] : sum.terms)
      if ((k > 0) == positive)
        total = addTerm(total, emitExpr(expr, exponent), k);
  return total;
}

Value ExprBuilder::emit(const Coefficient &c, Value value) {
  Emission emission(*this);
  if (!c.exponent.empty()) {
    Value factor = emitExponential({}, c.exponent);
    value = value ? Value(arith::MulFOp::create(builder, loc, value, factor))
                  : factor;
  }
  for (auto &[expr, power] : c.power) {
    Value base = emitExpr(expr, {});
    if (power == -1) {
      value = arith::DivFOp::create(builder, loc, value ? value : constant(1.0),
                                    base);
      continue;
    }
    Value factor = emitPower(base, power);
    value = value ? Value(arith::MulFOp::create(builder, loc, value, factor))
                  : factor;
  }
  return value ? value : constant(1.0);
}

Value ExprBuilder::emit(const NormalForm &form) {
  Emission emission(*this);
  Value total;
  for (auto &[c, h] : form.terms) {
    const auto &[expr, k] = h.terms[0];
    bool isOne = h.terms.size() == 1 && k == 1 && expr->kind == Expr::Product &&
                 expr->factors.empty();
    Value term = isOne ? emit(c, Value())
                       : emit(Coefficient{c.power, {}}, emit(h, c.exponent));
    total =
        total ? Value(arith::AddFOp::create(builder, loc, total, term)) : term;
  }
  return total ? total : constant(0.0);
}

Value ExprBuilder::emitPower(Value base, double power) {
  if (power == 1)
    return base;
  if (power == 2)
    return arith::MulFOp::create(builder, loc, base, base);
  if (power == -1)
    return arith::DivFOp::create(builder, loc, constant(1.0), base);
  if (power == 0.5)
    return math::SqrtOp::create(builder, loc, base);
  if (power == -0.5)
    return math::RsqrtOp::create(builder, loc, base);
  return math::PowFOp::create(builder, loc, base, constant(power));
}

/// Functions that a positive factor passes through.
static bool isHomogeneous(const Expr *expr) {
  return expr->kind == Expr::Sum ||
         (expr->kind == Expr::Apply &&
          isa<math::AbsFOp, arith::MaximumFOp, arith::MinimumFOp,
              arith::MaxNumFOp, arith::MinNumFOp, arith::SelectOp>(expr->op));
}

Value ExprBuilder::emitApply(const Expr *expr, const Factors &exponent) {
  bool inside = !exponent.empty() && isHomogeneous(expr);
  SmallVector<Value> operands;
  for (auto [i, arg] : llvm::enumerate(expr->args)) {
    Type type = expr->op->getOperand(i).getType();
    bool isFloat = isa<FloatType>(getElementTypeOrSelf(type));
    if (isFloat)
      operands.push_back(emit(arg, inside ? exponent : Factors()));
    else // Conditions and integers have one term and no factor.
      operands.push_back(emitExpr(arg.terms[0].first, {}));
  }
  Value value = apply(expr->op, operands);
  return inside || exponent.empty() ? value
                                    : emit(Coefficient{{}, exponent}, value);
}

Value ExprBuilder::emitProduct(const Factors &factors,
                               const Factors &exponent) {
  // One factor takes the exponential in; an exponential rather than another.
  const Expr *taker = nullptr;
  if (!exponent.empty())
    for (auto &[factor, power] : factors)
      if (power == 1 &&
          (factor->kind == Expr::Exp || (isHomogeneous(factor) && !taker)))
        taker = factor;
  Value product, divisor;
  for (auto &[factor, power] : factors) {
    if (power == -1) {
      Value base = emitExpr(factor, {});
      divisor = divisor
                    ? Value(arith::MulFOp::create(builder, loc, divisor, base))
                    : base;
      continue;
    }
    Value value = emitPower(
        emitExpr(factor, factor == taker ? exponent : Factors()), power);
    product = product
                  ? Value(arith::MulFOp::create(builder, loc, product, value))
                  : value;
  }
  if (!exponent.empty() && !taker)
    product = emit(Coefficient{{}, exponent}, product);
  if (divisor)
    product = arith::DivFOp::create(builder, loc,
                                    product ? product : constant(1.0), divisor);
  return product ? product : constant(1.0);
}

Value ExprBuilder::emitExpr(const Expr *expr, const Factors &exponent) {
  std::pair key(expr, exponent);
  if (auto found = written.find(key); found != written.end())
    return found->second;
  return written[std::move(key)] = writeExpr(expr, exponent);
}

Value ExprBuilder::writeExpr(const Expr *expr, const Factors &exponent) {
  switch (expr->kind) {
  case Expr::Leaf: {
    Value value = leaf(expr->value);
    return exponent.empty() ? value : emit(Coefficient{{}, exponent}, value);
  }
  case Expr::Exp:
    return emitExponential(expr->args[0].terms, exponent);
  case Expr::Sum:
    return emit(expr->args[0], exponent);
  case Expr::Apply:
    return emitApply(expr, exponent);
  case Expr::Product:
    return emitProduct(expr->factors, exponent);
  }
  llvm_unreachable("unknown expression");
}
