// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse -split-input-file -verify-diagnostics | FileCheck %s

module attributes {weir.target = {features = "+avx2,+fma", vector_bits = 256 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// The first sweep has no maximum but that of exponents, and no branch but the loops'. What it finds serves the results unless it is out of
// reach; then the row is swept with its maximum.
// CHECK-LABEL: func.func @pairs
// CHECK-NOT:     scf.if
// CHECK:         %[[P:.*]], %[[N:.*]] = weir_cpu.exp_split fast %{{.*}} : vector<8xf32>
// CHECK:         weir_cpu.scale
// CHECK-NOT:     weir_cpu.exp{{ |_shifted}}
// CHECK:         math.absf
// CHECK:         %[[REACHED:.*]] = arith.andi
// CHECK:         scf.if %[[REACHED]]
// CHECK:           weir_cpu.exp_shifted fast %{{.*}} : vector<8xf32>
// CHECK:         else
// CHECK:           weir_cpu.exp accurate
func.func @pairs(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<two_pass>}
  return
}
}

// -----

weir.formula @linear(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %r = arith.maximumf %x, %zero : f32
  %s = weir.reduce add %r : f32
  %w = arith.divf %r, %s : f32
  weir.yield %w : f32
}
func.func @misfit(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error@+1 {{form two_pass does not fit @linear: no sum of exponentials in it leans on a maximum}}
  weir.rows @linear ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<two_pass>}
  return
}
