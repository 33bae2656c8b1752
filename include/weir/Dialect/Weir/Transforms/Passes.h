//===- Passes.h - transformations of weir ops -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Pass/Pass.h"

namespace weir {

/// Lets one-shot bufferization see weir.rows and weir.topk_rows.
void registerBufferizableOpInterfaceModels(mlir::DialectRegistry &registry);

/// Writes `formula` the way its normal forms say (weir-normalize-formulas), in
/// place.
void normalizeFormula(FormulaOp formula);

#define GEN_PASS_DECL
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_H
