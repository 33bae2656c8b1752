//===- RegressionTest.cpp - formulas that were once derived wrongly ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"
#include "Properties.h"

using namespace weir;
using namespace weir::test;

static void check(const char *text) {
  Random random(6);
  EXPECT_GT(
      checkEverything(parseFormula(text), kAllRowKinds, howMany(4, 40), random),
      100u);
}

// sqrt(x^2 / s) is |x| / sqrt(s), not x / sqrt(s).
TEST(Regression, RootOfASquareIsAnAbsoluteValue) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %xx = arith.mulf %x, %x : f32
  %a = math.absf %x : f32
  %s = weir.reduce add %a : f32
  %q = arith.divf %xx, %s : f32
  %y = math.sqrt %q : f32
  weir.yield %y : f32
})mlir");
}

// The root of a squared sum is its absolute value.
TEST(Regression, RootOfASquaredStatistic) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %ss = arith.mulf %s, %s : f32
  %r = math.sqrt %ss : f32
  %y = arith.divf %x, %r : f32
  weir.yield %y : f32
})mlir");
}

// sqrt(x y) exists where both are negative; their roots do not.
TEST(Regression, RootOfAProductOfNegativeNumbers) {
  check(R"mlir(
weir.formula @f(%x: f32, %g: f32) -> f32 {
  %n = arith.negf %x : f32
  %a = math.absf %n : f32
  %s = weir.reduce add %a : f32
  %xy = arith.mulf %x, %g : f32
  %q = arith.divf %xy, %s : f32
  %y = math.sqrt %q : f32
  weir.yield %y : f32
})mlir");
}

// log(s^2) is not 2 log(s) for a negative sum.
TEST(Regression, LogarithmOfASquaredStatistic) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %ss = arith.mulf %s, %s : f32
  %l = math.log %ss : f32
  %y = arith.addf %x, %l : f32
  weir.yield %y : f32
})mlir");
}

// A maximum that only the second sweep can find anchors nothing in the first.
TEST(Regression, MaximumOfAnotherSweepIsNoAnchorYet) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %low = arith.constant -87.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %c = arith.maximumf %d, %low : f32
  %m2 = weir.reduce max %c : f32
  %d2 = arith.subf %x, %m2 : f32
  %e = math.exp %d2 : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
})mlir");
}

// Squares about a statistic that only the second sweep can find.
TEST(Regression, CentreOfAnotherSweep) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %zero = arith.constant 0.5 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %t = math.tanh %d : f32
  %u = weir.reduce add %t : f32
  %c = arith.subf %x, %u : f32
  %cc = arith.mulf %c, %c : f32
  %q = weir.reduce add %cc : f32
  %over = arith.cmpf ogt, %x, %q : f32
  %y = arith.select %over, %x, %zero : f32
  %p = weir.reduce add %y : f32
  %w = arith.divf %y, %p : f32
  weir.yield %w : f32
})mlir");
}

// A sum times a statistic of the second sweep is not known after the first.
TEST(Regression, PulledStatisticOfAnotherSweep) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %t = math.tanh %d : f32
  %u = weir.reduce add %t : f32
  %xu = arith.mulf %x, %u : f32
  %q = weir.reduce add %xu : f32
  %over = arith.cmpf ogt, %x, %q : f32
  %y = arith.select %over, %x, %zero : f32
  %p = weir.reduce add %y : f32
  %w = arith.addf %y, %p : f32
  weir.yield %w : f32
})mlir");
}

// x + s - s is x, but evaluating it as written takes s.
TEST(Regression, SumThatCancelsIsNotNeeded) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %a = arith.addf %x, %s : f32
  %b = arith.subf %a, %s : f32
  %t = weir.reduce add %b : f32
  %m = weir.reduce max %b : f32
  %y = arith.addf %t, %m : f32
  %w = arith.addf %y, %x : f32
  weir.yield %w : f32
})mlir");
}

// A sum of the winner's index, which is an integer.
TEST(Regression, WinnerInASum) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %m, %i = weir.reduce max %x : f32, index
  %t = weir.reduce add %i : index
  %a = arith.index_cast %t : index to i64
  %f = arith.sitofp %a : i64 to f32
  %w = arith.addf %f, %x : f32
  weir.yield %w : f32
})mlir");
}

// The sum of a maximum over the row moves with it.
TEST(Regression, SumOfTheMaximum) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %t = weir.reduce add %m : f32
  %w = arith.addf %t, %x : f32
  weir.yield %w : f32
})mlir");
}

// Positions begin at 0.
TEST(Regression, WeightsOfThePositions) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %p = weir.position : index
  %i = arith.index_cast %p : index to i64
  %f = arith.sitofp %i : i64 to f32
  %a = math.absf %x : f32
  %s = weir.reduce add %a : f32
  %n = arith.negf %f : f32
  %q = arith.divf %n, %s : f32
  %t = math.absf %q : f32
  %u = weir.reduce add %t : f32
  %w = arith.addf %u, %x : f32
  weir.yield %w : f32
})mlir");
}

// Multiplied out, a covariance cancels: it stays together, whatever it costs.
TEST(Regression, CovarianceStaysTogether) {
  const char *text = R"mlir(
weir.formula @f(%x: f32, %g: f32) -> (f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %t = weir.reduce add %g : f32
  %a = arith.subf %x, %s : f32
  %b = arith.subf %g, %t : f32
  %c = arith.mulf %a, %b : f32
  %q = weir.reduce add %c : f32
  weir.yield %q : f32
})mlir";
  EXPECT_EQ(describeCosts(parseFormula(text)), "sweeps 2, reads 2");
  check(text);
}

// A maximum that a rewriting adds may be one that is there already; only then
// do the sums become equal.
TEST(Regression, NormalisationCleansUpOnTheWay) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %mw = weir.reduce max %w : f32
  %c = arith.maximumf %mw, %half : f32
  %z = arith.subf %w, %c : f32
  %f = math.exp %z : f32
  %t = weir.reduce add %f : f32
  %u = arith.divf %t, %s : f32
  %v = arith.subf %f, %u : f32
  %q = weir.reduce add %v : f32
  %y = arith.addf %q, %w : f32
  weir.yield %y : f32
})mlir");
}

// The factor that the compiler's own maximum leaves outside goes into the
// logarithm, so that squares about it are still squares about one number.
TEST(Regression, SquaresAboutALogarithm) {
  check(R"mlir(
weir.formula @f(%x: f32) -> (f32 {weir.uniform}) {
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %d = arith.subf %x, %l : f32
  %dd = arith.mulf %d, %d : f32
  %q = weir.reduce add %dd : f32
  weir.yield %q : f32
})mlir");
}

// An exponential inside an exponential is no reason to write the sum anew, and
// anew.
TEST(Regression, ExponentialOfAnExponential) {
  check(R"mlir(
weir.formula @f(%x: f32, %g: f32) -> (f32 {weir.uniform}, f32 {weir.uniform}) {
  %e = math.exp %g : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %d = arith.subf %g, %l : f32
  %ee = math.exp %e : f32
  %t = weir.reduce add %ee : f32
  %u = weir.reduce add %d : f32
  weir.yield %t, %u : f32, f32
})mlir");
}

// log 2 as an f32 constant would cost an exponent of 100 an error of 2e-6.
TEST(Regression, BaseTwoStaysBaseTwo) {
  check(R"mlir(
weir.formula @f(%x: f32) -> (f32, f32 {weir.uniform}) {
  %e = math.exp2 %x : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %m = weir.reduce max %w : f32
  weir.yield %w, %m : f32, f32
})mlir");
}

// An exponential of a uniform argument bounds nothing and needs no anchor.
TEST(Regression, UniformExponential) {
  check(R"mlir(
weir.formula @f(%x: f32, %b: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %u = math.exp %b : f32
  %v = math.exp2 %u : f32
  %y = arith.mulf %x, %v : f32
  %s = weir.reduce add %y : f32
  weir.yield %s : f32
})mlir");
}

// A number that the analysis computes is more than 24 bits wide.
TEST(Regression, FoldedNumbersStayWide) {
  check(R"mlir(
weir.formula @f(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %e = math.exp %one : f32
  %s = weir.reduce add %x : f32
  %y = arith.mulf %s, %e : f32
  %t = weir.reduce add %y : f32
  %w = arith.addf %x, %t : f32
  weir.yield %w : f32
})mlir");
}

// 2^(x + l) is 2^x s^(-log 2), and log 2 has the digits of f64 in that power,
// and keeps them when the power is met again.
TEST(Regression, PowersKeepTheirDigits) {
  check(R"mlir(
weir.formula @f(%x: f32, %b: f32 {weir.uniform}) -> (f32, f32 {weir.uniform}) {
  %a = arith.subf %x, %b : f32
  %e = math.exp %a : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %z = arith.subf %a, %l : f32
  %m = weir.reduce max %z : f32
  %half = arith.constant 0.5 : f32
  %guarded = arith.maximumf %m, %half : f32
  %d = arith.subf %z, %guarded : f32
  %y = math.exp2 %d : f32
  %t = weir.reduce add %z : f32
  weir.yield %y, %t : f32, f32
})mlir");
}

// Once exponentials have a maximum m of their own, a minimum times log(s) holds
// the minimum times m.
TEST(Regression, MinimumTimesALogarithm) {
  check(R"mlir(
weir.formula @f(%x: f32) -> (f32, f32 {weir.uniform}) {
  %a = weir.reduce min %x : f32
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %d = arith.subf %x, %l : f32
  %p = arith.mulf %a, %d : f32
  %t = weir.reduce add %p : f32
  %w = arith.divf %s, %e : f32
  weir.yield %w, %t : f32, f32
})mlir");
}

// Nothing cancels in a square of a statistic that is all there is.
TEST(Regression, SquareOfAStatisticAlone) {
  check(R"mlir(
weir.formula @f(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %es = arith.mulf %e, %s : f32
  %t = weir.reduce add %es : f32
  %y = arith.mulf %t, %x : f32
  %u = weir.reduce add %y : f32
  weir.yield %y, %u : f32, f32
})mlir");
}

// The third mean of what is centred already holds the square of a count.
TEST(Regression, CentredThreeTimes) {
  check(R"mlir(
weir.formula @f(%x: f32) -> (f32, f32 {weir.uniform}) {
  %l = weir.length : index
  %i = arith.index_cast %l : index to i64
  %n = arith.sitofp %i : i64 to f32
  %s1 = weir.reduce add %x : f32
  %m1 = arith.divf %s1, %n : f32
  %d1 = arith.subf %x, %m1 : f32
  %s2 = weir.reduce add %d1 : f32
  %m2 = arith.divf %s2, %n : f32
  %d2 = arith.subf %d1, %m2 : f32
  %s3 = weir.reduce add %d2 : f32
  %m3 = arith.divf %s3, %n : f32
  %d3 = arith.subf %d2, %m3 : f32
  %s4 = weir.reduce add %d3 : f32
  weir.yield %d3, %s4 : f32, f32
})mlir");
}

// The logarithm of a finished value is finished, whether or not the value is
// known to be positive: here the sum's sign is, once a choice decides what is
// summed, not.
TEST(Regression, LogarithmOfAFinishedValueOfAnySign) {
  check(R"mlir(
weir.formula @f(%x: f32, %g: f32) -> (f32, f32 {weir.uniform}) {
  %s = weir.reduce add %g : f32
  %half = arith.constant 0.5 : f32
  %i = arith.cmpf ogt, %x, %half : f32
  %q = arith.mulf %x, %x : f32
  %h = arith.select %i, %q, %s : f32
  %e = math.exp %h : f32
  %z = weir.reduce add %e : f32
  %l = math.log %z : f32
  %d = arith.subf %h, %l : f32
  %a = math.absf %d : f32
  %m = weir.reduce max %a : f32
  %y = arith.subf %a, %m : f32
  %t = weir.reduce add %y : f32
  weir.yield %y, %t : f32, f32
})mlir");
}
