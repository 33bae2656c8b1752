//===- RowLayout.cpp - weir.apply with its row last ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLayout.h"

#include "MoveRow.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace weir;

RowLayout::RowLayout(ApplyOp apply, OpBuilder &builder)
    : apply(apply), formula(apply.resolveFormula()), builder(builder),
      loc(apply.getLoc()), rank(apply.getRowRank()), along(apply.getRowDim()),
      permutation(moveToEnd(rank, along)) {
  bool moved = along != rank - 1;
  for (auto [i, input] : llvm::enumerate(apply.getInputs()))
    inputs.push_back(moved && !formula.isUniformArgument(i)
                         ? alignOperand(builder, loc, input, rank, along)
                         : input);
  mask = apply.getMask();
  if (mask && moved)
    mask = alignOperand(builder, loc, mask, rank, along);
  SmallVector<OpFoldResult> sizes = apply.getFullSizes(builder);
  for (int64_t dim : permutation)
    fullSizes.push_back(sizes[dim]);
}

Value RowLayout::createDestination(unsigned index) {
  auto type = cast<RankedTensorType>(apply.getResultTypes()[index]);
  SmallVector<OpFoldResult> sizes(fullSizes);
  SmallVector<int64_t> order(permutation);
  if (formula.isUniformResult(index)) {
    sizes.pop_back();
    order.pop_back();
    for (int64_t &dim : order)
      dim -= dim > along;
  }
  // What the result's own type says is as good.
  for (auto [size, dim] : llvm::zip(sizes, order))
    if (!type.isDynamicDim(dim))
      size = builder.getIndexAttr(type.getDimSize(dim));
  return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
}

void RowLayout::replaceResult(unsigned index, Value value) {
  Value result = apply.getResults()[index];
  if (along != rank - 1 && !formula.isUniformResult(index))
    value =
        transpose(builder, loc, value, invertPermutationVector(permutation));
  if (value.getType() != result.getType())
    value = tensor::CastOp::create(builder, loc, result.getType(), value);
  result.replaceAllUsesWith(value);
}
