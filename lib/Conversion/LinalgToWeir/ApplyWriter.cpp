//===- ApplyWriter.cpp - a raised formula applied ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ApplyWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

/// The dimensions of `wanted` that `layout` lacks as units.
static Layout fillWithUnits(ArrayRef<int64_t> layout,
                            ArrayRef<int64_t> wanted) {
  Layout filled;
  for (int64_t dim : wanted)
    filled.push_back(llvm::is_contained(layout, dim) ? dim : kUnit);
  return filled;
}

static RankedTensorType getTypeOf(RankedTensorType own,
                                  ArrayRef<int64_t> layout,
                                  ArrayRef<int64_t> wanted) {
  SmallVector<int64_t> sizes;
  for (int64_t dim : wanted)
    sizes.push_back(dim == kUnit ? 1
                                 : own.getDimSize(llvm::find(layout, dim) -
                                                  layout.begin()));
  return RankedTensorType::get(sizes, own.getElementType());
}

/// An operand as weir.apply takes it. Varying ones may lack leading dimensions.
static Value shapeOperand(OpBuilder &builder, Location loc,
                          const RowSpace &space,
                          const GroupWriter::Operand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.value.getType());
  if (!type)
    return operand.value;
  Layout full = getApplyLayout(space, operand.varying);
  Layout wanted = fillWithUnits(operand.layout, full);
  ArrayRef<int64_t> tail = ArrayRef(wanted).take_back(operand.layout.size());
  if (operand.varying && type.getRank() <= space.getRank() &&
      ArrayRef<int64_t>(operand.layout) == tail)
    return operand.value;
  return reshapeUnits(builder, loc, operand.value, operand.layout,
                      getTypeOf(type, operand.layout, wanted), wanted);
}

/// What weir.apply gives for `result`: uniform numbers are accumulators.
static RankedTensorType getApplyType(const RowGroup &group, Value result,
                                     Type accumulator) {
  const RowSpace &space = group.getSpace();
  auto type = cast<RankedTensorType>(result.getType());
  ArrayRef<int64_t> layout = group.getLayout(result);
  bool varying = space.isVarying(layout);
  RankedTensorType shaped =
      getTypeOf(type, layout, getApplyLayout(space, varying));
  if (varying || !isa<FloatType>(type.getElementType()))
    return shaped;
  return shaped.clone(accumulator);
}

/// Elements of one floating-point type as those of another.
static Value castElements(OpBuilder &builder, Location loc, Value value,
                          Type element) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  bool narrows =
      type.getElementTypeBitWidth() > element.getIntOrFloatBitWidth();
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, value), element);
  auto cast = linalg::GenericOp::create(
      builder, loc, empty.getType(), value, empty, maps, iterators,
      [&](OpBuilder &b, Location l, ValueRange args) {
        Value number =
            narrows ? Value(arith::TruncFOp::create(b, l, element, args[0]))
                    : Value(arith::ExtFOp::create(b, l, element, args[0]));
        linalg::YieldOp::create(b, l, number);
      });
  return cast->getResult(0);
}

ApplyOp weir::createApply(OpBuilder &builder, const RowGroup &group,
                          ValueRange results, const RaisedApply &raised) {
  const RowSpace &space = group.getSpace();
  Location loc = group.getMembers().front()->getLoc();
  SmallVector<Value> inputs;
  for (const GroupWriter::Operand &operand : raised.operands)
    inputs.push_back(shapeOperand(builder, loc, space, operand));
  Value mask =
      raised.mask ? shapeOperand(builder, loc, space, *raised.mask) : Value();
  const auto *score = llvm::find_if(
      raised.operands, [](const auto &operand) { return operand.varying; });
  Type accumulator = builder.getF32Type();
  if (getElementTypeOrSelf(score->value.getType()).isF64())
    accumulator = builder.getF64Type();
  SmallVector<Type> types;
  for (Value result : results)
    types.push_back(getApplyType(group, result, accumulator));
  auto apply = ApplyOp::create(
      builder, loc, types, raised.formula, inputs, mask,
      /*along=*/IntegerAttr(), EmptyRowAttr(), PosInfAttr(), NaNPolicyAttr(),
      TiesAttr(), NegInfAttr(), FormAttr(), /*thread_grain=*/IntegerAttr(),
      /*stream_bytes=*/IntegerAttr());
  if (space.rowDim != space.getRank() - 1)
    apply.setAlong(space.rowDim);
  if (raised.emptyRow != EmptyRow::Zero)
    apply.setEmptyRow(raised.emptyRow);
  if (raised.negInf != NegInf::Exclude)
    apply.setNegInf(raised.negInf);
  if (raised.nan != NaNPolicy::Propagate)
    apply.setNan(raised.nan);
  return apply;
}

ApplyOp weir::writeApply(OpBuilder &builder, const RowGroup &group,
                         ValueRange results, const RaisedApply &raised) {
  const RowSpace &space = group.getSpace();
  ApplyOp apply = createApply(builder, group, results, raised);
  Location loc = apply.getLoc();
  for (auto [result, value] : llvm::zip_equal(results, apply.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    ArrayRef<int64_t> layout = group.getLayout(result);
    Layout own = getApplyLayout(space, space.isVarying(layout));
    Value cast = castElements(builder, loc, value, type.getElementType());
    result.replaceUsesWithIf(
        reshapeUnits(builder, loc, cast, own, type, layout),
        [&](OpOperand &use) {
          Operation *user =
              apply->getBlock()->findAncestorOpInBlock(*use.getOwner());
          return !user || !group.contains(user);
        });
  }
  return apply;
}
