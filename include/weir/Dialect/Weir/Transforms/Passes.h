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

/// Lets upstream tile weir's ops by rows, and weir.stats along the row too.
void registerTilingInterfaceModels(mlir::DialectRegistry &registry);

/// Lets upstream compare and bound the sizes of what weir.apply gives.
void registerValueBoundsOpInterfaceModels(mlir::DialectRegistry &registry);

/// Lets `generate-runtime-verification` assert that operands' sizes fit.
void registerRuntimeVerifiableOpInterfaceModels(
    mlir::DialectRegistry &registry);

/// Lets weir.stats and its kin be verified: what a state is made of.
void registerFormulaStates(mlir::DialectRegistry &registry);

/// The identity of a slot in the type that it is stored in.
mlir::TypedAttr getStoredIdentity(const RowValue &slot, mlir::Type element);

/// Writes `formula` the way its normal forms say (weir-normalize-formulas), in
/// place.
void normalizeFormula(FormulaOp formula);

/// Writes equal parts of `formula` once and drops what nobody needs.
void cleanUpFormula(FormulaOp formula);

#define GEN_PASS_DECL
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_H
