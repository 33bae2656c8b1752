//===- ComposedFormula.h - one formula after another ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEDFORMULA_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEDFORMULA_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir {

/// How a formula takes results of another, and what both stand for outside.
struct Wiring {
  /// For each argument of the second the result of the first that it is.
  llvm::SmallVector<std::optional<unsigned>> sources;
  /// Results of the first that are results of both together.
  llvm::SmallVector<unsigned> exports;
  /// What the arguments are where the formulas are applied; the same value is
  /// one argument.
  mlir::ValueRange firstInputs, secondInputs;

  /// What argument `index` of the second is.
  bool isTaken(unsigned index) const { return sources[index].has_value(); }
};

/// Which formula the score belongs to, and which of its arguments it is.
struct ScoreChoice {
  bool ofFirst;
  unsigned argument;
};

/// Two formulas as one. Its results are what the first exports, then those of
/// the second.
struct ComposedFormula {
  mlir::OwningOpRef<FormulaOp> formula; // In no module, without a name.
  llvm::SmallVector<mlir::Value> inputs;
};

/// Writes `second` after `first`. Nothing is said of policies: the bodies are
/// put one after the other.
ComposedFormula composeFormulas(FormulaOp first, FormulaOp second,
                                const Wiring &wiring, ScoreChoice score);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEDFORMULA_H
