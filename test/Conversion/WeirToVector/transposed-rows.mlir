// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx,+avx2,+fma", vector_bits = 128 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @scaled_lse(%x: f32, %b: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %z = arith.mulf %x, %b : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.addf %m, %l : f32
  weir.yield %y : f32
}
weir.formula @first_of(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  weir.yield %m, %i : f32, index
}
weir.formula @noisy(%x: f32, %seed: i64 {weir.uniform}) -> f32 {
  %r = weir.random %seed stream 3 : f32
  %z = arith.addf %x, %r : f32
  %m = weir.reduce max %z : f32
  %y = arith.subf %z, %m : f32
  weir.yield %y : f32
}

// A block is four rows, as many as there are lanes. The sweep for the maximum leaves a vector for each of them in a buffer of the
// frame; two steps of shuffles make one vector of four maxima. They choose the version of the exponentials once for the block, and
// a row reads its own from memory. There is one division for four rows.
// CHECK-LABEL: func.func @whole
// CHECK-DAG:     %[[PARTIAL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x4xf32>
// CHECK-DAG:     memref.alloca() {alignment = 64 : i64} : memref<4xf32>
// CHECK:         scf.for %{{.*}} = %c0 to %c3
// CHECK:           scf.for %[[ROW:.*]] = %c0 to %c4 step %c1 {
// CHECK:             vector.store %{{.*}}, %[[PARTIAL]][%[[ROW]], %c0]
// CHECK:           }
// CHECK:           %[[A:.*]] = vector.load %[[PARTIAL]][%c0, %c0]
// CHECK:           %[[B:.*]] = vector.load %[[PARTIAL]][%c1, %c0]
// CHECK:           %[[LOW:.*]] = vector.shuffle %[[A]], %[[B]] [0, 4, 1, 5]
// CHECK:           %[[HIGH:.*]] = vector.shuffle %[[A]], %[[B]] [2, 6, 3, 7]
// CHECK:           %[[GREATER:.*]] = arith.cmpf ogt, %[[HIGH]], %[[LOW]]
// CHECK:           arith.select %[[GREATER]], %[[HIGH]], %[[LOW]]
// CHECK:           vector.shuffle {{.*}} [0, 1, 4, 5]
// CHECK:           vector.shuffle {{.*}} [2, 3, 6, 7]
// CHECK:           vector.reduction <and>
// CHECK:           scf.if
// CHECK:             scf.for %[[R:.*]] = %c0 to %c4 step %c1 {
// CHECK:               %[[OWN:.*]] = memref.load %{{.*}}[%[[R]]] : memref<4xf32>
// CHECK:               vector.broadcast %[[OWN]]
// CHECK:               weir_cpu.exp_shifted
// CHECK-NOT:         vector.reduction <add>
// CHECK:             arith.divf {{.*}} : vector<4xf32>
// CHECK:             scf.for %[[R:.*]] = %c0 to %c4 step %c1 {
// CHECK-NEXT:          arith.addi %{{.*}}, %[[R]]
func.func @whole(%x: memref<12x64xf32>, %y: memref<12x64xf32>) {
  weir.rows @softmax_here ins(%x : memref<12x64xf32>) outs(%y : memref<12x64xf32>) {form = #weir.form<transposed>}
  return
}

// Rows that end within a vector are written last to first: the kept values that the next row loads lie beside the masked store.
// CHECK-LABEL: func.func @ragged
// CHECK:         arith.divf {{.*}} : vector<4xf32>
// CHECK:         scf.for %[[R:.*]] = %c0 to %c4 step %c1 {
// CHECK-NEXT:      arith.subi %c3, %[[R]]
func.func @ragged(%x: memref<12x63xf32>, %y: memref<12x63xf32>) {
  weir.rows @softmax_here ins(%x : memref<12x63xf32>) outs(%y : memref<12x63xf32>) {form = #weir.form<transposed>}
  return
}

// Numbers that rows take and give are read and written as vectors, under a mask where the last block has fewer rows. Rows that it
// lacks have the identities as their partial results.
// CHECK-LABEL: func.func @numbers
// CHECK-SAME:    (%{{.*}}: memref<?x64xf32>, %[[B:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?xf32>)
// CHECK:         %[[MASK:.*]] = vector.create_mask
// CHECK:         %[[COUNT:.*]] = arith.minui %{{.*}}, %c4
// CHECK:         vector.maskedload %[[B]][%{{.*}}], %[[MASK]]
// CHECK:         scf.for %{{.*}} = %c0 to %[[COUNT]]
// CHECK:         scf.for %[[ABSENT:.*]] = %[[COUNT]] to %c4
// CHECK-NEXT:      vector.store %cst{{.*}}, %{{.*}}[%[[ABSENT]], %c0]
// CHECK:         math.log %{{.*}} : vector<4xf32>
// CHECK:         vector.maskedstore %[[Y]][%{{.*}}], %[[MASK]]
func.func @numbers(%x: memref<?x64xf32>, %b: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @scaled_lse ins(%x, %b : memref<?x64xf32>, memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<transposed>}
  return
}

// A winner goes with its value through the tree.
// CHECK-LABEL: func.func @winners
// CHECK-DAG:     memref.alloca() {alignment = 64 : i64} : memref<4x4xf32>
// CHECK-DAG:     memref.alloca() {alignment = 64 : i64} : memref<4x4xindex>
// CHECK:         vector.shuffle %{{.*}} [0, 4, 1, 5] : vector<4xf32>
// CHECK:         vector.shuffle %{{.*}} [0, 4, 1, 5] : vector<4xindex>
// CHECK:         arith.minui {{.*}} : vector<4xindex>
func.func @winners(%x: memref<8x64xf32>, %v: memref<8xf32>, %i: memref<8xindex>) {
  weir.rows @first_of ins(%x : memref<8x64xf32>) outs(%v, %i : memref<8xf32>, memref<8xindex>) {form = #weir.form<transposed>}
  return
}

// What is kept in 16-bit rows lies in scratch, a row for each of the block.
// CHECK-LABEL: func.func @narrow
// CHECK:         %[[SCRATCH:.*]] = memref.alloc() {alignment = 64 : i64} : memref<320xf32>
// CHECK:         scf.for %[[R:.*]] = %c0 to %c4
// CHECK:           %[[FIRST:.*]] = arith.muli %{{.*}}, %c80
// CHECK:           memref.subview %[[SCRATCH]][%[[FIRST]]] [80] [1]
func.func @narrow(%x: memref<12x64xbf16>, %y: memref<12x64xbf16>) {
  weir.rows @softmax_here ins(%x : memref<12x64xbf16>) outs(%y : memref<12x64xbf16>) {form = #weir.form<transposed>}
  return
}

// Every row has its own index in the stream of random numbers.
// CHECK-LABEL: func.func @random
// CHECK:         vector.step : vector<4xindex>
// CHECK:         memref.load %{{.*}} : memref<4xindex>
// CHECK:         arith.mului_extended
func.func @random(%x: memref<8x64xf32>, %seed: i64, %y: memref<8x64xf32>) {
  weir.rows @noisy ins(%x, %seed : memref<8x64xf32>, i64) outs(%y : memref<8x64xf32>) {form = #weir.form<transposed>}
  return
}

// Buffers lie in the frame of each thread.
// CHECK-LABEL: func.func @shared
// CHECK-NOT:     memref.alloca
// CHECK:         scf.parallel
// CHECK:           memref.alloca() {alignment = 64 : i64} : memref<4x4xf32>
// CHECK:           scf.for
func.func @shared(%x: memref<?x64xf32>, %y: memref<?x64xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x64xf32>) outs(%y : memref<?x64xf32>) {form = #weir.form<transposed>, thread_grain = 4096 : i64}
  return
}
}
