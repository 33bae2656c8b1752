//===- WeirAttentionStateOps.td - attention over some of the keys -*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRATTENTIONSTATEOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRATTENTIONSTATEOPS_TD

include "weir/Dialect/Weir/IR/WeirAttentionOps.td"
include "weir/Dialect/Weir/IR/WeirStateOps.td"

class Weir_AttentionStateOp<string mnemonic, list<Trait> traits = []> : Weir_Op<mnemonic, !listconcat([
    Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  code policies = [{
    ::weir::StatePolicies getStatePolicies() { return {getEmptyRow(), getNan()}; }
  }];
  code common = policies # [{
    /// The formula, found in the enclosing symbol tables or in the library. Null when there is none.
    ::weir::FormulaOp resolveFormula();
  }];
}

def Weir_AttentionStatsOp : Weir_AttentionStateOp<"attention_stats"> {
  let summary = "what attention leaves of some keys: the state of each row and unfinished sums of values";
  let description = [{
    #### Semantics

    The rows of scores are those of `weir.attention`, over the given keys alone. Where the formula runs in one pass over its row, what it needs to know of
    these keys is a state, one number per row for each slot, and R sums of values for each row, R being the formula's rank
    (`weir-opt --weir-print-analysis` lists states and ranks). `weir.attention_merge` makes the state of two sets of keys of the states of each, and
    `weir.attention_finish` the output of the state of all. Keys may lie in any number of parts of any sizes, and be met in any order.

    `keys(%first of %all)` says that the keys are those from index `%first` on of a whole of `%all`: `causal`, the window, `lengths`, `weir.position`,
    `weir.length`, `weir.extent` and `weir.random` speak of the whole. Keys behind its end are not seen. Without `keys` these keys are the whole.

    The state is a running one: its maximum may be any number near that of the scores, with sums to match. States of one formula from libraries for different
    targets go together.

    #### Inputs

    - queries, keys and values, `operands`, `mask`, `bias`, `lengths` and `place` as of `weir.attention`. What broadcasts to the scores has as many
      keys as are given here.

    #### Outputs

    - per slot of the formula's state a tensor [B, Hq, Lq] of the slot's type, f32 being the accumulator type; behind them one of `index` for each of
      `weir.length`, `weir.extent` and `weir.row` that the formula asks for, in this order: they are no matter of the keys, but the finish asks for them.
    - R tensors [B, Hq, Lq, Dv] of the accumulator type, in that order of dimensions in every `layout`.

    #### Constraints

    - C1 to C5, C7, C8, C10 and C13 as of `weir.attention`.
    - C6: the results are the slots and sums that the formula has, of the types above.
    - C9: policies need a formula with a reduction; `empty_row = uniform` has no keys to share among.
    - C11: the formula runs in one pass.
    - C15: `keys` has both indices. With it a formula that asks for `weir.length` has no `mask`, which tells nothing of the other keys.

    #### Examples

    ```mlir
    func.func @two_parts(%q: tensor<?x8x?x64xf32>, %k0: tensor<?x8x?x64xf32>, %v0: tensor<?x8x?x64xf32>,
                         %k1: tensor<?x8x?x64xf32>, %v1: tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32> {
      %a:3 = weir.attention_stats @softmax(%q, %k0, %v0)
        : (tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>)
      %b:3 = weir.attention_stats @softmax(%q, %k1, %v1)
        : (tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>)
      %s:3 = weir.attention_merge @softmax(%a#0, %a#1, %a#2) and(%b#0, %b#1, %b#2)
        : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>
      %o = weir.attention_finish @softmax(%s#0, %s#1, %s#2)
        : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32>
      return %o : tensor<?x8x?x64xf32>
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyRankedTensor>:$inputs, Variadic<AnyType>:$formula_operands,
                            Optional<AnyRankedTensor>:$mask, Optional<AnyRankedTensor>:$bias, Optional<AnyRankedTensor>:$lengths,
                            Variadic<Index>:$place), Weir_AttentionKeyPlace, Weir_AttentionShape, Weir_StatePolicies,
                       Weir_AttentionTiles);
  let assemblyFormat = "$formula `(` $inputs `)` " # Weir_AttentionSyntax<>.rows # Weir_AttentionSyntax<>.place # Weir_AttentionSyntax<>.keys #
                       " attr-dict `:` functional-type($inputs, results)";
  let extraClassDeclaration = Weir_AttentionDeclarations<>.common # policies # [{
    bool isPacked() { return false; }
  }];
}

def Weir_AttentionMergeOp : Weir_AttentionStateOp<"attention_merge", [
    RangedTypesMatchWith<"both states have the same types", "state", "other", "$_self">,
    RangedTypesMatchWith<"the merged state has their types", "state", "results", "$_self">]> {
  let summary = "merges what attention left of two sets of keys";
  let description = [{
    #### Semantics

    The results are the state and the sums of the keys of both. The merge is associative and commutative but for rounding, and what `weir.attention_stats`
    leaves of no keys, or of keys that no query sees, is its identity.

    #### Inputs

    - two states of the same rows, as `weir.attention_stats` with the same formula and policies leaves them.
    - `uniforms`: the uniform operands of the formula, in order: what corrects a state may depend on them.

    #### Outputs

    - the merged state.

    #### Constraints

    - C1, C2 and C11 as of `weir.attention_stats`.
    - C5: as many `uniforms` as the formula has uniform arguments: scalars, or tensors [B, Hq, Lq] with sizes equal or statically 1.
    - C6: the states have the slots and sums of the formula. The first sum says what B, Hq, Lq and the accumulator are.
    - C9: as of `weir.attention_stats`.

    #### Examples

    See `weir.attention_stats`.
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyRankedTensor>:$state, Variadic<AnyRankedTensor>:$other,
                            Variadic<AnyType>:$uniforms), Weir_StatePolicies);
  let assemblyFormat = [{
    $formula `(` $state `)` `and` `(` $other `)` (`uniforms` `(` $uniforms^ `:` type($uniforms) `)`)? attr-dict `:` type($state)
  }];
  let extraClassDeclaration = common;
}

def Weir_AttentionFinishOp : Weir_AttentionStateOp<"attention_finish"> {
  let summary = "the output of attention, of the state of all its keys";
  let description = [{
    #### Semantics

    What `weir.attention` would give for all keys that the state has seen, in the layout `bhld`, with the policies applied. A query of which no key was seen is an
    empty row.

    #### Inputs

    - the state of all keys.
    - `uniforms`: as of `weir.attention_merge`.

    #### Outputs

    - as of `weir.attention`: [B, Hq, Lq, Dv] of any type that may store it, and per uniform result of the formula [B, Hq, Lq].

    #### Constraints

    - C1, C2, C5, C6, C9 and C11 as of `weir.attention_merge`; the results are as above (C6).

    #### Examples

    See `weir.attention_stats`.
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyRankedTensor>:$state, Variadic<AnyType>:$uniforms), Weir_StatePolicies);
  let assemblyFormat = [{
    $formula `(` $state `)` (`uniforms` `(` $uniforms^ `:` type($uniforms) `)`)? attr-dict `:` functional-type($state, results)
  }];
  let extraClassDeclaration = common;
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRATTENTIONSTATEOPS_TD
