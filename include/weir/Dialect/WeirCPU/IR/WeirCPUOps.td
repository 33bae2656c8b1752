//===- WeirCPUOps.td - what x86 code needs above vector ---*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIRCPU_IR_WEIRCPUOPS_TD
#define WEIR_DIALECT_WEIRCPU_IR_WEIRCPUOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "weir/Dialect/WeirCPU/IR/WeirCPUDialect.td"
include "weir/Dialect/WeirCPU/IR/WeirCPUProductOps.td"

def WeirCPU_ExpVariant : I32EnumAttr<"ExpVariant", "how exp is evaluated", [
    I32EnumAttrCase<"Fast", 0, "fast">, I32EnumAttrCase<"Accurate", 1, "accurate">,
    I32EnumAttrCase<"Narrow", 2, "narrow">, I32EnumAttrCase<"Coarse", 3, "coarse">]> {
  let cppNamespace = "::weir::cpu";
  let genSpecializedAttr = 0;
}
def WeirCPU_ExpVariantAttr : EnumAttr<WeirCPU_Dialect, WeirCPU_ExpVariant, "exp_variant">;

def WeirCPU_ExpOp : Op<WeirCPU_Dialect, "exp", [Pure, SameOperandsAndResultType]> {
  let summary = "e to the power of x, in a stated accuracy";
  let description = [{
    #### Semantics

    `fast` is for anchored exponents whose result enters a normalised ratio: its relative error is at most
    2.5e-7 + 7.5e-8 |x|, and results below 2^-125 may be flushed. `narrow` is the same for results that are stored in 16 bits: its
    relative error is 2^-18 at x = 0, below that of f16 by a factor of 100. `coarse` is the same for bf16: 2^-13, below that of
    bf16 by a factor of 16. `accurate` is within 2 ulp over the whole range,
    denormal results included; with `gradual` the others do not flush results either. All: exp(-inf) = 0, exp(+inf) = +inf, NaN stays NaN, and any
    finite x is allowed.

    #### Inputs

    f32 or f64, or vectors of them. f64 is always accurate.

    #### Examples

    ```mlir
    func.func @weights(%d: vector<16xf32>) -> vector<16xf32> {
      %e = weir_cpu.exp fast %d : vector<16xf32>
      return %e : vector<16xf32>
    }
    ```
  }];
  let arguments = (ins WeirCPU_ExpVariantAttr:$variant, AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$x, UnitAttr:$gradual);
  let results = (outs AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$result);
  let assemblyFormat = "`` $variant (`gradual` $gradual^)? $x attr-dict `:` type($result)";
}

def WeirCPU_ExpShiftedOp : Op<WeirCPU_Dialect, "exp_shifted", [Pure, SameOperandsAndResultType]> {
  let summary = "e^x times 2^-s by one fused multiply-add and a power of two";
  let description = [{
    #### Semantics

    2^(x log2(e) - s), the exponent rounded once. With s = u log2(e) this is e^(x - u) times a factor that depends on s only
    and is within abs(u) 2^-24 of 1. Its error is otherwise that of `weir_cpu.exp` of the same variant, any but `accurate`; exponents that overflow are
    the user's to avoid. x = -inf gives 0, NaN stays NaN.

    #### Inputs

    f32 or f64, or vectors of them.

    #### Outputs

    The same type.

    #### Constraints

    - C1: the variant is not `accurate`.
    - Targets without a fused multiply-add should not see it: x log2(e) would be rounded by itself.

    #### Examples

    ```mlir
    func.func @f(%x: vector<16xf32>, %s: vector<16xf32>) -> vector<16xf32> {
      %e = weir_cpu.exp_shifted fast %x, %s : vector<16xf32>
      return %e : vector<16xf32>
    }
    ```
  }];
  let arguments = (ins WeirCPU_ExpVariantAttr:$variant, AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$x,
                       AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$s);
  let results = (outs AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$result);
  let hasVerifier = 1;
  let assemblyFormat = "`` $variant $x `,` $s attr-dict `:` type($result)";
}

def WeirCPU_Expm1ShiftedOp : Op<WeirCPU_Dialect, "expm1_shifted", [Pure, SameOperandsAndResultType]> {
  let summary = "e^x - 1, times e^-u";
  let description = [{
    #### Semantics

    e^(x - u) - e^-u, within 5 ulp but for what x - u is rounded by where u is above 128: where x is near 0 no digits cancel, and where x is large, and u with it, nothing
    overflows. Results below 2^-125 may be flushed, and on targets without AVX-512 those below 1e-30 lose digits where e^-u is as small. x = -inf gives -e^-u, NaN stays NaN.

    #### Inputs

    Vectors of f32 or f64.

    #### Outputs

    The same type.

    #### Constraints

    - The user sees to it that u is not negative and that x - u is at most 80, as where u is the larger of 0 and the maximum over the row.

    #### Examples

    ```mlir
    func.func @rectified(%x: vector<16xf32>, %u: vector<16xf32>) -> vector<16xf32> {
      %e = weir_cpu.expm1_shifted %x, %u : vector<16xf32>
      return %e : vector<16xf32>
    }
    ```
  }];
  let arguments = (ins VectorOfAnyRankOf<[F32, F64]>:$x, VectorOfAnyRankOf<[F32, F64]>:$u);
  let results = (outs VectorOfAnyRankOf<[F32, F64]>:$result);
  let assemblyFormat = "$x `,` $u attr-dict `:` type($result)";
}

def WeirCPU_ExpSplitOp : Op<WeirCPU_Dialect, "exp_split",
    [Pure, AllTypesMatch<["x", "mantissa", "exponent"]>]> {
  let summary = "e to the power of x as a mantissa and an exponent";
  let description = [{
    #### Semantics

    e^x = mantissa 2^exponent, with a whole exponent and a mantissa between 0.6 and 1.5, both floating-point numbers: no x makes it overflow or
    vanish. x below -2^20 counts as -2^20, -inf too. NaN gives a mantissa of NaN; +inf has no mantissa.

    `accurate` is within 3 ulp where abs(x) < 2^16, or 2^8 on targets without a fused multiply-add. `fast` and `narrow` leave out what log2(e) loses as an f32 number: they
    give e^(x + d x) with d = 2^-26, the same d for every x, and as `weir_cpu.exp_shifted` does; otherwise their relative
    error is 2.5e-7 and 2^-18. f64 is always accurate.

    #### Inputs

    Vectors of f32 or f64.

    #### Outputs

    Two of the same type.

    #### Examples

    ```mlir
    func.func @f(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
      %p, %n = weir_cpu.exp_split fast %x : vector<16xf32>
      return %p, %n : vector<16xf32>, vector<16xf32>
    }
    ```
  }];
  let arguments = (ins WeirCPU_ExpVariantAttr:$variant, VectorOfAnyRankOf<[F32, F64]>:$x);
  let results = (outs VectorOfAnyRankOf<[F32, F64]>:$mantissa, VectorOfAnyRankOf<[F32, F64]>:$exponent);
  let assemblyFormat = "`` $variant $x attr-dict `:` type($x)";
}

def WeirCPU_ScaleOp : Op<WeirCPU_Dialect, "scale", [Pure, SameOperandsAndResultType]> {
  let summary = "x times 2^n for a whole n of at most 0";
  let description = [{
    #### Semantics

    x 2^n, and 0 where 2^n is no normal number. NaN in x stays, and NaN in n makes NaN.

    #### Inputs

    Vectors of f32 or f64.

    #### Outputs

    A vector of the same type.

    #### Examples

    ```mlir
    func.func @f(%x: vector<16xf32>, %n: vector<16xf32>) -> vector<16xf32> {
      %y = weir_cpu.scale %x, %n : vector<16xf32>
      return %y : vector<16xf32>
    }
    ```
  }];
  let arguments = (ins VectorOfAnyRankOf<[F32, F64]>:$x, VectorOfAnyRankOf<[F32, F64]>:$n);
  let results = (outs VectorOfAnyRankOf<[F32, F64]>:$result);
  let assemblyFormat = "$x `,` $n attr-dict `:` type($result)";
}

def WeirCPU_CompressOp : Op<WeirCPU_Dialect, "compress", [Pure, AllTypesMatch<["vector", "result"]>]> {
  let summary = "the chosen lanes of a vector, moved to its front";
  let description = [{
    #### Semantics

    The lanes whose mask is on, in their order, from lane 0 on; the lanes behind them are 0.

    #### Inputs

    A vector of 512 bits and a mask of as many lanes.

    #### Outputs

    A vector of the same type.

    #### Constraints

    Only for targets with AVX-512 F.

    #### Examples

    ```mlir
    func.func @f(%x: vector<16xf32>, %mask: vector<16xi1>) -> vector<16xf32> {
      %y = weir_cpu.compress %x, %mask : vector<16xf32>, vector<16xi1>
      return %y : vector<16xf32>
    }
    ```
  }];
  let arguments = (ins AnyTypeOf<[VectorOfLengthAndType<[16], [F32]>, VectorOfLengthAndType<[8], [F64]>]>:$vector,
                       VectorOfRankAndType<[1], [I1]>:$mask);
  let results = (outs AnyTypeOf<[VectorOfLengthAndType<[16], [F32]>, VectorOfLengthAndType<[8], [F64]>]>:$result);
  let assemblyFormat = "$vector `,` $mask attr-dict `:` type($vector) `,` type($mask)";
}

def WeirCPU_FlushDenormalsOp : Op<WeirCPU_Dialect, "flush_denormals",
    [RecursiveMemoryEffects, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "code in which denormal numbers count as zero";
  let description = [{
    #### Semantics

    Sets the flush-to-zero and denormals-are-zero bits of MXCSR for the region and restores the caller's mode after
    it. A denormal result costs an assist of about 150 cycles each, which a row of small weights is full of. With `results_only` operands
    keep what they are: where they are compared, too, and not only computed with.

    #### Examples

    ```mlir
    func.func @scale(%x: memref<16xf32>, %a: vector<16xf32>) {
      %c0 = arith.constant 0 : index
      weir_cpu.flush_denormals {
        %v = vector.load %x[%c0] : memref<16xf32>, vector<16xf32>
        %w = arith.mulf %v, %a : vector<16xf32>
        vector.store %w, %x[%c0] : memref<16xf32>, vector<16xf32>
      }
      return
    }
    ```
  }];
  let arguments = (ins UnitAttr:$results_only);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`results_only` $results_only^)? attr-dict-with-keyword $body";
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins CArg<"bool", "false">:$results_only)>];
}

def WeirCPU_DrainStoresOp : Op<WeirCPU_Dialect, "drain_stores", []> {
  let summary = "waits for stores that went past the caches";
  let description = [{
    #### Semantics

    Stores marked `nontemporal` become visible to other threads in any order. After this op all earlier ones have. It
    takes up to some hundred nanoseconds, so it belongs behind the rows and not behind each.

    #### Examples

    ```mlir
    func.func @write(%x: memref<16xf32>, %v: vector<16xf32>) {
      %c0 = arith.constant 0 : index
      vector.store %v, %x[%c0] {nontemporal = true, alignment = 64 : i64} : memref<16xf32>, vector<16xf32>
      weir_cpu.drain_stores
      return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def WeirCPU_PartsOp : Op<WeirCPU_Dialect, "parts", []> {
  let summary = "how many parts work is cut into";
  let description = [{
    #### Semantics

    The smaller of `wanted` and the number of threads that the library may use now, at least 1. It may differ from call
    to call, so results must not depend on it.

    #### Examples

    ```mlir
    func.func @cut(%rows: index) -> index {
      %parts = weir_cpu.parts %rows
      return %parts : index
    }
    ```
  }];
  let arguments = (ins Index:$wanted);
  let results = (outs Index:$parts);
  let assemblyFormat = "$wanted attr-dict";
}

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPUOPS_TD
