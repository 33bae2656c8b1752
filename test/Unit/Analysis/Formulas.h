//===- Formulas.h - the formulas that properties are checked on -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_FORMULAS_H
#define WEIR_TEST_UNIT_ANALYSIS_FORMULAS_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace weir::test {

/// The formula of a text, which has one. It lives as long as the program.
FormulaOp parseFormula(llvm::StringRef text);

/// Those of test/Dialect/Weir/Analysis/table.mlir and those of the library.
/// Formulas with random numbers are left out.
const std::vector<FormulaOp> &getKnownFormulas();
FormulaOp getKnownFormula(llvm::StringRef name);

/// True when a selection or a root search takes part: they have no running
/// state.
bool hasSearch(FormulaOp formula);

/// A copy, verified, after weir-normalize-formulas.
mlir::OwningOpRef<FormulaOp> cloneNormalized(FormulaOp formula);
/// A copy without what no result needs, equal ops written once: the analysis
/// takes two equal sums for two statistics, and one's powers for a product.
mlir::OwningOpRef<FormulaOp> cloneClean(FormulaOp formula);
std::string toText(FormulaOp formula);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_FORMULAS_H
