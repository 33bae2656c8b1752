//===- NumberRange.h - bounds of a value -----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_NUMBERRANGE_H
#define WEIR_LIB_CODEGEN_CPU_NUMBERRANGE_H

#include "mlir/IR/Value.h"

#include <limits>

namespace weir {

/// Bounds that a value keeps wherever it is a number, up to a few units of the
/// last place; it may be NaN besides.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();

  bool isWithin(double least, double most) const {
    return low >= least && high <= most;
  }
  /// Finite, and not so large that a product with its like overflows.
  bool isModerate() const { return isWithin(-0x1p+60, 0x1p+60); }
  /// Moderate and no nearer to 0 than the reciprocal of what is moderate.
  bool isAwayFromZero() const {
    return isModerate() && (low >= 0x1p-60 || high <= -0x1p-60);
  }
  bool isSingle() const { return low == high; }
};

/// The range of a float or a vector of floats, read off the ops that make it.
NumberRange getNumberRange(mlir::Value value);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_NUMBERRANGE_H
