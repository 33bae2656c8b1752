//===- RaiseElementwise.cpp - an op beside a weir.apply ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Conversion/LinalgToWeir/RaiseElementwise.h"

#include "ApplyWriter.h"
#include "RowBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

bool weir::isElementwise(Operation *op) {
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  return linalg && !isa<linalg::FillOp, linalg::TransposeOp>(op) &&
         linalg.hasPureTensorSemantics() && linalg.getNumReductionLoops() == 0;
}

/// Which used results are rounded on purpose. Fails when something is rounded
/// on the way to a result: a formula would not do so.
static FailureOr<SmallVector<bool>> findRounded(linalg::LinalgOp op,
                                                ValueRange results) {
  Operation *yield = op.getBlock()->getTerminator();
  SmallVector<bool> rounds;
  for (Value result : results) {
    Value yielded = yield->getOperand(cast<OpResult>(result).getResultNumber());
    rounds.push_back(yielded.getDefiningOp<arith::TruncFOp>() != nullptr);
  }
  for (Operation *inner : getUsedBody(op))
    if (isa<arith::TruncFOp>(inner) &&
        llvm::any_of(inner->getUsers(),
                     [&](Operation *user) { return user != yield; }))
      return failure();
  return rounds;
}

/// The operand that sets the type of the accumulator.
static const GroupWriter::Operand *
findScore(ArrayRef<GroupWriter::Operand> operands) {
  const GroupWriter::Operand *score = nullptr;
  for (const GroupWriter::Operand &operand : operands) {
    Type element = getElementTypeOrSelf(operand.value.getType());
    if (!operand.varying || (score && !element.isF64()))
      continue;
    score = &operand;
    if (element.isF64())
      break;
  }
  return score;
}

FailureOr<RaisedElementwise> weir::raiseElementwise(linalg::LinalgOp op,
                                                    const SharedTensor &shared,
                                                    StringRef name,
                                                    std::string &why) {
  std::optional<RowGroup> group = RowGroup::ofElementwise(
      op, RowSpace{shared.shape, shared.rowDim}, shared.value, shared.varying);
  if (!group) {
    why = "it has another shape, or says what no formula says";
    return failure();
  }
  RaisedElementwise raised;
  raised.results = group->getResults();
  FailureOr<SmallVector<bool>> rounds = findRounded(op, raised.results);
  if (failed(rounds)) {
    why = "it rounds a number on the way";
    return failure();
  }
  raised.rounds = *rounds;
  GroupWriter writer(*group, raised.results);
  writer.write();
  const GroupWriter::Operand *score = findScore(writer.getOperands());
  if (!score) {
    why = "it has no operand with a number for each element";
    return failure();
  }
  GroupWriter::Operand first = *score;
  writer.write(&first);
  if (writer.needsDoubles() &&
      !getElementTypeOrSelf(first.value.getType()).isF64()) {
    why = "it computes in f64 on narrower elements";
    return failure();
  }
  SmallVector<GroupWriter::Operand> operands(writer.getOperands());
  FormulaOp formula = writer.release();
  SymbolTable table(SymbolTable::getNearestSymbolTable(op));
  formula.setSymName(name);
  StringAttr symbol = table.insert(formula);
  OpBuilder builder(op);
  raised.apply =
      createApply(builder, *group, raised.results,
                  {FlatSymbolRefAttr::get(symbol), operands, std::nullopt});
  return raised;
}
