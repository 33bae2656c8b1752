// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512bw,+avx512dq,+avx512vl", vector_bits = 512 : i64}} {
weir.formula @centred(%x: f32, %g: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %d = arith.subf %x, %s : f32
  %y = arith.mulf %d, %g : f32
  weir.yield %y : f32
}

// 8 MiB of rows: the sweep for the results asks for the next row. The gain is the same for every row.
// CHECK-LABEL: func.func @many
// CHECK-SAME:    (%{{.*}}: memref<1024x1024xf32>, %[[G:.*]]: memref<1024xf32>
// CHECK:         scf.for
// CHECK:           %[[ROW:.*]] = memref.subview %{{.*}} : memref<1024x1024xf32>
// CHECK:           vector.reduction <add>
// CHECK:           scf.for %[[P:.*]] = %c0 to
// CHECK:             %[[NEXT:.*]] = arith.addi %[[P]], %c1024
// CHECK:             memref.prefetch %[[ROW]][%[[NEXT]]], read, locality<3>, data
// CHECK-NOT:         memref.prefetch %[[G]]
// CHECK:             vector.store
func.func @many(%x: memref<1024x1024xf32>, %g: memref<1024xf32>, %y: memref<1024x1024xf32>) {
  weir.rows @centred ins(%x, %g : memref<1024x1024xf32>, memref<1024xf32>) outs(%y : memref<1024x1024xf32>)
    {form = #weir.form<recompute>}
  return
}

// So few stay in the cache; rows so short come by themselves; two rows so long do not fit beside each other.
// CHECK-LABEL: func.func @few
// CHECK-NOT:     memref.prefetch
// CHECK:         return
func.func @few(%x: memref<16x1024xf32>, %y: memref<16x1024xf32>, %s: memref<8192x128xf32>, %t: memref<8192x128xf32>,
               %l: memref<64x16384xf32>, %m: memref<64x16384xf32>) {
  weir.rows @centred ins(%x, %x : memref<16x1024xf32>, memref<16x1024xf32>) outs(%y : memref<16x1024xf32>)
    {form = #weir.form<recompute>}
  weir.rows @centred ins(%s, %s : memref<8192x128xf32>, memref<8192x128xf32>) outs(%t : memref<8192x128xf32>)
    {form = #weir.form<recompute>}
  weir.rows @centred ins(%l, %l : memref<64x16384xf32>, memref<64x16384xf32>) outs(%m : memref<64x16384xf32>)
    {form = #weir.form<recompute>}
  return
}

// A block asks for the next block, however short its rows are.
// CHECK-LABEL: func.func @blocks
// CHECK:         arith.addi %{{.*}}, %c2048
// CHECK:         memref.prefetch
func.func @blocks(%x: memref<8192x128xf32>, %g: memref<128xf32>, %y: memref<8192x128xf32>) {
  weir.rows @centred ins(%x, %g : memref<8192x128xf32>, memref<128xf32>) outs(%y : memref<8192x128xf32>)
    {form = #weir.form<transposed>}
  return
}

// Where sizes come with the call, so does the answer: else the row at hand is asked for, which costs next to nothing.
// CHECK-LABEL: func.func @unknown
// CHECK:         arith.andi
// CHECK:         %[[MANY:.*]] = arith.andi
// CHECK:         arith.select %[[MANY]], %{{.*}}, %c0
// CHECK:         memref.prefetch
func.func @unknown(%x: memref<?x?xf32>, %g: memref<?xf32>, %y: memref<?x?xf32>) {
  weir.rows @centred ins(%x, %g : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}
