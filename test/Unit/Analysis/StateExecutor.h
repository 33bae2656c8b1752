//===- StateExecutor.h - running states, as they are defined -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_STATEEXECUTOR_H
#define WEIR_TEST_UNIT_ANALYSIS_STATEEXECUTOR_H

#include "RowInterpreter.h"

#include "weir/Dialect/Weir/Analysis/SweepState.h"

namespace weir::test {

/// The state of one sweep over a part of a row.
struct PartState {
  bool seen = false; // An element that counts.
  std::vector<Real> anchors;
  std::vector<int64_t> winners; // Beside anchors.
  std::vector<Real> sums;       // Relative to the part's own anchors.
  struct Moments {
    Real count = 0, mean = 0, squares = 0;
  };
  std::vector<Moments> moments;
};

/// What SweepState.h says of a sweep, executed on numbers: identity, update,
/// merge, finish. Everything that the state says is not needed is NaN while the
/// sweep runs.
class SweepExecutor {
public:
  /// `known` are the statistics of earlier sweeps; `row` gives the uniform
  /// arguments and the length.
  SweepExecutor(FormulaOp formula, const DerivedSweep &sweep,
                const Statistics &known, const Row &row);

  PartState identity() const;
  /// Takes in a block of elements: raises the anchors, corrects the sums, adds
  /// the block's terms.
  void update(PartState &state, const Row &block) const;
  PartState merge(const PartState &a, const PartState &b) const;
  /// The sweep's statistics, with those known before.
  Statistics finish(const PartState &state) const;

private:
  Statistics whileRunning(llvm::ArrayRef<Real> anchors) const;
  void raise(PartState &state, const PartState &other) const;
  void correct(PartState &state, llvm::ArrayRef<Real> to) const;
  void addMoments(PartState &state, const PartState &other) const;

  FormulaOp formula;
  SweepState shape;
  Statistics known;
  Row none; // Of no elements.
  /// Results of all reductions and searches that are not known yet.
  llvm::SmallVector<mlir::Value> unknown;
};

/// The reductions of `formula`, in the order in which they are written.
std::vector<ReduceOp> getReductions(FormulaOp formula);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_STATEEXECUTOR_H
