//===- DifferentiateSolves.cpp - root searches that know their slope ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Transforms/ForwardDerivative.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"

namespace weir {
#define GEN_PASS_DEF_WEIRDIFFERENTIATESOLVES
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct WeirDifferentiateSolves
    : weir::impl::WeirDifferentiateSolvesBase<WeirDifferentiateSolves> {
  using WeirDifferentiateSolvesBase::WeirDifferentiateSolvesBase;
  void runOnOperation() override {
    getOperation().walk([&](SolveOp solve) { differentiate(solve); });
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    getOperation().walk([&](FormulaOp formula) {
      eliminateCommonSubExpressions(rewriter, dominance, formula);
    });
  }

  void differentiate(SolveOp solve) {
    Block &body = solve.getBody().front();
    auto yield = cast<YieldOp>(body.getTerminator());
    if (yield.getValues().size() == 2)
      return;
    ForwardDerivative derivative(body.getArgument(0));
    if (failed(derivative.run())) {
      if (explain)
        derivative.getCulprit()->emitRemark(
            "has no derivative here: the root is searched by bisection");
      eraseDead(body);
      return;
    }
    Value slope = derivative.get(yield.getValues()[0]);
    if (slope)
      yield.getValuesMutable().append(slope);
    eraseDead(body);
  }
};
} // namespace
