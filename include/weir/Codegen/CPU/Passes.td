//===- Passes.td - x86 code generation --------------------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CODEGEN_CPU_PASSES_TD
#define WEIR_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def WeirLowerCPU : Pass<"weir-lower-cpu", "::mlir::ModuleOp"> {
  let summary = "Expand weir_cpu ops and elementary functions into instructions of the module's target";
  let description = [{
    `weir_cpu.exp` becomes a polynomial around AVX-512's vreduceps and vscalefps where the module's `weir.target` has them, else
    one built from integer shifts, which any x86-64 has. So do exp, exp2, expm1, log, log2, log10, log1p, tanh, erf, erfc, atan,
    atan2 and powf of the math dialect on vectors of f32 and f64. Conversions of f16 become integer code where the target has no
    F16C; those to bf16 are left to `weir-widen-stores` where denormal numbers count. `weir_cpu.flush_denormals` becomes a change of MXCSR around its body.

    Before: `%e = weir_cpu.exp fast %d : vector<16xf32>`.
    After: a multiplication, `llvm.x86.avx512.mask.reduce.ps.512`, five fused multiply-adds, `llvm.x86.avx512.mask.scalef.ps.512`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def WeirWidenStores : Pass<"weir-widen-stores", "::mlir::ModuleOp"> {
  let summary = "Round vectors to bf16 by instructions, two neighbours to one that is stored whole";
  let description = [{
    Where two neighbouring halves of a vector are rounded from f32 to bf16 by the instruction and stored, one after the other, both are
    rounded by the instruction that takes two, and stored as one. Halves count as neighbours when their addresses differ by a constant and
    nothing between the stores touches memory.

    `arith.truncf` of `vector<16xf32>`, which `weir-lower-cpu` leaves where denormal numbers count, becomes instructions too. These take such numbers
    for zero; vectors that hold one are rounded once more, exactly. One comparison looks for them in all vectors that are stored with
    nothing between the stores that touches memory. Targets without AVX512-BF16 are left as they are.

    Before: two `arith.truncf` and two stores. After: `cvtne2ps2bf16`, `%any = fpclass ...`, `%bits = scf.if %any { two exact
    truncations }`, one store.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def WeirInterleaveChains : Pass<"weir-interleave-chains", "::mlir::ModuleOp"> {
  let summary = "Write the vectors of a loop body side by side where their chains are long";
  let description = [{
    The ops of an innermost loop, which may hold branches, are put in the order in which they could start, loads, stores and branches among
    themselves as they were. So it is for targets with vectors of 512 bits, where a vector's chain of dependent ops is longer than a
    processor's schedulers bridge and division is not the bottleneck. Elsewhere nothing changes.

    Before: all of `exp(%x0)`, then all of `exp(%x1)`. After: each op for `%x0` followed by the one for `%x1`.
  }];
}

def WeirSpreadPrefetches : Pass<"weir-spread-prefetches", "::mlir::ModuleOp"> {
  let summary = "Put the prefetches of a loop body among its arithmetic, apart from its stores";
  let description = [{
    A prefetch and a non-temporal store need buffers of one kind and wait for each other where they stand side by side. The prefetches in front of
    arithmetic on vectors that has stores behind it are spread over that arithmetic. A piece of empty inline assembly, through which a value in the
    middle of a chain goes, keeps each in its place. Elements that are worth so much arithmetic that memory keeps up anyway are left as they are.

    Before: two prefetches, then 20 multiplications, then stores. After: a prefetch in front of the sixth and of the sixteenth.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def WeirLowerProducts : Pass<"weir-lower-products", "::mlir::ModuleOp"> {
  let summary = "Write weir_cpu.product and weir_cpu.pack as loops over register tiles";
  let description = [{
    A product becomes loops over tiles of a few rows by a few vectors, which stay in registers during one loop over k; the module's
    `weir.target` says how wide vectors are and how many registers there are. Columns beyond whole vectors are masked where that costs
    nothing and else taken one by one. A transposing pack goes through squares of vectors in registers. In a product in pairs two by
    two tiles of AMX stay in registers; it is a function of its own. Products of one type share a function.

    Before: `weir_cpu.product ins(%a, %b : memref<6x?xf32>, memref<?x64xf32>) outs(%c : memref<6x64xf32>)`.
    After: one `scf.for` over k with 24 sums of `vector<16xf32>`, four loads of b, six broadcasts of a, and stores to c behind it.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def WeirLowerThreads : Pass<"weir-lower-threads", "::mlir::ModuleOp"> {
  let summary = "Run parallel loops on OpenMP threads";
  let description = [{
    The body of each one-dimensional `scf.parallel` becomes a function, so that a thread has its own stack slots and floating-point mode. One
    iteration is a plain call; several are an `omp.parallel` of as many threads, a static share for each. The number of threads is a
    clause of that region: the settings of the process stay as they are. `weir_cpu.parts` becomes a call of the runtime. Loops up to such a
    number have a thread for each iteration; the iterations of others are shared among as many threads as the runtime gives for their number.

    Before: `scf.parallel (%p) = (%c0) to (%parts) step (%c1) { ... }`.
    After: `scf.if %one { call @f.part(%c0) } else { omp.parallel num_threads(%n) { omp.wsloop { ... call @f.part(%p) } } }`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::omp::OpenMPDialect",
                           "::mlir::scf::SCFDialect"];
}

def WeirExactMathToLibm : Pass<"weir-exact-math-to-libm", "::mlir::ModuleOp"> {
  let summary = "Call the C library for the functions whose textbook expansion cancels";
  let description = [{
    `math.expm1` and `math.log1p` exist because exp(x) - 1 and log(1 + x) lose all digits near 0, yet that is how upstream's
    conversion to LLVM writes them. What `weir-lower-cpu` has not expanded of them, which are scalars, and the functions for which
    neither weir nor LLVM has code become calls of the C library, element by element.

    Before: `%y = math.sinh %x : vector<16xf32>`. After: sixteen calls of `@sinhf`.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::vector::VectorDialect"];
}

def WeirBlockContractions : Pass<"weir-block-contractions", "::mlir::ModuleOp"> {
  let summary = "Cut matrix products of linalg into products in caches";
  let description = [{
    A contraction on memrefs with one loop over rows, one over columns and one over the sum, and any number of others, becomes loops over
    `weir_cpu.pack` and `weir_cpu.product`: panels of B are packed in strips of a register tile's width, blocks of A that lie transposed or
    in another type too. The caches of the module's `weir.target` say how large those are. Sums of f16 and bf16 are formed in f32 and
    rounded once; of bf16 by AMX where the target has it. Of few rows, B is read where it lies. Other contractions, of integers for instance or
    with gaps between the columns of C, are left as they are.

    Before: `linalg.matmul ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>) outs(%c : memref<?x?xf32>)`.
    After: `scf.for %column ... { scf.for %k ... { weir_cpu.pack ins(%panel) ...; scf.for %row ... { weir_cpu.product ins(%rows, %strip)
    outs(%block) {accumulate} } } }`.
  }];
  let options = [
    Option<"threads", "threads", "bool", /*default=*/"false", "share the work among threads, by weir_cpu.parts and scf.parallel">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::weir::cpu::WeirCPUDialect"];
}

def WeirOrderContractions : Pass<"weir-order-contractions", "::mlir::ModuleOp"> {
  let summary = "Order the loops of matrix products so that the innermost one is contiguous";
  let description = [{
    A matrix product on memrefs that `weir-block-contractions` has left becomes a `linalg.generic` whose reduction lies outside the columns of the result, so that the inner
    loop reads and writes rows. Every element still adds its terms in the same order.

    Before: `linalg.matmul ins(%a, %b) outs(%c)`, loops (m, n, k). After: `linalg.generic` with loops (m, k, n).
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def WeirExpandCopies : Pass<"weir-expand-copies", "::mlir::ModuleOp"> {
  let summary = "Write copies between strided buffers as linalg.generic";
  let description = [{
    Upstream lowers such a copy to a call of a function that its own runner has and a library has not. Copies between compact buffers
    stay: they become memcpy.

    Before: `memref.copy %a, %b : memref<?x?xf32, strided<[?, 1]>> to memref<?x?xf32>`. After: `linalg.generic` with identity maps.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

#endif // WEIR_CODEGEN_CPU_PASSES_TD
