//===- NormalFormTest.cpp - normal forms are worth what values are ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"
#include "Properties.h"

using namespace weir;
using namespace weir::test;

TEST(NormalForm, IsWorthWhatTheValueIs) {
  for (FormulaOp formula : getKnownFormulas()) {
    Random random(1);
    size_t compared = 0;
    for (RowKind kind : kAllRowKinds)
      for (size_t i = 0; i < howMany(2, 30); ++i)
        compared += checkNormalForms(formula, makeRow(formula, kind, random));
    EXPECT_GT(compared, 50u) << toText(formula);
  }
}
