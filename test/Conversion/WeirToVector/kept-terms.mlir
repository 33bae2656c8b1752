// What is kept for the results is 0 where an element takes no part, if the sum takes it so: results then need not ask the score.
// RUN: weir-opt %s --split-input-file --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// A bias could be +inf, where a score of -inf does not vanish by itself.
weir.formula @biased(%x: f32, %bias: f32) -> f32 {
  %z = arith.addf %x, %bias : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @vanishes
// CHECK:         %[[BUFFER:.*]] = memref.alloc
// CHECK:         %[[E:.*]] = weir_cpu.exp_shifted
// CHECK-NEXT:    %[[PART:.*]] = arith.cmpf une
// CHECK-NEXT:    %[[TERM:.*]] = arith.select %[[PART]], %[[E]], %{{.*}} : vector<16xi1>, vector<16xf32>
// CHECK:         vector.store %[[TERM]], %[[BUFFER]]
// What looks whether the row is empty comes between.
// CHECK:         vector.reduction <or>
// CHECK:         vector.load %[[BUFFER]]
// CHECK-NOT:     arith.cmpf une
// CHECK:         arith.truncf
func.func @vanishes(%x: memref<?x128xf32>, %bias: memref<128xf32>, %y: memref<?x128xbf16>) {
  weir.rows @biased ins(%x, %bias : memref<?x128xf32>, memref<128xf32>) outs(%y : memref<?x128xbf16>) {form = #weir.form<stored>}
  return
}
}

// -----

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// What is added to the kept term is the result of an excluded element, too, unless that is masked.
weir.formula @shifted(%x: f32, %bias: f32) -> f32 {
  %z = arith.addf %x, %bias : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %one = arith.constant 1.0 : f32
  %v = arith.addf %w, %one : f32
  weir.yield %v : f32
}
// CHECK-LABEL: func.func @stays
// CHECK:         %[[BUFFER:.*]] = memref.alloc
// CHECK:         vector.reduction <add>
// CHECK:         vector.load %[[BUFFER]]
// CHECK:         arith.cmpf une
// CHECK:         arith.truncf
func.func @stays(%x: memref<?x128xf32>, %bias: memref<128xf32>, %y: memref<?x128xbf16>) {
  weir.rows @shifted ins(%x, %bias : memref<?x128xf32>, memref<128xf32>) outs(%y : memref<?x128xbf16>) {form = #weir.form<stored>}
  return
}
}
