//===- Variance.h - varying and uniform values of a formula ----*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_VARIANCE_H
#define WEIR_DIALECT_WEIR_IR_VARIANCE_H

#include "weir/Dialect/Weir/IR/Weir.h"
#include "llvm/ADT/DenseSet.h"

namespace weir {

/// Which values of a formula are varying (one per element); all others are
/// uniform (one per row). Varying are the arguments not declared uniform,
/// weir.position, weir.random and every elementwise value that uses one.
/// Reductions, searches and the leaves of a row are uniform.
class Variance {
public:
  explicit Variance(FormulaOp formula);
  bool isVarying(mlir::Value value) const { return varying.contains(value); }

private:
  void visit(mlir::Block &block);
  llvm::DenseSet<mlir::Value> varying;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_VARIANCE_H
