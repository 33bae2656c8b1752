// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// Three sweeps, one exp per element, kept in the result's own row.
// CHECK-LABEL: func.func @stored
// CHECK:         weir_cpu.flush_denormals
// CHECK:         vector.reduction <maxnumf>
// CHECK:         weir_cpu.exp fast
// CHECK:         vector.store
// CHECK:         vector.reduction <add>
func.func @stored(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<stored>}
  return
}
}
