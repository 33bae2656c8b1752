//===- FormulaChoice.cpp - the formula that means the same ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaChoice.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// Operands that may be the score: numbers, one for each element.
SmallVector<GroupWriter::Operand> FormulaChoice::getScores() {
  writer.write();
  SmallVector<GroupWriter::Operand> scores;
  auto isF64 = [](const GroupWriter::Operand &operand) {
    return getElementTypeOrSelf(operand.value.getType()).isF64();
  };
  bool anyF64 = llvm::any_of(writer.getOperands(), isF64);
  for (const GroupWriter::Operand &operand : writer.getOperands())
    if (operand.varying && group.getSpace().isComplete(operand.layout) &&
        isa<FloatType>(getElementTypeOrSelf(operand.value.getType())) &&
        (!anyF64 || isF64(operand)))
      scores.push_back(operand);
  return scores;
}

std::string FormulaChoice::make() {
  SmallVector<GroupWriter::Operand> scores = getScores();
  if (!writer.getFormula().hasReduction())
    return "no result leans on it";
  bool isDouble = !scores.empty() &&
                  getElementTypeOrSelf(scores[0].value.getType()).isF64();
  if (writer.needsDoubles() && !isDouble)
    return "it computes in f64 on narrower elements, which set the "
           "accumulator's type";
  if (scores.empty())
    return "no operand from outside has a number for each element of the row";
  if (writer.startsReductionsFromNaN() && mayBeEmpty() && hasUniformResult())
    return "a reduction starts from NaN, which it keeps in a row without "
           "elements";
  for (const GroupWriter::Operand &score : scores)
    if (tryExcluding(score))
      return "";
  negInf = NegInf::Ordinary;
  for (const GroupWriter::Operand &score : scores) {
    writer.write(&score);
    if (getEdges().propagatesNaN())
      return "";
  }
  writer.write(&scores[0]);
  nan = NaNPolicy::Arithmetic;
  if (getEdges().keepsDroppedNaN())
    return "";
  return "a maximum or minimum drops a NaN that no result shows";
}

/// The policy for empty rows when scores of -inf can be excluded. Worth it only
/// where a maximum tells which rows are empty.
std::optional<EmptyRow> FormulaChoice::getEmptyRow() {
  FormulaEdges edges = getEdges();
  return edges.propagatesNaN() && edges.hasEmptinessWitness()
             ? edges.getEmptyRowIfExcluding()
             : std::nullopt;
}

bool FormulaChoice::tryExcluding(const GroupWriter::Operand &score) {
  std::optional<EmptyRow> found;
  for (bool masked : {true, false}) {
    writer.write(&score);
    mask.reset();
    if (masked && !takeMask())
      continue;
    found = getEmptyRow();
    if (found)
      break;
  }
  if (!found)
    return false;
  emptyRow = *found;
  // Excluded rows apart, a maximum that starts from the lowest number is one
  // that starts from -inf.
  if (dropGuards() && getEmptyRow() == found)
    return true;
  bool masked = mask.has_value();
  writer.write(&score);
  if (masked)
    takeMask();
  return true;
}

/// Takes a choice between the score and -inf out of the formula: it is a mask.
bool FormulaChoice::takeMask() {
  Block &body = writer.getFormula().getBody().front();
  Value score = body.getArgument(0);
  if (!score.hasOneUse())
    return false;
  auto select = dyn_cast<arith::SelectOp>(*score.user_begin());
  if (!select || select.getTrueValue() != score ||
      !matchPattern(select.getFalseValue(), m_NegInfFloat()))
    return false;
  auto condition = dyn_cast<BlockArgument>(select.getCondition());
  if (!condition || !condition.hasOneUse() ||
      !writer.getOperands()[condition.getArgNumber()].varying)
    return false;
  mask = writer.getOperands()[condition.getArgNumber()];
  select.getResult().replaceAllUsesWith(score);
  select.erase();
  writer.dropUnused();
  return true;
}

/// True when all guards were dropped, and no row tells unless it is empty.
bool FormulaChoice::dropGuards() {
  FormulaEdges edges = getEdges();
  for (Operation *guard : writer.getGuards()) {
    auto reduce = guard->getOperand(0).getDefiningOp<ReduceOp>();
    if (reduce.getKind() != ReductionKind::Max ||
        edges.mayBeNegInf(reduce.getValue()))
      return false;
  }
  for (Operation *guard : writer.getGuards()) {
    guard->getResult(0).replaceAllUsesWith(guard->getOperand(0));
    guard->erase();
  }
  writer.forgetGuards();
  return true;
}
