//===- ErrorReach.h - how far errors reach ----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_ERRORREACH_H
#define WEIR_DIALECT_WEIR_ANALYSIS_ERRORREACH_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// What a relative error of a value becomes in the results of its formula. It
/// stays what it is in products, quotients, choices and sums of numbers of one
/// sign; differences, comparisons and most functions may make anything of it.
/// A value that gets to the results on several ways does so as often.
class ErrorReach {
public:
  explicit ErrorReach(FormulaOp formula);

  /// A small relative error of `value` makes one of at most that times this in
  /// every result. Infinite where no bound is known.
  double getFactor(mlir::Value value) const { return factors.lookup(value); }

private:
  llvm::DenseMap<mlir::Value, double> factors;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_ERRORREACH_H
