//===- Properties.h - what must be true of every formula -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_PROPERTIES_H
#define WEIR_TEST_UNIT_ANALYSIS_PROPERTIES_H

#include "RandomRows.h"

#include <gtest/gtest.h>

namespace weir::test {

/// Each check adds failures to the current test and returns how many numbers
/// it has compared, so that a test can see that it was not vacuous.

/// Every normal form of every value, relative to what is finished before every
/// sweep, is worth what the value is worth.
size_t checkNormalForms(FormulaOp formula, const Row &row);

/// Parts of the row, merged in random trees and orders, sweep after sweep, give
/// the statistics of `normalized`, and the results of `formula`.
size_t checkState(FormulaOp formula, FormulaOp normalized, const Row &row,
                  Random &random);

/// The same, where what is derived may not leave the range of f64.
size_t checkStateInRange(FormulaOp formula, FormulaOp normalized,
                         const Row &row, Random &random);

/// The formulas that are derived for parts of rows, run on parts that are
/// merged in random trees and orders, give the results of `formula`.
size_t checkTakenApart(FormulaOp formula, const Row &row, Random &random);

/// After every prefix each sweep's state finishes to the statistics of the
/// prefix.
size_t checkPrefixes(FormulaOp normalized, const Row &row);

/// Both have the same results.
size_t checkSameResults(FormulaOp formula, FormulaOp other, const Row &row);

/// What `weir-print-analysis` says, but for names: the laws of each sweep in no
/// order.
std::string describeFacts(FormulaOp formula);
/// The numbers alone: sweeps, reads, attention.
std::string describeCosts(FormulaOp formula);

/// Twice is once; the costs do not grow (they shrink where something cancels);
/// neither order nor names nor sides of commutative ops matter.
void checkNormalization(FormulaOp formula, Random &random);

/// All of the above, for `count` rows of each of the kinds. Stops at the first
/// failure. Formulas whose numbers may be anything ask for some `noise` to be
/// allowed; rows on which they grow without measure are left out.
size_t checkEverything(FormulaOp formula, llvm::ArrayRef<RowKind> kinds,
                       size_t count, Random &random, Real noise = 0);

/// WEIR_TEST_ALL asks for `all` cases; else `few`.
size_t howMany(size_t few, size_t all);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_PROPERTIES_H
