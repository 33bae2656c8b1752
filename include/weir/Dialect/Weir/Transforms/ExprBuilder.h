//===- ExprBuilder.h - expressions as code -----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_EXPRBUILDER_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_EXPRBUILDER_H

#include "weir/Dialect/Weir/Analysis/NormalForm.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace weir {

/// Writes expressions (Expr.h) as ops. Factors e^k are taken inside: e^x times
/// e^(-m) becomes exp(x - m), and |e^x - 1| times it becomes |exp(x - m) -
/// exp(-m)|, so that nothing overflows on the way. What expressions share is
/// written once in an emission: their parts are few and the ways to them many.
class ExprBuilder {
public:
  /// While one lives, everything is written in one place, one after the other,
  /// and what is there is used again. Each call to emit is an emission, or part
  /// of the one around it.
  class Emission {
  public:
    explicit Emission(ExprBuilder &builder) : builder(builder) {
      ++builder.emissions;
    }
    ~Emission() {
      if (--builder.emissions == 0)
        builder.written.clear();
    }
    Emission(const Emission &) = delete;
    Emission &operator=(const Emission &) = delete;

  private:
    ExprBuilder &builder;
  };

  ExprBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}
  virtual ~ExprBuilder() = default;

  /// `sum` times e^`exponent`.
  mlir::Value emit(const Linear &sum, const Factors &exponent = {});
  /// `value` times the coefficient; a null value is 1.
  mlir::Value emit(const Coefficient &c, mlir::Value value);
  /// A product of powers.
  mlir::Value emitPowers(const Factors &factors) {
    Emission emission(*this);
    return emitProduct(factors, {});
  }
  /// The value of a whole form.
  mlir::Value emit(const NormalForm &form);

  virtual mlir::Value constant(double value) = 0;

  /// What the multiples of an exponent are best written in: log 2 when they are
  /// f32 numbers times it (the exponent of an exp2), else 1. As f32 constants
  /// they would be rounded otherwise.
  static double getUnit(llvm::ArrayRef<Factors> exponents);

protected:
  virtual mlir::Value leaf(mlir::Value value) = 0;
  virtual mlir::Value exponential(mlir::Value argument) = 0;
  /// 2 to `argument`; null from builders whose constants are wide enough to
  /// do without.
  virtual mlir::Value exponentialOfTwo(mlir::Value argument) { return {}; }
  virtual bool hasNarrowConstants() const { return false; }
  /// The elementwise op `op` on other operands.
  virtual mlir::Value apply(mlir::Operation *op, mlir::ValueRange operands) = 0;

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  mlir::Value emitExpr(const Expr *expr, const Factors &exponent);
  mlir::Value writeExpr(const Expr *expr, const Factors &exponent);
  mlir::Value emitProduct(const Factors &factors, const Factors &exponent);
  mlir::Value emitApply(const Expr *expr, const Factors &exponent);
  mlir::Value emitPower(mlir::Value base, double power);
  /// e to a sum of multiples.
  mlir::Value emitExponential(const Factors &a, const Factors &b);
  mlir::Value addTerm(mlir::Value sum, mlir::Value term, double factor);
  mlir::Value emitMultiples(const Factors &terms, mlir::Value sum);

  /// Expressions times e to a sum.
  std::map<std::pair<const Expr *, Factors>, mlir::Value> written;
  unsigned emissions = 0;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_EXPRBUILDER_H
