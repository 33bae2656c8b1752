// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

weir.formula @sparsemax_here(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %minus = arith.constant -1.0 : f32
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %c = arith.cmpf ogt, %d, %zero : f32
    %dr = arith.select %c, %minus, %zero : f32
    %s = weir.reduce add %r : f32
    %ds = weir.reduce add %dr : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f, %ds : f32, f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
weir.formula @squares_here(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %q = arith.mulf %r, %r : f32
    %minus = arith.constant -2.0 : f32
    %dq = arith.mulf %r, %minus : f32
    %s = weir.reduce add %q : f32
    %ds = weir.reduce add %dq : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f, %ds : f32, f32
  }
  %d = arith.subf %x, %tau : f32
  %r = arith.maximumf %d, %zero : f32
  %q = arith.mulf %r, %r : f32
  %sum = weir.reduce add %q : f32
  %w = arith.divf %q, %sum : f32
  weir.yield %w : f32
}
weir.formula @bisected(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %tau = weir.solve %lo to %hi increasing {max_iterations = 40 : i64, tolerance = 1.0e-3 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %t, %x : f32
    %s = weir.reduce add %d : f32
    weir.yield %s : f32
  }
  %d = arith.subf %x, %tau : f32
  weir.yield %d : f32
}
weir.formula @second(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
  %k = arith.constant 2 : index
  %v, %p = weir.kth %k, %x : index, f32
  weir.yield %v, %p : f32, index
}
weir.formula @noisy(%x: f32, %seed: i64 {weir.uniform}) -> f32 {
  %u = weir.random %seed stream 3 : f32
  %y = arith.addf %x, %u : f32
  weir.yield %y : f32
}

// The unknown is a distance from the upper end; the sums of a step run in the loop, Newton's step is taken where it stays inside the bracket.
// Of a sum of ramps, which is convex, it leads to a bound.
// CHECK-LABEL: func.func @solve
// CHECK:         %[[HI:.*]] = vector.reduction <maximumf>
// CHECK:         scf.while
// CHECK:           scf.condition
// CHECK:           scf.for
// CHECK:             arith.subf
// CHECK:             arith.subf
// CHECK:             arith.maximumf
// CHECK:           vector.reduction <add>
// CHECK:           vector.reduction <add>
// CHECK-NOT:       math.sqrt
// CHECK:           %[[QUOTIENT:.*]] = arith.divf
// CHECK:           %[[NEWTON:.*]] = arith.subf %{{.*}}, %[[QUOTIENT]]
// CHECK:           arith.cmpf ole, %[[NEWTON]]
// CHECK:           arith.cmpf ogt, %[[NEWTON]]
// CHECK:           arith.select
// CHECK:           scf.yield
func.func @solve(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @sparsemax_here ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// A sum S of squares is solved by steps on its root, 2 (S - sqrt(S)) / S'. The search gives the sum at the root, which the formula
// divides by: no pass over the row follows but the one that writes.
// CHECK-LABEL: func.func @root
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?xf32>
// CHECK:         %[[FOUND:.*]]:{{[0-9]+}} = scf.while
// CHECK:           %[[S:.*]] = vector.reduction <add>
// CHECK:           %[[DS:.*]] = vector.reduction <add>
// CHECK:           %[[ROOT:.*]] = math.sqrt %[[S]]
// CHECK:           %[[REST:.*]] = arith.subf %[[S]], %[[ROOT]]
// CHECK:           %[[RISE:.*]] = arith.mulf %[[REST]], %
// CHECK:           arith.divf %[[RISE]], %[[DS]]
// CHECK:           scf.yield
// CHECK-NOT:     vector.reduction
// CHECK:         scf.for
// CHECK:           vector.load %[[X]]
// CHECK:           vector.store
func.func @root(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @squares_here ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// Without a derivative the bracket is halved; an increasing function is negated.
// CHECK-LABEL: func.func @bisect
// CHECK:         scf.while
// CHECK:           arith.negf
// CHECK-NOT:       arith.divf
// CHECK:           scf.yield
func.func @bisect(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @bisected ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// Sixteen sweeps, three candidates each, then one for the position.
// CHECK-LABEL: func.func @kth
// CHECK:         %[[SWEEPS:.*]] = arith.constant 16 : index
// CHECK:         scf.for %{{.*}} = %{{.*}} to %[[SWEEPS]]
// CHECK-COUNT-3:   arith.cmpi sge, %{{.*}} : vector<4xi32>
// CHECK:         arith.cmpi eq, %{{.*}} : vector<4xi32>
func.func @kth(%x: memref<?xf32>, %v: memref<f32>, %p: memref<index>) {
  weir.rows @second ins(%x : memref<?xf32>) outs(%v, %p : memref<f32>, memref<index>)
  return
}

// CHECK-LABEL: func.func @random
// CHECK-COUNT-20: arith.mului_extended
// CHECK:          arith.sitofp
func.func @random(%x: memref<?x4xf32>, %seed: i64, %y: memref<?x4xf32>) {
  weir.rows @noisy ins(%x, %seed : memref<?x4xf32>, i64) outs(%y : memref<?x4xf32>)
  return
}
