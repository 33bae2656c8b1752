// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @dear(%x: f32) -> f32 {
  %y = math.exp %x : f32
  weir.yield %y : f32
}
weir.formula @cheap(%x: f32, %z: f32) -> f32 {
  %y = arith.mulf %x, %z : f32
  weir.yield %y : f32
}

// Vectors of f32 are cache lines: each is asked for 512 elements ahead. What is left of a row is not.
// CHECK-LABEL: func.func @ahead
// CHECK-DAG:     %[[FIRST:.*]] = arith.constant 512 : index
// CHECK:         scf.for
// CHECK:           scf.for %[[I:.*]] =
// CHECK:             %[[AHEAD:.*]] = arith.addi %[[I]], %[[FIRST]]
// CHECK:             memref.prefetch %{{.*}}[%[[AHEAD]]], read, locality<3>, data
// CHECK-COUNT-3:     memref.prefetch
// CHECK-NOT:         memref.prefetch
// CHECK:             vector.load
// CHECK:           scf.for
// CHECK-NOT:         memref.prefetch
// CHECK:         return
func.func @ahead(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @dear ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<elementwise>}
  return
}

// Two vectors of bf16 share a line.
// CHECK-LABEL: func.func @half
// CHECK-DAG:     arith.constant 1024 : index
// CHECK-COUNT-2: memref.prefetch
// CHECK-NOT:     memref.prefetch
// CHECK:         return
func.func @half(%x: memref<?xbf16>, %y: memref<?xbf16>) {
  weir.rows @dear ins(%x : memref<?xbf16>) outs(%y : memref<?xbf16>) {form = #weir.form<elementwise>}
  return
}

// A product leaves room for the loads of many elements. Rows go past the caches where all of the result is large and the
// row is no argument's; elements before the first whole vector are written apart, in rows that are long enough. Such stores are
// waited for once, behind all rows.
// CHECK-LABEL: func.func @past
// CHECK-NOT:     memref.prefetch
// CHECK:         %[[LARGE:.*]] = arith.cmpi uge, %{{.*}}, %{{.*}} : index
// CHECK:         scf.for
// CHECK:           arith.andi %{{.*}}, %{{.*}} : index
// CHECK:           %[[HEAD:.*]] = arith.divui
// CHECK:           arith.cmpi ne
// CHECK:           arith.cmpi ne
// CHECK:           arith.cmpi eq, %[[HEAD]]
// CHECK:           arith.cmpi uge
// CHECK:           scf.if
// CHECK:             scf.for {{.*}} to %[[HEAD]]
// CHECK:               vector.maskedstore
// CHECK:             scf.for {{.*}} = %[[HEAD]] to
// CHECK-COUNT-4:       vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK:           else
// CHECK:             scf.for
// CHECK-NOT:           nontemporal
// CHECK:         scf.if %[[LARGE]]
// CHECK-NEXT:      weir_cpu.drain_stores
func.func @past(%x: memref<?x?xf32>, %z: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @cheap ins(%x, %z : memref<?x?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    {form = #weir.form<elementwise>, stream_bytes = 67108864 : i64}
  return
}

// Each thread waits for its own.
// CHECK-LABEL: func.func @threads
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             nontemporal
// CHECK:           scf.if
// CHECK-NEXT:        weir_cpu.drain_stores
// CHECK:           scf.reduce
func.func @threads(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @dear ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    {form = #weir.form<elementwise>, stream_bytes = 4096 : i64, thread_grain = 4096 : i64}
  return
}

// CHECK-LABEL: func.func @never
// CHECK-NOT:     nontemporal
// CHECK-NOT:     drain_stores
// CHECK:         return
func.func @never(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @dear ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    {form = #weir.form<elementwise>, stream_bytes = 0 : i64}
  return
}
}
