//===- FormulaGenerator.h - formulas that nobody wrote -------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_FORMULAGENERATOR_H
#define WEIR_TEST_UNIT_ANALYSIS_FORMULAGENERATOR_H

#include "RandomRows.h"

#include <string>

namespace weir::test {

/// The text of a small random formula: elementwise ops, reductions, and the
/// shapes that the analysis knows or must refuse.
std::string generateFormula(Random &random);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_FORMULAGENERATOR_H
