//===- Searches.h - selections and root searches -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_SEARCHES_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_SEARCHES_H

#include "RowEmitter.h"

namespace weir {

/// Emits the search `op`, a weir.solve or a weir.kth whose operands are
/// finished, and gives its results their scalars.
void emitSearch(RowEmitter &emitter, mlir::OpBuilder &builder,
                mlir::Operation *op);

void emitSolve(RowEmitter &emitter, mlir::OpBuilder &builder, SolveOp solve);
void emitKth(RowEmitter &emitter, mlir::OpBuilder &builder, KthOp kth);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_SEARCHES_H
