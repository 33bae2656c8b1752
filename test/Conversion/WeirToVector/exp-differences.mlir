// e^(x - u) - e^-u for a maximum u of at least 0 is one function, however it is written.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx2,+fma", vector_bits = 256 : i64}} {
// As a choice between a difference, which is right for large x, and a product, which is right for small ones.
weir.formula @choice(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %nm = arith.negf %m : f32
  %em = math.exp %nm : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %far = arith.subf %e, %em : f32
  %x1 = math.expm1 %x : f32
  %near = arith.mulf %em, %x1 : f32
  %is_far = arith.cmpf oge, %x, %one : f32
  %p = arith.select %is_far, %far, %near : f32
  %a = math.absf %p : f32
  %s = weir.reduce add %a : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}
// As the product alone, with the factor behind.
weir.formula @product(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %minus = arith.constant -1.0 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %nm = arith.mulf %m, %minus : f32
  %em = math.exp %nm : f32
  %x1 = math.expm1 %x : f32
  %p = arith.mulf %x1, %em : f32
  %a = math.absf %p : f32
  %s = weir.reduce add %a : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}
// Two different things, and a maximum that may be negative: both are computed as they are written.
weir.formula @others(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %nm = arith.negf %m : f32
  %em = math.exp %nm : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %p = arith.subf %e, %em : f32
  %u = arith.maximumf %m, %zero : f32
  %nu = arith.negf %u : f32
  %eu = math.exp %nu : f32
  %x1 = math.expm1 %x : f32
  %q = arith.subf %x1, %eu : f32
  %b = arith.mulf %p, %q : f32
  %a = math.absf %b : f32
  %s = weir.reduce add %a : f32
  %w = arith.divf %b, %s : f32
  weir.yield %w : f32
}

// CHECK-LABEL: func.func @choose
// CHECK-NOT:     expm1 {{.*}} : vector
// CHECK:         %[[P:.*]] = weir_cpu.expm1_shifted %{{.*}}, %{{.*}} : vector<8xf32>
// CHECK-NOT:     arith.select
// CHECK:         math.absf %[[P]] : vector<8xf32>
// CHECK-NOT:     math.expm1
func.func @choose(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @choice ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<stored>}
  return
}
// CHECK-LABEL: func.func @multiply
// CHECK-NOT:     math.expm1
// CHECK:         %[[P:.*]] = weir_cpu.expm1_shifted %{{.*}}, %{{.*}} : vector<8xf32>
// CHECK:         math.absf %[[P]] : vector<8xf32>
func.func @multiply(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @product ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<online>}
  return
}
// CHECK-LABEL: func.func @neither
// CHECK-NOT:     expm1_shifted
// CHECK:         math.expm1 %{{.*}} : vector<8xf32>
func.func @neither(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @others ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<stored>}
  return
}
}
