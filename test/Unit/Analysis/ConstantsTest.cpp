//===- ConstantsTest.cpp - what constants are worth in f64 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomRows.h"

#include "weir/Dialect/Weir/IR/Constants.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace weir;
using namespace weir::test;

/// An f32 constant, as the parser makes it of the text of a number.
static double getWorth(OpBuilder &builder, double number) {
  OwningOpRef<arith::ConstantOp> op = arith::ConstantOp::create(
      builder, builder.getUnknownLoc(),
      builder.getF32FloatAttr(static_cast<float>(number)));
  return getF64Value(*op);
}

TEST(Constants, SixDigitsAreKept) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, WeirDialect>();
  OpBuilder builder(&context);
  Random random(1);
  for (int i = 0; i < 200000; ++i) {
    size_t digits = 1 + uniformIndex(random, 999999);
    if (i % 2)
      digits = 1 + digits % 99;
    auto exponent = static_cast<int>(uniformIndex(random, 60)) - 35;
    std::string text = std::to_string(digits) + "e" + std::to_string(exponent);
    double number = std::stod(text);
    ASSERT_EQ(getWorth(builder, number), number) << text;
    ASSERT_EQ(getWorth(builder, -number), -number) << text;
  }
}

TEST(Constants, OthersAreTheF32Number) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, WeirDialect>();
  OpBuilder builder(&context);
  for (double number : {1.0 / 3, 3.14159274, 16777215.0, 0.0, 3.4028235e38})
    EXPECT_EQ(getWorth(builder, number), static_cast<float>(number));
  EXPECT_TRUE(std::isinf(getWorth(builder, INFINITY)));
  EXPECT_TRUE(std::isnan(getWorth(builder, NAN)));
}

TEST(Constants, WideNumbersCarryTheirDigits) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, WeirDialect>();
  OpBuilder builder(&context);
  for (double number : {1.0 / 3, 0.1, 1e-8, 3.14159265358979, 0.0, -2.5}) {
    OwningOpRef<arith::ConstantOp> op =
        createF32Constant(builder, builder.getUnknownLoc(), number);
    EXPECT_EQ(getF64Value(*op), number);
  }
}
