//===- WeirCPUProductOps.td - tiles of matrix products ----*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIRCPU_IR_WEIRCPUPRODUCTOPS_TD
#define WEIR_DIALECT_WEIRCPU_IR_WEIRCPUPRODUCTOPS_TD

include "weir/Dialect/WeirCPU/IR/WeirCPUDialect.td"

def WeirCPU_ProductOp : Op<WeirCPU_Dialect, "product", []> {
  let summary = "a product of matrices that lie in a cache";
  let description = [{
    #### Semantics

    C = A B, or C += A B with `accumulate`. Each element of C is summed over k from 0 on, by fused multiply-adds where the target has
    them, so it depends on its row of A, its column of B and its own old value only, not on where it lies nor on the sizes of C.
    Nothing is packed: B should stay in the second-level cache, a strip of it of a few vectors' width in the first.

    #### Inputs

    - `a`: a memref [M, K].
    - `b`: a memref [K, N].

    #### Outputs

    - `c`: a memref [M, N], apart from the memory of `a` and `b`. Without `accumulate` it need hold nothing.

    #### Constraints

    - C1: all are f32, or all f64.
    - C2: the last dimension of each is contiguous: of stride 1.
    - C3: sizes agree. Any may be 0; where K is, the sum is 0.

    #### Examples

    ```mlir
    func.func @scores(%q: memref<?x64xf32, strided<[?, 1]>>, %k: memref<64x128xf32>, %s: memref<?x128xf32>) {
      weir_cpu.product ins(%q, %k : memref<?x64xf32, strided<[?, 1]>>, memref<64x128xf32>) outs(%s : memref<?x128xf32>)
      return
    }
    func.func @add(%p: memref<?x?xf32>, %v: memref<?x64xf32>, %o: memref<?x64xf32>) {
      weir_cpu.product ins(%p, %v : memref<?x?xf32>, memref<?x64xf32>) outs(%o : memref<?x64xf32>) {accumulate}
      return
    }
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32, F64], [2]>, "", [MemRead]>:$a,
                       Arg<MemRefRankOf<[F32, F64], [2]>, "", [MemRead]>:$b,
                       Arg<MemRefRankOf<[F32, F64], [2]>, "", [MemRead, MemWrite]>:$c,
                       UnitAttr:$accumulate);
  let hasVerifier = 1;
  let assemblyFormat = "`ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` `outs` `(` $c `:` type($c) `)` attr-dict";
}

def WeirCPU_PackOp : Op<WeirCPU_Dialect, "pack", []> {
  let summary = "a matrix copied to where products read it";
  let description = [{
    #### Semantics

    dst[i][j] = src[i][j], with `transpose` src[j][i], converted to the type of `dst`, which is exact. What of `dst` lies beyond the sizes
    of `src` becomes 0.

    #### Inputs

    - `src`: a memref of rank 2 of f32, bf16, f16 or f64.

    #### Outputs

    - `dst`: a memref of rank 2 of f32, of f64 where `src` is f64, apart from the memory of `src`.

    #### Constraints

    - C1: f64 is packed as f64, everything else as f32.
    - C2: the last dimension of each is contiguous: of stride 1.
    - C3: `dst` is no smaller than `src` in either dimension, after transposition.

    #### Examples

    ```mlir
    func.func @keys(%k: memref<?x64xbf16, strided<[?, 1]>>, %packed: memref<64x128xf32>) {
      weir_cpu.pack ins(%k : memref<?x64xbf16, strided<[?, 1]>>) outs(%packed : memref<64x128xf32>) {transpose}
      return
    }
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32, BF16, F16, F64], [2]>, "", [MemRead]>:$src,
                       Arg<MemRefRankOf<[F32, F64], [2]>, "", [MemWrite]>:$dst,
                       UnitAttr:$transpose);
  let hasVerifier = 1;
  let assemblyFormat = "`ins` `(` $src `:` type($src) `)` `outs` `(` $dst `:` type($dst) `)` attr-dict";
}

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPUPRODUCTOPS_TD
