//===- ProductOps.cpp - verifiers of matrix products and packing ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

using namespace mlir;
using namespace weir::cpu;

/// True when rows are contiguous, whatever lies between them. Pairs are part of
/// a row.
static bool hasContiguousRows(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return false;
  return type.getRank() == 2 || strides[type.getRank() - 2] == 2;
}

static bool areDifferent(int64_t a, int64_t b) {
  return !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b;
}

/// True of a matrix of bf16 two rows of which lie side by side.
static bool isInPairs(MemRefType type) {
  return type.getRank() >= 3 && type.getShape().back() == 2 &&
         type.getElementType().isBF16();
}

/// The rows, of single ones or pairs, that hold `rows` rows.
static int64_t getHeldRows(int64_t rows, bool inPairs) {
  return ShapedType::isDynamic(rows) || !inPairs ? rows : (rows + 1) / 2;
}

/// C1. `turned`: B is transposed, in the order of tiles.
static bool areProductTypes(MemRefType a, MemRefType b, MemRefType c,
                            bool turned) {
  Type left = a.getElementType(), right = b.getElementType(),
       sum = c.getElementType();
  if (left.isBF16())
    return sum.isF32() &&
           (turned ? right.isBF16() && b.getRank() == 2 : ::isInPairs(b));
  bool isWidened = left.isF32() && (right.isBF16() || right.isF16());
  return b.getRank() == 2 && left == sum && (left == right || isWidened);
}

LogicalResult ProductOp::verify() {
  MemRefType a = getA().getType(), b = getB().getType(), c = getC().getType();
  if (!areProductTypes(a, b, c, getTransposeB() && getTileOrder()))
    return emitOpError("C1: operands of f32 (b of 16 bits, too), of f64, or of "
                       "bf16, bf16 in pairs or transposed in the order "
                       "of tiles, and f32, but found ")
           << a << ", " << b << " and " << c;
  for (MemRefType type : {a, b, c})
    if (!hasContiguousRows(type))
      return emitOpError("C2: the last dimension of ")
             << type << " must be of stride 1, and pairs of stride 2";
  if (areDifferent(a.getDimSize(0), c.getDimSize(0)))
    return emitOpError("C3: a has ")
           << a.getDimSize(0) << " rows and c " << c.getDimSize(0);
  if (isInStrips()) {
    int64_t width = b.getDimSize(2);
    if (ShapedType::isDynamic(width) || width <= 0 || width % 32 != 0)
      return emitOpError("C5: a strip has a known multiple of 32 columns, but "
                         "found ")
             << b;
    if (!ShapedType::isDynamic(b.getDimSize(0)) &&
        !ShapedType::isDynamic(c.getDimSize(1)) &&
        b.getDimSize(0) * width < c.getDimSize(1))
      return emitOpError("C3: b has ")
             << b.getDimSize(0) * width << " columns and c " << c.getDimSize(1);
    if (areDifferent(getHeldRows(a.getDimSize(1), true), b.getDimSize(1)))
      return emitOpError("C3: a has ") << a.getDimSize(1) << " columns and b "
                                       << b.getDimSize(1) << " pairs of rows";
    if (getTransposeB() || getPrefetch())
      return emitOpError("C4: b in pairs is neither transposed nor prefetched");
    return success();
  }
  unsigned sum = getTransposeB() ? 1 : 0, column = 1 - sum;
  StringRef names[] = {isInPairs() ? "pairs of rows" : "rows", "columns"};
  if (areDifferent(getHeldRows(a.getDimSize(1), isInPairs()),
                   b.getDimSize(sum)))
    return emitOpError("C3: a has ") << a.getDimSize(1) << " columns and b "
                                     << b.getDimSize(sum) << " " << names[sum];
  if (areDifferent(b.getDimSize(column), c.getDimSize(1)))
    return emitOpError("C3: b has ")
           << b.getDimSize(column) << " " << names[column] << " and c "
           << c.getDimSize(1);
  if (isInPairs() && (getTransposeB() || getPrefetch()))
    return emitOpError("C4: b in pairs is neither transposed nor prefetched");
  if (getTransposeB() && getTileOrder() && !b.getElementType().isBF16())
    return emitOpError("C4: a transposed b in the order of tiles is bf16, but "
                       "found ")
           << b;
  if (isInTurnedTiles() &&
      (getAccumulate() || ShapedType::isDynamic(a.getDimSize(1))))
    return emitOpError("C6: a of bf16 and a transposed b are not accumulated, "
                       "and have a known number of columns, but a is ")
           << a;
  return success();
}

static bool arePackTypes(MemRefType src, MemRefType dst, bool transpose) {
  if (dst.getRank() == 3)
    return ::isInPairs(dst) && src.getElementType().isBF16();
  if (dst.getElementType().isBF16())
    return src.getElementType().isBF16() && !transpose;
  return src.getElementType().isF64() ? dst.getElementType().isF64()
                                      : dst.getElementType().isF32();
}

LogicalResult PackOp::verify() {
  MemRefType src = getSrc().getType(), dst = getDst().getType();
  if (!arePackTypes(src, dst, getTranspose()))
    return emitOpError("C1: f64 is packed as f64, bf16 as f32, in pairs of "
                       "bf16 or, not transposed, as it is, everything else as "
                       "f32, but found ")
           << src << " and " << dst;
  for (MemRefType type : {src, dst})
    if (!hasContiguousRows(type))
      return emitOpError("C2: the last dimension of ")
             << type << " must be of stride 1, and pairs of stride 2";
  for (unsigned dim : {0, 1}) {
    int64_t from = src.getDimSize(getTranspose() ? 1 - dim : dim),
            to = dst.getDimSize(dim);
    from = getHeldRows(from, dim == 0 && isInPairs());
    if (!ShapedType::isDynamic(from) && !ShapedType::isDynamic(to) && to < from)
      return emitOpError("C3: dimension ")
             << dim << " of dst holds " << to << " of " << from << " elements";
  }
  return success();
}
