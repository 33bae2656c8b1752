// The formulas that follow from one, and how they are used. A weight is its term, 0 at a score of -inf by arithmetic, times what is
// known in the end.
// RUN: weir-opt %s --weir-lower-states | FileCheck %s

// CHECK-LABEL: weir.formula private @soft.weights.masked(
// CHECK-SAME: %[[X:.*]]: f32, %[[M:.*]]: f32 {weir.extremum, weir.uniform}, %[[S:.*]]: f32 {weir.uniform}, %[[VALID:.*]]: i1) -> f32 attributes {weir.after_sweeps}
// CHECK: %[[C:.*]] = arith.divf %{{.*}}, %[[S]] : f32
// CHECK: %[[EMPTY:.*]] = arith.cmpf oeq, %[[M]], %[[LOW:.*]] : f32
// CHECK: %[[NONE:.*]] = arith.andi %[[EMPTY]], %{{.*}} : i1
// CHECK: %[[FACTOR:.*]] = arith.select %[[NONE]], %[[ZERO:.*]], %[[C]] : f32
// CHECK: %[[SOME:.*]] = arith.cmpf une, %[[M]], %[[LOW]] : f32
// CHECK: %[[ANCHOR:.*]] = arith.select %[[SOME]], %[[M]], %[[ZERO]] : f32
// CHECK: %[[D:.*]] = arith.subf %[[X]], %[[ANCHOR]] : f32
// CHECK: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK: %[[W:.*]] = arith.mulf %[[E]], %[[FACTOR]] : f32
// CHECK: %[[R:.*]] = arith.select %[[VALID]], %[[W]], %[[ZERO]] : f32
// CHECK: weir.yield %[[R]] : f32

// CHECK-LABEL: weir.formula private @soft.finish1(
// CHECK-SAME: %[[M:.*]]: f32, %[[S:.*]]: f32) -> (f32, f32)
// CHECK-NEXT: weir.yield %[[M]], %[[S]] : f32, f32

// A sum of 0 stays 0 whatever the anchors of nothing say.
// CHECK-LABEL: weir.formula private @soft.merge1(
// CHECK-SAME: %[[MA:.*]]: f32, %[[SA:.*]]: f32, %[[MB:.*]]: f32, %[[SB:.*]]: f32) -> (f32, f32)
// CHECK: %[[BOTH:.*]] = arith.maximumf %[[MA]], %[[MB]] : f32
// CHECK: %[[EXP:.*]] = math.exp
// CHECK: %[[NONE:.*]] = arith.cmpf oeq, %[[SA]], %{{.*}} : f32
// CHECK: %[[MOVED:.*]] = arith.mulf %[[SA]], %[[EXP]] : f32
// CHECK: %[[A:.*]] = arith.select %[[NONE]], %{{.*}}, %[[MOVED]] : f32
// CHECK: %[[B:.*]] = arith.select
// CHECK: %[[S:.*]] = arith.addf %[[A]], %[[B]] : f32
// CHECK: weir.yield %[[BOTH]], %[[S]] : f32, f32

// CHECK-LABEL: weir.formula private @soft.stats1(
// CHECK-SAME: %[[X:.*]]: f32) -> (f32 {weir.uniform}, f32 {weir.uniform})
// CHECK: %[[M:.*]] = weir.reduce max %[[X]] : f32
// CHECK: weir.reduce add
weir.formula @soft(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// From identities the state of the rows is all there is.
// CHECK-LABEL: func.func @fresh
func.func @fresh(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %m = linalg.fill ins(%low : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %s = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %[[R:.*]]:2 = weir.rows @soft.stats1 ins(%{{.*}} : tensor<4x8xf32>) {{.*}} {form = #weir.form<recompute>, thread_grain = 7 : i64}
  // CHECK-NEXT: return %[[R]]#0, %[[R]]#1
  %y:2 = weir.stats @soft sweep(1) ins(%x : tensor<4x8xf32>) outs(%m, %s : tensor<4xf32>, tensor<4xf32>) {thread_grain = 7 : i64}
    -> tensor<4xf32>, tensor<4xf32>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}

// Otherwise it is merged, in buffers of its own.
// CHECK-LABEL: func.func @into
// CHECK-SAME: (%[[X:.*]]: memref<?x8xf32>, %[[M:.*]]: memref<?xf32>, %[[S:.*]]: memref<?xf32>, %[[V:.*]]: memref<?x8xi1>, %[[Y:.*]]: memref<?x8xf32>)
func.func @into(%x: memref<?x8xf32>, %m: memref<?xf32>, %s: memref<?xf32>, %v: memref<?x8xi1>, %y: memref<?x8xf32>) {
  // CHECK: %[[A:.*]] = memref.alloc(%{{.*}}) : memref<?xf32>
  // CHECK: %[[B:.*]] = memref.alloc(%{{.*}}) : memref<?xf32>
  // CHECK: weir.rows @soft.stats1 ins(%[[X]] : memref<?x8xf32>) mask(%[[V]] : memref<?x8xi1>) outs(%[[A]], %[[B]] : memref<?xf32>, memref<?xf32>)
  // CHECK: weir.rows @soft.merge1 ins(%[[M]], %[[S]], %[[A]], %[[B]] : memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) outs(%[[M]], %[[S]] : memref<?xf32>, memref<?xf32>) {form = #weir.form<elementwise>}
  // CHECK: memref.dealloc %[[A]]
  // CHECK: memref.dealloc %[[B]]
  weir.stats @soft sweep(1) ins(%x : memref<?x8xf32>) mask(%v : memref<?x8xi1>) outs(%m, %s : memref<?xf32>, memref<?xf32>)
  // CHECK: weir.rows @soft.finish1 ins(%[[M]], %[[S]] : memref<?xf32>, memref<?xf32>) outs(%[[M]], %[[S]] : memref<?xf32>, memref<?xf32>)
  weir.finish @soft sweep(1) ins(%m, %s : memref<?xf32>, memref<?xf32>) outs(%m, %s : memref<?xf32>, memref<?xf32>)
  // CHECK: weir.rows @soft.weights.masked ins(%[[X]], %[[M]], %[[S]], %[[V]] : memref<?x8xf32>, memref<?xf32>, memref<?xf32>, memref<?x8xi1>) outs(%[[Y]] : memref<?x8xf32>)
  weir.weights @soft ins(%x : memref<?x8xf32>) mask(%v : memref<?x8xi1>) known(%m, %s : memref<?xf32>, memref<?xf32>)
    outs(%y : memref<?x8xf32>)
  return
}

// One row has states without dimensions: a row of one element each.
// CHECK-LABEL: func.func @one_row
func.func @one_row(%m: memref<f32>, %s: memref<f32>) {
  // CHECK: %[[ROW:.*]] = memref.expand_shape %{{.*}} [] output_shape [1] : memref<f32> into memref<1xf32>
  // CHECK: weir.rows @soft.merge1 ins(%[[ROW]], {{.*}} : memref<1xf32>, memref<1xf32>, memref<1xf32>, memref<1xf32>)
  weir.merge @soft sweep(1) ins(%m, %s : memref<f32>, memref<f32>) outs(%m, %s : memref<f32>, memref<f32>)
  return
}
