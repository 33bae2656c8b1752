//===- AttentionInterfaces.h - interfaces of attention ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

void attachAttentionTiling(mlir::MLIRContext *context);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONINTERFACES_H
