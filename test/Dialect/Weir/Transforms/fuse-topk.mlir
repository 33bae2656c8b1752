// RUN: weir-opt %s -split-input-file --weir-fuse-topk=explain -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<4x8xbf16>) -> (tensor<4x2xbf16>, tensor<4x2xi32>) {
  // CHECK-NEXT: %[[R:.*]], %[[I:.*]], %{{.*}} = weir.topk @softmax(%{{.*}}) {k = 2 : i64, nan = #weir.nan<ignore>}
  // CHECK-NEXT: return %[[R]], %[[I]]
  %w = weir.apply @softmax(%x) {nan = #weir.nan<ignore>} : (tensor<4x8xbf16>) -> tensor<4x8xbf16>
  // expected-remark@+1 {{selects from the scores of @softmax, whose weights rise with them; only the selected are made}}
  %v, %i, %n = weir.topk %w {k = 2 : i64} : (tensor<4x8xbf16>) -> (tensor<4x2xbf16>, tensor<4x2xi32>, tensor<4xi32>)
  return %v, %i : tensor<4x2xbf16>, tensor<4x2xi32>
}

// -----

// Rows may be shorter than k: what is no element had -inf among weights.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%x: tensor<?x?xf32>, %m: tensor<?x?xi1>) -> (tensor<?x2xf32>, tensor<?xf32>) {
  // CHECK: %[[R:.*]], %[[I:.*]], %{{.*}}, %[[L:.*]] = weir.topk @softmax_lse(%{{.*}}) mask(%{{.*}} : tensor<?x?xi1>) {k = 2 : i64}
  // CHECK: %[[V:.*]] = linalg.generic {{.*}} ins(%[[R]], %[[I]]
  // CHECK: return %[[V]], %[[L]]
  %w, %lse = weir.apply @softmax_lse(%x) mask(%m : tensor<?x?xi1>) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>)
  // expected-remark@+1 {{selects from the scores of @softmax_lse}}
  %v, %i, %n = weir.topk %w mask(%m : tensor<?x?xi1>) {k = 2 : i64} : (tensor<?x?xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  return %v, %lse : tensor<?x2xf32>, tensor<?xf32>
}

// -----

// Log-weights of what is no element are -inf in any case.
// CHECK-LABEL: func.func @logs
func.func @logs(%x: tensor<?x?xf32>) -> tensor<?x2xf32> {
  // CHECK-NEXT: weir.topk @log_softmax
  // CHECK-NEXT: return
  %w = weir.apply @log_softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-remark@+1 {{selects from the scores of @log_softmax}}
  %v, %i, %n = weir.topk %w {k = 2 : i64} : (tensor<?x?xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  return %v : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<4x8xf32>, %m: tensor<4x8xi1>, %beta: f32, %g: tensor<4x8xf32>)
    -> (tensor<4x2xf32>, tensor<4xi32>, tensor<4x8xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  // CHECK-COUNT-7: weir.apply
  // CHECK-NOT: weir.topk @
  %w0 = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax: the count is of weights, and those of 0 count}}
  %v0, %i0, %n0 = weir.topk %w0 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w1 = weir.apply @softmax(%x) {empty_row = #weir.empty_row<nan>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax: something else reads the weights}}
  %v1, %i1, %n1 = weir.topk %w1 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w2 = weir.apply @softmax(%x) mask(%m : tensor<4x8xi1>) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax: the rows, or what is masked of them, are not the same}}
  %v2, %i2, %n2 = weir.topk %w2 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w3 = weir.apply @softmax_scaled(%x, %beta) : (tensor<4x8xf32>, f32) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax_scaled: its result is not proven to rise with the score}}
  %v3, %i3, %n3 = weir.topk %w3 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w4 = weir.apply @softmax(%x) {form = #weir.form<stored>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax: the form of its rows is given}}
  %v4, %i4, %n4 = weir.topk %w4 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w5 = weir.apply @softmax(%x) {empty_row = #weir.empty_row<uniform>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @softmax: a selection does not know its policies}}
  %v5, %i5, %n5 = weir.topk %w5 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  %w6 = weir.apply @tanh(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{selects from all of the weights of @tanh: an excluded element may have more than others}}
  %v6, %i6, %n6 = weir.topk %w6 {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return %v0, %n0, %w1, %v2, %v3, %v4, %v5, %v6
    : tensor<4x2xf32>, tensor<4xi32>, tensor<4x8xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}
