//===- LowerAttentionStates.h - states of attention to rows -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_LOWERATTENTIONSTATES_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_LOWERATTENTIONSTATES_H

#include "weir/Dialect/Weir/Transforms/DerivedSymbols.h"

namespace weir {

/// Replace the op by weir.rows over formulas that follow from its own.
void lowerAttentionState(AttentionMergeOp op, DerivedSymbols &symbols);
void lowerAttentionState(AttentionFinishOp op, DerivedSymbols &symbols);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_LOWERATTENTIONSTATES_H
