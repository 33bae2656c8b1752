//===- BodyBuilder.h - expressions as ops of a formula ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_BODYBUILDER_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_BODYBUILDER_H

#include "weir/Dialect/Weir/IR/Constants.h"
#include "weir/Dialect/Weir/Transforms/ExprBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace weir {

/// Expressions as ops of the formula's own body.
class BodyBuilder : public ExprBuilder {
public:
  using ExprBuilder::ExprBuilder;
  mlir::Value constant(double value) override {
    return createF32Constant(builder, loc, value);
  }

protected:
  mlir::Value leaf(mlir::Value value) override { return value; }
  mlir::Value exponential(mlir::Value argument) override {
    return mlir::math::ExpOp::create(builder, loc, argument);
  }
  mlir::Value exponentialOfTwo(mlir::Value argument) override {
    return mlir::math::Exp2Op::create(builder, loc, argument);
  }
  bool hasNarrowConstants() const override { return true; }
  mlir::Value apply(mlir::Operation *op, mlir::ValueRange operands) override {
    mlir::Operation *clone = builder.clone(*op);
    clone->setOperands(operands);
    return clone->getResult(0);
  }
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_BODYBUILDER_H
