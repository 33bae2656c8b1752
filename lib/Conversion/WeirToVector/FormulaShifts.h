//===- FormulaShifts.h - exponents that one multiply-add forms -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// e^(x - u) is 2^(x log2(e) - s) with s = u log2(e), rounded once per row: one
// fused multiply-add instead of a difference and a product. The rounding of s
// multiplies all exponentials of the row by one factor 1 + d, abs(d) <= abs(u)
// 2^-24. Where it cancels in every result any moderate u will do; elsewhere it
// must be small enough by itself.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASHIFTS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASHIFTS_H

#include "weir/Dialect/Weir/IR/Variance.h"

#include <optional>

namespace weir {

/// The uniform values that exponentials of a formula are shifted by.
class FormulaShifts {
public:
  explicit FormulaShifts(FormulaOp formula);

  llvm::ArrayRef<mlir::Value> getShifts() const { return shifts; }

  /// The shift u of an exponential of x - u, of a - u or of -u; null for any
  /// other op. x varies, a is uniform.
  mlir::Value getShift(mlir::Operation *exp) const;
  /// What is left of the exponent without its shift; null for 0.
  mlir::Value getUnshifted(mlir::Operation *exp) const;

  /// Shifts may be fused in rows in which all are below this.
  double getBound() const { return bound; }
  /// True when that is nearly any row: the roundings of shifts cancel.
  bool suitMostRows() const { return cancels; }

  /// The power of 1 + d that fusing the shift `u` multiplies `value` by, or
  /// none when it does more than that.
  std::optional<double> getDegree(mlir::Value value, mlir::Value u) const;

  /// True when `exp` is subtracted or subtracted from: what is left of it then
  /// is less exact than it is.
  static bool mayCancel(mlir::Operation *exp);

  /// True when a maximum or a minimum over the row goes into `value`, found by
  /// the formula or given to it.
  bool leansOnExtremum(mlir::Value value) const {
    return extremal.contains(value);
  }

  /// True when the maximum of a part of a row is no greater for `u` than that
  /// of the whole row: then a running shift can be judged by the finished one.
  bool growsWithRow(mlir::Value u) const;

private:
  using Degrees = llvm::DenseMap<mlir::Value, std::optional<double>>;

  mlir::Value matchShift(mlir::Operation *exp) const;
  void collectExtremal(FormulaOp formula);
  Degrees measure(FormulaOp formula, mlir::Value u) const;
  std::optional<double> measure(mlir::Operation *op, mlir::Value u,
                                Degrees &known) const;

  Variance variance;
  llvm::DenseSet<mlir::Value> extremal;
  llvm::DenseMap<mlir::Value, Degrees> degrees;
  llvm::SmallVector<mlir::Value> shifts;
  double bound = 0;
  bool cancels = true;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_FORMULASHIFTS_H
