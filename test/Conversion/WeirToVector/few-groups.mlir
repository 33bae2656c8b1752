// A row that is known to have few groups of vectors has no loop, and what its first group has is what its accumulators begin with.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @mass(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  weir.yield %s : f32
}

// One group of eight vectors for the maximum: seven operations join them, and one joins the lowest number to them, where NaN is lost.
// Two groups of four for the sum.
// CHECK-LABEL: func.func @short
// CHECK-NOT:     scf.for
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-8: arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK-NOT:     arith.cmpf ogt
// CHECK:         vector.reduction <maxnumf>
// CHECK:         scf.if
// CHECK-NOT:       scf.for
// CHECK-COUNT-4:   weir_cpu.exp_shifted
// CHECK-NOT:       arith.addf
// CHECK-COUNT-4:   weir_cpu.exp_shifted
// CHECK-COUNT-3:   arith.addf
// CHECK:           vector.reduction <add>
func.func @short(%x: memref<128xf32>, %s: memref<f32>) {
  weir.rows @mass ins(%x : memref<128xf32>) outs(%s : memref<f32>) {form = #weir.form<recompute>}
  return
}

// CHECK-LABEL: func.func @long
// CHECK:         scf.for
// CHECK:           arith.cmpf ogt
func.func @long(%x: memref<?xf32>, %s: memref<f32>) {
  weir.rows @mass ins(%x : memref<?xf32>) outs(%s : memref<f32>) {form = #weir.form<recompute>}
  return
}
}
