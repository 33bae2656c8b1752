// RUN: weir-opt %s -split-input-file --weir-differentiate-solves=explain -verify-diagnostics | FileCheck %s

// Where the ramp is flat, it is 0: a product with its derivative needs no choice.
// CHECK-LABEL: @power
// CHECK:         ^bb0(%[[T:.*]]: f32):
// CHECK:           %[[D:.*]] = arith.subf %{{.*}}, %[[T]]
// CHECK:           %[[R:.*]] = arith.maximumf %[[D]]
// CHECK-NOT:       arith.select
// CHECK:           %[[RR:.*]] = arith.mulf %[[R]], %[[R]]
// CHECK:           %[[TWICE:.*]] = arith.constant -2.000000e+00
// CHECK:           %[[DRR:.*]] = arith.mulf %[[R]], %[[TWICE]]
// CHECK:           %[[S:.*]] = weir.reduce add %[[RR]]
// CHECK:           %[[DS:.*]] = weir.reduce add %[[DRR]]
// CHECK:           %[[F:.*]] = arith.subf %[[S]]
// CHECK:           weir.yield %[[F]], %[[DS]]
weir.formula @power(%x: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %rr = arith.mulf %r, %r : f32
    %s = weir.reduce add %rr : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  weir.yield %tau : f32
}

// -----

// A body without a derivative stays as it is.
// CHECK-LABEL: @rounded
// CHECK:           weir.yield %{{[a-z0-9_]*}} : f32
weir.formula @rounded(%x: f32) -> (f32 {weir.uniform}) {
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %tau = weir.solve %lo to %hi increasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %t, %x : f32
    // expected-remark@+1 {{has no derivative here: the root is searched by bisection}}
    %r = math.roundeven %d : f32
    %s = weir.reduce add %r : f32
    weir.yield %s : f32
  }
  weir.yield %tau : f32
}
