// Where the target has a fused multiply-add, exponents of x - m are formed by one, in a version of the row's code
// for moderate maxima.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s
// RUN: sed 's/+avx2,+fma/+avx2/' %s | weir-opt --convert-weir-to-vector | FileCheck %s --check-prefix=NOFMA

// NOFMA-NOT: exp_shifted

module attributes {weir.target = {features = "+avx2,+fma", vector_bits = 256 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @not_normalised(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  weir.yield %e, %s : f32, f32
}
weir.formula @difference(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %nm = arith.negf %m : f32
  %em = math.exp %nm : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %p = arith.subf %e, %em : f32
  %a = math.absf %p : f32
  %s = weir.reduce add %a : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

weir.formula @logsumexp_here(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.addf %m, %l : f32
  weir.yield %y : f32
}
weir.formula @sharpened_by_log(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %dl = arith.mulf %d, %l : f32
  weir.yield %dl : f32
}

// The rounding of the shift cancels in e / s: any moderate maximum will do.
// CHECK-LABEL: func.func @stored
// CHECK-DAG:     %[[BOUND:.*]] = arith.constant 0x4A000000 : f32
// CHECK-DAG:     %[[LOG2E:.*]] = arith.constant 1.442695{{.*}} : f32
// CHECK:         %[[M:.*]] = vector.reduction <maxnumf>
// CHECK:         %[[SIZE:.*]] = math.absf %[[M]]
// CHECK:         %[[IS:.*]] = arith.cmpf olt, %[[SIZE]], %[[BOUND]]
// CHECK:         scf.if %[[IS]] {
// CHECK:           %[[S:.*]] = arith.mulf %[[M]], %[[LOG2E]]
// CHECK:           weir_cpu.exp_shifted
// CHECK-NOT:       weir_cpu.exp fast
// CHECK:         } else {
// CHECK:           weir_cpu.exp fast
func.func @stored(%x: memref<?x100xf32>, %y: memref<?x100xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x100xf32>) outs(%y : memref<?x100xf32>) {form = #weir.form<recompute>}
  return
}

// Online, the sweep assumes a moderate maximum and is done again where the finished one is not.
// CHECK-LABEL: func.func @online
// CHECK:         weir_cpu.exp_shifted
// CHECK:         vector.reduction <maxnumf>
// CHECK:         math.absf
// CHECK:         scf.if
// CHECK:           weir_cpu.exp_shifted
// CHECK:           weir_cpu.exp fast
func.func @online(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<online>}
  return
}

// Nothing divides the rounding away here, so it has to be small: abs(m) < 8.
// CHECK-LABEL: func.func @stays
// CHECK:         %[[BOUND:.*]] = arith.constant 8.000000e+00 : f32
// CHECK:         arith.cmpf olt, %{{.*}}, %[[BOUND]] : f32
func.func @stays(%x: memref<?x?xf32>, %y: memref<?x?xf32>, %s: memref<?xf32>) {
  weir.rows @not_normalised ins(%x : memref<?x?xf32>) outs(%y, %s : memref<?x?xf32>, memref<?xf32>) {form = #weir.form<recompute>}
  return
}

// A difference of exponentials asks for accurate ones.
// CHECK-LABEL: func.func @difference_of_exponentials
// CHECK-NOT:     weir_cpu.exp_shifted
// CHECK-NOT:     weir_cpu.exp fast
// CHECK:         weir_cpu.exp accurate
func.func @difference_of_exponentials(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @difference ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// A logarithm that a result is a sum of may be off by as much as the maximum beside it is.
// CHECK-LABEL: func.func @summand
// CHECK:         arith.constant 0x4A000000 : f32
func.func @summand(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  weir.rows @logsumexp_here ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<recompute>}
  return
}

// One that something else is made of may not: moderate is small.
// CHECK-LABEL: func.func @factor
// CHECK-NOT:     arith.constant 0x4A000000 : f32
// CHECK:         arith.constant 8.000000e+00 : f32
func.func @factor(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @sharpened_by_log ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}
