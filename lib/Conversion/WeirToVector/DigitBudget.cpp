//===- DigitBudget.cpp - functions of few digits ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DigitBudget.h"

#include "weir/Dialect/Weir/Analysis/ErrorReach.h"
#include "weir/Dialect/Weir/IR/Variance.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

/// What functions may add to the error of results in bf16, half a unit of whose
/// last place is up to 2^-8.
static constexpr double kBudget = 0x1p-12;

/// The relative error of the coarse form of `op`, 0 where it has none.
static double getCoarseError(Operation *op) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<math::ExpOp, math::Exp2Op>([](auto) { return 0x1.52p-14; })
      .Case<math::TanhOp>([](auto) { return 0x1.dp-15; })
      .Case<math::Log1pOp>([](auto) { return 0x1.2p-17; })
      .Case<math::ErfcOp>([](auto) { return 0x1.3p-13; })
      .Case<math::Atan2Op>([](auto) { return 0x1.14p-14; })
      .Case<arith::DivFOp>([](auto) { return 0x1.01p-14; })
      .Default([](Operation *) { return 0.0; });
}

DigitBudget::DigitBudget(RowsOp rows, FormulaOp formula,
                         const Variance &variance) {
  bool areNarrow = llvm::all_of(rows.getOutputs(), [](Value output) {
    return getElementTypeOrSelf(output.getType()).isBF16();
  });
  if (!areNarrow || formula.hasReduction())
    return;
  ErrorReach reach(formula);
  double left = kBudget;
  auto spendOn = [&](bool quotients) {
    for (Operation &op : formula.getBody().front().without_terminator()) {
      double error = getCoarseError(&op);
      if (error == 0.0 || isa<arith::DivFOp>(op) != quotients ||
          !variance.isVarying(op.getResult(0)))
        continue;
      double becomes = error * reach.getFactor(op.getResult(0));
      if (becomes > left)
        continue;
      left -= becomes;
      cheap.insert(&op);
    }
  };
  // A division runs beside other work, so it gains the least.
  spendOn(/*quotients=*/false);
  spendOn(/*quotients=*/true);
}
