//===- RowBody.h - what a linalg op says of one element ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWBODY_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWBODY_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace weir {

/// A result of a reduction: what it combines, and how.
struct Combiner {
  ReductionKind kind = ReductionKind::Add;
  mlir::Value operand;
  bool dropsNaN = false;
  /// A maximum or minimum of numbers, to which NaN is as good a start as an
  /// infinity.
  bool startsFromNaN = false;
};

/// Recognises the yielded value `index` of a reduction as a combination of its
/// accumulator with something that does not lean on one.
std::optional<Combiner> matchCombiner(mlir::linalg::LinalgOp op,
                                      unsigned index);

/// The number that an operand is everywhere: a constant, or a fill with one.
mlir::TypedAttr getSplat(mlir::Value tensor);
/// The scalar that a tensor is filled with, or null.
mlir::Value getFilling(mlir::Value tensor);
/// True when starting from `number` changes nothing.
bool isIdentity(const Combiner &combiner, mlir::TypedAttr number);

/// True for the finite number that is next to the identity of `kind`.
bool isLowestFinite(ReductionKind kind, mlir::TypedAttr number);

/// True for types that a formula can stand for.
bool isRowType(mlir::Type type);
/// True for conversions between floating-point types, which a formula leaves
/// out.
bool isFloatCast(mlir::Operation *op);
/// The ops of a body that used results lean on; for a reduction those behind
/// the combined operands.
llvm::SetVector<mlir::Operation *> getUsedBody(mlir::linalg::LinalgOp op);
/// Why a formula cannot say what the body says, or "".
std::string findObstacle(mlir::linalg::LinalgOp op);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWBODY_H
