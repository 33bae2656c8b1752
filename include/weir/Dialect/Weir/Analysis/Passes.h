//===- Passes.h - facts about formulas -----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_PASSES_H
#define WEIR_DIALECT_WEIR_ANALYSIS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace weir {

#define GEN_PASS_DECL
#include "weir/Dialect/Weir/Analysis/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Dialect/Weir/Analysis/Passes.h.inc"

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_PASSES_H
