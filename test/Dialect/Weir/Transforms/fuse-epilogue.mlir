// A gate that alone reads attention's output becomes its epilogue.
// RUN: weir-opt %s --weir-fuse-epilogue=explain --canonicalize -split-input-file -verify-diagnostics | FileCheck %s
// RUN: weir-opt %s --weir-fuse-epilogue=enable=false -split-input-file | FileCheck %s --check-prefix=OFF
// OFF-NOT: epilogue @
// OFF: weir.apply @

weir.formula private @gate(%o: f32, %z: f32) -> f32 {
  %y = arith.mulf %o, %z : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @per_head
// CHECK-SAME: (%[[Q:.*]]: tensor<2x4x?x8xf32>, %[[Z:.*]]: tensor<2x4x?x1xbf16>)
func.func @per_head(%q: tensor<2x4x?x8xf32>, %z: tensor<2x4x?x1xbf16>) -> tensor<2x4x?x8xbf16> {
  // CHECK: %[[O:.*]] = weir.attention @softmax(%[[Q]], %[[Q]], %[[Q]]) epilogue @gate(%[[Z]] : tensor<2x4x?x1xbf16>) {causal} : (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xbf16>
  // CHECK: return %[[O]]
  // expected-remark @below {{@gate is the epilogue of attention with @softmax: it runs before outputs are rounded}}
  %o = weir.attention @softmax(%q, %q, %q) {causal} : (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  %y = weir.apply @gate(%o, %z) : (tensor<2x4x?x8xf32>, tensor<2x4x?x1xbf16>) -> tensor<2x4x?x8xbf16>
  return %y : tensor<2x4x?x8xbf16>
}

// -----

// The output as another argument, reshaped; a number for each row repeats along it.
weir.formula private @sum(%r: f32, %o: f32, %a: f32 {weir.uniform}) -> f32 {
  %p = arith.mulf %o, %a : f32
  %y = arith.addf %r, %p : f32
  weir.yield %y : f32
}
// CHECK: weir.formula private @[[SUM:sum.*]](%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32) -> f32
// CHECK-LABEL: func.func @folded
// CHECK-SAME: (%[[Q:.*]]: tensor<1x4x6x8xf32>, %[[R:.*]]: tensor<4x6x8xf32>, %[[A:.*]]: tensor<4x6xf32>)
func.func @folded(%q: tensor<1x4x6x8xf32>, %r: tensor<4x6x8xf32>, %a: tensor<4x6xf32>) -> tensor<4x6x8xf32> {
  // CHECK-DAG: %[[R4:.*]] = tensor.expand_shape %[[R]] {{\[\[}}0, 1], [2], [3]] output_shape [1, 4, 6, 8]
  // CHECK-DAG: %[[A4:.*]] = tensor.expand_shape %[[A]] {{\[\[}}0, 1], [2, 3]] output_shape [1, 4, 6, 1]
  // CHECK: %[[O:.*]] = weir.attention @softmax(%[[Q]], %[[Q]], %[[Q]]) epilogue @[[SUM]](%[[R4]], %[[A4]] : tensor<1x4x6x8xf32>, tensor<1x4x6x1xf32>)
  // CHECK: tensor.collapse_shape %[[O]] {{\[\[}}0, 1], [2], [3]]
  // expected-remark @below {{@sum is the epilogue}}
  %o = weir.attention @softmax(%q, %q, %q) : (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %c = tensor.collapse_shape %o [[0, 1], [2], [3]] : tensor<1x4x6x8xf32> into tensor<4x6x8xf32>
  %y = weir.apply @sum(%r, %c, %a) : (tensor<4x6x8xf32>, tensor<4x6x8xf32>, tensor<4x6xf32>) -> tensor<4x6x8xf32>
  return %y : tensor<4x6x8xf32>
}

// -----

// What else reads the output keeps it; what needs rows is no epilogue.
weir.formula private @half(%o: f32) -> f32 {
  %h = arith.constant 5.000000e-01 : f32
  %y = arith.mulf %o, %h : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @apart
func.func @apart(%q: tensor<1x4x6x8xf32>) -> (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf64>) {
  // CHECK-NOT: epilogue @
  %o = weir.attention @softmax(%q, %q, %q) : (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %y = weir.apply @half(%o) : (tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %p = weir.attention @softmax(%o, %q, %q) : (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %w = weir.apply @softmax(%p) : (tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %r = weir.attention @softmax(%w, %q, %q) : (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf32>
  // expected-remark @below {{@half is no epilogue of the attention before it: it computes in another type}}
  %d = weir.apply @half(%r) : (tensor<1x4x6x8xf32>) -> tensor<1x4x6x8xf64>
  return %y, %w, %d : tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf64>
}
