//===- KnownAttributes.h - attributes that an op does not have -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_KNOWNATTRIBUTES_H
#define WEIR_DIALECT_WEIR_IR_KNOWNATTRIBUTES_H

#include "mlir/IR/OpDefinition.h"

namespace weir {

/// Reports attributes that mean nothing here but would somewhere: those of
/// other ops of the dialect, and misspelt ones. Any others are marks of a
/// user's own.
llvm::LogicalResult verifyKnownAttributes(mlir::Operation *op);

/// The trait of ops that no attribute is silently lost on.
template <typename ConcreteOp>
class KnownAttributes
    : public mlir::OpTrait::TraitBase<ConcreteOp, KnownAttributes> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyKnownAttributes(op);
  }
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_KNOWNATTRIBUTES_H
