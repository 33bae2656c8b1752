//===- ExpDifferences.h - e^(x - u) - e^-u without cancelling -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// e^x - 1, shifted by a maximum u so that it does not overflow. A formula says
// it as a difference, whose digits cancel where x is near 0, as e^-u times
// e^x - 1, which overflows where x is large, or as a choice between the two. It
// is one function whichever is written, and one that is evaluated for what
// it is takes one exponential.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_EXPDIFFERENCES_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_EXPDIFFERENCES_H

#include "FormulaShifts.h"

namespace weir {

/// e^(x - u) - e^-u: x varies, u is uniform, at least 0 and made of a maximum.
struct ExpDifference {
  mlir::Value x, u;
  bool operator==(const ExpDifference &other) const {
    return x == other.x && u == other.u;
  }
};

/// The values of a formula that are such differences.
class ExpDifferences {
public:
  ExpDifferences(FormulaOp formula, const FormulaShifts &shifts);

  std::optional<ExpDifference> get(mlir::Value value) const;

private:
  std::optional<ExpDifference> match(mlir::Operation *op) const;

  Variance variance;
  llvm::DenseMap<mlir::Value, ExpDifference> known;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_EXPDIFFERENCES_H
