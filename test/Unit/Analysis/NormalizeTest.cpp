//===- NormalizeTest.cpp - normalisation changes neither meaning nor facts ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"
#include "Properties.h"

using namespace weir;
using namespace weir::test;

TEST(Normalize, KeepsFactsWhateverTheTextIs) {
  for (FormulaOp formula : getKnownFormulas()) {
    Random random(4);
    for (size_t i = 0; i < howMany(3, 20); ++i)
      checkNormalization(formula, random);
    EXPECT_EQ(describeCosts(formula), describeCosts(*cloneNormalized(formula)))
        << toText(formula);
  }
}

TEST(Normalize, KeepsTheMeaning) {
  for (FormulaOp formula : getKnownFormulas()) {
    Random random(5);
    mlir::OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
    size_t compared = 0;
    for (RowKind kind : kAllRowKinds)
      for (size_t i = 0; i < howMany(4, 50); ++i)
        compared += checkSameResults(formula, *normalized,
                                     makeRow(formula, kind, random));
    EXPECT_GT(compared, 20u) << toText(formula);
  }
}
