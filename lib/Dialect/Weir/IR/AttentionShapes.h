//===- AttentionShapes.h - what attention's ops have to fit -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_IR_ATTENTIONSHAPES_H
#define WEIR_LIB_DIALECT_WEIR_IR_ATTENTIONSHAPES_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// Sizes as a type would show them.
std::string show(llvm::ArrayRef<int64_t> shape);

/// The formula's varying result, with which values are weighed (C2).
mlir::FailureOr<unsigned> findWeights(mlir::Operation *op, FormulaOp formula);

/// Whether the policies go with the formula, and with attention (C9).
mlir::LogicalResult verifyAttentionPolicies(mlir::Operation *op,
                                            FormulaOp formula, bool hasPolicy,
                                            std::optional<EmptyRow> emptyRow);

/// The first of `all` sizes, as many as `type` has; its own where they are
/// static.
llvm::SmallVector<mlir::OpFoldResult>
withStaticSizes(mlir::OpBuilder &builder, mlir::Type type,
                llvm::ArrayRef<mlir::OpFoldResult> all);

/// What the formula leaves of some keys (C11).
mlir::FailureOr<AttentionStateLayout>
getAttentionLayout(mlir::Operation *op, FormulaOp formula,
                   StatePolicies policies);

/// What rows of attention have: [B, Hq, Lq], the size of a value, and the type
/// that sums are of.
struct AttentionRowShape {
  llvm::SmallVector<int64_t> rows;
  int64_t valueSize;
  mlir::Type accumulator;
};

/// Checks that `types` are the slots and sums of the layout (C6).
mlir::LogicalResult verifyAttentionState(mlir::Operation *op, FormulaOp formula,
                                         const AttentionStateLayout &layout,
                                         mlir::TypeRange types,
                                         const AttentionRowShape &shape);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_IR_ATTENTIONSHAPES_H
