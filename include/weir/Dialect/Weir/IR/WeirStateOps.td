//===- WeirStateOps.td - rows taken apart -----------------------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRSTATEOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRSTATEOPS_TD

include "weir/Dialect/Weir/IR/WeirRowOps.td"

// The policies that say what a state is made of. `pos_inf` is a matter of the scores before they are taken apart, `ties` of
// selections, which have no state.
defvar Weir_StatePolicies = (ins OptionalAttr<Weir_EmptyRowAttr>:$empty_row, OptionalAttr<Weir_NaNPolicyAttr>:$nan);
defvar Weir_StateGrain = (ins OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$thread_grain);

class Weir_StateOp<string mnemonic, list<Trait> traits = []> : Weir_Op<mnemonic, !listconcat([
    AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  code stateDeclarations = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    /// The formula, found in the enclosing symbol tables or in the library. Null when there is none.
    ::weir::FormulaOp resolveFormula();
    ::weir::StatePolicies getStatePolicies() { return {getEmptyRow(), getNan()}; }
  }];
}

def Weir_StatsOp : Weir_StateOp<"stats"> {
  let summary = "takes rows, or parts of rows, into the state of a sweep";
  let description = [{
    #### Semantics

    Each derived sweep of a formula (`weir-opt --weir-print-analysis` lists them) has a state of one or more slots, with an
    identity and a merge. The op merges the state of the given rows into the one that `outs` holds: with identities there, the
    results are the state of the rows alone; with the state of one part of a row, that of both parts. So it may be tiled along the
    row too, and the order of the parts does not matter.

    The formula is normalised first (`weir-normalize-formulas`). A sweep with a `weir.kth` or a `weir.solve` has no state that could be merged, and
    neither have those after it.

    #### Inputs

    - `ins`: the operands of `weir.apply`, with the row as the last dimension.
    - `mask`, as there.
    - `known`: what was found before, uniform: `weir.length` and `weir.extent` of the whole row where the formula asks for them, then
      the statistics of the sweeps before.
    - `row`, `column`: where a tile lies, as of `weir.apply`.
    - `outs`: one value per row for each slot.

    #### Outputs

    With tensors, the new state. With memrefs nothing: it is written to `outs`.

    #### Constraints

    - C1 to C5, C8 and C9 as of `weir.apply`; all shaped operands are tensors, or all are memrefs.
    - C11: the formula has this sweep, and the sweep has a state.
    - C12: `known` and `outs` have as many values as the layout of the sweep says, of its types. A slot has the outer shape and, for
      `f32`, the accumulator type; what is known is a scalar or has the outer shape, sizes equal or statically 1.

    #### Examples

    ```mlir
    func.func @state(%x: tensor<?x100xf32>, %m: tensor<?xf32>, %s: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
      %y:2 = weir.stats @softmax sweep(1) ins(%x : tensor<?x100xf32>) outs(%m, %s : tensor<?xf32>, tensor<?xf32>)
        -> tensor<?xf32>, tensor<?xf32>
      return %y#0, %y#1 : tensor<?xf32>, tensor<?xf32>
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, I64Attr:$sweep, Variadic<AnyType>:$inputs,
                            Optional<AnyShaped>:$mask, Variadic<AnyType>:$known), Weir_RowOffset, Weir_ColumnOffset,
                       (ins Variadic<AnyShaped>:$outputs), Weir_StatePolicies, Weir_StateGrain);
  let assemblyFormat = [{
    $formula `sweep` `(` $sweep `)` `ins` `(` $inputs `:` type($inputs) `)` (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`known` `(` $known^ `:` type($known) `)`)?
  }] # Weir_Offsets<>.format # [{
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = stateDeclarations;
}

def Weir_MergeOp : Weir_StateOp<"merge"> {
  let summary = "merges the states of two parts of rows";
  let description = [{
    #### Semantics

    The results are the state of what the states in `ins` and `outs` have seen together. The merge is associative and commutative but for
    rounding, and the state of nothing is its identity.

    #### Inputs

    - `ins`: one value per row for each slot of the sweep's state.
    - `uniforms`: the uniform operands of the formula, in order: what corrects a state may depend on them.
    - `known`: as of `weir.stats`.
    - `outs`: the other state.

    #### Outputs

    With tensors, the merged state. With memrefs nothing: it is written to `outs`.

    #### Constraints

    - C1: as of `weir.apply`; all shaped operands are tensors, or all are memrefs.
    - C2: as many `uniforms` as the formula has uniform arguments, of types that fit.
    - C11, C12: as of `weir.stats`. The state's first slot says what the outer shape is.

    #### Examples

    ```mlir
    func.func @both(%m0: memref<?xf32>, %s0: memref<?xf32>, %m1: memref<?xf32>, %s1: memref<?xf32>) {
      weir.merge @softmax sweep(1) ins(%m0, %s0 : memref<?xf32>, memref<?xf32>)
        outs(%m1, %s1 : memref<?xf32>, memref<?xf32>)
      return
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, I64Attr:$sweep, Variadic<AnyShaped>:$state,
                            Variadic<AnyType>:$uniforms, Variadic<AnyType>:$known, Variadic<AnyShaped>:$outputs),
                       Weir_StatePolicies);
  let assemblyFormat = [{
    $formula `sweep` `(` $sweep `)` `ins` `(` $state `:` type($state) `)`
    (`uniforms` `(` $uniforms^ `:` type($uniforms) `)`)? (`known` `(` $known^ `:` type($known) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = stateDeclarations;
}

def Weir_FinishOp : Weir_StateOp<"finish"> {
  let summary = "what the state of whole rows says: the statistics of a sweep";
  let description = [{
    #### Semantics

    The results are the values of the sweep's reductions, each with its winner's position if it has one, in the order that
    `weir-print-analysis` lists; behind those of the last sweep come the formula's uniform results, with the policies applied.

    #### Inputs

    - `ins`: the state of the whole rows.
    - `uniforms`, `known`: as of `weir.merge`.
    - `outs`: destinations, which are not read.

    #### Outputs

    With tensors, the statistics and results.

    #### Constraints

    - C1, C2, C11 and C12 as of `weir.merge`.

    #### Examples

    ```mlir
    func.func @lse(%m: tensor<?xf32>, %s: tensor<?xf32>, %to: tensor<?xf32>) -> tensor<?xf32> {
      %y:3 = weir.finish @logsumexp sweep(1) ins(%m, %s : tensor<?xf32>, tensor<?xf32>)
        outs(%to, %to, %to : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
      return %y#2 : tensor<?xf32>
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, I64Attr:$sweep, Variadic<AnyShaped>:$state,
                            Variadic<AnyType>:$uniforms, Variadic<AnyType>:$known, Variadic<AnyShaped>:$outputs),
                       Weir_StatePolicies);
  let assemblyFormat = [{
    $formula `sweep` `(` $sweep `)` `ins` `(` $state `:` type($state) `)`
    (`uniforms` `(` $uniforms^ `:` type($uniforms) `)`)? (`known` `(` $known^ `:` type($known) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = stateDeclarations;
}

def Weir_WeightsOp : Weir_StateOp<"weights"> {
  let summary = "the varying results of rows whose statistics are known";
  let description = [{
    #### Semantics

    The varying results of the formula, elementwise: what its reductions give is an operand. Excluded elements get the masked value, and rows
    with nothing left or with NaN become what the policies say, as in `weir.apply`.

    #### Inputs

    - `ins`, `mask`, `row`, `column`: as of `weir.stats`. The mask needs no reduction here.
    - `known`: `weir.length` and `weir.extent` where the formula or the policy asks for them, then the statistics of all sweeps.
    - `outs`: one destination per varying result, which is not read.

    #### Outputs

    With tensors, the varying results.

    #### Constraints

    - C1 to C5, C8, C9, C11 and C12 as of `weir.stats`.
    - C13: the formula has a varying result, and a reduction: otherwise it is applied as it is.

    #### Examples

    ```mlir
    func.func @part(%x: memref<8x100xf32>, %m: memref<8xf32>, %s: memref<8xf32>, %y: memref<8x100xf32>) {
      weir.weights @softmax ins(%x : memref<8x100xf32>) known(%m, %s : memref<8xf32>, memref<8xf32>)
        outs(%y : memref<8x100xf32>)
      return
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyType>:$inputs, Optional<AnyShaped>:$mask,
                            Variadic<AnyType>:$known), Weir_RowOffset, Weir_ColumnOffset,
                       (ins Variadic<AnyShaped>:$outputs), Weir_StatePolicies, Weir_StateGrain);
  let assemblyFormat = [{
    $formula `ins` `(` $inputs `:` type($inputs) `)` (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`known` `(` $known^ `:` type($known) `)`)?
  }] # Weir_Offsets<>.format # [{
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = stateDeclarations;
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRSTATEOPS_TD
