//===- Passes.h - the C ABI as passes ---------------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TARGET_PASSES_H
#define WEIR_TARGET_PASSES_H

#include "mlir/Pass/Pass.h"

namespace weir {

#define GEN_PASS_DECL
#include "weir/Target/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Target/Passes.h.inc"

} // namespace weir

#endif // WEIR_TARGET_PASSES_H
