//===- Passes.td - linking the library -----------------*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_LIBRARY_PASSES_TD
#define WEIR_DIALECT_WEIR_LIBRARY_PASSES_TD

include "mlir/Pass/PassBase.td"

def WeirLinkLibrary : Pass<"weir-link-library", "::mlir::ModuleOp"> {
  let summary = "Clone the library formulas that are used into the module";
  let description = [{
    A reference that no `weir.formula` of an enclosing symbol table answers is answered by the library: the formula is cloned into the
    nearest symbol table under a reserved name and the reference rewritten.

    Before: `weir.apply @softmax(%x)`. After: `weir.apply @weir.lib.softmax(%x)` beside `weir.formula private @weir.lib.softmax`.
  }];
  let dependentDialects = ["::weir::WeirDialect"];
}

#endif // WEIR_DIALECT_WEIR_LIBRARY_PASSES_TD
