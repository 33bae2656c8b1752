//===- WeirRowOps.td - formulas on tensors and memrefs ----------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRROWOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRROWOPS_TD

include "weir/Dialect/Weir/IR/WeirFormulaOps.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

defvar Weir_Policies = (ins
  OptionalAttr<Weir_EmptyRowAttr>:$empty_row, OptionalAttr<Weir_PosInfAttr>:$pos_inf,
  OptionalAttr<Weir_NaNPolicyAttr>:$nan, OptionalAttr<Weir_TiesAttr>:$ties,
  OptionalAttr<Weir_NegInfAttr>:$neg_inf);

// How the rows run. Passes choose what is not given.
defvar Weir_Schedule = (ins
  OptionalAttr<Weir_FormAttr>:$form,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$thread_grain,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$stream_bytes,
  OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$thread_part,
  OptionalAttr<ConfinedAttr<I64Attr, [IntPositive, IntMaxValue<16>]>>:$pages);

// Where a tile lies in the whole: what travels with it so that weir.row, weir.position and weir.random mean the same.
defvar Weir_RowOffset = (ins Optional<Index>:$row_base, Variadic<Index>:$row_strides);
defvar Weir_ColumnOffset = (ins Optional<Index>:$column);
class Weir_Offsets {
  string format = "(`row` `(` $row_base^ (`by` $row_strides^)? `)`)? (`column` `(` $column^ `)`)?";
}

def Weir_ApplyOp : Weir_Op<"apply", [
    Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "runs a formula along a dimension of tensors";
  let description = [{
    #### Semantics

    Every row along dimension `along` (the last by default) of the operands is one run of the formula.
    Elements where `mask` is false are excluded; policies say what happens to rows with nothing left
    (`empty_row`), with +inf (`pos_inf`), with NaN (`nan`), to equal scores (`ties`) and to scores of -inf (`neg_inf`):
    they are excluded like masked ones, or numbers like all others. Masks and policies
    concern formulas with a reduction only; the others are elementwise and follow limits.

    A tile of a larger whole says where it lies: `row(%base by %s0, %s1)` makes the row at outer indices (i, j) the one with
    index base + i s0 + j s1 in the whole, for `weir.row` and `weir.random`; `column(%c)` adds c to every position. Without
    `row` the outer dimensions are the whole.

    How the rows run may be given too: `form`; `thread_grain`, the elements that each of several threads must get
    before rows are shared among them (0: never); `thread_part`, the length of the parts that few and long rows are split
    into for threads (0: never); `stream_bytes`, the size from which on the results are written past the caches (0: never);
    `pages`, the adjacent pages of a row that its sweeps visit in turn; and, for a row that is not the last dimension,
    `lanes`: `across` gives neighbouring rows a lane each, `along` transposes. In place of a form, `plans` lists several with
    the sizes that each is meant for: the first that fits the sizes at run time is taken, the last one fits all. What is not
    given is chosen by passes.

    #### Inputs

    - one operand per argument of the formula. A varying one is a tensor whose shape broadcasts to the result's
      from the right: missing leading dimensions and dimensions of static size 1 are repeated. A uniform
      one is a scalar or a tensor of the row's outer shape, sizes equal or statically 1.
    - `mask`, a tensor of i1 that broadcasts in the same way.

    #### Outputs

    - per varying result a tensor of the broadcast shape; per uniform result a tensor of the outer shape with the
      accumulator type as its element type (f64 when the score is f64, else f32; integers as declared).

    #### Constraints

    - C1: the reference names a `weir.formula` in the nearest symbol table that has it, or one of the library.
    - C2: as many operands and results as the formula has.
    - C3: operands are dense tensors or scalars, and element types fit: f32, bf16, f16 or f64 for `f32`, index, i32 or
      i64 for `index`, otherwise the same type.
    - C4: varying operands and the mask broadcast to the result's shape.
    - C5: uniform operands and results have the row's outer shape.
    - C6: `along` names a dimension.
    - C7: a mask, and the policies, need a formula with a reduction.
    - C8: a constant operand lies in the argument's `weir.domain`.
    - C9: `row` has a stride for each outer dimension.
    - C10: `column` needs a formula that asks for neither `weir.length` nor `weir.extent`: a part of a row does not know them.
    - C11: `neg_inf = ordinary` goes with an f32 score, and not with `nan = ignore`, `pos_inf = share` or the forms `online` and
      `two_pass`, which exclude scores.
    - C12: `nan = arithmetic` goes with formulas that neither select nor search.
    - C13: `lanes` is `across` only where the row is not the last dimension.
    - C14: `plans` stands in place of `form`, `stream_bytes` and `pages`; the last plan, and no other, fits all sizes.

    #### Examples

    ```mlir
    func.func @weights(%x: tensor<?x32000xf32>, %valid: tensor<?x32000xi1>) -> tensor<?x32000xf32> {
      %y = weir.apply @softmax(%x) mask(%valid : tensor<?x32000xi1>) {empty_row = #weir.empty_row<nan>}
         : (tensor<?x32000xf32>) -> tensor<?x32000xf32>
      return %y : tensor<?x32000xf32>
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyType>:$inputs, Optional<AnyRankedTensor>:$mask),
                       Weir_RowOffset, Weir_ColumnOffset, (ins OptionalAttr<I64Attr>:$along), Weir_Policies,
                       Weir_Schedule, (ins OptionalAttr<Weir_LaneDirectionAttr>:$lanes, OptionalAttr<Weir_PlansAttr>:$plans));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$formula `(` $inputs `)` (`mask` `(` $mask^ `:` type($mask) `)`)? " # Weir_Offsets<>.format #
                       " attr-dict `:` functional-type($inputs, results)";
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::FlatSymbolRefAttr":$formula,
      "::mlir::ValueRange":$inputs, "::mlir::Value":$mask, "::mlir::IntegerAttr":$along,
      "::weir::EmptyRowAttr":$empty_row, "::weir::PosInfAttr":$pos_inf, "::weir::NaNPolicyAttr":$nan,
      "::weir::TiesAttr":$ties, "::weir::NegInfAttr":$neg_inf, "::weir::FormAttr":$form, "::mlir::IntegerAttr":$thread_grain,
      "::mlir::IntegerAttr":$stream_bytes), [{
    build($_builder, $_state, results, formula, inputs, mask, ::mlir::Value(), ::mlir::ValueRange(), ::mlir::Value(),
          along, empty_row, pos_inf, nan, ties, neg_inf, form, thread_grain, stream_bytes, /*thread_part=*/nullptr,
          /*pages=*/nullptr, /*lanes=*/nullptr, /*plans=*/nullptr);
  }]>];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// The formula, found in the enclosing symbol tables or in the library. Null when there is none.
    ::weir::FormulaOp resolveFormula();
    /// The dimension that is the row. Where nothing asks for a row, in a pointwise formula with the same uniform
    /// arguments everywhere, it is the last, whatever `along` says. Needs a verified op.
    int64_t getRowDim();
    /// The rank of the row's full shape.
    int64_t getRowRank();
    /// The sizes of the full shape.
    ::llvm::SmallVector<::mlir::OpFoldResult> getFullSizes(::mlir::OpBuilder &builder);
  }];
}

def Weir_RowsOp : Weir_Op<"rows", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a formula over rows, in destination style";
  let description = [{
    #### Semantics

    `weir.apply` on tensors or memrefs, writing to destinations. Passes make it; the `form`, `thread_grain`, `thread_part`,
    `stream_bytes` and `pages` say how the rows run; without the others than `form` on one thread, through the caches, from
    front to back. Where `along` names another dimension than the last, vectors hold elements of neighbouring rows.
    `weir-switch-plans` makes a branch of each plan.

    Sweeps over a row visit blocks of `pages` adjacent 4 KiB pages of the score a group of vectors from each page in turn:
    main memory serves several pages faster than one. What is less than a block is visited from front to back, and so are
    sweeps whose order matters.

    A row at a time that is kept, or the elements that a search looks at, lie in `scratch` where that is given: it is of the accumulator type and
    at least one cache line longer than a row. Otherwise memory is allocated, which only the thread of a call may do.

    `in_cache` says that the operands are scratch in a near cache: nothing is asked for ahead, and no memory is shared but that of a
    result may be the score's. With `lossy_maxima` nobody minds if maxima and minima among the results are not NaN where a score is; with `free_anchor` not if the row's maximum is
    another number near it, as long as all results are computed with the same. `narrow_ratios` lets exponentials that enter
    nothing but ratios have the error that results stored in 16 bits allow, whatever the results here are stored as.

    #### Constraints

    - C1 to C7, C9 to C12 and C14 as of `weir.apply`; all shaped operands are tensors, or all are memrefs. With memrefs there is no result.
    - C8: `form` is `elementwise` exactly where the formula has no reduction.
    - C13: `form` is `transposed` only where the formula selects nothing (`weir.kth`) and there are outer dimensions, with the row as the last.

    #### Examples

    ```mlir
    weir.formula @scale(%x: f32, %a: f32 {weir.uniform}) -> f32 {
      %y = arith.mulf %x, %a : f32
      weir.yield %y : f32
    }
    func.func @run(%x: memref<?x?xf32>, %a: f32, %y: memref<?x?xf32>) {
      weir.rows @scale ins(%x, %a : memref<?x?xf32>, f32) outs(%y : memref<?x?xf32>) {form = #weir.form<elementwise>}
      return
    }
    ```
  }];
  let arguments = !con((ins FlatSymbolRefAttr:$formula, Variadic<AnyType>:$inputs, Optional<AnyShaped>:$mask),
                       Weir_RowOffset, Weir_ColumnOffset,
                       (ins Variadic<AnyShaped>:$outputs, Optional<AnyMemRef>:$scratch), Weir_Policies, Weir_Schedule,
                       (ins OptionalAttr<I64Attr>:$along, OptionalAttr<Weir_PlansAttr>:$plans,
                            UnitAttr:$in_cache, UnitAttr:$narrow_ratios, UnitAttr:$lossy_maxima, UnitAttr:$free_anchor));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $formula (`ins` `(` $inputs^ `:` type($inputs) `)`)? (`mask` `(` $mask^ `:` type($mask) `)`)?
  }] # Weir_Offsets<>.format # [{
    `outs` `(` $outputs `:` type($outputs) `)` (`scratch` `(` $scratch^ `:` type($scratch) `)`)? attr-dict (`->` type($results)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::FlatSymbolRefAttr":$formula,
      "::mlir::ValueRange":$inputs, "::mlir::Value":$mask, "::mlir::ValueRange":$outputs,
      "::weir::EmptyRowAttr":$empty_row, "::weir::PosInfAttr":$pos_inf, "::weir::NaNPolicyAttr":$nan,
      "::weir::TiesAttr":$ties, "::weir::NegInfAttr":$neg_inf, "::weir::FormAttr":$form, "::mlir::IntegerAttr":$thread_grain,
      "::mlir::IntegerAttr":$stream_bytes), [{
    build($_builder, $_state, results, formula, inputs, mask, ::mlir::Value(), ::mlir::ValueRange(), ::mlir::Value(),
          outputs, empty_row, pos_inf, nan, ties, neg_inf, form, thread_grain, stream_bytes, /*along=*/nullptr);
  }]>, OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::FlatSymbolRefAttr":$formula,
      "::mlir::ValueRange":$inputs, "::mlir::Value":$mask, "::mlir::Value":$row_base, "::mlir::ValueRange":$row_strides,
      "::mlir::Value":$column, "::mlir::ValueRange":$outputs, "::weir::EmptyRowAttr":$empty_row,
      "::weir::PosInfAttr":$pos_inf, "::weir::NaNPolicyAttr":$nan, "::weir::TiesAttr":$ties, "::weir::NegInfAttr":$neg_inf,
      "::weir::FormAttr":$form, "::mlir::IntegerAttr":$thread_grain, "::mlir::IntegerAttr":$stream_bytes,
      "::mlir::IntegerAttr":$along), [{
    build($_builder, $_state, results, formula, inputs, mask, row_base, row_strides, column, outputs, /*scratch=*/nullptr, empty_row, pos_inf,
          nan, ties, neg_inf, form, thread_grain, stream_bytes, /*thread_part=*/nullptr, /*pages=*/nullptr, along, /*plans=*/nullptr,
          /*in_cache=*/nullptr, /*narrow_ratios=*/nullptr, /*lossy_maxima=*/nullptr, /*free_anchor=*/nullptr);
  }]>];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    /// The formula, found in the enclosing symbol tables or in the library. Null when there is none.
    ::weir::FormulaOp resolveFormula();
    /// The dimension that is the row. Needs a verified op.
    int64_t getRowDim();
    /// The rank of the row's full shape.
    int64_t getRowRank();
  }];
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRROWOPS_TD
