//===- Variance.cpp - varying and uniform values of a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Variance.h"

using namespace mlir;
using namespace weir;

Variance::Variance(FormulaOp formula) {
  for (BlockArgument argument : formula.getBody().getArguments())
    if (!formula.isUniformArgument(argument.getArgNumber()))
      varying.insert(argument);
  visit(formula.getBody().front());
}

void Variance::visit(Block &block) {
  for (Operation &op : block) {
    if (auto solve = dyn_cast<SolveOp>(op)) {
      visit(solve.getBody().front());
      continue;
    }
    if (isa<ReduceOp, KthOp, LengthOp, ExtentOp, RowOp, YieldOp>(op))
      continue;
    if (isa<PositionOp, RandomOp>(op) ||
        llvm::any_of(op.getOperands(),
                     [&](Value operand) { return isVarying(operand); }))
      varying.insert(op.result_begin(), op.result_end());
  }
}
