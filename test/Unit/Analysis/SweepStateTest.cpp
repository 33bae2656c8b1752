//===- SweepStateTest.cpp - split rows, merged, are whole rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"
#include "Properties.h"

using namespace weir;
using namespace weir::test;

TEST(SweepState, PartsMergeToTheWholeRow) {
  for (FormulaOp formula : getKnownFormulas()) {
    if (hasSearch(formula))
      continue;
    Random random(2);
    mlir::OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
    size_t compared = 0;
    for (RowKind kind : kAllRowKinds)
      for (size_t i = 0; i < howMany(4, 100); ++i)
        compared += checkState(formula, *normalized,
                               makeRow(formula, kind, random), random);
    EXPECT_GT(compared, 20u) << toText(formula);
  }
}

TEST(SweepState, DerivedFormulasAreTheRowTakenApart) {
  for (FormulaOp formula : getKnownFormulas()) {
    if (hasSearch(formula) || !formula.hasReduction())
      continue;
    Random random(6);
    size_t compared = 0;
    for (RowKind kind : kAllRowKinds)
      for (size_t i = 0; i < howMany(4, 100); ++i)
        compared +=
            checkTakenApart(formula, makeRow(formula, kind, random), random);
    EXPECT_GT(compared, 20u) << toText(formula);
  }
}

TEST(SweepState, EveryPrefixIsARow) {
  for (FormulaOp formula : getKnownFormulas()) {
    if (hasSearch(formula) || !formula.hasReduction())
      continue;
    Random random(3);
    mlir::OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
    size_t compared = 0;
    for (RowKind kind : kAllRowKinds)
      for (size_t i = 0; i < howMany(1, 20); ++i)
        compared += checkPrefixes(*normalized, makeRow(formula, kind, random));
    EXPECT_GT(compared, 20u) << toText(formula);
  }
}
