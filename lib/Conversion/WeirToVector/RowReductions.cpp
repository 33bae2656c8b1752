//===- RowReductions.cpp - partial results of a row's reductions ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

Value RowEmitter::getIdentity(OpBuilder &builder, ReductionKind kind,
                              Type type) {
  Type element = getElementTypeOrSelf(type);
  if (isa<FloatType>(element) || kind == ReductionKind::Add)
    return constant(builder, type,
                    kind == ReductionKind::Add   ? 0.0
                    : kind == ReductionKind::Max ? -INFINITY
                                                 : INFINITY);
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  APInt extreme = kind == ReductionKind::Max ? APInt::getSignedMinValue(width)
                                             : APInt::getSignedMaxValue(width);
  TypedAttr attr = builder.getIntegerAttr(element, extreme);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

Value RowEmitter::combine(OpBuilder &builder, ReduceOp reduce, Value a,
                          Value b) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(a.getType()));
  if (reduce.getKind() == ReductionKind::Add)
    // A product may be fused into its sum.
    return isFloat ? Value(arith::AddFOp::create(
                         builder, loc, a, b, arith::FastMathFlags::contract))
                   : Value(arith::AddIOp::create(builder, loc, a, b));
  bool isMax = reduce.getKind() == ReductionKind::Max;
  if (!isFloat)
    return isMax ? Value(arith::MaxSIOp::create(builder, loc, a, b))
                 : Value(arith::MinSIOp::create(builder, loc, a, b));
  if (!maximaMayLoseNaN)
    return isMax ? Value(arith::MaximumFOp::create(builder, loc, a, b))
                 : Value(arith::MinimumFOp::create(builder, loc, a, b));
  // One instruction, and a NaN in `b` is dropped: see maximaMayLoseNaN.
  auto predicate =
      isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  Value better = arith::CmpFOp::create(builder, loc, predicate, b, a);
  return arith::SelectOp::create(builder, loc, better, b, a);
}

/// As Kahan (1965) does. A loss that is no number, of a total that is none,
/// must not reach the next total: inf would become NaN.
void RowEmitter::addWithLoss(OpBuilder &b, Value &total, Value &loss,
                             Value term) {
  Value rest = arith::SubFOp::create(b, loc, term, loss);
  Value next = arith::AddFOp::create(b, loc, total, rest);
  Value added = arith::SubFOp::create(b, loc, next, total);
  Value lost = arith::SubFOp::create(b, loc, added, rest);
  Value zero = constant(b, total.getType(), 0.0);
  Value isNumber =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                            arith::SubFOp::create(b, loc, lost, lost), zero);
  loss = arith::SelectOp::create(b, loc, isNumber, lost, zero);
  total = next;
}

Value RowEmitter::combineLanes(OpBuilder &builder, ReduceOp reduce,
                               Value vector) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(vector.getType()));
  bool isMax = reduce.getKind() == ReductionKind::Max;
  using Kind = vector::CombiningKind;
  const LaneLayout &layout = access.getLayout();
  if (reduce.getKind() == ReductionKind::Add)
    return layout.combine(builder, Kind::ADD, vector,
                          isFloat ? arith::FastMathFlags::reassoc
                                  : arith::FastMathFlags::none);
  if (!isFloat)
    return layout.combine(builder, isMax ? Kind::MAXSI : Kind::MINSI, vector);
  if (!maximaMayLoseNaN)
    return layout.combine(builder, isMax ? Kind::MAXIMUMF : Kind::MINIMUMF,
                          vector);
  return layout.combine(builder, isMax ? Kind::MAXNUMF : Kind::MINNUMF, vector,
                        arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}
