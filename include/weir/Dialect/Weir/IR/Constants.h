//===- Constants.h - constants of a formula ----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_CONSTANTS_H
#define WEIR_DIALECT_WEIR_IR_CONSTANTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace weir {

/// What an f32 constant of a formula stands for where the formula is
/// instantiated in f64. The parser has rounded it to f32: it has the digits of
/// its attribute `weir.f64`, else those of the decimal number of at most six
/// digits that rounds to it, which every number written so has; where there is
/// none it is itself.
double getF64Value(mlir::arith::ConstantOp op);

/// An f32 constant that is `value` in f64.
mlir::arith::ConstantOp createF32Constant(mlir::OpBuilder &builder,
                                          mlir::Location loc, double value);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_CONSTANTS_H
