//===- Passes.td - conversions out of the weir dialect ---*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CONVERSION_PASSES_TD
#define WEIR_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertWeirToVector : Pass<"convert-weir-to-vector", "::mlir::ModuleOp"> {
  let summary = "Turn weir.rows and weir.topk_rows on memrefs into loops over vectors";
  let description = [{
    Writes each `weir.rows` and `weir.topk_rows` as loops over its outer dimensions around the sweeps of its form, at the vector width that the
    module's `weir.target` names (128 bits without one). Formulas are erased once nothing refers to them.

    Before: `weir.rows @softmax ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<stored>}`.
    After: an `scf.for` over rows holding a sweep for the maximum, one that stores exponentials and sums them, and one that scales.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::weir::cpu::WeirCPUDialect"];
}

#endif // WEIR_CONVERSION_PASSES_TD
