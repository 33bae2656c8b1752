//===- LaneLayout.cpp - how rows lie in vectors ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneLayout.h"

#include "RowTranspose.h"

using namespace mlir;
using namespace weir;

Value LaneLayout::fromScalar(OpBuilder &builder, Value scalar) const {
  return hasRowVectors()
             ? Value(vector::BroadcastOp::create(
                   builder, loc, getVectorType(scalar.getType()), scalar))
             : scalar;
}

Value LaneLayout::spread(OpBuilder &builder, Value rowNumber) const {
  assert(!isBlock() && "which row of the block?");
  if (isAcross())
    return rowNumber;
  return vector::BroadcastOp::create(
      builder, loc, getVectorType(rowNumber.getType()), rowNumber);
}

Value LaneLayout::combine(OpBuilder &builder, vector::CombiningKind kind,
                          Value vector, arith::FastMathFlags flags) const {
  if (isAcross())
    return vector;
  if (isBlock())
    return combineRows(builder, loc, kind, vector, flags);
  Type element = getElementTypeOrSelf(vector.getType());
  if (kind != vector::CombiningKind::ADD || !isa<FloatType>(element))
    return vector::ReductionOp::create(builder, loc, kind, vector, flags);
  // The sum begins with -0, which LLVM knows to drop; without it with +0.
  Value nothing = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(element, -0.0));
  return vector::ReductionOp::create(builder, loc, kind, vector, nothing,
                                     flags);
}

Value LaneLayout::emitAny(OpBuilder &builder, Value condition) const {
  if (!hasRowVectors())
    return condition;
  if (rowMask)
    condition = arith::AndIOp::create(builder, loc, condition, rowMask);
  return vector::ReductionOp::create(builder, loc, vector::CombiningKind::OR,
                                     condition);
}

Value LaneLayout::emitAll(OpBuilder &builder, Value condition) const {
  if (!hasRowVectors())
    return condition;
  auto type = cast<VectorType>(condition.getType());
  Value all = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, builder.getBoolAttr(true)));
  if (rowMask) {
    Value absent = arith::XOrIOp::create(builder, loc, rowMask, all);
    condition = arith::OrIOp::create(builder, loc, condition, absent);
  }
  return vector::ReductionOp::create(builder, loc, vector::CombiningKind::AND,
                                     condition);
}

Value LaneLayout::emitPositions(OpBuilder &builder, Value position) const {
  VectorType type = getVectorType(builder.getIndexType());
  Value first = vector::BroadcastOp::create(builder, loc, type, position);
  if (isAcross())
    return first;
  return arith::AddIOp::create(builder, loc, first,
                               vector::StepOp::create(builder, loc, type));
}
