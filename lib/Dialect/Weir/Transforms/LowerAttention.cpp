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

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERATTENTION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

static void lower(AttentionOp attention) {
  OpBuilder builder(attention);
  Location loc = attention.getLoc();
  ReifiedRankedShapedTypeDims shapes;
  (void)attention.reifyResultShapes(builder, shapes); // Inputs say them all.
  SmallVector<Value> outputs;
  for (auto [shape, type] : llvm::zip(shapes, attention.getResultTypes()))
    outputs.push_back(tensor::EmptyOp::create(builder, loc, shape,
                                              getElementTypeOrSelf(type)));
  auto rows = AttentionRowsOp::create(
      builder, loc, ValueRange(outputs).getTypes(), attention.getFormulaAttr(),
      attention.getInputs(), attention.getFormulaOperands(),
      attention.getMask(), attention.getBias(), attention.getLengths(),
      attention.getPacked(), attention.getEpilogueAttr(),
      attention.getEpilogueOperands(), attention.getPlace(), outputs,
      attention.getCausalAttr(), attention.getWindowLeftAttr(),
      attention.getWindowRightAttr(), attention.getScaleAttr(),
      attention.getSoftCapAttr(), attention.getLayoutAttr(),
      attention.getEmptyRowAttr(), attention.getPosInfAttr(),
      attention.getNanAttr(), attention.getTiesAttr(), attention.getFormAttr(),
      attention.getQueryTileAttr(), attention.getKeyTileAttr(),
      attention.getThreadGrainAttr());
  for (auto [old, result] :
       llvm::zip(attention.getResults(), rows.getResults())) {
    Value value = result;
    if (value.getType() != old.getType())
      value = tensor::CastOp::create(builder, loc, old.getType(), value);
    old.replaceAllUsesWith(value);
  }
  attention.erase();
}

namespace {
struct WeirLowerAttention
    : weir::impl::WeirLowerAttentionBase<WeirLowerAttention> {
  void runOnOperation() override {
    SmallVector<AttentionOp> all;
    getOperation().walk([&](AttentionOp op) { all.push_back(op); });
    for (AttentionOp attention : all)
      lower(attention);
  }
};
} // namespace
