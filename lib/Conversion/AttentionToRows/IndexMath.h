//===- IndexMath.h - arithmetic on indices, briefly ---------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_INDEXMATH_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_INDEXMATH_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace weir {

/// Ops on values of type index, emitted by one builder at one location.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpIPredicate;

  Value constant(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value add(Value a, Value b) {
    return builder.createOrFold<mlir::arith::AddIOp>(loc, a, b);
  }
  Value sub(Value a, Value b) {
    return builder.createOrFold<mlir::arith::SubIOp>(loc, a, b);
  }
  Value mul(Value a, Value b) {
    return builder.createOrFold<mlir::arith::MulIOp>(loc, a, b);
  }
  Value div(Value a, Value b) {
    return builder.createOrFold<mlir::arith::DivUIOp>(loc, a, b);
  }
  Value rem(Value a, Value b) {
    return builder.createOrFold<mlir::arith::RemUIOp>(loc, a, b);
  }
  Value ceilDiv(Value a, Value b) {
    return builder.createOrFold<mlir::arith::CeilDivUIOp>(loc, a, b);
  }
  /// Signed: differences of lengths may be negative.
  Value min(Value a, Value b) {
    return builder.createOrFold<mlir::arith::MinSIOp>(loc, a, b);
  }
  Value max(Value a, Value b) {
    return builder.createOrFold<mlir::arith::MaxSIOp>(loc, a, b);
  }
  Value clamp(Value a, Value low, Value high) { return min(max(a, low), high); }
  Value compare(Predicate predicate, Value a, Value b) {
    return builder.createOrFold<mlir::arith::CmpIOp>(loc, predicate, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return builder.createOrFold<mlir::arith::SelectOp>(loc, condition, a, b);
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_INDEXMATH_H
