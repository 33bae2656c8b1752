//===- FormPlans.h - which form for which sizes ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMPLANS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMPLANS_H

#include "weir/Dialect/Weir/Analysis/RowCost.h"

namespace weir {

/// A plan and the reason for it.
struct ReasonedPlan {
  PlanAttr plan;
  std::string why;
};

/// All that a choice of form looks at.
struct FormQuestion {
  FormulaOp formula;
  MachineLimits machine;
  int64_t rank = 1; // Of the full shape.
  RowSizes sizes;   // Negative where they are known at run time only.
  /// Bytes per element of each argument and result, 0 for uniform ones.
  llvm::SmallVector<double> inputBytes, outputBytes;
  unsigned computeBits = 32; // Of the numbers that rows are computed in.
  bool mayExclude = true;    // False where -inf is an ordinary score.
  bool isAcross = false;     // Lanes run across rows.

  static FormQuestion ask(ApplyOp apply);
};

/// The forms that can win at the sizes in question, in the order in which they
/// are to be tried. The last one fits all sizes.
llvm::SmallVector<ReasonedPlan> choosePlans(const FormQuestion &question);

/// Why a formula cannot run in a form, and the value of it that is to blame, or
/// null.
struct Misfit {
  std::string why;
  mlir::Value value;
};

/// None when `formula` can run in `form`.
std::optional<Misfit> getMisfit(FormulaOp formula, Form form);

/// The name of a formula as a user writes it.
llvm::StringRef getPlainName(FormulaOp formula);

/// The sizes that a plan is for, " for rows of at most 256 elements", or
/// nothing.
std::string describeSizes(PlanAttr plan);

/// What a form takes, and how far from the limit that is predicted to be.
std::string describeCost(const FormQuestion &question, PlanAttr plan);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMPLANS_H
