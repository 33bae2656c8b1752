// What is added where a formula by itself would lose a NaN or cannot tell an empty row.
// RUN: weir-opt %s --split-input-file --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// The sum keeps a NaN, so the maximum may drop it; a row of which the maximum is -inf then may be empty or all NaN.
// CHECK-LABEL: func.func @lost_by_the_maximum
// CHECK-NOT:     arith.cmpf uno
// CHECK:         %[[LOWEST:.*]] = arith.cmpf oeq, %{{.*}}, %{{.*}} : f32
// CHECK:         scf.if %[[LOWEST]] -> (i1)
// CHECK-NOT:     arith.cmpf uno
func.func @lost_by_the_maximum(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @largest(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  weir.yield %m : f32
}
// Only the maximum can keep it: it is one that does.
// CHECK-LABEL: func.func @kept_by_the_maximum
// CHECK:         arith.maximumf
// CHECK-NOT:     arith.cmpf uno, %{{.*}} : vector
func.func @kept_by_the_maximum(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  weir.rows @largest ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<recompute>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @largest_below_zero(%x: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %below = arith.cmpf olt, %x, %zero : f32
  %y = arith.select %below, %x, %lowest : f32
  %m = weir.reduce max %y : f32
  weir.yield %m : f32
}
// The comparison drops it: it is looked for. And the maximum being -inf does not say that the row is empty.
// CHECK-LABEL: func.func @looked_for
// CHECK:         arith.cmpf uno, %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK:         arith.cmpf une, %{{.*}}, %{{.*}} : vector<16xf32>
func.func @looked_for(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  weir.rows @largest_below_zero ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<recompute>}
  return
}
// Under the policy that ignores NaN it is excluded and not looked for.
// CHECK-LABEL: func.func @ignored
// CHECK:         arith.cmpf ord, %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK-NOT:     arith.cmpf uno, %{{.*}}, %{{.*}} : vector<16xf32>
func.func @ignored(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  weir.rows @largest_below_zero ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<recompute>, nan = #weir.nan<ignore>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @softplus_share(%x: f32) -> f32 {
  %e = math.exp %x : f32
  %l = math.log1p %e : f32
  %s = weir.reduce add %l : f32
  %w = arith.divf %l, %s : f32
  weir.yield %w : f32
}
// No maximum of the row holds the exponent, so what is flushed need not be small beside the sum: nothing is.
// CHECK-LABEL: func.func @not_flushed
// CHECK-NOT:     weir_cpu.flush_denormals
func.func @not_flushed(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softplus_share ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}
