// What a weir.topk with a formula cannot be.
// RUN: weir-opt %s -split-input-file -weir-lower-topk -verify-diagnostics

// The sign of beta decides which scores have the largest weights.
func.func @f(%x: tensor<4x8xf32>, %beta: f32) {
  // expected-error@+1 {{C14: mode mass is about the largest values, but the result of @softmax_scaled follows the score in no order that is proven}}
  %0:3 = weir.topk @softmax_scaled(%x, %beta) {k = 2 : i64, mode = #weir.topk_mode<mass>, thr = 0.5 : f64, non_negative}
    : (tensor<4x8xf32>, f32) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

weir.formula @flipped(%x: f32) -> f32 {
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  weir.yield %e : f32
}
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C14: mode threshold is about the largest values, but the result of @flipped falls where the score rises}}
  %0:3 = weir.topk @flipped(%x) {k = 2 : i64, mode = #weir.topk_mode<threshold>, thr = 0.5 : f64}
    : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %g: tensor<4x8xf32>, %tau: f32) {
  // expected-error@+1 {{C14: the varying result of @gumbel_softmax depends on more than the score and uniform values}}
  %0:3 = weir.topk @gumbel_softmax(%x, %g, %tau) {k = 2 : i64}
    : (tensor<4x8xf32>, tensor<4x8xf32>, f32) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}
