//===- Expr.cpp - expressions of a formula, compared by meaning ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/Expr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Factors weir::addFactors(const Factors &a, const Factors &b, double factor) {
  Factors sum;
  auto i = a.begin(), j = b.begin();
  auto push = [&](const Expr *expr, double value) {
    if (value != 0)
      sum.push_back({expr, value});
  };
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && i->first->id < j->first->id)) {
      push(i->first, i->second);
      ++i;
    } else if (i == a.end() || j->first->id < i->first->id) {
      push(j->first, factor * j->second);
      ++j;
    } else {
      push(i->first, i->second + factor * j->second);
      ++i, ++j;
    }
  }
  return sum;
}

bool Linear::isVarying() const {
  return llvm::any_of(terms, [](auto &term) { return term.first->varying; });
}

Linear ExprContext::number(double value) const {
  return value == 0 ? Linear() : linear(one, value);
}

Linear ExprContext::linear(const Expr *expr, double factor) const {
  Linear sum;
  sum.terms.push_back({expr, factor});
  return sum;
}

Linear ExprContext::add(const Linear &a, const Linear &b, double factor) const {
  return {addFactors(a.terms, b.terms, factor)};
}

std::optional<double> ExprContext::getNumber(const Linear &a) const {
  if (a.isZero())
    return 0.0;
  if (a.terms.size() == 1 && a.terms[0].first == one)
    return a.terms[0].second;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Products and powers
//===----------------------------------------------------------------------===//

Factors ExprContext::factorsOf(const Expr *expr) const {
  if (expr->kind == Expr::Product)
    return expr->factors;
  Factors self;
  self.push_back({expr, 1.0});
  return self;
}

const Linear *weir::getExponent(const Expr *expr) {
  if (expr->kind == Expr::Exp)
    return &expr->args[0];
  if (expr->kind == Expr::Product)
    for (auto &[factor, power] : expr->factors)
      if (factor->kind == Expr::Exp)
        return &factor->args[0];
  return nullptr;
}

/// Products within products are flat, exponentials meet in one, and an
/// exponential's power goes into its exponent.
const Expr *ExprContext::product(Factors factors) {
  Linear exponent;
  Factors flat, rest;
  for (auto &[factor, power] : factors)
    flat = addFactors(flat, factorsOf(factor), power);
  for (auto &[factor, power] : flat) {
    if (factor->kind == Expr::Exp) {
      exponent = add(exponent, factor->args[0], power);
      continue;
    }
    Factors single;
    single.push_back({factor, power});
    rest = addFactors(rest, single);
  }
  if (!exponent.isZero()) {
    Factors single;
    single.push_back({exp(exponent), 1.0});
    rest = addFactors(rest, single);
  }
  if (rest.size() == 1 && rest[0].second == 1)
    return rest[0].first;
  Expr expr{Expr::Product, 0, false, kPositive, {}, nullptr, {}, rest};
  for (auto &[factor, power] : rest)
    expr.varying |= factor->varying;
  return intern(std::move(expr));
}

const Expr *ExprContext::wrap(const Linear &a) {
  Expr expr{Expr::Sum, 0, a.isVarying(), getSign(a), {}, nullptr, {a}, {}};
  return intern(std::move(expr));
}

Linear ExprContext::multiply(const Linear &a, const Linear &b) {
  auto hasExp = [](const Linear &l) {
    return llvm::any_of(l.terms, [](auto &t) { return getExponent(t.first); });
  };
  // Two sums without exponentials gain nothing from being multiplied out, and
  // long ones would grow without bound.
  constexpr size_t kMostTerms = 16;
  bool isLong = a.terms.size() * b.terms.size() > kMostTerms;
  if (a.terms.size() > 1 && b.terms.size() > 1 &&
      (isLong || (!hasExp(a) && !hasExp(b)))) {
    Factors factors;
    factors.push_back({wrap(a), 1.0});
    Factors other;
    other.push_back({wrap(b), 1.0});
    return linear(product(addFactors(factors, other)));
  }
  Linear sum;
  for (auto &[x, k] : a.terms)
    for (auto &[y, l] : b.terms)
      sum = add(sum,
                linear(product(addFactors(factorsOf(x), factorsOf(y))), k * l));
  return sum;
}

bool weir::canRaiseEach(const Factors &factors, double power) {
  if (power == std::floor(power))
    return true;
  return llvm::all_of(factors, [&](auto &factor) {
    bool staysEven = std::fmod(factor.second, 2) == 0 &&
                     std::fmod(factor.second * power, 2) == 0;
    return isNonNegative(factor.first->sign) || staysEven;
  });
}

Linear ExprContext::raise(const Linear &a, double power) {
  bool whole = power == std::floor(power);
  if (a.terms.size() == 1 && (whole || a.terms[0].second > 0) &&
      canRaiseEach(factorsOf(a.terms[0].first), power)) {
    Factors factors = factorsOf(a.terms[0].first);
    for (auto &[factor, p] : factors)
      p *= power;
    return linear(product(factors), std::pow(a.terms[0].second, power));
  }
  Factors factors;
  factors.push_back({wrap(a), power});
  return linear(product(factors));
}

const Expr *ExprContext::exp(Linear argument) {
  bool varying = argument.isVarying();
  Expr expr{
      Expr::Exp, 0, varying, kPositive, {}, nullptr, {std::move(argument)}, {}};
  return intern(std::move(expr));
}

Linear ExprContext::exponential(const Linear &argument) {
  if (std::optional<double> value = getNumber(argument))
    return number(std::exp(*value));
  return linear(exp(argument));
}

//===----------------------------------------------------------------------===//
// Signs
//===----------------------------------------------------------------------===//

static uint8_t negate(uint8_t sign) {
  return (sign & kZero) | (sign & kNegative ? kPositive : 0) |
         (sign & kPositive ? kNegative : 0);
}

static uint8_t addSigns(uint8_t a, uint8_t b) {
  if (!a || !b)
    return a | b;
  uint8_t sum = (a | b) & (kNegative | kPositive);
  if (((a & kNegative) && (b & kPositive)) ||
      ((a & kPositive) && (b & kNegative)))
    return kAnySign;
  // Zero only when both can be; a sum with a certainly positive part is
  // positive.
  if ((a & kZero) && (b & kZero))
    return sum | kZero;
  if (!(a & kZero))
    return a;
  return b;
}

static uint8_t multiplySigns(uint8_t a, uint8_t b) {
  uint8_t sign = (a | b) & kZero;
  if (((a & kPositive) && (b & kPositive)) ||
      ((a & kNegative) && (b & kNegative)))
    sign |= kPositive;
  if (((a & kPositive) && (b & kNegative)) ||
      ((a & kNegative) && (b & kPositive)))
    sign |= kNegative;
  return sign;
}

static uint8_t raiseSign(uint8_t sign, double power) {
  if (power == 1 || power == -1)
    return sign;
  bool even = std::fmod(power, 2) == 0, whole = power == std::floor(power);
  if (even && (sign & kNegative))
    return (sign & kZero) | kPositive;
  return whole ? sign : sign & ~kNegative;
}

uint8_t weir::getSign(const Linear &a) {
  if (a.isZero())
    return kZero;
  uint8_t sign = 0;
  for (auto &[expr, factor] : a.terms)
    sign = addSigns(sign, factor < 0 ? negate(expr->sign) : expr->sign);
  return sign;
}

static uint8_t signOfApply(Operation *op, ArrayRef<Linear> args) {
  auto in = [&](unsigned i) { return getSign(args[i]); };
  if (isa<math::AbsFOp>(op))
    return (in(0) & kZero) | kPositive;
  if (isa<math::SqrtOp>(op))
    return in(0) & ~kNegative;
  if (isa<math::RsqrtOp, math::Exp2Op, math::ErfcOp, arith::UIToFPOp,
          arith::IndexCastUIOp>(op))
    return kPositive | kZero;
  if (isa<math::ExpM1Op, math::Log1pOp, math::TanhOp, math::AtanOp, math::ErfOp,
          math::SinhOp, math::CbrtOp, arith::SIToFPOp, arith::IndexCastOp>(op))
    return in(0);
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op)) {
    uint8_t sign = in(0) | in(1);
    if (!(in(0) & kNegative) || !(in(1) & kNegative))
      sign &= ~kNegative;
    return in(0) == kPositive || in(1) == kPositive ? uint8_t(kPositive) : sign;
  }
  if (isa<arith::SelectOp>(op))
    return in(1) | in(2);
  if (isa<math::PowFOp>(op)) // 0^0 is 1.
    return in(0) & kNegative ? uint8_t(kAnySign) : uint8_t(in(0) | kPositive);
  return kAnySign;
}

bool weir::isBoundedAbove(const Linear &a) {
  return llvm::all_of(a.terms, [](auto &term) {
    auto &[expr, factor] = term;
    if (expr->kind == Expr::Product && expr->factors.empty())
      return true;
    uint8_t sign = factor < 0 ? negate(expr->sign) : expr->sign;
    bool saturates =
        expr->kind == Expr::Apply &&
        isa<math::TanhOp, math::ErfOp, math::ErfcOp, math::AtanOp>(expr->op);
    return saturates || !(sign & kPositive);
  });
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

void weir::walkExprs(const Factors &terms,
                     llvm::function_ref<bool(const Expr *)> visit) {
  SmallVector<const Expr *> work;
  auto push = [&](const Factors &parts) {
    for (auto &[expr, factor] : llvm::reverse(parts))
      work.push_back(expr);
  };
  push(terms);
  llvm::SmallPtrSet<const Expr *, 16> seen;
  while (!work.empty()) {
    const Expr *expr = work.pop_back_val();
    if (!seen.insert(expr).second || !visit(expr))
      continue;
    for (const Linear &arg : llvm::reverse(expr->args))
      push(arg.terms);
    push(expr->factors);
  }
}

//===----------------------------------------------------------------------===//
// Uniqueness
//===----------------------------------------------------------------------===//

const Expr *ExprContext::leaf(Value value, bool varying, uint8_t sign) {
  return intern(Expr{Expr::Leaf, 0, varying, sign, value, nullptr, {}, {}});
}

const Expr *ExprContext::apply(Operation *op, ArrayRef<Linear> args) {
  Expr expr{Expr::Apply,
            0,
            false,
            signOfApply(op, args),
            {},
            op,
            SmallVector<Linear>(args),
            {}};
  for (const Linear &arg : args)
    expr.varying |= arg.isVarying();
  return intern(std::move(expr));
}

/// Powers decide the sign of a product once its factors are known.
static uint8_t signOfProduct(const Factors &factors) {
  uint8_t sign = kPositive;
  for (auto &[factor, power] : factors)
    sign = multiplySigns(sign, raiseSign(factor->sign, power));
  return sign;
}

/// Functions that a positive factor passes through, and with it a common
/// exponent. What leans on an anchor reaches no other (NormalForm.h).
static bool passesFactors(Operation *op) {
  return isa<math::AbsFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::SelectOp>(op);
}

/// Looks no further than the parts of `expr`, which know it of themselves.
static bool isExtendedByParts(const Expr &expr) {
  auto any = [](const Factors &parts) {
    return llvm::any_of(parts, [](auto &part) { return part.first->extended; });
  };
  if (expr.kind == Expr::Exp)
    return true;
  if (expr.kind == Expr::Apply && !passesFactors(expr.op))
    return false;
  return any(expr.factors) ||
         llvm::any_of(expr.args, [&](auto &arg) { return any(arg.terms); });
}

const Expr *ExprContext::intern(Expr expr) {
  std::string key;
  llvm::raw_string_ostream os(key);
  auto print = [&](const Factors &factors) {
    for (auto &[factor, k] : factors)
      os << factor->id << ':' << llvm::bit_cast<uint64_t>(k) << ',';
    os << ';';
  };
  os << expr.kind << '|' << expr.value.getAsOpaquePointer() << '|';
  if (expr.op)
    os << expr.op->getName().getAsOpaquePointer() << ' '
       << expr.op->getAttrDictionary().getAsOpaquePointer() << ' '
       << expr.op->getResult(0).getType().getAsOpaquePointer();
  for (const Linear &arg : expr.args)
    print(arg.terms);
  print(expr.factors);
  auto [place, isNew] = known.try_emplace(key);
  if (isNew) {
    expr.id = known.size();
    if (expr.kind == Expr::Product)
      expr.sign = signOfProduct(expr.factors);
    expr.extended = isExtendedByParts(expr);
    place->second = std::make_unique<Expr>(std::move(expr));
  }
  return place->second.get();
}
