// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx2,+fma", vector_bits = 256 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// One sweep: maxima per lane, and a correction behind a branch that few groups take.
// CHECK-LABEL: func.func @online
// CHECK:         vector.reduction <or>
// CHECK:         scf.if
// CHECK:           weir_cpu.exp accurate %{{.*}} : vector<8xf32>
// CHECK:         weir_cpu.exp fast %{{.*}} : vector<8xf32>
func.func @online(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<online>}
  return
}
}
