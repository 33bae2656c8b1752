//===- WeirAttentionOps.td - attention with any formula ---------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRATTENTIONOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRATTENTIONOPS_TD

include "weir/Dialect/Weir/IR/WeirRowOps.td"

// Queries, keys, values; what the formula takes beside the score; what says which keys a query sees; what the epilogue takes
// beside the output; where a tile lies in the whole.
class Weir_AttentionOperands<Type shaped> {
  dag operands = (ins FlatSymbolRefAttr:$formula, Variadic<shaped>:$inputs, Variadic<AnyType>:$formula_operands,
                      Optional<shaped>:$mask, Optional<shaped>:$bias, Optional<shaped>:$lengths, Variadic<shaped>:$packed,
                      OptionalAttr<FlatSymbolRefAttr>:$epilogue, Variadic<AnyType>:$epilogue_operands, Variadic<Index>:$place);
}

// Which keys of a whole these are.
defvar Weir_AttentionKeyPlace = (ins Optional<Index>:$first_key, Optional<Index>:$all_keys);

// How scores are made, and which keys a query sees.
defvar Weir_AttentionShape = (ins
  UnitAttr:$causal, OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$window_left,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$window_right,
  OptionalAttr<F64Attr>:$scale, OptionalAttr<F64Attr>:$soft_cap, OptionalAttr<Weir_AttentionLayoutAttr>:$layout);

// How it runs. Passes choose what is not given.
defvar Weir_AttentionTiles = (ins
  OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$query_tile, OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$key_tile,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$thread_grain);
defvar Weir_AttentionSchedule = !con((ins OptionalAttr<Weir_AttentionFormAttr>:$form), Weir_AttentionTiles);

defvar Weir_AttentionPolicies = (ins
  OptionalAttr<Weir_EmptyRowAttr>:$empty_row, OptionalAttr<Weir_PosInfAttr>:$pos_inf, OptionalAttr<Weir_NaNPolicyAttr>:$nan,
  OptionalAttr<Weir_TiesAttr>:$ties);

class Weir_AttentionSyntax {
  string rows = [{
    (`operands` `(` $formula_operands^ `:` type($formula_operands) `)`)? (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
  }];
  string packed = " (`packed` `(` $packed^ `:` type($packed) `)`)? ";
  string epilogue = [{
    (`epilogue` $epilogue^ (`(` $epilogue_operands^ `:` type($epilogue_operands) `)`)?)?
  }];
  string place = " (`place` `(` $place^ `)`)? ";
  string keys = " (`keys` `(` $first_key^ `of` $all_keys `)`)? ";
}

// What ops over queries, keys and values answer.
class Weir_AttentionDeclarations {
  code common = [{
    ::mlir::Value getQuery() { return getInputs()[0]; }
    ::mlir::Value getKey() { return getInputs()[1]; }
    ::mlir::Value getValue() { return getInputs()[2]; }
    /// The formula, found in the enclosing symbol tables or in the library. Null when there is none.
    ::weir::FormulaOp resolveFormula();
    /// The dimension of heads, that of queries or keys, and that of a head's elements.
    bool hasHeadsLast() { return getLayout() == ::weir::AttentionLayout::BLHD; }
    int64_t getHeadDim() { return (hasHeadsLast() ? 2 : 1) - isPacked(); }
    int64_t getLengthDim() { return (hasHeadsLast() ? 1 : 2) - isPacked(); }
    int64_t getElementDim() { return 3 - isPacked(); }
  }];
  code packed = [{
    /// True when sequences lie one after the other, and there is no dimension of batches.
    bool isPacked() { return !getPacked().empty(); }
  }];
  code epilogue = [{
    /// The formula of the epilogue; null when there is none.
    ::weir::FormulaOp resolveEpilogue();
  }];
}

def Weir_AttentionOp : Weir_Op<"attention", [
    Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "scores of queries and keys, a formula on each row, a contraction with the values";
  let description = [{
    #### Semantics

    For batch b, head h and query i the row of scores is, over the keys j,

        x(j) = cap(scale * sum over d of q(b, h, i, d) k(b, g, j, d)) + bias(b, h, i, j)

    with the head g = h * Hkv / Hq of keys and values, `scale` 1 / sqrt(D) unless it is given, and cap(s) = c tanh(s / c) where `soft_cap` is c. The
    formula turns the row into weights w(j), and the result is the sum over j of w(j) v(b, g, j, :). The matrix of scores is never stored.

    A query sees the keys that all of these allow:

    - `lengths`: j < lengths(b), one number of keys for each batch.
    - `causal`: j <= i + Lk - Lq, so that the last query sees the last key. With `lengths`, Lk stands for lengths(b).
    - `window_left`, `window_right`: i + Lk - Lq - left <= j <= i + Lk - Lq + right, with the same Lk.
    - `mask`: true at (b, h, i, j).

    The order is that of ONNX's Attention: scale, cap, bias and mask, formula. A key that is not seen, or whose score is -inf, has no part in the
    row: the reductions of the formula leave it out, and its weight is 0, whatever the formula. A value beside a weight of 0 must still be finite, since
    0 times infinity is NaN. A query that sees no key is an empty row: what it gives, like what becomes of NaN, +inf and equal scores, is said by the
    policies of `weir.apply`. In the formula `weir.row` is the query's index i, `weir.position` the key's index j, `weir.length` the number of keys
    that the query sees, `weir.extent` Lk. `weir.random` counts rows as b, h, i in row-major order.

    `epilogue` names a formula that each element of the result goes through, in the accumulator type, before it is rounded: a gate, say, or
    a residual. Its further arguments are `epilogue_operands`.

    `packed(%q_starts, %k_starts)` says that queries and keys are those of several sequences, one after the other, without a dimension of batches: sequence
    b has the queries from q_starts(b) to before q_starts(b + 1) and the keys from k_starts(b) to before k_starts(b + 1), and its queries see none of
    another's keys. What is said above of the queries and keys of a batch holds for those of a sequence: i, j, Lq and Lk count in it. Sequences may have
    no queries or no keys. A start that is less than the one before it counts as that, one that lies outside the tensor as the nearest inside. Queries of no
    sequence see no key. `weir.random` counts rows as h, then the query among all of them.

    A tile of a larger whole says where it lies: `place(%b, %h, %i, %heads, %queries)` makes batch 0, head 0 and query 0 those with these indices in a
    whole of so many heads and queries, for `causal`, the window, `weir.row` and `weir.random`. Keys are always whole, and so are packed queries.

    Weights are computed in the accumulator type (f64 on f64 data, else f32). They may be rounded to the type of the inputs before they meet the values,
    never before a sum over them.

    How it runs may be given too: `form`; `query_tile` and `key_tile`, the queries and keys that are at work at a time; `thread_grain`, the scores that each
    of several threads must get before the work is shared among them (0: never). What is not given is chosen by passes.

    #### Inputs

    - queries [B, Hq, Lq, D], keys [B, Hkv, Lk, D] and values [B, Hkv, Lk, Dv], of f32, bf16, f16 or f64; with `layout = #weir.attention_layout<blhd>`
      [B, Lq, Hq, D], [B, Lk, Hkv, D] and [B, Lk, Hkv, Dv].
    - `operands`: the formula's arguments after the score. A varying one is a tensor that broadcasts to [B, Hq, Lq, Lk] from the right: missing leading
      dimensions and dimensions of static size 1 are repeated. A uniform one is a scalar or a tensor [B, Hq, Lq], sizes equal or statically 1.
    - `mask`, of i1, and `bias`, of a type that may store scores, broadcast to [B, Hq, Lq, Lk] in the same way.
    - `lengths`: a tensor [B] of i32 or i64; a number that is no length counts as the nearest one.
    - `packed`: two tensors [B + 1] of i32 or i64. All others then have no dimension of batches: queries are [Hq, Tq, D] or, in the other layout, [Tq, Hq, D], with the
      queries of all sequences; keys and values have Tk keys. Rows are [Hq, Tq] and scores [Hq, Tq, Tk], of which those of a sequence lie in a block at its starts.
    - `epilogue_operands`: the epilogue's arguments after the output's element. A varying one is a tensor that broadcasts to the output, in its layout,
      from the right; a uniform one is a scalar.

    Clauses are written behind the inputs in one order: `operands`, `mask`, `bias`, `lengths`, `packed`, `epilogue`, `place`. The attributes follow.

    #### Outputs

    - [B, Hq, Lq, Dv], in the layout of the queries, of any type that may store it.
    - per uniform result of the formula a tensor [B, Hq, Lq] of the accumulator type (integers as declared).
    - With `packed`, [Hq, Tq, Dv] or [Tq, Hq, Dv], and [Hq, Tq].

    #### Constraints

    - C1: the reference names a `weir.formula` in the nearest symbol table that has it, or one of the library.
    - C2: the formula's first argument is the score, an f32; one result varies, an f32: the weights.
    - C3: three inputs of rank 4, with `packed` 3, and one type: queries, keys, values.
    - C4: their sizes agree as above; D and Dv, those of a head, are static, from 1 to 65536; Hq is a multiple of Hkv where both are static.
    - C5: `operands` has one operand for each argument after the score, of a type and shape as above.
    - C6: the results have the types and shapes above.
    - C7: the mask is of i1; mask and bias broadcast to [B, Hq, Lq, Lk]; `lengths` is [B], of i32 or i64.
    - C8: in the type of scores, f32 unless they are f64, `scale` is finite, `soft_cap` positive, finite and normal; windows are at most 2^62, tiles 65536.
    - C9: policies need a formula with a reduction; `empty_row = uniform` has no keys to share among; `nan = arithmetic` does not go with searches.
    - C10: a constant operand lies in the argument's `weir.domain`.
    - C11: the formula fits the form.
    - C12: `epilogue` names a pointwise formula whose first argument varies and is an f32, like its only result; it has one operand for each further
      argument, of a type and shape as above.
    - C13: `place` has five indices.
    - C14: `packed` has two tensors of rank 1, of i32 or i64, whose sizes may be equal and are not 0, and does not go with `lengths`.

    #### Examples

    ```mlir
    func.func @decoder(%q: tensor<?x32x?x128xbf16>, %k: tensor<?x8x?x128xbf16>, %v: tensor<?x8x?x128xbf16>) -> tensor<?x32x?x128xbf16> {
      %o = weir.attention @softmax(%q, %k, %v) {causal}
         : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>) -> tensor<?x32x?x128xbf16>
      return %o : tensor<?x32x?x128xbf16>
    }
    func.func @sinks(%q: tensor<?x8x?x64xf32>, %k: tensor<?x8x?x64xf32>, %v: tensor<?x8x?x64xf32>, %sink: tensor<1x8x1xf32>)
        -> tensor<?x8x?x64xf32> {
      %o = weir.attention @softmax_sink(%q, %k, %v) operands(%sink : tensor<1x8x1xf32>) {causal, window_left = 127 : i64}
         : (tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32>
      return %o : tensor<?x8x?x64xf32>
    }
    func.func @ragged(%q: tensor<?x32x128xbf16>, %k: tensor<?x8x128xbf16>, %v: tensor<?x8x128xbf16>, %q_starts: tensor<?xi32>,
                      %k_starts: tensor<?xi32>) -> (tensor<?x32x128xbf16>, tensor<32x?xf32>) {
      %o, %lse = weir.attention @softmax_lse(%q, %k, %v) packed(%q_starts, %k_starts : tensor<?xi32>, tensor<?xi32>)
        {causal, layout = #weir.attention_layout<blhd>}
        : (tensor<?x32x128xbf16>, tensor<?x8x128xbf16>, tensor<?x8x128xbf16>) -> (tensor<?x32x128xbf16>, tensor<32x?xf32>)
      return %o, %lse : tensor<?x32x128xbf16>, tensor<32x?xf32>
    }
    weir.formula @gate(%o: f32, %z: f32) -> f32 {
      %one = arith.constant 1.0 : f32
      %n = arith.negf %z : f32
      %e = math.exp %n : f32
      %d = arith.addf %e, %one : f32
      %y = arith.divf %o, %d : f32
      weir.yield %y : f32
    }
    func.func @gated(%q: tensor<?x8x?x64xbf16>, %k: tensor<?x8x?x64xbf16>, %v: tensor<?x8x?x64xbf16>, %z: tensor<?x8x?x1xbf16>)
        -> tensor<?x8x?x64xbf16> {
      %o = weir.attention @softmax(%q, %k, %v) epilogue @gate(%z : tensor<?x8x?x1xbf16>) {causal}
         : (tensor<?x8x?x64xbf16>, tensor<?x8x?x64xbf16>, tensor<?x8x?x64xbf16>) -> tensor<?x8x?x64xbf16>
      return %o : tensor<?x8x?x64xbf16>
    }
    ```
  }];
  let arguments = !con(Weir_AttentionOperands<AnyRankedTensor>.operands, Weir_AttentionShape, Weir_AttentionPolicies,
                       Weir_AttentionSchedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$formula `(` $inputs `)` " # Weir_AttentionSyntax<>.rows # Weir_AttentionSyntax<>.packed #
                       Weir_AttentionSyntax<>.epilogue #
                       Weir_AttentionSyntax<>.place # " attr-dict `:` functional-type($inputs, results)";
  let extraClassDeclaration = Weir_AttentionDeclarations<>.common # Weir_AttentionDeclarations<>.packed #
                              Weir_AttentionDeclarations<>.epilogue;
}

def Weir_AttentionRowsOp : Weir_Op<"attention_rows", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "attention, in destination style";
  let description = [{
    #### Semantics

    `weir.attention` on tensors or memrefs, writing to destinations; with `state`, `weir.attention_stats`. Passes make it.

    #### Constraints

    - C1 to C14 as of `weir.attention`; all shaped operands are tensors, or all are memrefs. With memrefs there is no result.
    - C15: with `state`, C6 and C15 are as of `weir.attention_stats`, and there are neither an epilogue nor packed sequences; `keys` goes with `state` alone.

    #### Examples

    ```mlir
    func.func @run(%q: memref<1x4x?x64xf32>, %k: memref<1x4x?x64xf32>, %v: memref<1x4x?x64xf32>, %o: memref<1x4x?x64xf32>) {
      weir.attention_rows @softmax ins(%q, %k, %v : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
        outs(%o : memref<1x4x?x64xf32>)
      return
    }
    ```
  }];
  let arguments = !con(Weir_AttentionOperands<AnyShaped>.operands, Weir_AttentionKeyPlace, (ins Variadic<AnyShaped>:$outputs),
                       Weir_AttentionShape, Weir_AttentionPolicies, Weir_AttentionSchedule, (ins UnitAttr:$state));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$formula `ins` `(` $inputs `:` type($inputs) `)` " # Weir_AttentionSyntax<>.rows # Weir_AttentionSyntax<>.packed #
                       Weir_AttentionSyntax<>.epilogue #
                       Weir_AttentionSyntax<>.place # Weir_AttentionSyntax<>.keys # [{
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = Weir_AttentionDeclarations<>.common # Weir_AttentionDeclarations<>.packed #
                              Weir_AttentionDeclarations<>.epilogue # [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRATTENTIONOPS_TD
