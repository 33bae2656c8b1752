// RUN: weir-opt %s --weir-lower-products --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512bw,+avx512vl,+amx-tile,+amx-bf16", vector_bits = 512 : i64}} {

// CHECK-LABEL: func.func @scores
// CHECK-NEXT:    call @weir.product(%arg0, %arg1, %arg2)
func.func @scores(%q: memref<8x80xbf16>, %k: memref<?x80xbf16>, %s: memref<8x?xf32>) {
  weir_cpu.product ins(%q, %k : memref<8x80xbf16>, memref<?x80xbf16>) outs(%s : memref<8x?xf32>) {transpose_b, tile_order, prefetch}
  return
}

// The queries in pairs, 80 of them in three steps of 32, the last of which is half zeros.
// CHECK-LABEL: func.func private @weir.product(
// CHECK-SAME:      attributes {passthrough = ["noinline"]}
// CHECK:         %[[PAIRS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<48x16xi32>
// CHECK:         %[[REST:.*]] = memref.alloca() {alignment = 64 : i64} : memref<16x32xbf16>
// CHECK-COUNT-96: vector.shuffle %{{.*}} : vector<16xi32>, vector<16xi32>

// Four tiles of keys as they lie, times one of queries, and what is left of a head.
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK:         scf.for
// CHECK:           llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:           memref.prefetch %arg1
// CHECK:           %[[KEYS:.*]] = llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:           llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[KEYS]], %{{.*}})
// CHECK:         vector.create_mask
// CHECK:         vector.store %{{.*}}, %[[REST]]
// CHECK:         llvm.call_intrinsic "llvm.x86.tilestored64.internal"

// Scores of each query in a row.
// CHECK-COUNT-64: vector.shuffle %{{.*}} : vector<16xf32>, vector<16xf32>

}
