//===- ForwardDerivative.h - derivatives of elementwise code -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_FORWARDDERIVATIVE_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_FORWARDDERIVATIVE_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/Builders.h"

namespace weir {

/// Derivatives of the values of a block with respect to one of its arguments,
/// written beside the code itself (forward mode). A maximum's derivative is
/// that of the operand it takes; where two are equal, the second's.
class ForwardDerivative {
public:
  /// Derivatives with respect to `unknown`, whose own is 1.
  explicit ForwardDerivative(mlir::BlockArgument unknown);

  /// Visits the ops of the block in order. Fails at the first op that has no
  /// derivative here; `getCulprit` names it then.
  mlir::LogicalResult run();
  mlir::Operation *getCulprit() const { return culprit; }

  /// The derivative of `value`; null where it is 0.
  mlir::Value get(mlir::Value value) const { return known.lookup(value); }

private:
  mlir::FailureOr<mlir::Value> derive(mlir::Operation *op);
  mlir::Value constant(double value);
  mlir::Value orZero(mlir::Value derivative);
  mlir::Value add(mlir::Value a, mlir::Value b, double sign);
  mlir::Value multiply(mlir::Value a, mlir::Value derivative, double times = 1);

  mlir::Block *block;
  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
  mlir::Operation *culprit = nullptr;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_FORWARDDERIVATIVE_H
