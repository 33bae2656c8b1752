// RUN: weir-opt %s --convert-weir-to-vector --split-input-file | FileCheck %s
// Results in bf16 need few digits. What the error of a function becomes in them is known where numbers are multiplied, divided, chosen or added to
// others of their sign.

module attributes {weir.target = {features = "+avx512f,+avx512dq,+avx512bf16,+avx512bw,+avx512vl", vector_bits = 512 : i64}} {
weir.formula @sigmoid(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @few
// CHECK:         weir_cpu.exp coarse gradual
// CHECK:         arith.divf {{.*}}weir_cpu.variant = #weir_cpu<exp_variant coarse>
func.func @few(%x: memref<4x64xbf16>, %y: memref<4x64xbf16>) {
  weir.rows @sigmoid ins(%x : memref<4x64xbf16>) outs(%y : memref<4x64xbf16>) {form = #weir.form<elementwise>}
  return
}
// CHECK-LABEL: func.func @many
// CHECK-NOT:     coarse
// CHECK:         weir_cpu.exp accurate
// CHECK-NOT:     coarse
func.func @many(%x: memref<4x64xbf16>, %y: memref<4x64xf32>) {
  weir.rows @sigmoid ins(%x : memref<4x64xbf16>) outs(%y : memref<4x64xf32>) {form = #weir.form<elementwise>}
  return
}

// A difference of near numbers shows the error of either, and so does the exponential of a large one.
weir.formula @differences(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %h = math.tanh %x : f32
  %d = arith.subf %h, %half : f32
  %r = math.exp %x : f32
  %e = math.exp %r : f32
  %y = arith.mulf %d, %e : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @apart
// CHECK:         math.tanh %{{[^ ]*}} : vector
// CHECK:         weir_cpu.exp accurate
// CHECK:         weir_cpu.exp coarse gradual
func.func @apart(%x: memref<4x64xbf16>, %y: memref<4x64xbf16>) {
  weir.rows @differences ins(%x : memref<4x64xbf16>) outs(%y : memref<4x64xbf16>) {form = #weir.form<elementwise>}
  return
}

// Errors add up: that of the first exponential counts twice, and with the second there is nothing left for the others.
weir.formula @budget(%x: f32, %z: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %e = math.exp %x : f32
  %f = math.exp %z : f32
  %h = math.tanh %x : f32
  %ef = arith.addf %e, %f : f32
  %hef = arith.mulf %h, %ef : f32
  %one = arith.constant 1.0 : f32
  %u = arith.addf %one, %e : f32
  %y = arith.divf %hef, %u : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @spent
// CHECK:         weir_cpu.exp coarse gradual
// CHECK:         weir_cpu.exp coarse gradual
// CHECK:         arith.divf {{.*}}<arcp> : vector
func.func @spent(%x: memref<4x64xbf16>, %z: memref<4x64xbf16>, %y: memref<4x64xbf16>) {
  weir.rows @budget ins(%x, %z : memref<4x64xbf16>, memref<4x64xbf16>) outs(%y : memref<4x64xbf16>) {form = #weir.form<elementwise>}
  return
}
}
