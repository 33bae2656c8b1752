//===- RowSpace.cpp - where tensors lie in a row program's shape ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowSpace.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

Layout RowSpace::getDims(bool varying) const {
  Layout dims;
  for (int64_t dim = 0; dim < getRank(); ++dim)
    if (dim == rowDim ? varying : shape[dim] != 1)
      dims.push_back(dim);
  return dims;
}

bool RowSpace::isComplete(ArrayRef<int64_t> layout) const {
  return dropUnits(layout) == getDims(isVarying(layout));
}

Layout weir::getApplyLayout(const RowSpace &space, bool varying) {
  Layout layout;
  for (int64_t dim = 0; dim < space.getRank(); ++dim)
    if (dim != space.rowDim)
      layout.push_back(space.shape[dim] == 1 ? kUnit : dim);
    else if (varying)
      layout.push_back(dim);
  return layout;
}

Layout weir::dropUnits(ArrayRef<int64_t> layout) {
  Layout dims;
  for (int64_t dim : layout)
    if (dim != kUnit)
      dims.push_back(dim);
  return dims;
}

bool weir::isOrdered(ArrayRef<int64_t> layout) {
  return llvm::is_sorted(dropUnits(layout), std::less_equal<int64_t>());
}

std::optional<Layout> weir::getLayout(AffineMap map, ArrayRef<int64_t> loops,
                                      RankedTensorType type) {
  Layout layout;
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), type.getShape())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      layout.push_back(loops[dim.getPosition()]);
      if (layout.back() == kUnit && size != 1)
        return std::nullopt; // Its size is known from another operand only.
      continue;
    }
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant || constant.getValue() != 0 || size != 1)
      return std::nullopt;
    layout.push_back(kUnit);
  }
  return layout;
}

bool weir::bindLoops(AffineMap map, ArrayRef<int64_t> layout,
                     MutableArrayRef<int64_t> loops) {
  for (auto [expr, dim] : llvm::zip_equal(map.getResults(), layout)) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop) {
      if (dim != kUnit)
        return false;
      continue;
    }
    int64_t &known = loops[loop.getPosition()];
    if (known == kUnknown)
      known = dim;
    if (known != dim)
      return false;
  }
  return true;
}

Layout weir::getUnboundLoops(linalg::LinalgOp op) {
  Layout loops;
  for (int64_t extent : op.getStaticLoopRanges())
    loops.push_back(extent == 1 ? kUnit : kUnknown);
  return loops;
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

std::optional<Layout> weir::widenLayout(ArrayRef<int64_t> narrow,
                                        RankedTensorType wide,
                                        ArrayRef<ReassociationIndices> groups) {
  Layout layout(wide.getRank(), kUnit);
  for (auto [dim, group] : llvm::zip_equal(narrow, groups)) {
    bool placed = false;
    for (int64_t i : group) {
      if (wide.getDimSize(i) == 1)
        continue;
      if (placed || dim == kUnit)
        return std::nullopt;
      layout[i] = dim;
      placed = true;
    }
    if (!placed && dim != kUnit)
      return std::nullopt;
  }
  return layout;
}

std::optional<Layout>
weir::narrowLayout(ArrayRef<int64_t> wideLayout, RankedTensorType wide,
                   ArrayRef<ReassociationIndices> groups) {
  Layout layout;
  for (const ReassociationIndices &group : groups) {
    int64_t dim = kUnit;
    int64_t count = 0;
    for (int64_t i : group)
      if (wide.getDimSize(i) != 1) {
        dim = wideLayout[i];
        ++count;
      }
    if (count > 1)
      return std::nullopt;
    layout.push_back(dim);
  }
  return layout;
}

/// Groups that put each unit of `layout` beside a dimension that is none; empty
/// when there is only units.
static SmallVector<ReassociationIndices> groupUnits(ArrayRef<int64_t> layout) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices waiting;
  for (auto [i, dim] : llvm::enumerate(layout)) {
    waiting.push_back(i);
    if (dim == kUnit)
      continue;
    groups.push_back(waiting);
    waiting.clear();
  }
  if (!groups.empty())
    groups.back().append(waiting);
  return groups;
}

Value weir::reshapeUnits(OpBuilder &builder, Location loc, Value value,
                         ArrayRef<int64_t> layout, RankedTensorType type,
                         ArrayRef<int64_t> wanted) {
  auto own = cast<RankedTensorType>(value.getType());
  if (layout == wanted) {
    if (own != type)
      value = tensor::CastOp::create(builder, loc, type, value);
    return value;
  }
  SmallVector<int64_t> sizes;
  for (auto [dim, size] : llvm::zip_equal(layout, own.getShape()))
    if (dim != kUnit)
      sizes.push_back(size);
  auto narrow = RankedTensorType::get(sizes, own.getElementType());
  if (narrow.getRank() != own.getRank())
    value = tensor::CollapseShapeOp::create(builder, loc, narrow, value,
                                            groupUnits(layout));
  SmallVector<int64_t> wide(wanted.size(), 1);
  for (unsigned i = 0, next = 0; i < wide.size(); ++i)
    if (wanted[i] != kUnit)
      wide[i] = sizes[next++];
  auto wideType = RankedTensorType::get(wide, own.getElementType());
  if (wideType.getRank() != narrow.getRank())
    value = tensor::ExpandShapeOp::create(builder, loc, wideType, value,
                                          groupUnits(wanted));
  if (wideType != type)
    value = tensor::CastOp::create(builder, loc, type, value);
  return value;
}
