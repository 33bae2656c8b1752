//===- RowLaws.h - what follows from a formula -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H

#include "weir/Dialect/Weir/IR/Variance.h"
#include "llvm/ADT/DenseMap.h"

#include <string>
#include <vector>

namespace weir {

/// A sum of numbers times uniform values, or a product of powers of them: value -> factor or power.
/// Ordered by the values' place in the body, so that equal forms compare equal.
struct UniformForm {
  llvm::SmallVector<std::pair<mlir::Value, double>> terms;

  bool empty() const { return terms.empty(); }
  bool operator==(const UniformForm &other) const { return terms == other.terms; }
  /// This form plus `factor` times `other`.
  UniformForm plus(const UniformForm &other, double factor = 1) const;
};

/// How a value moves when the uniforms that are not finished yet move. Relative to a set of finished
/// uniforms every value is one of
///   Free     h                         it does not move
///   Shifted  h + L                     L a linear form in unfinished uniforms
///   Scaled   u^p e^L h                 a monomial in them times e to a linear form
///   Poly     (h + L) * scaled          a Shifted times a Scaled
///   Centred  (h - u)^2                 u the mean of h
///   Stuck    none of these; `culprit` is the value where the form was lost
struct Motion {
  enum Kind { Free, Shifted, Scaled, Poly, Centred, Stuck } kind = Free;
  UniformForm shift;    // L of Shifted and Poly.
  UniformForm exponent; // L of Scaled, and of Poly's factor.
  UniformForm power;    // p of Scaled.
  mlir::Value base;     // h of Shifted; the scaled factor of Poly; the Shifted h - u of Centred.
  mlir::Value culprit;
  std::string why;
};

/// What lets a running reduction be corrected when the statistics that it leans on change.
struct Law {
  enum Kind { Plain, Exp, ExpPoly, Recentre } kind = Plain;
  ReduceOp reduce;
  Motion motion;
  /// True when the finished sum is to be multiplied by the motion's power.
  bool isPulled() const { return !motion.power.empty(); }
};

llvm::StringRef stringifyLaw(Law::Kind kind);

/// One pass over a row: the reductions that it finishes.
struct DerivedSweep {
  std::vector<Law> laws;
};

/// A value that keeps some reduction from joining an earlier sweep.
struct Refusal {
  mlir::Value value;
  std::string why;
};

/// The statistics sweeps of a formula, fewer than the body as written needs, and what stopped them
/// from being fewer still. Facts never depend on a name.
class RowLaws {
public:
  explicit RowLaws(FormulaOp formula);

  llvm::ArrayRef<DerivedSweep> getSweeps() const { return sweeps; }
  llvm::ArrayRef<Refusal> getRefusals() const { return refusals; }
  /// Sweeps of the body as written.
  unsigned getNaiveSweeps() const { return naive; }
  /// False when some op (kth, solve) has no running form here.
  bool isComplete() const { return complete; }
  /// True when every reduction that `value` is made of is a maximum or a minimum.
  bool isAnchor(mlir::Value value) const;

private:
  void analyse();
  std::optional<Law> getLaw(ReduceOp reduce);
  Motion compute(mlir::Operation *op);
  Motion computeUniform(mlir::Operation *op);
  Motion add(const Motion &a, mlir::Value av, const Motion &b, mlir::Value bv, double sign);
  Motion multiply(mlir::Value product, const Motion &a, mlir::Value av, const Motion &b, mlir::Value bv);
  Motion join(const Motion &a, mlir::Value av, const Motion &b, mlir::Value bv, mlir::Value at);
  Motion divide(mlir::Value quotient, const Motion &a, mlir::Value av, const Motion &b, mlir::Value bv);
  bool isCentredOn(const Motion &shifted);
  bool allAnchors(const UniformForm &form) const;
  Motion stuck(mlir::Value value, std::string why);
  /// What was found for `value`; arguments are Free.
  const Motion &get(mlir::Value value) const;
  /// An unfinished uniform as a factor.
  UniformForm asFactor(mlir::Value uniform, UniformForm &exponent);

  FormulaOp formula;
  Variance variance;
  llvm::DenseMap<mlir::Value, Motion> motions;
  llvm::DenseSet<mlir::Value> finished;
  llvm::SmallVector<DerivedSweep> sweeps;
  llvm::SmallVector<Refusal> refusals;
  unsigned naive = 0;
  bool complete = true;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H
