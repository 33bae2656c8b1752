// RUN: weir-opt %s --weir-lower-cpu | FileCheck %s --check-prefix=AVX512
// RUN: sed 's/+avx512f,+avx512dq/+sse2/' %s | weir-opt --weir-lower-cpu | FileCheck %s --check-prefix=ANY

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// AVX512-LABEL: func.func @fast
// AVX512: llvm.x86.avx512.mask.reduce.ps.512
// AVX512: llvm.x86.avx512.mask.scalef.ps.512
// ANY-LABEL: func.func @fast
// ANY-NOT: x86.avx512
// ANY: arith.shli
func.func @fast(%x: vector<16xf32>) -> vector<16xf32> {
  %e = weir_cpu.exp fast %x : vector<16xf32>
  return %e : vector<16xf32>
}
// AVX512-LABEL: func.func @split
// AVX512: math.roundeven
// AVX512-NOT: scalef
// ANY-LABEL: func.func @split
// ANY-NOT: math.
func.func @split(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %p, %n = weir_cpu.exp_split narrow %x : vector<16xf32>
  return %p, %n : vector<16xf32>, vector<16xf32>
}
// The exponents of both are added, and what is left for large x is exactly 0 for small ones. What u is beyond a bound x loses in two steps: 1e30 less 128 is 1e30.
// AVX512-LABEL: func.func @shifted_difference
// AVX512: %[[FAR:.*]] = arith.cmpf ogt
// AVX512: arith.subf %arg0, %{{.*}}
// AVX512: arith.addf
// AVX512: %[[E:.*]] = arith.addf
// AVX512: %[[N:.*]] = arith.addf
// AVX512: %[[POWER:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%[[E]], %[[N]],
// AVX512: %[[LEAST:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%[[E]],
// AVX512: arith.subf %[[POWER]], %[[LEAST]]
// ANY-LABEL: func.func @shifted_difference
// ANY-NOT: x86.avx512
// ANY: return
func.func @shifted_difference(%x: vector<16xf32>, %u: vector<16xf32>) -> vector<16xf32> {
  %y = weir_cpu.expm1_shifted %x, %u : vector<16xf32>
  return %y : vector<16xf32>
}
// AVX512-LABEL: func.func @scale
// AVX512: llvm.x86.avx512.mask.scalef.ps.512
// ANY-LABEL: func.func @scale
// ANY: arith.shli
// ANY: arith.mulf
func.func @scale(%x: vector<16xf32>, %n: vector<16xf32>) -> vector<16xf32> {
  %y = weir_cpu.scale %x, %n : vector<16xf32>
  return %y : vector<16xf32>
}
// AVX512-LABEL: func.func @drain
// AVX512: vector.store
// AVX512-NEXT: llvm.call_intrinsic "llvm.x86.sse.sfence"()
// ANY-LABEL: func.func @drain
// ANY: llvm.call_intrinsic "llvm.x86.sse.sfence"()
func.func @drain(%x: memref<16xf32>, %v: vector<16xf32>) {
  %c0 = arith.constant 0 : index
  vector.store %v, %x[%c0] {nontemporal = true, alignment = 64 : i64} : memref<16xf32>, vector<16xf32>
  weir_cpu.drain_stores
  return
}
// AVX512-LABEL: func.func @flush
// AVX512: llvm.x86.sse.stmxcsr
// AVX512: scf.if
// AVX512: llvm.x86.sse.ldmxcsr
func.func @flush(%x: memref<16xf32>, %v: vector<16xf32>) {
  %c0 = arith.constant 0 : index
  weir_cpu.flush_denormals {
    vector.store %v, %x[%c0] : memref<16xf32>, vector<16xf32>
  }
  return
}
// Where zeros are one number, a maximum with a constant keeps NaN by the order of its operands.
// ANY-LABEL: func.func @extrema
// ANY-SAME: %[[X:[a-z0-9]+]]: vector<16xf32>
// ANY-DAG: %[[ZERO:[a-z0-9_]+]] = arith.constant dense<0.0
// ANY-DAG: %[[ONE:[a-z0-9_]+]] = arith.constant dense<1.0
// ANY: %[[MORE:.*]] = arith.cmpf ogt, %[[ZERO]], %[[X]] :
// ANY: arith.select %[[MORE]], %[[ZERO]], %[[X]]
// ANY: %[[LESS:.*]] = arith.cmpf olt, %[[ONE]], %[[X]]
// ANY: arith.select %[[LESS]], %[[ONE]], %[[X]]
// ANY: arith.maximumf %[[X]], %[[ZERO]] :
// ANY: arith.maximumf %[[X]], %{{.*}} fastmath<nsz>
func.func @extrema(%x: vector<16xf32>, %z: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %a = arith.maximumf %x, %zero fastmath<nsz> : vector<16xf32>
  %b = arith.minimumf %one, %x fastmath<nsz> : vector<16xf32>
  %c = arith.maximumf %x, %zero : vector<16xf32>
  %d = arith.maximumf %x, %z fastmath<nsz> : vector<16xf32>
  return %a, %b, %c, %d : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
}
}
