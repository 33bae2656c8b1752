// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

weir.formula @softmax_here(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @centred(%x: f32, %b: f32 {weir.uniform}, %g: f32) -> (f32, f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %u = arith.mulf %s, %b : f32
  %d = arith.subf %x, %u : f32
  %y = arith.mulf %d, %g : f32
  weir.yield %y, %s : f32, f32
}
weir.formula @shift(%x: f32, %b: f32 {weir.uniform}) -> f32 {
  %y = arith.addf %x, %b : f32
  weir.yield %y : f32
}
weir.formula @first_of(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  weir.yield %m, %i : f32, index
}
weir.formula @second(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
  %k = arith.constant 2 : index
  %v, %p = weir.kth %k, %x : index, f32
  weir.yield %v, %p : f32, index
}
weir.formula @sparsemax_here(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}

// A group of rows is 16 lanes. Their elements are copied together once; maxima and sums stay in lanes, so that no vector is reduced
// but to ask whether some row is empty. A last group with fewer rows has code of its own.
// CHECK-LABEL: func.func @stored
// CHECK-SAME:    (%[[X:.*]]: memref<?x?xf32>, %[[Y:.*]]: memref<?x?xf32>)
// CHECK-COUNT-2: memref.alloc
// CHECK:         scf.for %[[GROUP:.*]] =
// CHECK:           %[[FIRST:.*]] = arith.muli %[[GROUP]], %c16
// CHECK:           scf.if
// CHECK:             scf.for %[[P:.*]] =
// CHECK:               vector.load %[[X]][%[[P]], %[[FIRST]]] : memref<?x?xf32>, vector<16xf32>
// CHECK:             scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>
// CHECK-NOT:           vector.load %[[X]]
// CHECK-NOT:         vector.reduction <{{add|max}}
// CHECK:             weir_cpu.exp
// CHECK-NOT:         vector.reduction <{{add|max}}
// CHECK:             vector.store {{.*}}, %[[Y]]
// CHECK:           } else {
// CHECK:             %[[ROWS:.*]] = vector.create_mask %{{.*}} : vector<16xi1>
// CHECK:             vector.maskedload %[[X]][{{.*}}], %[[ROWS]]
// CHECK:             vector.maskedstore %[[Y]][{{.*}}], %[[ROWS]]
// CHECK:         memref.dealloc
func.func @stored(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {along = 0 : i64, form = #weir.form<stored>}
  return
}

// A multiple of the lanes leaves no last group, and few rows make narrow vectors.
// CHECK-LABEL: func.func @whole
// CHECK-NOT:     create_mask
// CHECK:         return
func.func @whole(%x: memref<?x64xf32>, %y: memref<?x64xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x64xf32>) outs(%y : memref<?x64xf32>) {along = 0 : i64, form = #weir.form<recompute>}
  return
}
// CHECK-LABEL: func.func @narrow
// CHECK-NOT:     vector<16xf32>
// CHECK:         vector.maskedload {{.*}} into vector<8xf32>
func.func @narrow(%x: memref<?x6xf32>, %y: memref<?x6xf32>) {
  weir.rows @softmax_here ins(%x : memref<?x6xf32>) outs(%y : memref<?x6xf32>) {along = 0 : i64, form = #weir.form<recompute>}
  return
}

// Rows between two outer dimensions: a view for each block, uniform operands and results as vectors, an operand of one number per
// position in all lanes. The score is read twice and copied; the gain is read once.
// CHECK-LABEL: func.func @middle
// CHECK-SAME:    %[[X:.*]]: memref<?x?x32xf32>, %[[B:.*]]: memref<?x32xf32>, %[[G:.*]]: memref<?x1xf32>, %[[Y:.*]]: memref<?x?x32xf32>, %[[S:.*]]: memref<?x32xf32>
// CHECK-COUNT-1: memref.alloc(
// CHECK:         scf.for %[[BLOCK:.*]] =
// CHECK:           scf.for
// CHECK-DAG:         %[[XB:.*]] = memref.subview %[[X]][%[[BLOCK]], 0, 0] [1, %{{.*}}, 32]
// CHECK-DAG:         memref.subview %[[Y]][%[[BLOCK]], 0, 0]
// CHECK:             vector.load %[[XB]]
// CHECK:             vector.store %{{.*}}, %[[S]][%[[BLOCK]], %{{.*}}] : memref<?x32xf32>, vector<16xf32>
// CHECK:             vector.load %[[B]][%[[BLOCK]], %{{.*}}] : memref<?x32xf32>, vector<16xf32>
// CHECK:             memref.load %[[G]][%{{.*}}, %c0]
func.func @middle(%x: memref<?x?x32xf32>, %b: memref<?x32xf32>, %g: memref<?x1xf32>, %y: memref<?x?x32xf32>, %s: memref<?x32xf32>) {
  weir.rows @centred ins(%x, %b, %g : memref<?x?x32xf32>, memref<?x32xf32>, memref<?x1xf32>)
    outs(%y, %s : memref<?x?x32xf32>, memref<?x32xf32>) {along = 1 : i64, form = #weir.form<recompute>}
  return
}

// One pass needs no copy.
// CHECK-LABEL: func.func @elementwise
// CHECK-NOT:     memref.alloc
// CHECK:         return
func.func @elementwise(%x: memref<?x32xf32>, %b: memref<32xf32>, %y: memref<?x32xf32>) {
  weir.rows @shift ins(%x, %b : memref<?x32xf32>, memref<32xf32>) outs(%y : memref<?x32xf32>) {along = 0 : i64, form = #weir.form<elementwise>}
  return
}

// Every lane has its winner.
// CHECK-LABEL: func.func @winners
// CHECK-NOT:     vector.reduction <minui>
// CHECK:         vector.store %{{.*}}, %{{.*}} : memref<32xindex>, vector<16xindex>
func.func @winners(%x: memref<?x32xf32>, %v: memref<32xf32>, %p: memref<32xindex>) {
  weir.rows @first_of ins(%x : memref<?x32xf32>) outs(%v, %p : memref<32xf32>, memref<32xindex>) {along = 0 : i64}
  return
}
// CHECK-LABEL: func.func @kth
// CHECK-COUNT-3:   arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK-NOT:     vector.extract
// CHECK:         return
func.func @kth(%x: memref<?x32xf32>, %v: memref<32xf32>, %p: memref<32xindex>) {
  weir.rows @second ins(%x : memref<?x32xf32>) outs(%v, %p : memref<32xf32>, memref<32xindex>) {along = 0 : i64}
  return
}

// A search goes on while some row has not settled; those that have stay where they are.
// CHECK-LABEL: func.func @search
// CHECK:         scf.while ({{.*}}) : (vector<16xf32>, vector<16xf32>, vector<16xf32>, i64, vector<16xi1>
// CHECK:           %[[ANY:.*]] = vector.reduction <or>
// CHECK:           %[[MORE:.*]] = arith.andi %[[ANY]]
// CHECK:           scf.condition(%[[MORE]])
// CHECK:           ^bb0({{.*}}, %[[GO:.*]]: vector<16xi1>
// CHECK-COUNT-3:     arith.select %[[GO]]
func.func @search(%x: memref<?x32xf32>, %y: memref<?x32xf32>) {
  weir.rows @sparsemax_here ins(%x : memref<?x32xf32>) outs(%y : memref<?x32xf32>) {along = 0 : i64}
  return
}

// Elements with gaps between them are read all the same.
// CHECK-LABEL: func.func @gaps
// CHECK:         vector.transfer_read
// CHECK:         vector.transfer_write
func.func @gaps(%x: memref<?x32xf32, strided<[?, 2]>>, %b: memref<32xf32>, %y: memref<?x32xf32, strided<[?, 2]>>) {
  weir.rows @shift ins(%x, %b : memref<?x32xf32, strided<[?, 2]>>, memref<32xf32>)
    outs(%y : memref<?x32xf32, strided<[?, 2]>>) {along = 0 : i64, form = #weir.form<elementwise>}
  return
}
