//===- MoveRow.cpp - the row as the last dimension of tensors ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoveRow.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

SmallVector<int64_t> weir::moveToEnd(int64_t rank, int64_t from) {
  SmallVector<int64_t> permutation;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != from)
      permutation.push_back(dim);
  permutation.push_back(from);
  return permutation;
}

Value weir::transpose(OpBuilder &builder, Location loc, Value value,
                      ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : permutation)
    sizes.push_back(tensor::getMixedSize(builder, loc, value, dim));
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, value, empty, permutation)
      ->getResult(0);
}

Value weir::alignOperand(OpBuilder &builder, Location loc, Value value,
                         int64_t rank, int64_t along) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t own = along - (rank - type.getRank());
  if (own >= 0)
    return own == type.getRank() - 1
               ? value
               : transpose(builder, loc, value, moveToEnd(type.getRank(), own));
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
