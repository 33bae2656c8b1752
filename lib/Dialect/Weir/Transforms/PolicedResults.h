//===- PolicedResults.h - results under the policies of rows -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_POLICEDRESULTS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_POLICEDRESULTS_H

#include "FormulaWriter.h"
#include "weir/Dialect/Weir/IR/StateLayout.h"

namespace weir {

/// What the policies make of results, given the witness: a statistic that tells
/// rows with nothing left and rows with NaN. Where that may be a maximum that
/// lost a NaN, a sum that keeps it tells one from the other.
struct PolicedResults {
  using Value = mlir::Value;

  FormulaWriter &w;
  StatePolicies policies;
  ReduceOp witness;
  ValueMap &map;
  ReduceOp sumOfNaN = {};

  Value isEmpty();
  Value withNaN(Value result);
  /// A uniform result of an empty row is what the formula declares; else what
  /// the identities make of it, and 0 where that is undefined.
  Value uniform(Value result, mlir::FloatAttr declared);
  /// What an element of an empty row is.
  Value emptyValue(Value masked, bool isLog, Value length, Value valid);
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_POLICEDRESULTS_H
