//===- LowerTopK.cpp - weir.topk to weir.topk_rows ===//
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
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERTOPK
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// The results of `topk` from those of the rows: with the row's dimension back
/// in its place, and of the declared types.
static void replaceResults(OpBuilder &builder, TopKOp topk, TopKRowsOp rows,
                           ArrayRef<int64_t> back) {
  Location loc = topk.getLoc();
  for (auto [i, result] : llvm::enumerate(topk.getResults())) {
    Value value = rows->getResult(i);
    bool hasRow = i != 2;
    if (!back.empty() && hasRow)
      value = transpose(builder, loc, value, back);
    if (value.getType() != result.getType())
      value = tensor::CastOp::create(builder, loc, result.getType(), value);
    result.replaceAllUsesWith(value);
  }
}

static void lower(TopKOp topk) {
  OpBuilder builder(topk);
  Location loc = topk.getLoc();
  ReifiedRankedShapedTypeDims shapes;
  (void)topk.reifyResultShapes(builder, shapes); // The scores say them all.
  int64_t rank = cast<ShapedType>(topk.getScores().getType()).getRank();
  int64_t along = topk.getRowDim();
  bool moved = along != rank - 1;
  SmallVector<int64_t> permutation = moveToEnd(rank, along);
  Value scores = topk.getScores(), mask = topk.getMask();
  if (moved) {
    scores = alignOperand(builder, loc, scores, rank, along);
    if (mask)
      mask = alignOperand(builder, loc, mask, rank, along);
    for (unsigned i : {0, 1})
      applyPermutationToVector(shapes[i], permutation);
  }
  SmallVector<Value> outputs;
  for (auto [shape, type] : llvm::zip(shapes, topk.getResultTypes()))
    outputs.push_back(tensor::EmptyOp::create(builder, loc, shape,
                                              getElementTypeOrSelf(type)));
  auto rows = TopKRowsOp::create(
      builder, loc, ValueRange(outputs).getTypes(), scores, topk.getThreshold(),
      mask, outputs, topk.getKAttr(), topk.getModeAttr(), topk.getThrAttr(),
      topk.getIncludeCrossingAttr(), topk.getNonNegativeAttr(),
      topk.getTiesAttr(), topk.getFormAttr(), topk.getThreadGrainAttr());
  replaceResults(builder, topk, rows,
                 moved ? invertPermutationVector(permutation)
                       : SmallVector<int64_t>());
  topk.erase();
}

namespace {
struct WeirLowerTopK : weir::impl::WeirLowerTopKBase<WeirLowerTopK> {
  void runOnOperation() override {
    SmallVector<TopKOp> all;
    getOperation().walk([&](TopKOp topk) { all.push_back(topk); });
    for (TopKOp topk : all)
      lower(topk);
  }
};
} // namespace
