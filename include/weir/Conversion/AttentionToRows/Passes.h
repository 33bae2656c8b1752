//===- Passes.h - attention as products and rows ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_H
#define WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace weir {

#define GEN_PASS_DECL
#include "weir/Conversion/AttentionToRows/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Conversion/AttentionToRows/Passes.h.inc"

} // namespace weir

#endif // WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_H
