//===- Passes.td - attention as products and rows ---*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_TD
#define WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertAttentionToRows : Pass<"convert-attention-to-rows", "::mlir::ModuleOp"> {
  let summary = "Make loops over tiles of queries and blocks of keys of weir.attention_rows";
  let description = [{
    Each `weir.attention_rows` on memrefs becomes loops over tiles: some queries of one batch that share a head of keys and values. In a tile,
    products of queries and packed blocks of keys give scores in scratch; what a query does not see becomes -inf in the blocks where that
    concerns some query only; a `weir.rows` of the formula, or of one derived from it, makes weights of them in place; products of these and of the
    values give the output. The `form` says how much of a row is at hand at a time:

    - `blocks`: all of it. Fits every formula.
    - `one_pass`: a block of keys. What the formula's only sweep knows of the row is corrected from block to block (`@softmax.carry1`), and so are
      the weighted sums of values that it carries.
    - `two_pass`: a block of keys, in as many passes as the formula has sweeps, and one more for the weights if they cannot be carried.

    Keys, and values that have to be converted, are packed once, ahead of the tiles, where several tiles share them, and by the tile where they
    do not. With a `thread_grain` parts of an `scf.parallel` take tiles in turn; what a tile gives does not depend on which.

    Before: `weir.attention_rows @softmax ins(%q, %k, %v) outs(%o)`.
    After: `scf.for %tile ... { scf.for %block ... { weir_cpu.product ins(%rows, %keys) outs(%scores) }; weir.rows @softmax ins(%scores)
    outs(%scores); scf.for %block ... { weir_cpu.product ins(%weights, %values) outs(%sums) {accumulate} }; weir.rows @softmax.output ins(%sums) outs(%o) }`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::weir::cpu::WeirCPUDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

#endif // WEIR_CONVERSION_ATTENTIONTOROWS_PASSES_TD
