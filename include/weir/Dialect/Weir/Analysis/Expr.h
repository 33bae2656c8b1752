//===- Expr.h - expressions of a formula, compared by meaning -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_EXPR_H
#define WEIR_DIALECT_WEIR_ANALYSIS_EXPR_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <memory>
#include <string>

namespace weir {

struct Expr;

/// Expressions with a number each, ordered by their age: powers of a product,
/// or multiples in an exponent.
using Factors = llvm::SmallVector<std::pair<const Expr *, double>>;

/// `a` with `factor` times `b` added, entry by entry; entries that become 0
/// vanish.
Factors addFactors(const Factors &a, const Factors &b, double factor = 1);

/// A sum of multiples of expressions. The expression 1 is the empty product.
struct Linear {
  Factors terms;
  bool operator==(const Linear &other) const { return terms == other.terms; }
  bool isZero() const { return terms.empty(); }
  bool isVarying() const;
};

/// The signs a value may have, as a set.
enum : uint8_t { kNegative = 1, kZero = 2, kPositive = 4, kAnySign = 7 };

/// An expression over leaves, which are values of a formula. Made by
/// ExprContext only, so that equal expressions are one object.
struct Expr {
  enum Kind {
    Leaf,    // value
    Product, // of factors, each to a power; no Exp among them has another
             // beside it
    Exp,     // e to args[0]
    Sum,     // args[0] as a factor of a product
    Apply    // the elementwise op `op` on args
  } kind;
  unsigned id;
  bool varying;
  uint8_t sign;
  mlir::Value value;
  mlir::Operation *op = nullptr;
  llvm::SmallVector<Linear> args;
  Factors factors;
  /// Whether it is to be evaluated as a pair of a mantissa and an exponent: an
  /// exponential reaches it through nothing but what pairs are closed under
  /// (ExtendedExponents.h).
  bool extended = false;
};

/// Owns expressions and does algebra on them.
class ExprContext {
public:
  ExprContext() { one = product({}); }

  const Expr *leaf(mlir::Value value, bool varying, uint8_t sign = kAnySign);
  const Expr *product(Factors factors);
  const Expr *exp(Linear argument);
  const Expr *apply(mlir::Operation *op, llvm::ArrayRef<Linear> args);

  const Expr *getOne() const { return one; }
  Linear number(double value) const;
  Linear linear(const Expr *expr, double factor = 1) const;
  Linear add(const Linear &a, const Linear &b, double factor = 1) const;
  Linear multiply(const Linear &a, const Linear &b);
  Linear raise(const Linear &a, double power);
  /// e to `argument`, which is a number when the argument is.
  Linear exponential(const Linear &argument);
  /// The constant that `a` is, if it is one.
  std::optional<double> getNumber(const Linear &a) const;

private:
  const Expr *intern(Expr expr);
  const Expr *wrap(const Linear &a);
  Factors factorsOf(const Expr *expr) const;

  llvm::StringMap<std::unique_ptr<Expr>> known;
  const Expr *one = nullptr;
};

/// The signs `a` may have.
uint8_t getSign(const Linear &a);
inline bool isNonNegative(uint8_t sign) { return !(sign & kNegative); }
/// True when (prod f^p)^power is prod f^(p power): not so for the root of x^2,
/// which is |x|, nor for that of x y, where both may be negative.
bool canRaiseEach(const Factors &factors, double power);
/// True when `a` is certainly below some number whatever the leaves are.
bool isBoundedAbove(const Linear &a);
/// The exponent g of the factor e^g of `expr`, or null.
const Linear *getExponent(const Expr *expr);
/// Visits the expressions of `terms` and, where `visit` says so, their parts:
/// each once, from the left, since parts are shared and the ways to them may be
/// 2^n.
void walkExprs(const Factors &terms,
               llvm::function_ref<bool(const Expr *)> visit);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_EXPR_H
