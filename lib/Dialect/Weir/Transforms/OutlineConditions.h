//===- OutlineConditions.h - masks out of bodies ------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_OUTLINECONDITIONS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_OUTLINECONDITIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace weir {

/// A formula knows no index of a batch or a head, and of a query only where
/// there are no others. Conditions on indices in the body of an elementwise op
/// become masks that ops of their own make, and the op one that takes them.
/// Returns that, or `op` where there are none. `made` gets what is written, in
/// order; nothing uses it yet.
mlir::linalg::LinalgOp
outlineConditions(mlir::linalg::LinalgOp op,
                  llvm::SmallVectorImpl<mlir::Operation *> &made);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_OUTLINECONDITIONS_H
