// RUN: weir-opt %s --weir-lower-cpu | FileCheck %s
// One instruction rounds to bf16 where denormal numbers count as zero anyway. Elsewhere the rounding is left to weir-widen-stores.

module attributes {weir.target = {features = "+avx512f,+avx512dq,+avx512bf16", vector_bits = 512 : i64}} {
  // CHECK-LABEL: func.func @flushing
  func.func @flushing(%x: vector<16xf32>, %y: vector<8xf32>, %m: memref<16xbf16>, %n: memref<8xbf16>) {
    %c0 = arith.constant 0 : index
    weir_cpu.flush_denormals {
      // CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"
      %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
      vector.store %0, %m[%c0] : memref<16xbf16>, vector<16xbf16>
      // CHECK: arith.truncf %{{.*}} : vector<8xf32> to vector<8xbf16>
      %1 = arith.truncf %y : vector<8xf32> to vector<8xbf16>
      vector.store %1, %n[%c0] : memref<8xbf16>, vector<8xbf16>
    }
    return
  }
  // CHECK-LABEL: func.func @exact
  func.func @exact(%x: vector<16xf32>) -> vector<16xbf16> {
    // CHECK: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
    %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
    return %0 : vector<16xbf16>
  }
}
