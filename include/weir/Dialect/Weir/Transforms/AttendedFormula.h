//===- AttendedFormula.h - a formula on the scores of a tile -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile of attention's scores knows neither its query's index nor how many
// keys that sees: they become arguments. And a key that is not seen has a score
// of -inf there, so a formula without a reduction must give it the weight 0.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_ATTENDEDFORMULA_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_ATTENDEDFORMULA_H

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir {

/// What an attended formula takes behind the arguments of the formula that it
/// was made of, in this order: uniform indices.
struct AttendedArguments {
  bool length = false, extent = false, row = false;
  /// True when the formula is the one it was made of.
  bool isUnchanged = true;
};

/// What the formula needs to be told, made part of its arguments.
AttendedArguments getAttendedArguments(FormulaOp formula);

/// The formula on the scores of a tile, private and without a place. The scores
/// it is given are to be multiplied by `scale` first, which is positive.
FormulaOp buildAttended(FormulaOp formula, llvm::StringRef name,
                        double scale = 1.0);

/// How the rows of scores can be read block by block: by states that go from
/// block to block.
class BlockwiseRows {
public:
  /// Takes `attended` apart, as it is or as a formula that `buildAttended`
  /// made.
  BlockwiseRows(FormulaOp attended, const StatePolicies &policies,
                std::optional<PosInf> posInf);

  /// Why the rows cannot be read so; empty where they can.
  llvm::StringRef getObstacle() const { return obstacle; }
  /// Why the rows cannot be read in a form; empty where they can.
  std::string getMisfit(AttentionForm form);
  /// True when the last sweep carries the weighted values along.
  bool carries() { return !parts.getCarried().empty(); }
  /// Weighted sums of values that are carried.
  unsigned getRank() { return std::max<size_t>(1, parts.getCarried().size()); }
  /// How often the scores are made.
  int64_t getPasses() { return parts.getNumSweeps() + !carries(); }

  TakenApart parts;

private:
  llvm::StringRef obstacle;
};

/// What attention leaves of some keys.
class AttentionState {
public:
  AttentionState(FormulaOp formula, const StatePolicies &policies)
      : arguments(getAttendedArguments(formula)),
        attended(buildAttended(formula, "attended")),
        rows(*attended, policies, std::nullopt) {}

  /// Why there is none; empty where there is one.
  std::string getMisfit() { return rows.getMisfit(AttentionForm::OnePass); }
  /// Slots of the sweep; what the formula was made to take, which is an index
  /// for each row; then sums.
  AttentionStateLayout getLayout();
  /// True when there is a sweep, else nothing but a sum is left.
  bool hasSweep() { return rows.parts.getNumSweeps() > 0; }
  TakenApart &getParts() { return rows.parts; }

private:
  AttendedArguments arguments;
  mlir::OwningOpRef<FormulaOp> attended;
  BlockwiseRows rows;
};

/// What becomes of a score on the way from the product of query and key to the
/// formula: (score, bias?, mask?) -> score.
struct ScorePreparation {
  double scale = 1.0;
  std::optional<double> softCap;
  bool hasBias = false, hasMask = false;

  bool isNothing() const {
    return scale == 1.0 && !softCap && !hasBias && !hasMask;
  }
};
FormulaOp buildPreparation(mlir::Location loc,
                           const ScorePreparation &preparation,
                           llvm::StringRef name);

/// What an element of the result is: (sums..., coefficients..., offset?) -> the
/// sum of `rank` products and the offset, or, of rank 0, the only sum. A sum of
/// 0 counts as 0 whatever its coefficient. What `epilogue` makes of it, where
/// there is one; its further arguments are behind the others.
FormulaOp buildOutput(mlir::Location loc, unsigned rank, bool hasOffset,
                      llvm::StringRef name, FormulaOp epilogue = nullptr);

/// A carried sum of two parts of the keys: (a, b, factor of a, factor of b) ->
/// a times its factor plus b times its.
FormulaOp buildMergedSum(mlir::Location loc, llvm::StringRef name);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_ATTENDEDFORMULA_H
