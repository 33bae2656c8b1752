//===- RandomRows.h - rows that are hard on running states -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_RANDOMROWS_H
#define WEIR_TEST_UNIT_ANALYSIS_RANDOMROWS_H

#include "Row.h"

#include <random>

namespace weir::test {

using Random = std::mt19937_64;

Real uniformReal(Random &random, Real low, Real high);
size_t uniformIndex(Random &random, size_t count);

enum class RowKind {
  Plain,
  Excluded,    // Scores of -inf and masked elements among the others.
  AllExcluded, // Nothing but those.
  Single,      // One element.
  Raised,      // An offset of 1e4.
  Lowered,     // An offset of -1e4.
  Ties,        // Few different numbers.
  Extremes,    // Numbers at 80 and -80.
  Thousand,    // Numbers at 1000 and -1000.
};
inline constexpr RowKind kAllRowKinds[] = {
    RowKind::Plain,  RowKind::Excluded, RowKind::AllExcluded,
    RowKind::Single, RowKind::Raised,   RowKind::Lowered,
    RowKind::Ties,   RowKind::Extremes, RowKind::Thousand};

/// Operands for `formula`. The score follows `kind`; other arguments are
/// moderate numbers, every second time positive ones.
Row makeRow(FormulaOp formula, RowKind kind, Random &random);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_RANDOMROWS_H
