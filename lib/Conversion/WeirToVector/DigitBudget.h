//===- DigitBudget.h - functions of few digits -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_DIGITBUDGET_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_DIGITBUDGET_H

#include "weir/Dialect/Weir/Analysis/FormulaSchedule.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// Which functions of elements may do with fewer digits, since those of the
/// results are few. Each spends of a budget what its error becomes in the
/// results; the rest are exact.
class DigitBudget {
public:
  /// Spends nothing unless all outputs of `rows` are bf16.
  DigitBudget(RowsOp rows, FormulaOp formula, const Variance &variance);

  /// How exact `op` has to be. None means as exact as anywhere.
  std::optional<cpu::ExpVariant> getVariant(mlir::Operation *op) const {
    if (cheap.contains(op))
      return cpu::ExpVariant::Coarse;
    return std::nullopt;
  }

private:
  llvm::DenseSet<mlir::Operation *> cheap;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_DIGITBUDGET_H
