//===- RowLaws.h - what follows from a formula -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H

#include "weir/Dialect/Weir/Analysis/Dependents.h"
#include "weir/Dialect/Weir/Analysis/NormalForm.h"

#include <memory>
#include <vector>

namespace weir {

/// One running sum of a reduction:
///
///     pull * sum over the row of  e^exponent * (sum over its terms of a^p * h)
///
/// `pull` is made of statistics that are not anchors and is multiplied at the
/// end. `exponent` and the powers a^p are made of anchors: when they move, the
/// sum is corrected.
struct RunningSum {
  Coefficient pull;
  Factors exponent;
  struct Term {
    Factors anchors; // Powers, positive and whole.
    Linear h;
  };
  std::vector<Term> polynomial;
  /// True for exponentials that no maximum bounds: the compiler has to add an
  /// anchor of its own.
  bool needsAnchor = false;

  bool isPulled() const { return !pull.isOne(); }
  /// The highest total power of anchors.
  unsigned getDegree() const;
};

/// What lets a running reduction be corrected when the statistics that it leans
/// on change.
struct Law {
  enum Kind { Plain, Exp, ExpPoly, Recentre, Search } kind = Plain;
  mlir::Operation *op = nullptr; // weir.reduce, weir.kth or weir.solve.
  /// Of an addition. Of a maximum or minimum: one, whose factor is pulled out.
  std::vector<RunningSum> sums;
  /// Uniform summand that a maximum or minimum is shifted by.
  NormalForm shift;
  /// Of Recentre: h and u of the operand (h - u)^2.
  Linear centred, centre;
  /// True when evaluating the operand as it is written takes nothing but
  /// finished values and, for an addition, maxima and minima of the sweep:
  /// (x + s) - s takes s, which its normal form x does not.
  bool evaluatesAsWritten = true;

  ReduceOp getReduce() const { return llvm::dyn_cast<ReduceOp>(op); }
  bool isPulled() const;
  bool needsAnchor() const;
  /// True when the operand can be reduced as it is written: one sum, nothing
  /// to pull out, no anchor to add, nothing unfinished on the way.
  bool isDirect() const;
};

llvm::StringRef stringifyLaw(Law::Kind kind);

/// One pass over a row: the reductions that it finishes.
struct DerivedSweep {
  std::vector<Law> laws;
  /// What was finished before the sweep, and the normal forms relative to it.
  std::unique_ptr<llvm::DenseSet<mlir::Value>> known;
  std::unique_ptr<NormalForms> forms;
};

/// A value that keeps some reduction from joining an earlier sweep.
struct Refusal {
  mlir::Value value;
  llvm::StringRef why;
};

/// Passes of attention over keys and values, and the accumulators that the last
/// one carries.
struct AttentionCost {
  unsigned passes = 1;
  unsigned rank = 1;
};

/// The statistics sweeps of a formula, fewer than the body as written needs,
/// and what stopped them from being fewer still. Facts never depend on a name.
class RowLaws {
public:
  explicit RowLaws(FormulaOp formula);

  llvm::ArrayRef<DerivedSweep> getSweeps() const { return sweeps; }
  llvm::ArrayRef<Refusal> getRefusals() const { return refusals; }
  /// Sweeps of the body as written.
  unsigned getNaiveSweeps() const { return naive; }
  /// Reads of the row, the one that writes varying results included.
  unsigned getReads() const { return sweeps.size() + writes; }
  /// Of a formula with a varying result.
  std::optional<AttentionCost> getAttention() const { return attention; }
  /// Normal forms of the results relative to nothing: as functions of the row's
  /// statistics.
  const NormalForms &getForms() const { return *initial; }
  const Variance &getVariance() const { return variance; }
  ExprContext &getExprs() { return *exprs; }

private:
  void countNaiveSweeps();
  void analyse();
  std::optional<Law> getLaw(mlir::Operation *op, const NormalForms &forms);
  std::optional<Law> getSumLaw(ReduceOp reduce, const NormalForms &forms);
  std::optional<Law> getExtremumLaw(ReduceOp reduce, const NormalForms &forms);
  std::optional<Law> getSearchLaw(mlir::Operation *op,
                                  const NormalForms &forms);
  std::optional<Law> getRecentreLaw(ReduceOp reduce, const NormalForms &forms);
  bool evaluatesAsWritten(const Law &law, const Dependents &blocked) const;
  std::optional<Law> refuse(mlir::Value value, llvm::StringRef why);
  void finish(const DerivedSweep &sweep);
  void measureAttention(const NormalForms &forms, const Dependents &blocked);

  FormulaOp formula;
  Variance variance;
  std::unique_ptr<ExprContext> exprs = std::make_unique<ExprContext>();
  llvm::DenseSet<mlir::Value> finished, nothing;
  std::unique_ptr<NormalForms> initial;
  std::vector<DerivedSweep> sweeps;
  llvm::SmallVector<Refusal> refusals;
  llvm::DenseSet<std::pair<mlir::Value, llvm::StringRef>> refused;
  /// Maxima and minima, and what is made of them.
  Dependents extrema;
  std::optional<AttentionCost> attention;
  unsigned naive = 0;
  bool writes = false;
};

/// True when the sweeps of the formula can run with corrected running values,
/// which carry those of maxima but not their positions, unless nothing else
/// leans on them.
bool canRunOnline(FormulaOp formula);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_ROWLAWS_H
