//===- WeirLibrary.h - the formulas that come with weir -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_LIBRARY_WEIRLIBRARY_H
#define WEIR_DIALECT_WEIR_LIBRARY_WEIRLIBRARY_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Pass/Pass.h"

namespace weir {

/// Makes the library's formulas resolvable by name in contexts made from
/// `registry`.
void registerWeirLibrary(mlir::DialectRegistry &registry);

#define GEN_PASS_DECL
#include "weir/Dialect/Weir/Library/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Dialect/Weir/Library/Passes.h.inc"

} // namespace weir

#endif // WEIR_DIALECT_WEIR_LIBRARY_WEIRLIBRARY_H
