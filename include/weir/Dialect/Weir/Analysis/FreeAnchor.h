//===- FreeAnchor.h - a maximum that any number near it may replace -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_FREEANCHOR_H
#define WEIR_DIALECT_WEIR_ANALYSIS_FREEANCHOR_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include <optional>

namespace weir {

/// A maximum m over the row that only keeps exponentials from overflowing:
/// with m + d in its place, every value of the formula is multiplied by a power
/// of e^d or moved by a multiple of d, and the results stay what they are.
struct FreeAnchor {
  ReduceOp anchor; // The maximum of some h.
  /// The sum of e^(h - m), which is at least 1; with m - d in the place of m it
  /// is at least e^d, and so tells how far d is from 0.
  ReduceOp witness;
};

/// The free anchor of a formula whose first sweep finds nothing else, if it has
/// one. Its results stay what they are whatever the anchor is, unless they may
/// follow it, as those of a part of a row may.
std::optional<FreeAnchor> findFreeAnchor(FormulaOp formula,
                                         bool resultsMayFollow = false);

/// True when the results of the formula are the same with anything else in the
/// place of `anchor`, a maximum or a minimum over the row or what is made of
/// one.
bool isFreeAnchor(FormulaOp formula, mlir::Value anchor);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_FREEANCHOR_H
