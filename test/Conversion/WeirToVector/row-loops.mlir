// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// Scratch rows, one for each part, are allocated by the calling thread; the floating-point mode is each thread's own.
// CHECK-LABEL: func.func @shared
// CHECK:         %[[PARTS:.*]] = weir_cpu.parts
// CHECK:         memref.alloc(%[[PARTS]], %{{.*}}) {alignment = 64 : i64} : memref<?x?xf32>
// CHECK:         scf.parallel (%[[P:.*]]) = (%{{.*}}) to (%[[PARTS]])
// CHECK:           memref.subview %{{.*}}[%[[P]], 0]
// CHECK:           weir_cpu.flush_denormals
// CHECK:             scf.for
// CHECK:               arith.remui
// CHECK:         memref.dealloc
func.func @shared(%x: memref<?x?x?xbf16>, %y: memref<?x?x?xbf16>) {
  weir.rows @softmax_here ins(%x : memref<?x?x?xbf16>) outs(%y : memref<?x?x?xbf16>)
    {form = #weir.form<stored>, thread_grain = 4096 : i64}
  return
}

// CHECK-LABEL: func.func @alone
// CHECK-NOT:     scf.parallel
// CHECK:         memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK:         weir_cpu.flush_denormals
// CHECK:           scf.for
// CHECK:         memref.dealloc
func.func @alone(%x: memref<?x?xbf16>, %y: memref<?x?xbf16>) {
  weir.rows @softmax_here ins(%x : memref<?x?xbf16>) outs(%y : memref<?x?xbf16>)
    {form = #weir.form<stored>, thread_grain = 0 : i64}
  return
}

// One row is not shared.
// CHECK-LABEL: func.func @one_row
// CHECK-NOT:     scf.parallel
// CHECK:         return
func.func @one_row(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
    {form = #weir.form<stored>, thread_grain = 1 : i64}
  return
}
