//===- RowLayout.cpp - weir.apply with its row last ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLayout.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace weir;

/// The permutation that moves dimension `from` of `rank` to the end, keeping
/// the order of the others.
static SmallVector<int64_t> moveToEnd(int64_t rank, int64_t from) {
  SmallVector<int64_t> permutation;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != from)
      permutation.push_back(dim);
  permutation.push_back(from);
  return permutation;
}

Value RowLayout::transpose(Value value, ArrayRef<int64_t> order) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : order)
    sizes.push_back(tensor::getMixedSize(builder, loc, value, dim));
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, value, empty, order)
      ->getResult(0);
}

/// An operand with the row as its last dimension. An operand of lower rank that
/// does not reach the row's dimension gets it, with size 1, since it repeats
/// along the row.
Value RowLayout::align(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t own = along - (rank - type.getRank());
  if (own >= 0)
    return own == type.getRank() - 1
               ? value
               : transpose(value, moveToEnd(type.getRank(), own));
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    groups.push_back({dim});
  shape.push_back(1);
  if (!groups.empty())
    groups.back().push_back(type.getRank());
  auto wide = RankedTensorType::get(shape, type.getElementType());
  return tensor::ExpandShapeOp::create(builder, loc, wide, value, groups);
}

RowLayout::RowLayout(ApplyOp apply, OpBuilder &builder)
    : apply(apply), formula(apply.resolveFormula()), builder(builder),
      loc(apply.getLoc()), rank(apply.getRowRank()), along(apply.getRowDim()),
      permutation(moveToEnd(rank, along)) {
  bool moved = along != rank - 1;
  for (auto [i, input] : llvm::enumerate(apply.getInputs()))
    inputs.push_back(moved && !formula.isUniformArgument(i) ? align(input)
                                                            : input);
  mask = apply.getMask();
  if (mask && moved)
    mask = align(mask);
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
    value = transpose(value, invertPermutationVector(permutation));
  if (value.getType() != result.getType())
    value = tensor::CastOp::create(builder, loc, result.getType(), value);
  result.replaceAllUsesWith(value);
}
