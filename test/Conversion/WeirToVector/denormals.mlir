// Denormal numbers count as zero where what is flushed is small beside 1, and not where it decides something.
// RUN: weir-opt %s --convert-weir-to-vector --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @ratio
// CHECK:         weir_cpu.flush_denormals
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
func.func @ratio(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// -----

// The winner of scores that are all denormal.
// CHECK-LABEL: func.func @winner
// CHECK-NOT:     weir_cpu.flush_denormals
weir.formula @hard(%x: f32) -> f32 {
  %m, %i = weir.reduce max %x : f32, index
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %p = weir.position : index
  %wins = arith.cmpi eq, %p, %i : index
  %n = arith.negf %w : f32
  %y = arith.select %wins, %w, %n : f32
  weir.yield %y : f32
}
func.func @winner(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @hard ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// -----

// CHECK-LABEL: func.func @comparison
// CHECK-NOT:     weir_cpu.flush_denormals
weir.formula @above(%x: f32, %g: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %keep = arith.cmpf oge, %x, %g : f32
  %k = arith.select %keep, %e, %zero : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %k, %s : f32
  weir.yield %w : f32
}
func.func @comparison(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @above ins(%x, %x : memref<?x?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// -----

// The row's range, whose reciprocal may be infinite: elements are divided by it.
// CHECK-LABEL: func.func @range
// CHECK-NOT:     weir_cpu.flush_denormals
// CHECK:         %[[R:.*]] = arith.subf %{{.*}}, %{{.*}} : f32
// CHECK:         %[[V:.*]] = vector.broadcast %[[R]] : f32 to vector<{{.*}}xf32>
// CHECK:         arith.divf %{{.*}}, %[[V]] {{(fastmath<arcp> )?}}: vector<{{.*}}xf32>
weir.formula @ranged(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %l = weir.reduce min %x : f32
  %r = arith.subf %m, %l : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %q = arith.divf %x, %r : f32
  %y = arith.mulf %q, %w : f32
  weir.yield %y : f32
}
func.func @range(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @ranged ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// -----

// A number that is added keeps the divisor from 0.
// CHECK-LABEL: func.func @apart
// CHECK:         weir_cpu.flush_denormals
weir.formula @offset(%x: f32) -> f32 {
  %eps = arith.constant 1.0e-03 : f32
  %m = weir.reduce max %x : f32
  %l = weir.reduce min %x : f32
  %r = arith.subf %m, %l : f32
  %re = arith.addf %r, %eps : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %q = arith.divf %e, %re : f32
  weir.yield %q : f32
}
func.func @apart(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @offset ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
