//===- ScoreChain.h - what is done to scores before a formula -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SCORECHAIN_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SCORECHAIN_H

#include "SeenKeys.h"

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// The steps from a product of queries and keys to a formula's score that
/// weir.attention has clauses for, in their order: scale, cap, bias, and what a
/// query sees.
class ScoreChain {
public:
  /// What the surroundings of a formula say of it.
  struct Surroundings {
    llvm::function_ref<ScoreOperand(mlir::BlockArgument argument)> operandOf;
    /// Confines `window` to where a condition in the body `holds`, or does not;
    /// false where that is more than a window.
    llvm::function_ref<bool(KeyWindow &window, mlir::Value condition,
                            bool holds)>
        confine;
  };

  /// Follows an argument of a formula through its body as far as each value is
  /// used once, in a step that may come next. Returns the last value.
  mlir::Value follow(FormulaOp formula, mlir::BlockArgument argument,
                     bool takesTensors, const Surroundings &around);
  /// True when scores may be -inf though products are finite.
  bool mayExclude() const { return bias || mask || !window.isAll(); }

  double scale = 1.0;
  std::optional<double> softCap;
  std::optional<ScoreOperand> bias, mask;
  KeyWindow window;

private:
  enum class Step { Scale, Bias, Mask, None };
  mlir::Value takeScale(mlir::Value value);
  mlir::Value takeCap(mlir::Value value);
  mlir::Value takeBias(FormulaOp formula, mlir::Value value,
                       const Surroundings &around);
  mlir::Value takeMask(FormulaOp formula, mlir::Value value,
                       const Surroundings &around);

  Step next = Step::Scale;
};

/// The formula behind `reached`, a value on the way from the argument `score`:
/// what it computes from the other arguments is the same. `left` are the
/// arguments of `formula` that it has, the score first. Private, in no module.
FormulaOp cutFormula(FormulaOp formula, mlir::BlockArgument score,
                     mlir::Value reached, llvm::StringRef name,
                     llvm::SmallVectorImpl<unsigned> &left);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SCORECHAIN_H
