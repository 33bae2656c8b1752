//===- SolveSupport.h - what a root search may leave out ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESUPPORT_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESUPPORT_H

#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir {

/// The one varying value v that the body of `solve` takes from outside, when
/// the body looks at v - t only and all that it sums is 0 where v - t <= 0.
/// Elements with v at or below the lower end of the bracket then take no part
/// in the search, whatever the unknown t becomes. Null otherwise.
mlir::Value getSearchedValue(SolveOp solve, const Variance &variance);

/// True when all that `reduce` sums is a function of v - `root`, for the
/// varying `searched` as v, that is 0 where v - root <= 0.
bool sumsSupportOnly(ReduceOp reduce, mlir::Value searched, mlir::Value root,
                     const Variance &variance);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESUPPORT_H
