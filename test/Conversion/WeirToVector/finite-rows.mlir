// A sum that is finite only if all scores are is taken without masks; the row is done again with them where it is not.
// RUN: weir-opt %s --split-input-file --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @norm(%x: f32) -> f32 {
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %r = math.rsqrt %s : f32
  %y = arith.mulf %x, %r : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @told_by_the_squares
// CHECK-NOT:     arith.cmpf une
// CHECK:         %[[SUM:.*]] = vector.reduction <add>
// CHECK:         %[[SIZE:.*]] = math.absf %[[SUM]] : f32
// CHECK:         %[[FINITE:.*]] = arith.cmpf olt, %[[SIZE]], %{{.*}} : f32
// CHECK:         %[[SOME:.*]] = arith.cmpi ne
// CHECK:         %[[BOTH:.*]] = arith.andi %[[FINITE]], %[[SOME]]
// CHECK:         scf.if %[[BOTH]] {
// CHECK-NOT:     arith.cmpf une
// CHECK:         } else {
// CHECK:         arith.cmpf une, %{{.*}} : vector<16xf32>
func.func @told_by_the_squares(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @norm ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
// Every row is known to have elements.
// CHECK-LABEL: func.func @static
// CHECK:         math.absf
// CHECK-NOT:     arith.cmpi ne
// CHECK:         scf.if
func.func @static(%x: memref<?x640xf32>, %y: memref<?x640xf32>) {
  weir.rows @norm ins(%x : memref<?x640xf32>) outs(%y : memref<?x640xf32>) {form = #weir.form<recompute>}
  return
}
// Masked scores are -inf.
// CHECK-LABEL: func.func @masked
// CHECK-NOT:     math.absf
// CHECK:         return
func.func @masked(%x: memref<?x?xf32>, %m: memref<?x?xi1>, %y: memref<?x?xf32>) {
  weir.rows @norm ins(%x : memref<?x?xf32>) mask(%m : memref<?x?xi1>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
// A row's bits would follow from those that run beside it.
// CHECK-LABEL: func.func @side_by_side
// CHECK-NOT:     math.absf
// CHECK:         return
func.func @side_by_side(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @norm ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<transposed>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// The weight of an infinite score is not infinite.
weir.formula @damped(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %a = math.absf %x : f32
  %d = arith.addf %one, %a : f32
  %t = arith.divf %one, %d : f32
  %u = arith.addf %one, %t : f32
  %s = weir.reduce add %u : f32
  %y = arith.divf %u, %s : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @does_not_tell
// CHECK-NOT:     scf.if
// CHECK:         arith.cmpf une, %{{.*}} : vector<16xf32>
// CHECK:         vector.reduction <add>
func.func @does_not_tell(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @damped ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// A score of -inf with a bias of +inf is NaN before the exponential, and so is the sum, which is looked at anyway.
weir.formula @biased(%x: f32, %bias: f32) -> f32 {
  %z = arith.addf %x, %bias : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @told_by_the_guess
// CHECK:         %[[E:.*]] = weir_cpu.exp_shifted
// CHECK-NOT:     arith.cmpf une
// CHECK:         vector.store %[[E]]
// CHECK:         arith.cmpf ole, %{{.*}} : f32
func.func @told_by_the_guess(%x: memref<?x1024xf32>, %bias: memref<1024xf32>, %y: memref<?x1024xbf16>) {
  weir.rows @biased ins(%x, %bias : memref<?x1024xf32>, memref<1024xf32>) outs(%y : memref<?x1024xbf16>) {form = #weir.form<stored>}
  return
}
}
