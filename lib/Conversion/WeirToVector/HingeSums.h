//===- HingeSums.h - searches for thresholds, recognised -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_HINGESUMS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_HINGESUMS_H

#include "weir/Dialect/Weir/IR/Variance.h"

#include <optional>

namespace weir {

/// A search for the t where a sum of hinges, k (v - t)^degree above t and 0
/// below it with k > 0 and degree >= 1, is `target`. To the power 1 / degree
/// such a sum is a norm of what lies above t, convex and decreasing; so it is
/// to any power between that and 1.
struct HingeSum {
  ReduceOp sum;
  mlir::Value target;
  double degree, factor;

  /// True when the sum is a line or a parabola wherever no element is passed.
  bool isSimple() const { return degree == 1 || degree == 2; }
};

/// `solve` as such a search, or nothing. `searched` is its searched value.
std::optional<HingeSum> getHingeSum(SolveOp solve, mlir::Value searched);

/// The reductions outside of `solve` that are `sum`, one of its body, at the
/// root.
llvm::SmallVector<ReduceOp> getSumsAtRoot(SolveOp solve, ReduceOp sum);

/// True when `value` follows from the varying `source` of the same element and
/// from values that the row has once.
bool followsFrom(mlir::Value value, mlir::Value source,
                 const Variance &variance);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_HINGESUMS_H
