//===- OverflowTest.cpp - normalised formulas do not overflow ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"
#include "Properties.h"
#include "RowInterpreter.h"
#include "ScalarOps.h"

#include <cmath>

using namespace weir;
using namespace weir::test;

/// Splits rows at +-1000 and +-1e4 and compares with the formula as written,
/// which does not overflow in the tests' wider numbers.
static void checkWithinRange(FormulaOp formula) {
  Random random(7);
  mlir::OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
  size_t compared = 0;
  for (RowKind kind :
       {RowKind::Thousand, RowKind::Raised, RowKind::Lowered, RowKind::Plain})
    for (size_t i = 0; i < howMany(5, 50); ++i)
      compared += checkStateInRange(formula, *normalized,
                                    makeRow(formula, kind, random), random);
  EXPECT_GE(compared, 20u);
}

TEST(Overflow, WaysOfWritingSoftmax) {
  for (const char *name :
       {"softmax",        "sm_product",      "sm_divbefore",   "sm_exp2",
        "sm_logspace",    "sm_nomax",        "sm_recip",       "sm_ratio",
        "odd_mean_shift", "softmax_sink",    "log_softmax",    "logsumexp",
        "boltzmann",      "boltzmann_naive", "entropy_stable", "entropy_wlogw",
        "softpick_diff",  "softpick_stable", "cross_entropy",  "odd_two_temp",
        "softmax_vjp",    "softmax_plus_one"}) {
    SCOPED_TRACE(name);
    checkWithinRange(getKnownFormula(name));
  }
}

/// By hand, in f64.
TEST(Overflow, SoftmaxByHand) {
  for (const char *name : {"sm_nomax", "sm_product", "odd_mean_shift"}) {
    FormulaOp formula = getKnownFormula(name);
    mlir::OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
    Random random(8);
    Row row = makeRow(formula, RowKind::Thousand, random);
    RangeOfF64 range;
    RowInterpreter values(*normalized, row);
    double most = -INFINITY, sum = 0;
    for (Real x : row.arguments[0])
      most = std::max(most, static_cast<double>(x));
    for (Real x : row.arguments[0])
      sum += std::exp(static_cast<double>(x) - most);
    for (size_t i = 0; i < row.size(); ++i)
      EXPECT_NEAR(
          static_cast<double>(values.get(normalized->getYieldedValues()[0], i)),
          std::exp(static_cast<double>(row.arguments[0][i]) - most) / sum,
          1e-12);
  }
}

TEST(Overflow, LogsumexpWithoutMaximum) {
  checkWithinRange(parseFormula(R"mlir(
weir.formula @f(%x: f32) -> (f32 {weir.uniform}) {
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  weir.yield %l : f32
})mlir"));
}

TEST(Overflow, BoltzmannWithoutMaximum) {
  checkWithinRange(parseFormula(R"mlir(
weir.formula @f(%x: f32) -> (f32 {weir.uniform}) {
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %xe = arith.mulf %x, %e : f32
  %t = weir.reduce add %xe : f32
  %y = arith.divf %t, %s : f32
  weir.yield %y : f32
})mlir"));
}

TEST(Overflow, LogSoftmaxWithoutMaximum) {
  checkWithinRange(parseFormula(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.subf %x, %l : f32
  weir.yield %y : f32
})mlir"));
}

/// A prefix's maximum may be -1000 where the row's is 5: a factor e^-m that no
/// exponential goes with would be infinite on the way.
TEST(Overflow, FactorOfTheMaximumAlone) {
  checkWithinRange(parseFormula(R"mlir(
weir.formula @f(%x: f32, %g: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %n = arith.negf %m : f32
  %e = math.exp %n : f32
  %ge = arith.mulf %g, %e : f32
  %t = weir.reduce add %ge : f32
  weir.yield %t : f32
})mlir"));
}
