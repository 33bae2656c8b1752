//===- AttentionToRows.cpp - weir.attention_rows to loops over tiles ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Conversion/AttentionToRows/Passes.h"

#include "AttentionForms.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_CONVERTATTENTIONTOROWS
#include "weir/Conversion/AttentionToRows/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// The formula on the scores of a tile: the op's own where that needs nothing
/// to be told.
static FlatSymbolRefAttr getAttended(AttentionRowsOp op, double scale,
                                     DerivedSymbols &symbols) {
  FormulaOp formula = op.resolveFormula();
  if (getAttendedArguments(formula).isUnchanged && scale == 1.0)
    return op.getFormulaAttr();
  return symbols.getOrInsert(
      op, formula, {}, "attended",
      [&](StringRef name) { return buildAttended(formula, name, scale); },
      std::to_string(llvm::bit_cast<uint64_t>(scale)));
}

static LogicalResult tile(AttentionRowsOp op, DerivedSymbols &symbols) {
  if (!op.getResults().empty())
    return op.emitOpError("works on tensors; bufferize before "
                          "convert-attention-to-rows");
  OpBuilder builder(op);
  AttentionOperands operands(builder, op);
  FlatSymbolRefAttr attended =
      getAttended(op, ScoreScale(op, operands).inFormula, symbols);
  std::unique_ptr<AttentionForms> forms = createBlocksForm(attended);
  AttentionForm form = op.getForm().value_or(
      op.getState() ? AttentionForm::OnePass : AttentionForm::Blocks);
  if (form != AttentionForm::Blocks) {
    auto rows = std::make_unique<BlockwiseRows>(
        resolveFormula(op, attended),
        StatePolicies{op.getEmptyRow(), op.getNan()}, op.getPosInf());
    if (std::string misfit = rows->getMisfit(form); !misfit.empty())
      return op.emitOpError("C11: form ")
             << stringifyAttentionForm(form) << " does not fit @"
             << op.getFormula() << ": " << misfit;
    forms = createSweepsForm(attended, std::move(rows));
  }
  AttentionTiling(op, operands, symbols).run(*forms);
  return success();
}

namespace {
struct ConvertAttentionToRows
    : weir::impl::ConvertAttentionToRowsBase<ConvertAttentionToRows> {
  void runOnOperation() override {
    SmallVector<AttentionRowsOp> all;
    getOperation().walk([&](AttentionRowsOp op) { all.push_back(op); });
    DerivedSymbols symbols;
    for (AttentionRowsOp op : all)
      if (failed(tile(op, symbols)))
        return signalPassFailure();
  }
};
} // namespace
