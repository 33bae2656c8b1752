//===- Constants.cpp - constants of a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Constants.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using namespace weir;

double weir::getF64Value(arith::ConstantOp op) {
  APFloat single = cast<FloatAttr>(op.getValue()).getValue();
  if (auto digits = op->getAttrOfType<FloatAttr>(WeirDialect::kF64AttrName))
    return digits.getValueAsDouble();
  if (!single.isFinite())
    return single.convertToDouble();
  SmallString<32> text;
  single.toString(text, /*FormatPrecision=*/6, /*FormatMaxPadding=*/0);
  APFloat decimal(APFloat::IEEEdouble());
  llvm::consumeError(
      decimal.convertFromString(text, APFloat::rmNearestTiesToEven)
          .takeError());
  double wide = decimal.convertToDouble();
  return static_cast<float>(wide) == single.convertToFloat()
             ? wide
             : single.convertToDouble();
}

arith::ConstantOp weir::createF32Constant(OpBuilder &builder, Location loc,
                                          double value) {
  float single = static_cast<float>(value);
  auto op =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(single));
  if (getF64Value(op) != value)
    op->setAttr(WeirDialect::kF64AttrName, builder.getF64FloatAttr(value));
  return op;
}
