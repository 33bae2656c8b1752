//===- MemoryEffects.h - what ops do to memory -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_IR_MEMORYEFFECTS_H
#define WEIR_LIB_DIALECT_WEIR_IR_MEMORYEFFECTS_H

#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace weir {

using MemoryEffectList = llvm::SmallVectorImpl<
    mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>>;

/// Memory among the operands is read, that of destinations is written, and read
/// too where the op `accumulates`.
void addDestinationStyleEffects(mlir::DestinationStyleOpInterface op,
                                MemoryEffectList &effects,
                                bool accumulates = false);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_IR_MEMORYEFFECTS_H
