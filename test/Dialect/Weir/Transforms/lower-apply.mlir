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
