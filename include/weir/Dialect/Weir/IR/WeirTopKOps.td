//===- WeirTopKOps.td - the largest elements of a row -----------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRTOPKOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRTOPKOPS_TD

include "weir/Dialect/Weir/IR/WeirRowOps.td"

// What is selected from: the scores, and behind them what else the formula takes.
defvar Weir_TopKInputs = (ins OptionalAttr<FlatSymbolRefAttr>:$formula, Variadic<AnyType>:$inputs,
                              Optional<AnyType>:$threshold);

// Which elements are selected.
defvar Weir_Selection = (ins
  OptionalAttr<Weir_TopKModeAttr>:$mode, OptionalAttr<F64Attr>:$thr, OptionalAttr<BoolAttr>:$include_crossing,
  UnitAttr:$non_negative, OptionalAttr<Weir_TiesAttr>:$ties);

// How the rows run. Passes choose what is not given.
defvar Weir_TopKSchedule = (ins
  OptionalAttr<Weir_TopKFormAttr>:$form,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$thread_grain);

// What becomes of rows with nothing left, with +inf and with NaN under a formula.
defvar Weir_TopKPolicies = (ins
  OptionalAttr<Weir_EmptyRowAttr>:$empty_row, OptionalAttr<Weir_PosInfAttr>:$pos_inf, OptionalAttr<Weir_NaNPolicyAttr>:$nan);

def Weir_TopKOp : Weir_Op<"topk", [
    Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "the k largest elements along a dimension: values, indices and how many";
  let description = [{
    #### Semantics

    Orders each row along dimension `along` (the last by default): larger scores first, of equal ones the lower index; -0 equals +0.
    Elements whose mask is off, whose score is -inf or whose score is NaN are never selected. Of the others, `mode` says
    how many are, from the front of the order and at most `k`:

    - `count` (the default): as many as there are.
    - `gap`: the first, and the next while s(j) - s(j+1) <= thr, the difference taken in the accumulator type. Equal scores, also +inf,
      have no gap.
    - `mass`: the shortest prefix whose sum reaches thr times the sum of all elements that may be selected, and at least one. With
      `include_crossing = false` the longest one whose sum stays within thr + 1e-5 times that sum, which may be none. Of a row that
      holds +inf, the entries of +inf count 1 each and the others 0.
    - `threshold`: those with s > thr.

    Slots of the results from `count` on are padding: their value is -inf and their index -1. In mode `count`, though, they get the indices
    of elements that are -inf and then of those that are NaN, lowest first, as long as there are any whose mask is on. So
    a row of NaN or -inf gives the indices 0 to k-1, and the indices of a row are always distinct where they are not -1.

    With a formula, `weir.topk @f(%scores, ...)`, the scores are ordered in the same way, and the values are what the varying result of
    `weir.apply @f` is at the selected ones: weights of the whole row, of which only the selected are ever made. The modes gap, mass
    and threshold are then about these values, and the sum of mass is what the result sums to over the row. The policies
    `empty_row`, `pos_inf` and `nan` say what they say there. Slots from `count` on hold what an excluded element has: 0, or -inf where the
    formula gives log-weights; or NaN where the whole row becomes NaN. An element that `nan = ignore` or `pos_inf = share` gives nothing is
    selected, or not, as without a formula.

    How the rows run may be given too: `form`, and `thread_grain` as of `weir.apply`. `insert` keeps the k largest so far in order
    while the row is read once; `select` finds the k-th largest, takes what is before it in the order, and sorts that.

    #### Inputs

    - the scores, a tensor of f32, bf16, f16 or f64, and behind them the formula's further operands, as of `weir.apply`.
    - `thr`, where it is no attribute: a scalar or a tensor of the row's outer shape, sizes equal or statically 1, of the accumulator type
      (f64 when the scores are f64, else f32). With a thr of NaN no comparison holds: what is selected is the first element at most.
    - `mask`, a tensor of i1 that broadcasts to the scores from the right: missing leading dimensions and dimensions of
      static size 1 are repeated.

    #### Outputs

    - the values: the scores' type with k in place of the row's size; with a formula any type that may store its result.
    - the indices: the same shape, i32.
    - the count: the outer shape, i32.
    - with a formula, its uniform results in order, as of `weir.apply`.

    #### Constraints

    - C1: the scores are a dense tensor of rank 1 or more of f32, bf16, f16 or f64.
    - C2: k is at least 1 and, where the row's size is static, at most that. A row has fewer than 2^31 elements.
    - C3: `along` names a dimension.
    - C4: the results have the types above.
    - C5: the mask is a tensor of i1 and broadcasts to the scores.
    - C6: gap, mass and threshold have one thr, an attribute or an operand; count has none.
    - C7: a thr of the accumulator type that is a scalar or has the outer shape; as an attribute it is no NaN, and for mass from 0 to 1.
    - C8: mass needs scores that are not negative, and `non_negative` says that they are; `include_crossing` is of mass.
    - C9: `ties` is not all_equal: there is room for k.
    - C10: `form` is insert only where k is at most 256: it is code of that length.
    - C11: the formula is one in scope or of the library. Its first argument is the score, an f32; it has one varying result.
    - C12: the formula's operands and uniform results are as of `weir.apply`; the scores have the full shape.
    - C13: without a formula there is one operand, three results and no policy. Policies need a formula with a reduction. `empty_row` is
      zero or nan: nobody can say which elements the slots of an empty row would share the mass with; `nan` is propagate or ignore.
    - C14: (`weir-lower-topk`) beside the score, the varying result depends on uniform values only, and for gap, mass and threshold it
      is proven not to fall where the score rises.

    #### Examples

    ```mlir
    func.func @experts(%x: tensor<?x256xf32>, %live: tensor<?x256xi1>) -> (tensor<?x8xf32>, tensor<?x8xi32>, tensor<?xi32>) {
      %v, %i, %n = weir.topk %x mask(%live : tensor<?x256xi1>) {k = 8 : i64}
        : (tensor<?x256xf32>) -> (tensor<?x8xf32>, tensor<?x8xi32>, tensor<?xi32>)
      return %v, %i, %n : tensor<?x8xf32>, tensor<?x8xi32>, tensor<?xi32>
    }
    func.func @nucleus(%p: tensor<?x?xbf16>, %mass: tensor<?xf32>) -> (tensor<?x64xi32>, tensor<?xi32>) {
      %v, %i, %n = weir.topk %p thr(%mass : tensor<?xf32>) {k = 64 : i64, mode = #weir.topk_mode<mass>, non_negative}
        : (tensor<?x?xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xi32>, tensor<?xi32>)
      return %i, %n : tensor<?x64xi32>, tensor<?xi32>
    }
    func.func @gates(%x: tensor<?x256xbf16>) -> (tensor<?x8xf32>, tensor<?x8xi32>) {
      %w, %i, %n = weir.topk @softmax(%x) {k = 8 : i64}
        : (tensor<?x256xbf16>) -> (tensor<?x8xf32>, tensor<?x8xi32>, tensor<?xi32>)
      return %w, %i : tensor<?x8xf32>, tensor<?x8xi32>
    }
    ```
  }];
  let arguments = !con(Weir_TopKInputs, (ins Optional<AnyRankedTensor>:$mask, I64Attr:$k, OptionalAttr<I64Attr>:$along),
                       Weir_Selection, Weir_TopKPolicies, Weir_TopKSchedule);
  let results = (outs AnyRankedTensor:$values, AnyRankedTensor:$indices, AnyRankedTensor:$count,
                      Variadic<AnyRankedTensor>:$uniforms);
  let assemblyFormat = [{
    custom<TopKInputs>($formula, $inputs) (`thr` `(` $threshold^ `:` type($threshold) `)`)?
    (`mask` `(` $mask^ `:` type($mask) `)`)? attr-dict `:` functional-type($inputs, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getScores() { return getInputs().front(); }
    /// The formula, or null where there is none.
    ::weir::FormulaOp resolveFormula();
    /// The dimension that is the row. Needs a verified op.
    int64_t getRowDim();
  }];
}

def Weir_TopKRowsOp : Weir_Op<"topk_rows", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "the k largest elements of rows, in destination style";
  let description = [{
    #### Semantics

    `weir.topk` with its row as the last dimension, on tensors or memrefs, writing to destinations. Passes make it; `form` and
    `thread_grain` say how the rows run; without the latter on one thread.

    #### Constraints

    - C1 to C13 as of `weir.topk`; all shaped operands are tensors, or all are memrefs. With memrefs there is no result.
    - C15: the destinations are values, indices, count, and behind them one for each uniform result of the formula.
    - C16: in mode mass, a formula's last uniform result is what its varying result sums to over the row.

    #### Examples

    ```mlir
    func.func @run(%x: memref<?x?xf32>, %v: memref<?x5xf32>, %i: memref<?x5xi32>, %n: memref<?xi32>) {
      weir.topk_rows ins(%x : memref<?x?xf32>) outs(%v, %i, %n : memref<?x5xf32>, memref<?x5xi32>, memref<?xi32>)
        {k = 5 : i64, form = #weir.topk_form<insert>}
      return
    }
    ```
  }];
  let arguments = !con(Weir_TopKInputs, (ins Optional<AnyShaped>:$mask, Variadic<AnyShaped>:$outputs, I64Attr:$k),
                       Weir_Selection, Weir_TopKPolicies, Weir_TopKSchedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    ($formula^)? `ins` `(` $inputs `:` type($inputs) `)` (`thr` `(` $threshold^ `:` type($threshold) `)`)?
    (`mask` `(` $mask^ `:` type($mask) `)`)? `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    ::mlir::Value getScores() { return getInputs().front(); }
    /// The formula, or null where there is none.
    ::weir::FormulaOp resolveFormula();
  }];
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRTOPKOPS_TD
