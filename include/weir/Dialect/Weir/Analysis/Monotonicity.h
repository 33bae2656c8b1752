//===- Monotonicity.h - results that follow the score's order --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_MONOTONICITY_H
#define WEIR_DIALECT_WEIR_ANALYSIS_MONOTONICITY_H

#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir {

/// How a value of an element changes where its score rises and all uniform
/// values of the row stay as they are. Rising and falling ones may stay equal.
/// `Unknown` says that nothing is proven, or that it depends on more than the
/// score.
enum class Direction { Constant, Rising, Falling, Unknown };

/// Which values of a formula follow the order of the scores, in exact
/// arithmetic: what is proven by the direction of each op and by the signs of
/// factors.
class Monotonicity {
public:
  explicit Monotonicity(FormulaOp formula)
      : formula(formula), variance(formula) {}

  Direction get(mlir::Value value);

  /// True when `value` depends on nothing but the score and uniform values.
  bool dependsOnScoreOnly(mlir::Value value);

private:
  enum class Sign { Unknown, NonNegative, NonPositive };
  static Sign negate(Sign sign);
  static Sign multiply(Sign a, Sign b);
  static Direction product(Direction a, Sign signA, Direction b, Sign signB);

  Direction compute(mlir::Value value);
  Sign getSign(mlir::Value value);
  Sign computeSign(mlir::Value value);
  Sign ofArgument(mlir::BlockArgument argument);

  FormulaOp formula;
  Variance variance;
  llvm::DenseMap<mlir::Value, Direction> directions;
  llvm::DenseMap<mlir::Value, Sign> signs;
};

llvm::StringRef stringifyDirection(Direction direction);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_MONOTONICITY_H
