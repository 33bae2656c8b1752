//===- DerivedExecutor.h - a row taken apart, by its formulas -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_DERIVEDEXECUTOR_H
#define WEIR_TEST_UNIT_ANALYSIS_DERIVEDEXECUTOR_H

#include "RandomRows.h"
#include "RowInterpreter.h"

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

namespace weir::test {

/// The results of a formula, uniform ones with one number.
using Results = std::vector<std::vector<Real>>;

/// Runs the formulas that TakenApart derives from `formula` on numbers: the row
/// split at random, a state for each part, merged in a random tree, finished;
/// sweep after sweep, and then the weights.
Results runTakenApart(FormulaOp formula, const StatePolicies &policies,
                      const Row &row, Random &random);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_DERIVEDEXECUTOR_H
