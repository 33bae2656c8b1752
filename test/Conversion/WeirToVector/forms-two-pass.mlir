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

// Two pairs, each with an exponent of its own: that of what is not chosen counts for nothing, and 0 has one below all others. The exponent
// is the product that the formula makes, with the sum it is of: multiplied out it would be rounded otherwise than in the results.
weir.formula @some(%x: f32, %c: f32, %s: f32 {weir.uniform}, %t: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %in = arith.cmpf one, %c, %zero : f32
  %u = arith.addf %s, %t : f32
  %z = arith.mulf %x, %u : f32
  %a = arith.select %in, %z, %low : f32
  %m = weir.reduce max %a : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %p = arith.select %in, %e, %zero : f32
  %sum = weir.reduce add %p : f32
  %w = arith.divf %p, %sum : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @choice
// CHECK-DAG:     %[[LOWEST:.*]] = arith.constant dense<0xCA800000> : vector<8xf32>
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK:         %[[SUM:.*]] = arith.addf %arg2, %arg3
// CHECK:         %[[U:.*]] = vector.broadcast %[[SUM]]
// CHECK:         %[[Z:.*]] = arith.mulf %{{.*}}, %[[U]] fastmath<contract> : vector<8xf32>
// CHECK:         %[[P:.*]], %[[N:.*]] = weir_cpu.exp_split {{.*}} %[[Z]]
// CHECK:         arith.select %[[IN:.*]], %[[P]], %[[ZERO]]
// CHECK:         arith.select %[[IN]], %[[N]], %[[LOWEST]]
func.func @choice(%x: memref<?x?xf32>, %c: memref<?x?xf32>, %s: f32, %t: f32, %y: memref<?x?xf32>) {
  weir.rows @some ins(%x, %c, %s, %t : memref<?x?xf32>, memref<?x?xf32>, f32, f32) outs(%y : memref<?x?xf32>) {form = #weir.form<two_pass>}
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
