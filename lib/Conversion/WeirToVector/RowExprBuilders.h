//===- RowExprBuilders.h - expressions as code of a row -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEXPRBUILDERS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEXPRBUILDERS_H

#include "RowEmitter.h"
#include "weir/Dialect/Weir/Transforms/ExprBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace weir {

/// Expressions in the lanes of one element, whose leaves are the formula's
/// values there.
class LaneExprBuilder : public ExprBuilder {
public:
  LaneExprBuilder(mlir::OpBuilder &builder, RowEmitter &emitter,
                  Element &element)
      : ExprBuilder(builder, emitter.rows.getLoc()), emitter(emitter),
        element(element) {}

  mlir::Value constant(double value) override {
    return emitter.constant(
        builder, emitter.access.getVectorType(emitter.access.getComputeType()),
        value);
  }

protected:
  mlir::Value leaf(mlir::Value value) override {
    return emitter.getVector(builder, element, value);
  }
  mlir::Value exponential(mlir::Value argument) override {
    return emitter.emitAnchoredExp(builder, argument);
  }
  mlir::Value apply(mlir::Operation *op, mlir::ValueRange operands) override {
    return emitter.emitElementwise(builder, op, 0, operands, /*asVector=*/true);
  }

private:
  RowEmitter &emitter;
  Element &element;
};

/// Expressions of finished uniforms, one number per row: in lanes of vectors
/// across rows.
class ScalarExprBuilder : public ExprBuilder {
public:
  ScalarExprBuilder(mlir::OpBuilder &builder, RowEmitter &emitter)
      : ExprBuilder(builder, emitter.rows.getLoc()), emitter(emitter) {}

  mlir::Value constant(double value) override {
    return emitter.constant(builder, emitter.access.getRowType(), value);
  }

protected:
  mlir::Value leaf(mlir::Value value) override {
    return emitter.getScalar(value);
  }
  mlir::Value exponential(mlir::Value argument) override {
    return mlir::math::ExpOp::create(builder, loc, argument);
  }
  mlir::Value apply(mlir::Operation *op, mlir::ValueRange operands) override {
    return emitter.emitElementwise(builder, op, 0, operands,
                                   /*asVector=*/false);
  }

private:
  RowEmitter &emitter;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEXPRBUILDERS_H
