//===- Passes.td - facts about formulas ---------------*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_PASSES_TD
#define WEIR_DIALECT_WEIR_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def WeirPrintAnalysis : Pass<"weir-print-analysis", "::mlir::ModuleOp"> {
  let summary = "Print what follows from each formula";
  let description = [{
    For every `weir.formula`: sweeps as written and as derived, row reads, and the law of each reduction. A value that keeps a
    reduction out of an earlier sweep gets a remark. With `states`, also what stands in the operands and results of `weir.stats`,
    `weir.merge`, `weir.finish` and `weir.weights`. With `order`, also how each varying result changes where the score rises and the row's uniform
    values stay, which says whether the largest scores have the largest results. With `pairs`, also whether the row can run in the form `two_pass`,
    with how many of its maxima and minima, or what keeps it from that. The IR is not changed.

    Before and after: the same module. Printed: `@softmax: sweeps 2 -> 1, reads 2`.
  }];
  let options = [
    Option<"states", "states", "bool", "false", "print the layout of each sweep's state too">,
    Option<"order", "order", "bool", "false", "print how varying results follow the score too">,
    Option<"pairs", "pairs", "bool", "false", "print whether sums of exponentials can be found without maxima too">
  ];
}

#endif // WEIR_DIALECT_WEIR_ANALYSIS_PASSES_TD
