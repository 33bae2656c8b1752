//===- ComposeMask.cpp - a choice of -inf is a mask ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ComposePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// The choice between a score and -inf that `formula` ends with, by an argument
/// that nothing else asks.
static arith::SelectOp findChoice(FormulaOp formula, unsigned result) {
  auto select =
      formula.getYieldedValues()[result].getDefiningOp<arith::SelectOp>();
  if (!select || !matchPattern(select.getFalseValue(), m_NegInfFloat()))
    return arith::SelectOp();
  auto condition = dyn_cast<BlockArgument>(select.getCondition());
  bool isOwn = condition && condition.hasOneUse() &&
               !formula.isUniformArgument(condition.getArgNumber());
  return isOwn ? select : arith::SelectOp();
}

OwningOpRef<FormulaOp> weir::takeMask(Part &first, Part &second,
                                      const Wiring &wiring) {
  if (first.reduces() || !second.reduces() || second.policies.mask ||
      second.policies.negInf != NegInf::Exclude)
    return nullptr;
  // A length counts scores of -inf, but not what is masked; so does the number
  // of elements that share the mass of an empty row.
  if (second.policies.emptyRow == EmptyRow::Uniform)
    return nullptr;
  unsigned score = second.formula.getScoreIndex();
  if (!wiring.isTaken(score) ||
      !second.formula.getBody().getOps<LengthOp>().empty())
    return nullptr;
  OwningOpRef<FormulaOp> copy = cast<FormulaOp>(first.formula->clone());
  arith::SelectOp select = findChoice(*copy, *wiring.sources[score]);
  if (!select)
    return nullptr;
  unsigned index = cast<BlockArgument>(select.getCondition()).getArgNumber();
  second.policies.mask = first.apply.getInputs()[index];
  select.getResult().replaceAllUsesWith(select.getTrueValue());
  select.erase();
  first.formula = *copy;
  return copy;
}
