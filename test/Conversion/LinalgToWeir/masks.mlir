// RUN: weir-opt %s -split-input-file --convert-linalg-to-weir=explain -verify-diagnostics | FileCheck %s

// A choice between the score and -inf is a mask.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> f32
// CHECK-NEXT:   weir.reduce max %[[X]] : f32
// CHECK-NOT:    arith.select
// CHECK-LABEL: func.func @mask
// CHECK-SAME:    %[[X:.*]]: tensor<4x8xf32>, %[[VALID:.*]]: tensor<8xi1>
// CHECK:         weir.apply @raised_0(%[[X]]) mask(%[[VALID]] : tensor<8xi1>) {empty_row = #weir.empty_row<nan>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
#full = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @mask(%x: tensor<4x8xf32>, %valid: tensor<8xi1>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %low = arith.constant 0xFF800000 : f32
  // expected-remark@+1 {{leaving out scores of -inf changes nothing, and a choice of -inf is the mask}}
  %z = linalg.generic {indexing_maps = [#full, #column, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %valid : tensor<4x8xf32>, tensor<8xi1>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %is: i1, %out: f32):
    %r = arith.select %is, %in, %low : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %y = linalg.softmax dimension(1) ins(%z : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// The lowest number is not -inf: a row of nothing else shares its mass. The choice stays in the formula.
// CHECK:      weir.formula private @raised_0(%{{.*}}: f32, %{{.*}}: i1) -> f32
// CHECK:        arith.select
// CHECK-LABEL: func.func @number
// CHECK:         weir.apply @raised_0(%{{.*}}, %{{.*}}) {nan = #weir.nan<arithmetic>, neg_inf = #weir.neg_inf<ordinary>} : (tensor<4x8xf32>, tensor<8xi1>) -> tensor<4x8xf32>
#full = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @number(%x: tensor<4x8xf32>, %valid: tensor<8xi1>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %low = arith.constant -3.40282347E+38 : f32
  // expected-remark@+1 {{scores of -inf stay numbers, since leaving them out could change results, and a NaN does not reach all results}}
  %z = linalg.generic {indexing_maps = [#full, #column, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %valid : tensor<4x8xf32>, tensor<8xi1>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %is: i1, %out: f32):
    %r = arith.select %is, %in, %low : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %y = linalg.softmax dimension(1) ins(%z : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// The other way round it is no mask either: masks are true where an element stays.
// CHECK-LABEL: func.func @inverted
// CHECK:         weir.apply @raised_0(%{{.*}}, %{{.*}}) {nan = #weir.nan<arithmetic>, neg_inf = #weir.neg_inf<ordinary>} : (tensor<4x8xf32>, tensor<4x8xi1>) -> tensor<4x8xf32>
func.func @inverted(%x: tensor<4x8xf32>, %hidden: tensor<4x8xi1>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %low = arith.constant 0xFF800000 : f32
  %lows = linalg.fill ins(%low : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{raised to @raised_0}}
  %z = linalg.select ins(%hidden, %lows, %x : tensor<4x8xi1>, tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = linalg.softmax dimension(1) ins(%z : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// An additive mask may hold +inf and NaN as well as -inf.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32, %[[B:.*]]: f32) -> f32
// CHECK-NEXT:   %[[Z:.*]] = arith.addf %[[X]], %[[B]] : f32
// CHECK-LABEL: func.func @additive
// CHECK:         %[[BIAS:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2]] output_shape [2, 1, 8] : tensor<2x8xf32> into tensor<2x1x8xf32>
// CHECK:         weir.apply @raised_0(%{{.*}}, %[[BIAS]]) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<2x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x4x8xf32>
#full = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#outer = affine_map<(d0, d1, d2) -> (d0, d2)>
func.func @additive(%x: tensor<2x4x8xf32>, %bias: tensor<2x8xf32>, %e: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  // expected-remark@+1 {{raised to @raised_0}}
  %z = linalg.generic {indexing_maps = [#full, #outer, #full], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %bias : tensor<2x4x8xf32>, tensor<2x8xf32>) outs(%e : tensor<2x4x8xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %r = arith.addf %in, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8xf32>
  %y = linalg.softmax dimension(2) ins(%z : tensor<2x4x8xf32>) outs(%e : tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}
