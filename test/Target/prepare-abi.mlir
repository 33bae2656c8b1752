// RUN: weir-opt %s --weir-prepare-abi | FileCheck %s

// Sizes that the product makes equal share a symbol: [n0, n1] x [n1, 10] -> [n0, 10].
// CHECK-LABEL: func.func @product.kernel(
// CHECK-SAME:    memref<?x?xf32, strided<[?, 1]>>, %{{.*}}: memref<?x10xf32, strided<[?, 1]>>, %{{.*}}: memref<?x10xf32, strided<[?, 1]>>)
// CHECK-SAME:    weir.abi = {name = "product", table = array<i64: 3, 2, 1, 2, 32, 2, 0, -1, -2, 1, 2, 32, 2, 0, -2, 10, 2, 2, 32, 2, 0, -1, 10>}
func.func @product(%a: tensor<?x?xf32>, %b: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // CHECK: bufferization.to_tensor %{{.*}} restrict
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x?xf32>
  %e = tensor.empty(%n) : tensor<?x10xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x10xf32>) -> tensor<?x10xf32>
  %r = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  // CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable
  return %r : tensor<?x10xf32>
}

// A private function that is left, here because it calls itself, is renamed: `exp` must stay the C library's.
// CHECK: func.func private @exp.private(
func.func private @exp(%x: f32) -> f32 {
  %y = func.call @exp(%x) : (f32) -> f32
  return %y : f32
}

// CHECK-LABEL: func.func @calls.kernel(
func.func @calls(%x: f32) -> tensor<f32> {
  // CHECK: call @exp.private(
  %y = func.call @exp(%x) : (f32) -> f32
  %r = tensor.from_elements %y : tensor<f32>
  return %r : tensor<f32>
}
