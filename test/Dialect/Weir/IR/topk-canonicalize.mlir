// RUN: weir-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @says_nothing
func.func @says_nothing(%x: tensor<?x8xf32>) -> tensor<?x2xi32> {
  // CHECK-NEXT: weir.topk %{{.*}} {k = 2 : i64} : (tensor<?x8xf32>)
  %on = arith.constant dense<true> : tensor<8xi1>
  %v, %i, %n = weir.topk %x mask(%on : tensor<8xi1>) {k = 2 : i64, along = 1}
    : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  return %i : tensor<?x2xi32>
}

// CHECK-LABEL: func.func @constant_thr
func.func @constant_thr(%x: tensor<?x8xf32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
  // CHECK-DAG: %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  // CHECK: weir.topk %{{.*}} {k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 5.000000e-01 : f64}
  %0:3 = weir.topk %x thr(%half : f32) {k = 2 : i64, mode = #weir.topk_mode<gap>}
    : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  // No attribute may say these; at run time they have their meaning.
  // CHECK: weir.topk %{{.*}} thr(%[[NAN]] : f32)
  %1:3 = weir.topk %x thr(%nan : f32) {k = 2 : i64, mode = #weir.topk_mode<gap>}
    : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  // CHECK: weir.topk %{{.*}} thr(%[[TWO]] : f32)
  %2:3 = weir.topk %x thr(%two : f32) {k = 2 : i64, mode = #weir.topk_mode<mass>, non_negative}
    : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  return %0#2, %1#2, %2#2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @stays
func.func @stays(%x: tensor<8x?xf32>) -> tensor<2x?xi32> {
  // CHECK: arith.constant
  // CHECK: weir.topk %{{.*}} mask(%{{.*}} : tensor<8x1xi1>) {along = 0 : i64, k = 2 : i64}
  %some = arith.constant dense<[[true], [false], [true], [true], [true], [true], [true], [true]]> : tensor<8x1xi1>
  %v, %i, %n = weir.topk %x mask(%some : tensor<8x1xi1>) {k = 2 : i64, along = 0}
    : (tensor<8x?xf32>) -> (tensor<2x?xf32>, tensor<2x?xi32>, tensor<?xi32>)
  return %i : tensor<2x?xi32>
}
