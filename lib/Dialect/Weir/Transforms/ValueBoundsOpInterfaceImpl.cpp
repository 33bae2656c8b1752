//===- ValueBoundsOpInterfaceImpl.cpp - what is known of sizes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace weir;

namespace {
/// A result's size is that of every operand with that dimension which does not
/// repeat along it. Of ops in destination style upstream knows.
struct ApplyBounds
    : ValueBoundsOpInterface::ExternalModel<ApplyBounds, ApplyOp> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &bounds) const {
    auto apply = cast<ApplyOp>(op);
    FormulaOp formula = apply.resolveFormula();
    unsigned result = cast<OpResult>(value).getResultNumber();
    int64_t rank = apply.getRowRank(), rowDim = apply.getRowDim();
    // The dimension of the full shape.
    int64_t full =
        formula.isUniformResult(result) && dim >= rowDim ? dim + 1 : dim;
    auto equate = [&](Value operand) {
      auto type = cast<ShapedType>(operand.getType());
      int64_t own = full - (rank - type.getRank());
      if (own >= 0 && type.getDimSize(own) != 1)
        bounds.bound(value)[dim] == bounds.getExpr(operand, own);
    };
    for (auto [i, input] : llvm::enumerate(apply.getInputs()))
      if (!formula.isUniformArgument(i))
        equate(input);
    if (apply.getMask())
      equate(apply.getMask());
  }
};

/// Batches, heads and queries are those of the queries, batches also those of
/// keys and values; the last size is static. Packed sequences have no batches.
struct AttentionBounds
    : ValueBoundsOpInterface::ExternalModel<AttentionBounds, AttentionOp> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &bounds) const {
    auto attention = cast<AttentionOp>(op);
    unsigned result = cast<OpResult>(value).getResultNumber();
    bool isUniform = attention.resolveFormula().isUniformResult(result);
    int64_t own = dim, heads = attention.isPacked() ? 0 : 1;
    if (isUniform && dim >= heads)
      own = dim == heads ? attention.getHeadDim() : attention.getLengthDim();
    if (!isUniform && dim == attention.getElementDim()) {
      bounds.bound(value)[dim] == bounds.getExpr(attention.getValue(), dim);
      return;
    }
    bounds.bound(value)[dim] == bounds.getExpr(attention.getQuery(), own);
    if (dim < heads)
      for (Value other : {attention.getKey(), attention.getValue()})
        bounds.bound(value)[dim] == bounds.getExpr(other, 0);
  }
};

/// As above; sums of a state have dimensions in one order whatever the layout.
struct AttentionStatsBounds
    : ValueBoundsOpInterface::ExternalModel<AttentionStatsBounds,
                                            AttentionStatsOp> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &bounds) const {
    auto stats = cast<AttentionStatsOp>(op);
    const int64_t dims[] = {0, stats.getHeadDim(), stats.getLengthDim(), 3};
    Value from = dim == 3 ? stats.getValue() : stats.getQuery();
    bounds.bound(value)[dim] == bounds.getExpr(from, dims[dim]);
  }
};

/// All values of a state have the sizes of a sum, less the last.
template <typename OpTy>
struct AttentionStateBounds
    : ValueBoundsOpInterface::ExternalModel<AttentionStateBounds<OpTy>, OpTy> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &bounds) const {
    bounds.bound(value)[dim] ==
        bounds.getExpr(cast<OpTy>(op).getState().back(), dim);
  }
};
} // namespace

void weir::registerValueBoundsOpInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WeirDialect *) {
    ApplyOp::attachInterface<ApplyBounds>(*context);
    AttentionOp::attachInterface<AttentionBounds>(*context);
    AttentionStatsOp::attachInterface<AttentionStatsBounds>(*context);
    AttentionMergeOp::attachInterface<AttentionStateBounds<AttentionMergeOp>>(
        *context);
    AttentionFinishOp::attachInterface<AttentionStateBounds<AttentionFinishOp>>(
        *context);
  });
}
