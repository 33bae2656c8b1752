//===- ValueBoundsTest.cpp - what upstream learns of sizes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Library/WeirLibrary.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace weir;

static const char *const kText = R"mlir(
func.func @f(%x: tensor<?x?x?xf32>, %v: tensor<?xi1>)
    -> (tensor<?x?x?xf32>, tensor<?x?xf32>) {
  %y:2 = weir.apply @softmax_lse(%x) mask(%v : tensor<?xi1>) {along = 1}
    : (tensor<?x?x?xf32>) -> (tensor<?x?x?xf32>, tensor<?x?xf32>)
  return %y#0, %y#1 : tensor<?x?x?xf32>, tensor<?x?xf32>
}
)mlir";

/// Whether dimension `aDim` of `a` and `bDim` of `b` are known to be equal.
static bool areEqual(Value a, int64_t aDim, Value b, int64_t bDim) {
  FailureOr<bool> equal =
      ValueBoundsConstraintSet::areEqual({a, aDim}, {b, bDim});
  return succeeded(equal) && *equal;
}

TEST(ValueBounds, ResultsHaveTheSizesOfOperands) {
  DialectRegistry registry;
  registerWeirLibrary(registry);
  registerValueBoundsOpInterfaceModels(registry);
  registry.insert<func::FuncDialect, tensor::TensorDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(kText, ParserConfig(&context));
  ASSERT_TRUE(module);
  ApplyOp apply;
  module->walk([&](ApplyOp op) { apply = op; });
  Value x = apply.getInputs()[0], mask = apply.getMask();
  Value full = apply.getResults()[0], outer = apply.getResults()[1];
  for (int64_t dim : {0, 1, 2})
    EXPECT_TRUE(areEqual(full, dim, x, dim));
  EXPECT_TRUE(areEqual(full, 2, mask, 0));
  EXPECT_TRUE(areEqual(outer, 0, x, 0)); // Without the row, dimension 1.
  EXPECT_TRUE(areEqual(outer, 1, x, 2));
  EXPECT_TRUE(areEqual(outer, 1, full, 2));
  EXPECT_FALSE(areEqual(outer, 1, x, 1));
  EXPECT_FALSE(areEqual(full, 0, x, 1));
}
