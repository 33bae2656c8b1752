//===- DenormalUse.cpp - what denormal numbers are good for ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/DenormalUse.h"

#include "weir/Dialect/Weir/IR/Variance.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace weir;

/// True when `divisor` may be as small as what is flushed: it is made of the
/// row's numbers and not of exponentials alone, nor is a number added to it.
static bool mayVanish(Value divisor, const Variance &variance) {
  SmallVector<Value> work{divisor};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!seen.insert(value).second || value.getType().isInteger(1))
      continue;
    Operation *op = value.getDefiningOp();
    if (!op && variance.isVarying(value))
      return true;
    APFloat summand(0.0f);
    bool isApart = op && isa<arith::AddFOp>(op) &&
                   matchPattern(op->getOperand(1), m_ConstantFloat(&summand)) &&
                   summand.convertToDouble() >= 1e-8;
    if (op && !isApart && !isa<math::ExpOp, math::Exp2Op>(op))
      llvm::append_range(work, op->getOperands());
  }
  return false;
}

/// True when a number that is flushed may decide something: which of two scores
/// is larger, or what they are in units of the smallest.
static bool mayDecide(Operation *op, const Variance &variance) {
  if (isa<KthOp>(op))
    return true;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getWinner() && !reduce.getWinner().use_empty();
  if (isa<arith::CmpFOp>(op))
    return llvm::any_of(op->getOperands(),
                        [&](Value v) { return variance.isVarying(v); }) &&
           llvm::none_of(op->getOperands(),
                         [](Value v) { return matchPattern(v, m_Constant()); });
  if (isa<arith::DivFOp>(op))
    return mayVanish(op->getOperand(1), variance);
  return isa<math::LogOp, math::Log2Op, math::RsqrtOp>(op) &&
         mayVanish(op->getOperand(0), variance);
}

bool weir::denormalsMayDecide(FormulaOp formula) {
  if (formula->hasAttr(WeirDialect::kKeepsDenormalsAttrName))
    return true;
  Variance variance(formula);
  WalkResult walk = formula.getBody().walk([&](Operation *op) {
    return mayDecide(op, variance) ? WalkResult::interrupt()
                                   : WalkResult::advance();
  });
  return walk.wasInterrupted();
}
