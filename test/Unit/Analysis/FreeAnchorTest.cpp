//===- FreeAnchorTest.cpp - maxima that any number near them may replace ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaGenerator.h"
#include "Formulas.h"
#include "Properties.h"
#include "RowInterpreter.h"

#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace weir;
using namespace weir::test;

/// Evaluates rows with the anchor moved and compares the results.
static size_t checkMoved(FormulaOp formula, FreeAnchor free, const Row &row,
                         Real by) {
  RowInterpreter direct(formula, row);
  if (direct.isEmpty() || !isFinite(direct.get(free.anchor.getResult())))
    return 0;
  Statistics moved;
  moved[free.anchor.getResult()] = direct.get(free.anchor.getResult()) + by;
  RowInterpreter other(formula, row, moved);
  EXPECT_GE(other.get(free.witness.getResult()), exp(-by) * (1 - 1e-15L));
  size_t compared = 0;
  for (auto [r, value] : llvm::enumerate(formula.getYieldedValues()))
    for (size_t i = 0; i < (formula.isUniformResult(r) ? 1 : direct.size());
         ++i) {
      if (!direct.isIncluded(i) || !isFinite(direct.get(value, i)))
        continue;
      Real want = direct.get(value, i), got = other.get(value, i);
      EXPECT_LE(fabs(got - want), 1e-13L * (1 + fabs(want)))
          << "result " << r << " at " << i << " moved by " << double(by)
          << " in\n"
          << toText(formula);
      ++compared;
    }
  return compared;
}

static std::string describe(StringRef body) {
  FormulaOp formula = parseFormula(
      ("weir.formula @f(%x: f32, %a: f32 {weir.uniform}) -> (f32, f32 "
       "{weir.uniform}) {\n" +
       body + "\n}")
          .str());
  return findFreeAnchor(formula) ? "free" : "bound";
}

TEST(FreeAnchor, ResultsDoNotMove) {
  size_t compared = 0, found = 0;
  auto check = [&](FormulaOp formula, Random &random) {
    std::optional<FreeAnchor> free = findFreeAnchor(formula);
    if (!free)
      return;
    ++found;
    for (RowKind kind : {RowKind::Plain, RowKind::Excluded, RowKind::Ties})
      for (Real by : {-7.0L, -0.3L, 2.0L})
        compared +=
            checkMoved(formula, *free, makeRow(formula, kind, random), by);
  };
  Random random(3);
  for (FormulaOp formula : getKnownFormulas())
    check(formula, random);
  EXPECT_GT(found, 3u);
  for (size_t seed = 0; seed < howMany(2000, 20000); ++seed) {
    Random of(seed);
    FormulaOp formula = parseFormula(generateFormula(of));
    check(formula, of);
  }
  EXPECT_GT(compared, 2000u);
}

TEST(FreeAnchor, IsNotFoundWhereResultsWouldMove) {
  const char *exponentials = R"mlir(
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %l = math.log %s : f32
  %lse = arith.addf %m, %l : f32)mlir";
  auto ending = [&](StringRef text) {
    return describe((exponentials + ("\n" + text)).str());
  };
  EXPECT_EQ(ending("weir.yield %w, %lse : f32, f32"), "free");
  EXPECT_EQ(ending("weir.yield %w, %l : f32, f32"), "bound");
  EXPECT_EQ(ending("weir.yield %w, %m : f32, f32"), "bound");
  EXPECT_EQ(ending("weir.yield %e, %lse : f32, f32"), "bound");
  // Another term in the denominator stays where it is.
  EXPECT_EQ(ending("%t = arith.addf %s, %a : f32\n"
                   "%v = arith.divf %e, %t : f32\n"
                   "weir.yield %v, %lse : f32, f32"),
            "bound");
  // A threshold that is decided by what moves.
  EXPECT_EQ(ending("%c = arith.cmpf ogt, %e, %a : f32\n"
                   "%v = arith.select %c, %w, %a : f32\n"
                   "weir.yield %v, %lse : f32, f32"),
            "bound");
  // Rows with nothing left are another matter.
  EXPECT_EQ(ending("%none = arith.constant 0xFF800000 : f32\n"
                   "%c = arith.cmpf oeq, %m, %none : f32\n"
                   "%v = arith.select %c, %a, %w : f32\n"
                   "weir.yield %v, %lse : f32, f32"),
            "free");
  EXPECT_EQ(ending("%low = arith.constant -1.0e30 : f32\n"
                   "%c = arith.cmpf oeq, %m, %low : f32\n"
                   "%v = arith.select %c, %a, %w : f32\n"
                   "weir.yield %v, %lse : f32, f32"),
            "bound");
  // Among what moves alike nothing changes.
  EXPECT_EQ(ending("%c = arith.cmpf ogt, %e, %s : f32\n"
                   "%v = arith.select %c, %w, %a : f32\n"
                   "weir.yield %v, %lse : f32, f32"),
            "free");
}
