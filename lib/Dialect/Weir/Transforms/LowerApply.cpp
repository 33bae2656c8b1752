//===- LowerApply.cpp - weir.apply to weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "RowLayout.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERAPPLY
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// The op that runs where `apply` stood.
static RowsOp createRows(OpBuilder &builder, ApplyOp apply, ValueRange inputs,
                         Value mask, ValueRange outputs, IntegerAttr along) {
  auto rows = RowsOp::create(
      builder, apply.getLoc(), outputs.getTypes(), apply.getFormulaAttr(),
      inputs, mask, apply.getRowBase(), apply.getRowStrides(),
      apply.getColumn(), outputs, apply.getEmptyRowAttr(),
      apply.getPosInfAttr(), apply.getNanAttr(), apply.getTiesAttr(),
      apply.getNegInfAttr(), apply.getFormAttr(), apply.getThreadGrainAttr(),
      apply.getStreamBytesAttr(), along);
  rows.setThreadPartAttr(apply.getThreadPartAttr());
  rows.setPagesAttr(apply.getPagesAttr());
  rows.setPlansAttr(apply.getPlansAttr());
  return rows;
}

/// Across rows, operands and results stay as they are.
static void lowerAcross(ApplyOp apply) {
  OpBuilder builder(apply);
  FormulaOp formula = apply.resolveFormula();
  SmallVector<OpFoldResult> full = apply.getFullSizes(builder);
  SmallVector<Value> outputs;
  for (auto [i, result] : llvm::enumerate(apply.getResultTypes())) {
    auto type = cast<RankedTensorType>(result);
    SmallVector<OpFoldResult> sizes(full);
    if (formula.isUniformResult(i))
      sizes.erase(sizes.begin() + apply.getRowDim());
    for (auto [dim, size] : llvm::enumerate(sizes))
      if (!type.isDynamicDim(
              dim)) // What the result's own type says is as good.
        size = builder.getIndexAttr(type.getDimSize(dim));
    outputs.push_back(tensor::EmptyOp::create(builder, apply.getLoc(), sizes,
                                              type.getElementType()));
  }
  RowsOp rows = createRows(builder, apply, apply.getInputs(), apply.getMask(),
                           outputs, apply.getAlongAttr());
  for (auto [result, value] :
       llvm::zip(apply.getResults(), rows.getResults())) {
    Value typed = value;
    if (value.getType() != result.getType())
      typed = tensor::CastOp::create(builder, apply.getLoc(), result.getType(),
                                     value);
    result.replaceAllUsesWith(typed);
  }
  apply.erase();
}

static void lower(ApplyOp apply) {
  if (apply.getLanes() == LaneDirection::Across)
    return lowerAcross(apply);
  OpBuilder builder(apply);
  RowLayout layout(apply, builder);
  SmallVector<Value> outputs;
  for (unsigned i = 0, e = apply.getNumResults(); i < e; ++i)
    outputs.push_back(layout.createDestination(i));
  RowsOp rows = createRows(builder, apply, layout.inputs, layout.mask, outputs,
                           /*along=*/IntegerAttr());
  for (auto [i, result] : llvm::enumerate(rows.getResults()))
    layout.replaceResult(i, result);
  apply.erase();
}

namespace {
struct WeirLowerApply : weir::impl::WeirLowerApplyBase<WeirLowerApply> {
  void runOnOperation() override {
    SmallVector<ApplyOp> all;
    getOperation().walk([&](ApplyOp apply) { all.push_back(apply); });
    for (ApplyOp apply : all)
      lower(apply);
  }
};
} // namespace
