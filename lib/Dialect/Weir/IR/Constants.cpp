//===- Constants.cpp - constants of a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Constants.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include <charconv>

using namespace mlir;
using namespace weir;

double weir::getF64Value(arith::ConstantOp op) {
  APFloat single = cast<FloatAttr>(op.getValue()).getValue();
  if (auto digits = op->getAttrOfType<FloatAttr>(WeirDialect::kF64AttrName))
    return digits.getValueAsDouble();
  if (!single.isFinite())
    return single.convertToDouble();
  // Not APFloat's decimals, which are cut off and not rounded.
  char text[32];
  float value = single.convertToFloat();
  const char *end = std::to_chars(std::begin(text), std::end(text), value,
                                  std::chars_format::scientific,
                                  /*precision=*/5)
                        .ptr;
  double wide = value;
  std::from_chars(text, end, wide);
  return static_cast<float>(wide) == value ? wide : value;
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
