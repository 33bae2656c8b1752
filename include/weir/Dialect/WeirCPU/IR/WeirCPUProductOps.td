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

    Of bf16, the rows of B lie in pairs, b[p][n][i] for k = 2p + i, and the sum is formed in f32 by AMX, which takes denormal numbers
    for 0. Where K is odd, the last pair's second half is multiplied by 0, so it must be finite; `weir_cpu.pack` makes it 0. AMX sums
    products of even and of odd k apart, 32 at a time, from 0 on, and then adds the sum of both. `tile_order` makes a product in vectors do
    the same, so that its elements are those of a product in pairs, but for denormal numbers.

    Pairs may lie in strips, b[s][p][j][i] for n = s * J + j, where a strip of J columns is contiguous: memory is then read in order. Each strip
    meets some rows of A in turn, which stay in the first-level cache meanwhile.

    With `transpose_b`, b lies as [N, K]: C = A B^T, the same numbers. That is for a few rows of A: with more, a packed B is faster. Where `a` is bf16
    too, the rows of B are those of AMX's tiles as they lie.

    `prefetch` says that B is not in the first-level cache, as values of keys that are met once: its rows are asked for before they are used.

    #### Inputs

    - `a`: a memref [M, K].
    - `b`: a memref [K, N], in pairs [ceil(K / 2), N, 2], in strips of pairs [ceil(N / J), ceil(K / 2), J, 2], with `transpose_b` [N, K].

    #### Outputs

    - `c`: a memref [M, N], apart from the memory of `a` and `b`. Without `accumulate` it need hold nothing.

    #### Constraints

    - C1: `a` and `c` are f32, `b` f32, bf16 or f16; or all are f64; or `a` is bf16, `b` bf16 in pairs or with `transpose_b` and `tile_order`, and
      `c` f32.
    - C2: the last dimension of each is contiguous, of stride 1, and so are pairs.
    - C3: sizes agree. Any may be 0; where K is, the sum is 0.
    - C4: B in pairs is neither transposed nor prefetched. Transposed in the order of tiles it is bf16.
    - C5: J is static and a multiple of 32.
    - C6: where `a` is bf16 and `b` transposed, nothing is accumulated, and K is static.
    - `a` of bf16 is only for targets with AMX for bf16.

    #### Examples

    ```mlir
    func.func @strips(%a: memref<?x512xbf16>, %b: memref<?x256x32x2xbf16>, %c: memref<?x?xf32>) {
      weir_cpu.product ins(%a, %b : memref<?x512xbf16>, memref<?x256x32x2xbf16>) outs(%c : memref<?x?xf32>) {accumulate}
      return
    }
    func.func @decode(%q: memref<8x64xf32>, %k: memref<?x64xf32>, %s: memref<8x?xf32>) {
      weir_cpu.product ins(%q, %k : memref<8x64xf32>, memref<?x64xf32>) outs(%s : memref<8x?xf32>) {transpose_b, prefetch}
      return
    }
    func.func @decode_in_tiles(%q: memref<8x64xbf16>, %k: memref<?x64xbf16>, %s: memref<8x?xf32>) {
      weir_cpu.product ins(%q, %k : memref<8x64xbf16>, memref<?x64xbf16>) outs(%s : memref<8x?xf32>) {transpose_b, tile_order, prefetch}
      return
    }
    func.func @scores(%q: memref<?x64xf32, strided<[?, 1]>>, %k: memref<64x128xf32>, %s: memref<?x128xf32>) {
      weir_cpu.product ins(%q, %k : memref<?x64xf32, strided<[?, 1]>>, memref<64x128xf32>) outs(%s : memref<?x128xf32>)
      return
    }
    func.func @add(%p: memref<?x?xf32>, %v: memref<?x64xf32>, %o: memref<?x64xf32>) {
      weir_cpu.product ins(%p, %v : memref<?x?xf32>, memref<?x64xf32>) outs(%o : memref<?x64xf32>) {accumulate}
      return
    }
    func.func @narrow(%q: memref<?x64xbf16>, %k: memref<32x128x2xbf16>, %s: memref<?x128xf32>) {
      weir_cpu.product ins(%q, %k : memref<?x64xbf16>, memref<32x128x2xbf16>) outs(%s : memref<?x128xf32>)
      return
    }
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32, F64, BF16], [2]>, "", [MemRead]>:$a,
                       Arg<MemRefRankOf<[F32, F64, BF16, F16], [2, 3, 4]>, "", [MemRead]>:$b,
                       Arg<MemRefRankOf<[F32, F64], [2]>, "", [MemRead, MemWrite]>:$c,
                       UnitAttr:$accumulate, UnitAttr:$tile_order,
                       UnitAttr:$transpose_b, UnitAttr:$prefetch);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// True when two rows of B lie side by side.
    bool isInPairs() { return getB().getType().getRank() >= 3; }
    /// True when some columns of it make a strip.
    bool isInStrips() { return getB().getType().getRank() == 4; }
    /// True when a transposed B lies in tiles.
    bool isInTurnedTiles() { return getTransposeB() && getA().getType().getElementType().isBF16(); }
  }];
  let assemblyFormat = "`ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` `outs` `(` $c `:` type($c) `)` attr-dict";
}

def WeirCPU_PackOp : Op<WeirCPU_Dialect, "pack", []> {
  let summary = "a matrix copied to where products read it";
  let description = [{
    #### Semantics

    dst[i][j] = src[i][j], with `transpose` src[j][i], converted to the type of `dst`, which is exact. What of `dst` lies beyond the sizes
    of `src` becomes 0. Into pairs, two rows go side by side: it is dst[i / 2][j][i mod 2].

    #### Inputs

    - `src`: a memref of rank 2 of f32, bf16, f16 or f64.

    #### Outputs

    - `dst`: a memref of rank 2 of f32, of f64 where `src` is f64, of bf16 where it is bf16, or bf16 in pairs, of rank 3 with 2 last; apart from the
      memory of `src`.

    #### Constraints

    - C1: f64 is packed as f64, bf16 as f32, in pairs of bf16 or, not transposed, as it is, everything else as f32.
    - C2: the last dimension of each is contiguous, of stride 1, and so are pairs.
    - C3: `dst` is no smaller than `src` in either dimension, after transposition.
    - Pairs are only for targets with AMX for bf16.

    #### Examples

    ```mlir
    func.func @keys(%k: memref<?x64xbf16, strided<[?, 1]>>, %packed: memref<64x128xf32>) {
      weir_cpu.pack ins(%k : memref<?x64xbf16, strided<[?, 1]>>) outs(%packed : memref<64x128xf32>) {transpose}
      return
    }
    func.func @pairs(%k: memref<?x64xbf16>, %packed: memref<32x128x2xbf16>) {
      weir_cpu.pack ins(%k : memref<?x64xbf16>) outs(%packed : memref<32x128x2xbf16>) {transpose}
      return
    }
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32, BF16, F16, F64], [2]>, "", [MemRead]>:$src,
                       Arg<MemRefRankOf<[F32, F64, BF16], [2, 3]>, "", [MemWrite]>:$dst,
                       UnitAttr:$transpose);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// True when two rows of dst lie side by side.
    bool isInPairs() { return getDst().getType().getRank() == 3; }
  }];
  let assemblyFormat = "`ins` `(` $src `:` type($src) `)` `outs` `(` $dst `:` type($dst) `)` attr-dict";
}

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPUPRODUCTOPS_TD
