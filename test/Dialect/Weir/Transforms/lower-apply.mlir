// RUN: weir-opt %s --weir-lower-apply --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @last
func.func @last(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: %[[E:.*]] = tensor.empty(%{{.*}}) : tensor<?x8xf32>
  // CHECK: weir.rows @softmax ins(%{{.*}} : tensor<?x8xf32>) outs(%[[E]] : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = weir.apply @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @first
func.func @first(%x: tensor<16x8xf32>) -> tensor<16x8xf32> {
  // CHECK: linalg.transpose {{.*}} permutation = [1, 0]
  // CHECK: weir.rows @softmax ins(%{{.*}} : tensor<8x16xf32>)
  // CHECK: linalg.transpose {{.*}} permutation = [1, 0]
  %y = weir.apply @softmax(%x) {along = 0} : (tensor<16x8xf32>) -> tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}

// CHECK-LABEL: func.func @across
// CHECK-NOT: linalg.transpose
func.func @across(%x: tensor<2x16x8xf32>) -> tensor<2x16x8xf32> {
  // CHECK: weir.rows @softmax ins(%{{.*}} : tensor<2x16x8xf32>) outs({{.*}}) {along = 1 : i64} -> tensor<2x16x8xf32>
  %y = weir.apply @softmax(%x) {along = 1, lanes = #weir.lanes<across>} : (tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
  return %y : tensor<2x16x8xf32>
}

// Nothing in a pointwise formula asks which dimension is the row, unless a uniform argument differs from row to row.
// CHECK-LABEL: func.func @pointwise
func.func @pointwise(%x: tensor<16x8xf32>, %b: f32, %c: tensor<8xf32>) -> (tensor<16x8xf32>, tensor<16x8xf32>) {
  // CHECK-NOT: linalg.transpose
  // CHECK: weir.rows @swish ins(%{{.*}} : tensor<16x8xf32>, f32) outs(%{{.*}} : tensor<16x8xf32>) -> tensor<16x8xf32>
  %y = weir.apply @swish(%x, %b) {along = 0} : (tensor<16x8xf32>, f32) -> tensor<16x8xf32>
  // CHECK: linalg.transpose
  // CHECK: weir.rows @swish ins(%{{.*}} : tensor<8x16xf32>, tensor<8xf32>)
  %z = weir.apply @swish(%x, %c) {along = 0} : (tensor<16x8xf32>, tensor<8xf32>) -> tensor<16x8xf32>
  return %y, %z : tensor<16x8xf32>, tensor<16x8xf32>
}
