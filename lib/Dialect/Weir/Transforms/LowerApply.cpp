//===- LowerApply.cpp - weir.apply to weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "MoveRow.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERAPPLY
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

struct Lowering {
  explicit Lowering(ApplyOp apply)
      : apply(apply), formula(apply.resolveFormula()), rank(apply.getRowRank()),
        along(apply.getRowDim()), builder(apply), loc(apply.getLoc()) {}

  Value align(Value value) {
    return alignOperand(builder, loc, value, rank, along);
  }

  LogicalResult run() {
    ReifiedRankedShapedTypeDims shapes;
    if (failed(apply.reifyResultShapes(builder, shapes)))
      return apply.emitOpError("has results whose shape no operand fixes");
    bool moved = along != rank - 1;
    SmallVector<Value> inputs, outputs;
    for (auto [i, input] : llvm::enumerate(apply.getInputs()))
      inputs.push_back(moved && !formula.isUniformArgument(i) ? align(input)
                                                              : input);
    Value mask = apply.getMask();
    if (mask && moved)
      mask = align(mask);
    SmallVector<int64_t> permutation = moveToEnd(rank, along);
    for (auto [i, type] : llvm::enumerate(apply.getResultTypes())) {
      SmallVector<OpFoldResult> sizes = shapes[i];
      if (moved && !formula.isUniformResult(i))
        sizes = applyPermutation(sizes, permutation);
      outputs.push_back(tensor::EmptyOp::create(builder, loc, sizes,
                                                getElementTypeOrSelf(type)));
    }
    RowsOp rows = RowsOp::create(
        builder, loc, ValueRange(outputs).getTypes(), apply.getFormulaAttr(),
        inputs, mask, outputs, apply.getEmptyRowAttr(), apply.getPosInfAttr(),
        apply.getNanAttr(), apply.getTiesAttr(), apply.getFormAttr(),
        apply.getThreadGrainAttr(), apply.getStreamBytesAttr());
    replaceResults(rows, moved ? invertPermutationVector(permutation)
                               : SmallVector<int64_t>());
    return success();
  }

  void replaceResults(RowsOp rows, ArrayRef<int64_t> back) {
    for (auto [i, result] : llvm::enumerate(apply.getResults())) {
      Value value = rows->getResult(i);
      if (!back.empty() && !formula.isUniformResult(i))
        value = transpose(builder, loc, value, back);
      if (value.getType() != result.getType())
        value = tensor::CastOp::create(builder, loc, result.getType(), value);
      result.replaceAllUsesWith(value);
    }
    apply.erase();
  }

  ApplyOp apply;
  FormulaOp formula;
  int64_t rank, along;
  OpBuilder builder;
  Location loc;
};

struct WeirLowerApply : weir::impl::WeirLowerApplyBase<WeirLowerApply> {
  void runOnOperation() override {
    SmallVector<ApplyOp> all;
    getOperation().walk([&](ApplyOp apply) { all.push_back(apply); });
    for (ApplyOp apply : all)
      if (failed(Lowering(apply).run()))
        return signalPassFailure();
  }
};

} // namespace
