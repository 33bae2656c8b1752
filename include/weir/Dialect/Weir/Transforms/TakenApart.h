//===- TakenApart.h - the formulas that follow from one ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A formula over whole rows is four kinds of formulas over parts of rows: one
// that takes a part to a state, one that merges states, one that finishes a
// state, and the weights, in which statistics are arguments. All are derived
// from the sweeps and their states (SweepState.h).
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_TAKENAPART_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_TAKENAPART_H

#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"
#include "weir/Dialect/Weir/Analysis/SweepState.h"
#include "weir/Dialect/Weir/IR/StateLayout.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"

namespace weir {

class FormulaWriter;
class ValueMap;

class TakenApart {
public:
  TakenApart(FormulaOp formula, const StatePolicies &policies);

  int64_t getNumSweeps() const { return laws->getSweeps().size(); }
  /// True when every sweep has a state.
  bool isComplete() const {
    return static_cast<int64_t>(states.size()) == getNumSweeps();
  }
  /// Says so, at `emitError`, when sweep `sweep` or one before it has no state;
  /// sweep 0 asks for all of them.
  llvm::LogicalResult
  check(int64_t sweep,
        llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const;
  /// What stands in the operands and results of sweep `sweep`, counted from 1;
  /// of 0, what is known after all.
  StateLayout getLayout(int64_t sweep) const;

  /// The derived formulas, private and without a place. In those that run over
  /// states, `perRow` tells for each uniform argument and for each value known
  /// whether it differs from row to row.
  FormulaOp buildStats(int64_t sweep, llvm::StringRef name);
  FormulaOp buildMerge(int64_t sweep, llvm::ArrayRef<bool> perRow,
                       llvm::StringRef name);
  FormulaOp buildFinish(int64_t sweep, llvm::ArrayRef<bool> perRow,
                        llvm::StringRef name);
  /// The last argument is the mask where there is one.
  FormulaOp buildWeights(bool masked, llvm::StringRef name);

private:
  /// One value of a state.
  struct Slot {
    enum Kind { Anchor, Winner, Sum, Count, Mean, Squares, Row } kind;
    unsigned of; // Index among the anchors, sums or moments.
    mlir::Type type;
  };

  void addWitness();
  mlir::Value addKnown(FormulaWriter &writer, ValueMap &map, int64_t sweeps,
                       llvm::function_ref<bool()> uniform);
  llvm::SmallVector<Slot> getSlots(int64_t sweep) const;
  RowValue describe(const Slot &slot, int64_t sweep) const;
  /// The results of the reductions that sweep `sweep` finishes.
  llvm::SmallVector<mlir::Value> getStatistics(int64_t sweep) const;
  const SweepState &getState(int64_t sweep) const { return states[sweep - 1]; }
  bool isLast(int64_t sweep) const { return sweep == getNumSweeps(); }

  mlir::OwningOpRef<FormulaOp> formula; // A normalised copy.
  StatePolicies policies;
  std::unique_ptr<RowLaws> laws;
  std::vector<SweepState> states;
  /// A statistic that tells rows with nothing left and rows with NaN, where
  /// results depend on either.
  ReduceOp witness;
  bool looksForNaN = false;
  bool usesLength = false, usesExtent = false, usesRow = false;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_TAKENAPART_H
