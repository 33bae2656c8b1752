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

  /// The derived formulas, private and without a place. Stats give the kept
  /// term first, if asked for it. In those that run over
  /// states, `perRow` tells for each uniform argument and for each value known
  /// whether it differs from row to row.
  FormulaOp buildStats(int64_t sweep, llvm::StringRef name,
                       bool withTerm = false);
  /// If it `carries`, behind the merged state two factors for each carried sum:
  /// what that of the first and that of the second state are to be multiplied
  /// by.
  FormulaOp buildMerge(int64_t sweep, llvm::ArrayRef<bool> perRow,
                       llvm::StringRef name, bool carries = false);
  FormulaOp buildFinish(int64_t sweep, llvm::ArrayRef<bool> perRow,
                        llvm::StringRef name);
  /// The last argument is the mask where there is one.
  FormulaOp buildWeights(bool masked, llvm::StringRef name);
  /// True when the weights of a part are one term, which leans on anchors of
  /// its own and is 0 at a score of -inf, times what is known in the end: what
  /// cost exponentials can be kept.
  bool keepsTerm();
  /// True when that is all a result owes to the sums: a weight's relative error
  /// is no more than its term's and that of one sum.
  bool weighsByOneSum();
  /// The weights from the term as the part made it. Arguments: it, the part's
  /// state, the formula's uniform ones, what is known after all sweeps.
  FormulaOp buildKeptWeights(llvm::StringRef name);

  /// A sum of products of the varying result and something else, attention's
  /// values, follows from `getRank()` sums that the last sweep carries along:
  /// the result is a sum of coefficients, which are known after the sweep,
  /// times terms, which lean on its anchors at most. Empty where it has no such
  /// form; without a sweep the result is the only term.
  struct Carried {
    Factors exponent; // Of anchors.
    Linear h;
    struct Share {
      Factors power;
      double factor;
    };
    llvm::SmallVector<Share> coefficient; // Their sum.
  };
  llvm::ArrayRef<Carried> getCarried();

  /// A part of a row beside the state of what was before it. Arguments: those
  /// of the formula, what is known before the sweep, the state. Results: the
  /// new state; if `carries`, in front of it the terms, which vary, and behind
  /// it a factor for each: what its old sum is to be multiplied by.
  /// `anchors` tells what becomes of the state's anchors; where they are held
  /// nothing that was before is corrected, and there are no factors.
  enum class Anchors {
    Running,       // The best of all that was seen.
    HeldWhereTold, // As they are where a last argument is not 0; else running.
    Held,          // As they are; none is infinite.
  };
  FormulaOp buildStep(int64_t sweep, bool carries, llvm::StringRef name,
                      Anchors anchors = Anchors::Running);
  /// Places among the slots of the only sweep: of an anchor that any finite
  /// number may stand in for, and of the sum that tells how far that is below
  /// the row's maximum (FreeAnchor.h).
  struct Holdable {
    unsigned anchor, witness;
  };
  std::optional<Holdable> getHoldable();
  /// True when states may have another anchor than the maximum they say.
  bool hasFreeAnchor();
  /// True when a row may become NaN as a whole, by a policy.
  bool mayOverride() const {
    return looksForNaN || policies.emptyRow == EmptyRow::NaN;
  }
  /// True when uniform results are not those of an empty row where all scores
  /// are NaN, even if maxima are not.
  bool tellsEmptyFromNaN();
  /// True when results are NaN where a score of the row is even if maxima are
  /// not.
  bool sumsKeepNaN();
  /// As buildFinish of the last sweep, but instead of its statistics the
  /// results are the coefficients of the carried sums, and, if `mayOverride`,
  /// what is to be added: 0, or NaN. A sum of 0 counts as 0 whatever its
  /// coefficient, which is no number where nothing was summed.
  FormulaOp buildCarriedFinish(llvm::ArrayRef<bool> perRow,
                               llvm::StringRef name);

private:
  /// One value of a state.
  struct Slot {
    enum Kind { Anchor, Winner, Sum, Count, Mean, Squares, Row } kind;
    unsigned of; // Index among the anchors, sums or moments.
    mlir::Type type;
  };

  bool followsScore(mlir::Value value) const;
  void addWitness();
  mlir::Value addKnown(FormulaWriter &writer, ValueMap &map, int64_t sweeps,
                       llvm::function_ref<bool()> uniform);
  void addArguments(FormulaWriter &writer, ValueMap &map);
  void addUniforms(FormulaWriter &writer, ValueMap &map,
                   llvm::function_ref<bool()> uniform);
  void keepDenormals(FormulaOp part);
  void addFinished(FormulaWriter &writer, ValueMap &map, int64_t sweep,
                   llvm::ArrayRef<bool> perRow);
  void addUniformResults(FormulaWriter &writer, ValueMap &map);
  ReduceOp findSumOfNaN();
  void findCarried();
  mlir::Value emitCoefficient(FormulaWriter &writer, ValueMap &map,
                              const Carried &carried);
  bool findsKeptTerm();
  mlir::Value emitKeptFactor(FormulaWriter &writer, ValueMap &all,
                             ValueMap &safe);
  mlir::Value emitKeptWeight(FormulaWriter &writer, ValueMap &all);
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
  /// Found on demand.
  std::optional<std::vector<Carried>> carried;
  std::optional<bool> hasKeptTerm;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_TAKENAPART_H
