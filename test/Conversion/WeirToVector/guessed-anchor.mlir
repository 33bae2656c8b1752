// A maximum that only keeps exponentials in range is guessed from samples; the sum tells whether that did.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+fma", vector_bits = 512 : i64}} {
weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @with_one(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %one = arith.constant 1.0 : f32
  %t = arith.addf %s, %one : f32
  %w = arith.divf %e, %t : f32
  weir.yield %w : f32
}

// CHECK-LABEL: func.func @recomputed
// CHECK-DAG:     %[[LEAST:.*]] = arith.constant 256 : index
// CHECK-DAG:     %[[MOST:.*]] = arith.constant 0x49800000 : f32
// CHECK:         %[[LONG:.*]] = arith.cmpi uge, %[[LENGTH:.*]], %[[LEAST]]
// CHECK:         %[[DONE:.*]] = scf.if %[[LONG]] -> (i1) {
// Five vectors.
// CHECK-COUNT-5:   vector.load
// CHECK:           %[[GUESS:.*]] = vector.reduction <maxnumf>
// CHECK:           %[[SIZE:.*]] = math.absf %[[GUESS]]
// CHECK:           %[[MODERATE:.*]] = arith.cmpf olt, %[[SIZE]]
// CHECK:           scf.if %[[MODERATE]] -> (i1) {
// CHECK-NOT:         vector.reduction <maxnumf>
// CHECK:             weir_cpu.exp_shifted fast
// CHECK:             %[[SUM:.*]] = vector.reduction <add>
// CHECK:             %[[LIMIT:.*]] = arith.minimumf %{{.*}}, %[[MOST]]
// CHECK:             %[[NEAR:.*]] = arith.cmpf ole, %[[SUM]], %[[LIMIT]]
// CHECK:             scf.if %[[NEAR]] {
// CHECK:               vector.store
// CHECK:             }
// CHECK:             scf.yield %[[NEAR]]
// CHECK:         scf.if %{{.*}} {
// CHECK:           vector.reduction <maxnumf>
func.func @recomputed(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}

// Exponentials that are kept in the result need it to lie apart from the scores.
// CHECK-LABEL: func.func @kept
// CHECK:         %[[X:.*]] = memref.extract_aligned_pointer_as_index
// CHECK:         %[[APART:.*]] = arith.cmpi ne
// CHECK:         %[[MAY:.*]] = arith.andi %{{.*}}, %[[APART]]
// CHECK:         scf.if %[[MAY]] -> (i1)
func.func @kept(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<stored>}
  return
}

// Short rows are sampled no faster than swept, and the one in the denominator does not move with the maximum.
// CHECK-LABEL: func.func @short
// CHECK-NOT:     arith.minimumf
func.func @short(%x: memref<?x255xf32>, %y: memref<?x255xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x255xf32>) outs(%y : memref<?x255xf32>) {form = #weir.form<recompute>}
  return
}
// CHECK-LABEL: func.func @bound
// CHECK-NOT:     arith.minimumf
func.func @bound(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @with_one ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<recompute>}
  return
}
}
