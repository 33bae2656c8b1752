//===- WeirFormulaOps.td - the row language ---------------------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRFORMULAOPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIRFORMULAOPS_TD

include "weir/Dialect/Weir/IR/WeirDialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// A misspelt attribute, or one of another op, would silently change what the op means.
def Weir_KnownAttributes : NativeOpTrait<"KnownAttributes"> {
  let cppNamespace = "::weir";
}

class Weir_Op<string mnemonic, list<Trait> traits = []>
    : Op<Weir_Dialect, mnemonic, !listconcat([Weir_KnownAttributes], traits)>;

/// An op of the row language: pure, and only inside a formula.
class Weir_BodyOp<string mnemonic, list<Trait> traits = []>
    : Weir_Op<mnemonic, !listconcat([Pure, ParentOneOf<["FormulaOp", "SolveOp"]>], traits)>;

def Weir_Scalar : AnyTypeOf<[F32, AnySignlessInteger, Index], "f32, a signless integer or index">;

//===----------------------------------------------------------------------===//
// weir.formula
//===----------------------------------------------------------------------===//

def Weir_FormulaOp : Weir_Op<"formula", [
    FunctionOpInterface, IsolatedFromAbove, OpAsmOpInterface, SingleBlock, AutomaticAllocationScope]> {
  let summary = "the mathematics of one row";
  let description = [{
    #### Semantics

    Denotes a function of one row over the extended reals. Values are *varying* (one per element of the row)
    or *uniform* (one per row); which they are follows from the arguments and is checked against the results'
    `{weir.uniform}`. `f32` stands for the accumulator type: on f64 data the formula is instantiated in f64.
    The first varying argument is the *score*. In a formula with a reduction an element is excluded when its
    mask is off or its score is -inf.

    #### Inputs

    Arguments are `f32`, signless integers of 1 to 64 bits or `index`; a uniform one carries `{weir.uniform}`. A uniform
    f32 one may also carry `{weir.domain = array<f64: low, high>}`, the interval it must lie in.

    #### Outputs

    One or more values, given to `weir.yield`; a uniform one carries `{weir.uniform}`. A uniform f32 one may also carry
    `{weir.empty = number}`, its value in a row with nothing left.

    A formula with the attribute `weir.as_written` is evaluated as it is written: no maximum is added to a sum of exponentials, and
    nothing is pulled out of a reduction. What is raised from other languages may rely on what their arithmetic does
    with infinities.

    #### Constraints

    - C1: the body is one block and ends in `weir.yield`, whose types are the result types.
    - C2: body ops are weir's ops for bodies or pure elementwise `arith` and `math` ops on scalars, without flags that
      make results undefined (fast-math, `nsw`, `nuw`).
    - C3: floating-point values are `f32`.
    - C4: a result declared `weir.uniform` is uniform.
    - C5: at least one argument is varying.

    #### Examples

    ```mlir
    weir.formula @my_softmax(%x: f32) -> f32 {
      %m = weir.reduce max %x : f32
      %d = arith.subf %x, %m : f32
      %e = math.exp %d : f32
      %s = weir.reduce add %e : f32
      %w = arith.divf %e, %s : f32
      weir.yield %w : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }

    /// True when argument `index` is declared `{weir.uniform}`: one value per row.
    bool isUniformArgument(unsigned index);
    /// Those of the operands of an application that have a number per element,
    /// and those that have one per row.
    ::llvm::SmallVector<::mlir::Value> pickVarying(::mlir::ValueRange inputs);
    ::llvm::SmallVector<::mlir::Value> pickUniform(::mlir::ValueRange inputs);
    /// True when result `index` is declared `{weir.uniform}`.
    bool isUniformResult(unsigned index);
    /// The interval that argument `index` must lie in; null when there is none.
    ::mlir::DenseF64ArrayAttr getDomain(unsigned index);
    /// True for an argument of the body that is a maximum or a minimum over the row.
    bool isExtremum(::mlir::Value argument);
    /// True when the row has been read before this formula runs: by its own reductions, or by those it is the rest of.
    bool followsSweeps();
    /// What uniform result `index` is in an empty row; null when its reductions' identities say it.
    ::mlir::FloatAttr getEmptyValue(unsigned index);
    /// Index of the score: the first varying argument. Verified to exist.
    unsigned getScoreIndex();
    /// Index of the first varying result; the number of results where there is none.
    unsigned getFirstVaryingResult();
    /// True when some op of the body needs the whole row (reduce, kth, solve). Only then do
    /// masks and policies apply; a formula without one is elementwise.
    bool hasReduction();
    /// True when some op of the body searches (kth, solve).
    bool hasSearch();
    /// True when the results at an element follow from the arguments there: nothing asks for the row,
    /// or for a place in it.
    bool isPointwise();
    /// The values given to weir.yield.
    ::mlir::OperandRange getYieldedValues();
    /// True when both say the same, whatever their names.
    bool isEquivalentTo(::weir::FormulaOp other);
  }];
}

def Weir_YieldOp : Weir_Op<"yield", [Pure, ReturnLike, Terminator, ParentOneOf<["FormulaOp", "SolveOp"]>]> {
  let summary = "results of a formula or of a root search's body";
  let description = [{
    #### Semantics

    Ends the body of `weir.formula` (one value per result) or `weir.solve` (one uniform value).

    #### Examples

    ```mlir
    weir.formula @twice(%x: f32) -> f32 {
      %y = arith.addf %x, %x : f32
      weir.yield %y : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Weir_Scalar>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

//===----------------------------------------------------------------------===//
// Ops over the whole row
//===----------------------------------------------------------------------===//

def Weir_ReduceOp : Weir_BodyOp<"reduce", [AllTypesMatch<["value", "result"]>]> {
  let summary = "the sum, the maximum or the minimum of a value over the row";
  let description = [{
    #### Semantics

    Combines the value over all included elements of the row; the result is uniform. Excluded elements
    contribute the identity (0, -inf, +inf). Integers are signed, and sums of them wrap. With a second result, `max` and `min` also give the position of
    the winner (lowest index wins); on an empty row it is -1.

    #### Constraints

    - C1: the winner's index is only available for `max` and `min`.
    - C2: the value is not `i1`, whose true is the number -1.

    #### Examples

    ```mlir
    weir.formula @winner(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
      %m, %i = weir.reduce max %x : f32, index
      weir.yield %m, %i : f32, index
    }
    ```
  }];
  let arguments = (ins Weir_ReductionKindAttr:$kind, Weir_Scalar:$value);
  let results = (outs Weir_Scalar:$result, Optional<Index>:$winner);
  let assemblyFormat = "`` $kind $value attr-dict `:` type($value) (`,` type($winner)^)?";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::weir::ReductionKind":$kind, "::mlir::Value":$value), [{
    build($_builder, $_state, value.getType(), ::mlir::Type(), kind, value);
  }]>];
}

def Weir_KthOp : Weir_BodyOp<"kth", [AllTypesMatch<["value", "result"]>]> {
  let summary = "the k-th largest value of the row and its position";
  let description = [{
    #### Semantics

    `%v, %p = weir.kth %k, %x` is the k-th largest included value (k counts from 1) and its position; equal values
    are ordered by position, lowest first, so that ties can be cut exactly; under the policy `ties = all_equal` the position is that of
    the last of them, so that none is cut. When fewer than k elements are
    included, the value is -inf and the position -1. Both results are uniform.

    #### Constraints

    - C1: `k` is uniform.
    - C2: a constant `k` is at least 1.
    - C3: the value is not `i1`.

    #### Examples

    ```mlir
    weir.formula @second(%x: f32) -> f32 {
      %k = arith.constant 2 : index
      %v, %p = weir.kth %k, %x : index, f32
      %zero = arith.constant 0.0 : f32
      %keep = arith.cmpf oge, %x, %v : f32
      %y = arith.select %keep, %x, %zero : f32
      weir.yield %y : f32
    }
    ```
  }];
  let arguments = (ins AnyTypeOf<[Index, I32, I64]>:$k, Weir_Scalar:$value);
  let results = (outs Weir_Scalar:$result, Index:$position);
  let assemblyFormat = "$k `,` $value attr-dict `:` type($k) `,` type($value)";
  let hasVerifier = 1;
}

def Weir_SolveOp : Weir_BodyOp<"solve", [SingleBlock, AllTypesMatch<["lower", "upper", "result"]>]> {
  let summary = "the root of a monotone function of one uniform unknown";
  let description = [{
    #### Semantics

    Searches the bracket [lower, upper] for the root of the body's value, which must be monotone in the unknown:
    the declared direction says how. At most `max_iterations` evaluations are made, and the search may stop once
    the unknown is known to within `tolerance`. The body may reduce over the row and use values from outside. A second yielded value is
    the derivative of the first with respect to the unknown, which `weir-differentiate-solves` adds.

    #### Constraints

    - C1: the bracket is uniform.
    - C2: the body has one f32 argument, the unknown, and yields one uniform f32 value, or two.
    - C3: `max_iterations` is positive and `tolerance` is not negative.

    #### Examples

    ```mlir
    weir.formula @sparsemax_by_search(%x: f32) -> f32 {
      %zero = arith.constant 0.0 : f32
      %one = arith.constant 1.0 : f32
      %hi = weir.reduce max %x : f32
      %lo = arith.subf %hi, %one : f32
      %tau = weir.solve %lo to %hi decreasing {max_iterations = 32 : i64, tolerance = 0.0 : f64} : f32 {
      ^bb0(%t: f32):
        %d = arith.subf %x, %t : f32
        %r = arith.maximumf %d, %zero : f32
        %s = weir.reduce add %r : f32
        %f = arith.subf %s, %one : f32
        weir.yield %f : f32
      }
      %d = arith.subf %x, %tau : f32
      %w = arith.maximumf %d, %zero : f32
      weir.yield %w : f32
    }
    ```
  }];
  let arguments = (ins F32:$lower, F32:$upper, Weir_SolveDirectionAttr:$direction,
                       I64Attr:$max_iterations, F64Attr:$tolerance);
  let results = (outs F32:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$lower `to` $upper `` $direction attr-dict `:` type($result) $body";
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

def Weir_LengthOp : Weir_BodyOp<"length"> {
  let summary = "how many positions of the row are not masked";
  let description = [{
    #### Semantics

    The number of unmasked positions, known before the first sweep; an unmasked -inf counts. Uniform.

    #### Examples

    ```mlir
    weir.formula @mean(%x: f32) -> (f32 {weir.uniform}) {
      %n = weir.length : index
      %i = arith.index_cast %n : index to i64
      %f = arith.sitofp %i : i64 to f32
      %s = weir.reduce add %x : f32
      %m = arith.divf %s, %f : f32
      weir.yield %m : f32
    }
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Weir_ExtentOp : Weir_BodyOp<"extent"> {
  let summary = "how many positions the row has, masked ones included";
  let description = [{
    #### Semantics

    One more than the largest position of the row. It tells a target that lies outside the row from one that is
    masked. Uniform, and known before the first sweep.

    #### Examples

    ```mlir
    weir.formula @holds(%x: f32, %t: index {weir.uniform}) -> (f32, i1 {weir.uniform}) {
      %n = weir.extent : index
      %inside = arith.cmpi ult, %t, %n : index
      weir.yield %x, %inside : f32, i1
    }
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Weir_PositionOp : Weir_BodyOp<"position"> {
  let summary = "the position of the element in its row";
  let description = [{
    #### Semantics

    0 for the first element; masked positions count. Varying.

    #### Examples

    ```mlir
    weir.formula @ramp(%x: f32) -> index {
      %p = weir.position : index
      weir.yield %p : index
    }
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Weir_RowOp : Weir_BodyOp<"row"> {
  let summary = "the index of the row";
  let description = [{
    #### Semantics

    The row's index in row-major order of the outer dimensions (the query's index in attention). Uniform.

    #### Examples

    ```mlir
    weir.formula @which(%x: f32) -> (f32, index {weir.uniform}) {
      %r = weir.row : index
      weir.yield %x, %r : f32, index
    }
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Weir_RandomOp : Weir_BodyOp<"random"> {
  let summary = "a reproducible uniform random number in (0, 1)";
  let description = [{
    #### Semantics

    A pure function of seed, stream, row and position (Philox4x32-10), so that recomputing it gives the same number in
    every form, tiling and target: key = seed, counter = (position / 4, row low, row high, stream), word position % 4. The
    number is (top 24 bits + 0.5) * 2^-24; in f32, where the greatest of them would round to 1, it is 1 - 2^-24. Varying.

    #### Constraints

    - C1: the seed is uniform.

    #### Examples

    ```mlir
    weir.formula @noise(%x: f32, %seed: i64 {weir.uniform}) -> f32 {
      %u = weir.random %seed stream 0 : f32
      %y = arith.addf %x, %u : f32
      weir.yield %y : f32
    }
    ```
  }];
  let arguments = (ins I64:$seed, ConfinedAttr<I64Attr, [IntNonNegative]>:$stream);
  let results = (outs F32:$result);
  let assemblyFormat = "$seed `stream` $stream attr-dict `:` type($result)";
}

#endif // WEIR_DIALECT_WEIR_IR_WEIRFORMULAOPS_TD
