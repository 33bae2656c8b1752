//===- ComposePlan.h - the formula of two, and its policies ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPLAN_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPLAN_H

#include "ComposeParts.h"

namespace weir {

/// A formula that means what two do one after the other, and how it is applied.
struct CompositionPlan {
  ComposedFormula composed;
  RowPolicies policies;
  /// True when the formula itself leaves out what policies left out before.
  bool isPlain = false;
};

/// Fails, and says why, when no formula and policies mean the same, or when
/// they would cost more.
mlir::FailureOr<CompositionPlan> planComposition(Part &first, Part &second,
                                                 const Wiring &wiring,
                                                 std::string &why);

/// Where the score of `second` is a choice between a number and -inf, makes the
/// condition its mask and the number its score. Gives the formula that `first`
/// has then, or null.
mlir::OwningOpRef<FormulaOp> takeMask(Part &first, Part &second,
                                      const Wiring &wiring);

/// Why `plan` would move more bytes than the two parts do, or repeat too much
/// work, or "".
std::string checkCost(Part &first, Part &second, const Wiring &wiring,
                      CompositionPlan &plan);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPLAN_H
