//===- Passes.td - transformations of weir ops ----------*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_TD
#define WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def WeirNormalizeFormulas : Pass<"weir-normalize-formulas", "::mlir::ModuleOp"> {
  let summary = "Write formulas the way they are best evaluated";
  let description = [{
    A formula is mathematics; what its author wrote may overflow or read the row more often than needed. This pass
    rewrites sums whose exponentials nothing bounds (they get a maximum to lean on), products and quotients
    of exponentials (they become one), and reductions that carry a statistic (it is pulled out, so that they join an earlier
    sweep). What can be evaluated as written stays as written. The sweeps, reads and costs of
    `weir-print-analysis` stay the same or fall. Formulas with `weir.as_written` are left alone.

    Before: `%e = math.exp %x`, `%s = weir.reduce add %e`, `%w = arith.divf %e, %s`.
    After: `%m = weir.reduce max %x`, `%d = arith.subf %x, %m`, `%e = math.exp %d`, `%s = weir.reduce add %e`,
    `%w = arith.divf %e, %s`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def WeirComposeFormulas : Pass<"weir-compose-formulas", "::mlir::ModuleOp"> {
  let summary = "Make adjacent formulas one, so that what lies between them is never stored";
  let description = [{
    A `weir.apply` whose operand is the result of another becomes, with that, one `weir.apply` of a composed formula, which is private and
    named after both. Elementwise ops of linalg before and after a `weir.apply` become part of its formula in the same way. Results of the first that others use are
    further results. Two stay apart where the meaning of an element could change, or where more bytes would move, or where one of
    them says how it runs; a remark says which.

    Before:

    ```mlir
    weir.formula private @half(%x: f32) -> f32 {
      %c = arith.constant 0.5 : f32
      %y = arith.mulf %x, %c : f32
      weir.yield %y : f32
    }
    func.func @scaled(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %h = weir.apply @half(%x) : (tensor<?x64xf32>) -> tensor<?x64xf32>
      %w = weir.apply @softmax(%h) : (tensor<?x64xf32>) -> tensor<?x64xf32>
      return %w : tensor<?x64xf32>
    }
    ```

    After:

    ```mlir
    weir.formula private @half.softmax(%x: f32) -> f32 {
      %c = arith.constant 0.5 : f32
      %y = arith.mulf %x, %c : f32
      %m = weir.reduce max %y : f32
      %d = arith.subf %y, %m : f32
      %e = math.exp %d : f32
      %s = weir.reduce add %e : f32
      %w = arith.divf %e, %s : f32
      weir.yield %w : f32
    }
    func.func @scaled(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %w = weir.apply @half.softmax(%x) : (tensor<?x64xf32>) -> tensor<?x64xf32>
      return %w : tensor<?x64xf32>
    }
    ```
  }];
  let options = [
    Option<"enable", "enable", "bool", "true", "compose; otherwise nothing is done">,
    Option<"explain", "explain", "bool", "false", "emit a remark for every two that are adjacent: what they became, or why they stay apart">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def WeirDifferentiateSolves : Pass<"weir-differentiate-solves", "::mlir::ModuleOp"> {
  let summary = "Give root searches the derivative of their function";
  let description = [{
    The body of each `weir.solve` yields, as a second value, the derivative of the first with respect to the unknown, so that the
    search can take Newton's steps inside its bracket. The product of max(x, 0) and its slope is written without a choice, since the first
    is 0 where the second is. Where some op has no derivative here, the root is searched by bisection, and a remark names the op.

    Before: `weir.yield %f : f32`. After: `weir.yield %f, %df : f32, f32`.
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "emit a remark where a derivative is missing">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def WeirChooseForm : Pass<"weir-choose-form", "::mlir::ModuleOp"> {
  let summary = "Decide how the rows of each weir.apply and weir.topk run";
  let description = [{
    Puts a `form` on every `weir.apply` and `weir.topk` that has none and explains the choice in a remark, with what it costs and how far
    from the limits of the machine (`weir.target`) that is predicted to be. Where sizes that matter are known at run time only, it lists
    `plans` instead: the forms that can win, each with the sizes that it is meant for. What is there already is
    kept when the formula can run so, and is an error otherwise: the schedule is data. In the elementwise form it adds `stream_bytes`,
    the size from which on results are written past the caches: larger than what a later reader could find there. Where the row is
    not the last dimension, `lanes` says whether neighbouring rows get a lane each (`across`) or are transposed (`along`,
    when there are only a few of them).

    Before: `weir.apply @softmax(%x)`. After: `weir.apply @softmax(%x) {form = #weir.form<stored>}`.
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "emit a remark for every choice">,
    Option<"form", "form", "std::string", "\"\"", "the form for every formula with a reduction that it fits, in place of a choice">
  ];
  let dependentDialects = ["::weir::WeirDialect"];
}

def WeirFuseTopK : Pass<"weir-fuse-topk", "::mlir::ModuleOp"> {
  let summary = "Select from scores where a weir.topk selects from weights";
  let description = [{
    A `weir.topk` of what a `weir.apply` gives, and nothing else reads, becomes one with the formula: the weights of the row are never written. This
    happens where the formula's result is proven to rise with the score and to be lowest for excluded elements, so that the largest
    scores have the largest weights; and where nothing tells that weights were selected from: in mode count, without use of
    the count, under the same mask. Of scores whose weights are equal, or became equal when they were rounded, the larger one comes first; rows that NaN
    makes NaN have values of NaN. A `form` on the `weir.apply` keeps it.

    Before: `%w = weir.apply @softmax(%x)`, `%v, %i, %n = weir.topk %w {k = 5 : i64}`.
    After: `%v, %i, %n = weir.topk @softmax(%x) {k = 5 : i64}`.
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "emit a remark for every weir.topk of weights">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def WeirSwitchPlans : Pass<"weir-switch-plans", "::mlir::ModuleOp"> {
  let summary = "Make a branch of each plan of a weir.rows";
  let description = [{
    A `weir.rows` on memrefs with `plans` becomes one for each of them, under a chain of conditions on the sizes. Neighbouring plans that
    differ in their bounds only share a branch.

    Before: `weir.rows @softmax ... {plans = [#weir.plan<form = stored, max_length = 16384>, #weir.plan<form = online>]}`.
    After: `scf.if %is_short { weir.rows ... {form = #weir.form<stored>} } else { weir.rows ... {form = #weir.form<online>} }`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def WeirChooseThreads : Pass<"weir-choose-threads", "::mlir::ModuleOp"> {
  let summary = "Decide when the rows of each weir.apply and weir.topk are shared among threads";
  let description = [{
    Puts a `thread_grain` on every `weir.apply`, `weir.topk`, `weir.stats` and `weir.weights` that has none and explains the choice in a remark. The grain is in elements: waking
    threads costs some microseconds, so each must get work for several times as long, and how many elements that is follows
    from what the formula asks of the C library, or from how often a row is read.

    A `weir.apply` of a formula with a reduction also gets a `thread_part`, the length of the parts that few and long rows are split into; 0 where a
    part has no state, which a remark explains. One that is given and does not fit is an error.

    With `enable=false` every grain and every part becomes 0, one that is there already too.

    Before: `weir.apply @softmax(%x)`. After: `weir.apply @softmax(%x) {thread_grain = 32768 : i64, thread_part = 32768 : i64}`.
  }];
  let options = [
    Option<"enable", "enable", "bool", "true", "the code may use several threads">,
    Option<"explain", "explain", "bool", "false", "emit a remark for every choice">
  ];
  let dependentDialects = ["::weir::WeirDialect"];
}

def WeirTakeApart : Pass<"weir-take-apart", "::mlir::ModuleOp"> {
  let summary = "Take each weir.apply apart into stats, finish and weights";
  let description = [{
    A `weir.apply` of a formula with a reduction becomes, for each of its sweeps, a `weir.stats` and a `weir.finish`, and a `weir.weights` for its
    varying results. What `weir.stats` reads may then be tiled along the row. Under a mask, a count of it stands for `weir.length`; under
    `pos_inf = share` the scores are rewritten first. Elementwise formulas stay as they are.

    A formula that selects or searches (`weir.kth`, `weir.solve`) has no state that could be merged: an error names what stands in the way.

    Before: `%y = weir.apply @softmax(%x)`.
    After: `%s:2 = weir.stats @softmax sweep(1) ins(%x) outs(%i0, %i1)`, `%t:2 = weir.finish @softmax sweep(1) ins(%s#0, %s#1) ...`,
    `%y = weir.weights @softmax ins(%x) known(%t#0, %t#1) ...`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def WeirLowerStates : Pass<"weir-lower-states", "::mlir::ModuleOp"> {
  let summary = "Lower weir.stats, merge, finish and weights to weir.rows";
  let description = [{
    Each becomes a `weir.rows` of a formula that is derived from its own: `@softmax.stats1`, `@softmax.merge1`, `@softmax.finish1`,
    `@softmax.weights`. A `weir.stats` into anything but identities is followed by a merge. Works on tensors and on memrefs.

    Before: `weir.weights @softmax ins(%x) known(%m, %s) outs(%y)`.
    After: `weir.rows @softmax.weights ins(%x, %m, %s) outs(%y)`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"];
}

def WeirSplitRows : Pass<"weir-split-rows", "::mlir::ModuleOp"> {
  let summary = "Split few and long rows into parts that threads take";
  let description = [{
    A `weir.rows` on memrefs with a `thread_part` gets a second way to run, for rows that are fewer than 8 and at least eight times as long as that:
    each sweep of its formula takes parts of that length to a state each, in an `scf.parallel`; the states are merged pairwise, finished, and the
    results written by an elementwise `weir.rows`. Which way is taken follows from sizes alone, and so do the parts and the order of merges:
    results do not depend on the number of threads. The op loses its `thread_part`. Merges and finishes are left to `weir-lower-states`.

    Before: `weir.rows @softmax ins(%x) outs(%y) {thread_part = 32768 : i64}`.
    After: `scf.if %split { scf.parallel (%p) = (%c0) to (%parts) step (%c1) { weir.rows @softmax.stats1 ins(%part) outs(%m, %s) }; scf.while { ... weir.merge
    @softmax ... }; weir.finish @softmax ...; weir.rows @softmax.weights ins(%x, %m, %s) outs(%y) } else { weir.rows @softmax ins(%x) outs(%y) }`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def WeirLowerApply : Pass<"weir-lower-apply", "::mlir::ModuleOp"> {
  let summary = "Give weir.apply its destinations";
  let description = [{
    Each `weir.apply` becomes a `weir.rows` into fresh `tensor.empty` destinations. Where the row is another dimension than the
    last and `lanes` is not `across`, varying operands are transposed before and results after.

    Before: `%y = weir.apply @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>`.
    After: `%y = weir.rows @softmax ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def WeirLowerTopK : Pass<"weir-lower-topk", "::mlir::ModuleOp"> {
  let summary = "Give weir.topk its destinations and make its row the last dimension";
  let description = [{
    Each `weir.topk` becomes a `weir.topk_rows` into fresh `tensor.empty` destinations. Where `along` names another dimension than the
    last, the scores and the mask are transposed before, values and indices after.
    In mode mass of a formula's values the formula gets their sum over the row as a further result, `@f.total`; where nothing proves that the
    values follow the order of the scores, which all modes but count lean on, there is an error.

    Before: `%v, %i, %n = weir.topk %x {k = 5 : i64} : (tensor<?x8xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>)`.
    After: `%r:3 = weir.topk_rows ins(%x : tensor<?x8xf32>) outs(%e, %f, %g : ...) {k = 5 : i64} -> ...`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def WeirFormAttention : Pass<"weir-form-attention", "::mlir::ModuleOp"> {
  let summary = "Make one weir.attention of two products and the rows between them";
  let description = [{
    A `weir.apply` whose scores are a product of matrices and whose weights meet values in another becomes, with both, a
    `weir.attention`: neither scores nor weights are stored. Any formula with one varying result does. What lies between the first product and the
    formula, in the program or at the formula's beginning, becomes scale, `soft_cap`, bias and mask where it comes in this order, and masks of indices `causal` and windows; whatever else the formula does stays in it. The
    products may be any contraction of `linalg` with one summed dimension, from 0 on; conversions, transpositions and reshapes around them are followed, and so
    are keys and values that are repeated for groups of heads. An elementwise op of linalg that alone reads the output becomes a `weir.apply`, which may become an epilogue. What something else reads stays, and so does what a `weir.attention` would not mean; a remark says why.

    Before:

    ```mlir
    func.func @attend(%q: tensor<8x32x64xf32>, %k: tensor<8x48x64xf32>, %v: tensor<8x48x64xf32>) -> tensor<8x32x64xf32> {
      %zero = arith.constant 0.0 : f32
      %e0 = tensor.empty() : tensor<8x32x48xf32>
      %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<8x32x48xf32>) -> tensor<8x32x48xf32>
      %s = linalg.generic {indexing_maps = [affine_map<(b, i, j, d) -> (b, i, d)>, affine_map<(b, i, j, d) -> (b, j, d)>,
                                            affine_map<(b, i, j, d) -> (b, i, j)>],
                           iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
        ins(%q, %k : tensor<8x32x64xf32>, tensor<8x48x64xf32>) outs(%i0 : tensor<8x32x48xf32>) {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %p = arith.mulf %a, %b : f32
        %t = arith.addf %c, %p : f32
        linalg.yield %t : f32
      } -> tensor<8x32x48xf32>
      %w = weir.apply @softmax(%s) : (tensor<8x32x48xf32>) -> tensor<8x32x48xf32>
      %e1 = tensor.empty() : tensor<8x32x64xf32>
      %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x32x64xf32>) -> tensor<8x32x64xf32>
      %o = linalg.batch_matmul ins(%w, %v : tensor<8x32x48xf32>, tensor<8x48x64xf32>) outs(%i1 : tensor<8x32x64xf32>) -> tensor<8x32x64xf32>
      return %o : tensor<8x32x64xf32>
    }
    ```

    After:

    ```mlir
    func.func @attend(%q: tensor<8x32x64xf32>, %k: tensor<8x48x64xf32>, %v: tensor<8x48x64xf32>) -> tensor<8x32x64xf32> {
      %q4 = tensor.expand_shape %q [[0, 1], [2], [3]] output_shape [8, 1, 32, 64] : tensor<8x32x64xf32> into tensor<8x1x32x64xf32>
      %k4 = tensor.expand_shape %k [[0, 1], [2], [3]] output_shape [8, 1, 48, 64] : tensor<8x48x64xf32> into tensor<8x1x48x64xf32>
      %v4 = tensor.expand_shape %v [[0, 1], [2], [3]] output_shape [8, 1, 48, 64] : tensor<8x48x64xf32> into tensor<8x1x48x64xf32>
      %o4 = weir.attention @softmax(%q4, %k4, %v4) {scale = 1.0 : f64}
         : (tensor<8x1x32x64xf32>, tensor<8x1x48x64xf32>, tensor<8x1x48x64xf32>) -> tensor<8x1x32x64xf32>
      %o = tensor.collapse_shape %o4 [[0, 1], [2], [3]] : tensor<8x1x32x64xf32> into tensor<8x32x64xf32>
      return %o : tensor<8x32x64xf32>
    }
    ```
  }];
  let options = [
    Option<"enable", "enable", "bool", "true", "form; otherwise nothing is done">,
    Option<"explain", "explain", "bool", "false", "emit a remark for every weir.apply between two products">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def WeirFuseEpilogue : Pass<"weir-fuse-epilogue", "::mlir::ModuleOp"> {
  let summary = "Run what is done to the output of a weir.attention before it is rounded";
  let description = [{
    A `weir.apply` of a pointwise formula that alone reads the output of a `weir.attention`, reshaped and converted or not, becomes its epilogue: the output is
    written once. Operands of the formula that lie in the output's dimensions, or repeat along some, come along.

    Before: `%o = weir.attention @softmax(%q, %k, %v)`, `%y = weir.apply @gate(%o, %z)`.
    After: `%y = weir.attention @softmax(%q, %k, %v) epilogue @gate(%z)`.
  }];
  let options = [
    Option<"enable", "enable", "bool", "true", "fuse; otherwise nothing is done">,
    Option<"explain", "explain", "bool", "false", "emit a remark for every weir.apply of an output">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def WeirChooseAttention : Pass<"weir-choose-attention", "::mlir::ModuleOp"> {
  let summary = "Decide how each weir.attention runs";
  let description = [{
    Puts a `form` on every `weir.attention` that has none and explains the choice in a remark. Where one pass over keys and values does, by sums that are
    corrected as the statistics of the formula move, it is `one_pass`; else whole rows of scores are kept for some queries at a time, `blocks`. What is
    there already is kept where the formula can run so, and is an error otherwise.

    Before: `weir.attention @softmax(%q, %k, %v)`. After: `weir.attention @softmax(%q, %k, %v) {form = #weir.attention_form<one_pass>}`.
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "emit a remark for every choice">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def WeirLowerAttention : Pass<"weir-lower-attention", "::mlir::ModuleOp"> {
  let summary = "Give weir.attention its destinations";
  let description = [{
    Each `weir.attention` becomes a `weir.attention_rows` into fresh `tensor.empty` destinations.

    Before: `%o = weir.attention @softmax(%q, %k, %v) {causal}`.
    After: `%o = weir.attention_rows @softmax ins(%q, %k, %v : ...) outs(%e : ...) {causal}`.
  }];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::tensor::TensorDialect"];
}

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_PASSES_TD
