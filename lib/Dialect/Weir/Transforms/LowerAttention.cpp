//===- LowerAttention.cpp - weir.attention to weir.attention_rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERATTENTION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// Destinations for the results.
template <typename OpTy>
static SmallVector<Value> createOutputs(OpBuilder &builder, OpTy op) {
  ReifiedRankedShapedTypeDims shapes;
  (void)op.reifyResultShapes(builder, shapes); // Inputs say them all.
  SmallVector<Value> outputs;
  for (auto [shape, type] : llvm::zip(shapes, op.getResultTypes()))
    outputs.push_back(tensor::EmptyOp::create(builder, op.getLoc(), shape,
                                              getElementTypeOrSelf(type)));
  return outputs;
}

static void replace(Operation *op, AttentionRowsOp rows) {
  OpBuilder builder(op);
  for (auto [old, result] : llvm::zip(op->getResults(), rows.getResults())) {
    Value value = result;
    if (value.getType() != old.getType())
      value =
          tensor::CastOp::create(builder, op->getLoc(), old.getType(), value);
    old.replaceAllUsesWith(value);
  }
  op->erase();
}

static void lower(AttentionOp attention) {
  OpBuilder builder(attention);
  Location loc = attention.getLoc();
  SmallVector<Value> outputs = createOutputs(builder, attention);
  auto rows = AttentionRowsOp::create(
      builder, loc, ValueRange(outputs).getTypes(), attention.getFormulaAttr(),
      attention.getInputs(), attention.getFormulaOperands(),
      attention.getMask(), attention.getBias(), attention.getLengths(),
      attention.getPacked(), attention.getEpilogueAttr(),
      attention.getEpilogueOperands(), attention.getPlace(),
      /*first_key=*/Value(), /*all_keys=*/Value(), outputs,
      attention.getCausalAttr(), attention.getWindowLeftAttr(),
      attention.getWindowRightAttr(), attention.getScaleAttr(),
      attention.getSoftCapAttr(), attention.getLayoutAttr(),
      attention.getEmptyRowAttr(), attention.getPosInfAttr(),
      attention.getNanAttr(), attention.getTiesAttr(), attention.getFormAttr(),
      attention.getQueryTileAttr(), attention.getKeyTileAttr(),
      attention.getThreadGrainAttr(), /*state=*/UnitAttr());
  replace(attention, rows);
}

static void lower(AttentionStatsOp stats) {
  OpBuilder builder(stats);
  SmallVector<Value> outputs = createOutputs(builder, stats);
  auto form =
      AttentionFormAttr::get(builder.getContext(), AttentionForm::OnePass);
  auto rows = AttentionRowsOp::create(
      builder, stats.getLoc(), ValueRange(outputs).getTypes(),
      stats.getFormulaAttr(), stats.getInputs(), stats.getFormulaOperands(),
      stats.getMask(), stats.getBias(), stats.getLengths(),
      /*packed=*/ValueRange(), /*epilogue=*/FlatSymbolRefAttr(),
      /*epilogue_operands=*/ValueRange(), stats.getPlace(), stats.getFirstKey(),
      stats.getAllKeys(), outputs, stats.getCausalAttr(),
      stats.getWindowLeftAttr(), stats.getWindowRightAttr(),
      stats.getScaleAttr(), stats.getSoftCapAttr(), stats.getLayoutAttr(),
      stats.getEmptyRowAttr(), PosInfAttr(), stats.getNanAttr(), TiesAttr(),
      form, stats.getQueryTileAttr(), stats.getKeyTileAttr(),
      stats.getThreadGrainAttr(), builder.getUnitAttr());
  replace(stats, rows);
}

namespace {
struct WeirLowerAttention
    : weir::impl::WeirLowerAttentionBase<WeirLowerAttention> {
  void runOnOperation() override {
    SmallVector<Operation *> all;
    getOperation().walk([&](Operation *op) {
      if (isa<AttentionOp, AttentionStatsOp>(op))
        all.push_back(op);
    });
    for (Operation *op : all)
      llvm::TypeSwitch<Operation *, void>(op)
          .Case<AttentionOp, AttentionStatsOp>([&](auto own) { lower(own); });
  }
};
} // namespace
