//===- ProductOps.cpp - verifiers of matrix products and packing ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

using namespace mlir;
using namespace weir::cpu;

/// True when rows are contiguous, whatever lies between them.
static bool hasContiguousRows(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

static bool areDifferent(int64_t a, int64_t b) {
  return !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b;
}

LogicalResult ProductOp::verify() {
  MemRefType a = getA().getType(), b = getB().getType(), c = getC().getType();
  if (a.getElementType() != b.getElementType() ||
      a.getElementType() != c.getElementType())
    return emitOpError("C1: operands of one type, f32 or f64, but found ")
           << a.getElementType() << ", " << b.getElementType() << " and "
           << c.getElementType();
  for (MemRefType type : {a, b, c})
    if (!hasContiguousRows(type))
      return emitOpError("C2: the last dimension of ")
             << type << " must be of stride 1";
  if (areDifferent(a.getDimSize(0), c.getDimSize(0)))
    return emitOpError("C3: a has ")
           << a.getDimSize(0) << " rows and c " << c.getDimSize(0);
  if (areDifferent(a.getDimSize(1), b.getDimSize(0)))
    return emitOpError("C3: a has ") << a.getDimSize(1) << " columns and b "
                                     << b.getDimSize(0) << " rows";
  if (areDifferent(b.getDimSize(1), c.getDimSize(1)))
    return emitOpError("C3: b has ")
           << b.getDimSize(1) << " columns and c " << c.getDimSize(1);
  return success();
}

LogicalResult PackOp::verify() {
  MemRefType src = getSrc().getType(), dst = getDst().getType();
  if (src.getElementType().isF64() != dst.getElementType().isF64())
    return emitOpError("C1: f64 is packed as f64 and everything else as f32, "
                       "but found ")
           << src.getElementType() << " and " << dst.getElementType();
  for (MemRefType type : {src, dst})
    if (!hasContiguousRows(type))
      return emitOpError("C2: the last dimension of ")
             << type << " must be of stride 1";
  for (unsigned dim : {0, 1}) {
    int64_t from = src.getDimSize(getTranspose() ? 1 - dim : dim),
            to = dst.getDimSize(dim);
    if (!ShapedType::isDynamic(from) && !ShapedType::isDynamic(to) && to < from)
      return emitOpError("C3: dimension ")
             << dim << " of dst holds " << to << " of " << from << " elements";
  }
  return success();
}
