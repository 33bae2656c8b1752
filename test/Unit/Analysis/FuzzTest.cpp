//===- FuzzTest.cpp - every property, of formulas that nobody wrote ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaGenerator.h"
#include "Formulas.h"
#include "Properties.h"

using namespace weir;
using namespace weir::test;

/// Random products of exponentials of thousands say nothing.
static constexpr RowKind kModerate[] = {RowKind::Plain, RowKind::Excluded,
                                        RowKind::AllExcluded, RowKind::Single,
                                        RowKind::Ties};

TEST(Fuzz, RandomFormulasHaveEveryProperty) {
  size_t compared = 0;
  for (size_t seed = 0; seed < howMany(300, 10000); ++seed) {
    Random random(seed);
    std::string text = generateFormula(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    compared +=
        checkEverything(parseFormula(text), kModerate, 1, random, 1e-13);
    if (HasFailure())
      return;
  }
  EXPECT_GT(compared, 20000u);
}
