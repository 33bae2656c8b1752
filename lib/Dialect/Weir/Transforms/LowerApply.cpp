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

static void lower(ApplyOp apply) {
  OpBuilder builder(apply);
  RowLayout layout(apply, builder);
  SmallVector<Value> outputs;
  for (unsigned i = 0, e = apply.getNumResults(); i < e; ++i)
    outputs.push_back(layout.createDestination(i));
  RowsOp rows = RowsOp::create(
      builder, apply.getLoc(), ValueRange(outputs).getTypes(),
      apply.getFormulaAttr(), layout.inputs, layout.mask, apply.getRowBase(),
      apply.getRowStrides(), apply.getColumn(), outputs,
      apply.getEmptyRowAttr(), apply.getPosInfAttr(), apply.getNanAttr(),
      apply.getTiesAttr(), apply.getNegInfAttr(), apply.getFormAttr(),
      apply.getThreadGrainAttr(), apply.getStreamBytesAttr());
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
