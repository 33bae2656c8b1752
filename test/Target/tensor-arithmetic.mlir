// RUN: weirc %s --target=x86-64-v3 --explain -o %t.so 2>&1 | FileCheck %s
// Arithmetic on whole tensors is raised like that of linalg.

// CHECK: remark: raised to @raised_0: 2 reductions among 5 ops along dimension 1
func.func @biased(%x: tensor<4x8xf32>, %bias: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %z = arith.addf %x, %bias : tensor<4x8xf32>
  %w = linalg.softmax dimension(1) ins(%z : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
