// RUN: weir-opt %s --weir-prepare-abi | FileCheck %s

// Sizes that the product makes equal share a symbol: [n0, n1] x [n1, 10] -> [n0, 10].
// CHECK-LABEL: func.func @product.kernel(
// CHECK-SAME:    memref<?x?xf32, strided<[?, 1]>>, %{{.*}}: memref<?x10xf32, strided<[?, 1]>>, %{{.*}}: memref<?x10xf32, strided<[?, 1]>>)
// CHECK-SAME:    weir.abi = {name = "product", table = array<i64: 3, 2, 1, 2, 32, 2, 0, -1, -2, 1, 2, 32, 2, 0, -2, 10, 2, 2, 32, 2, 0, -1, 10, 0>}
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

// Rows put into a cache: the result gets the cache's elements, unless it is the cache, and the rows go there.
// CHECK-LABEL: func.func @put.kernel(
// CHECK-SAME:    %[[ROWS:.*]]: memref<?x8xf32, {{.*}}>, %[[CACHE:[a-z0-9]*]]: memref<?x8xf32, {{.*}}>, %[[AT:.*]]: index, %[[RESULT:.*]]: memref<?x8xf32,
// CHECK-SAME:    array<i64: 4, 2, 1, 2, 32, 2, 0, -1, 8, 1, 2, 32, 2, 0, -2, 8, 0, 0, 64, 2, 2, 32, 2, 2, -2, 8, 0>
func.func @put(%rows: tensor<?x8xf32>, %cache: tensor<?x8xf32>, %at: index) -> tensor<?x8xf32> {
  // CHECK-DAG:   %[[FROM:.*]] = memref.extract_aligned_pointer_as_index %[[CACHE]]
  // CHECK-DAG:   %[[TO:.*]] = memref.extract_aligned_pointer_as_index %[[RESULT]]
  // CHECK:       %[[DIFFER:.*]] = arith.cmpi ne, %[[FROM]], %[[TO]]
  // CHECK-NEXT:  scf.if %[[DIFFER]] {
  // CHECK-NEXT:    memref.copy %[[CACHE]], %[[RESULT]]
  // CHECK-NEXT:  }
  // CHECK-NEXT:  %[[OLD:.*]] = bufferization.to_tensor %[[RESULT]] restrict writable
  // CHECK-NEXT:  tensor.insert_slice %{{.*}} into %[[OLD]]
  %c0 = arith.constant 0 : index
  %n = tensor.dim %rows, %c0 : tensor<?x8xf32>
  %new = tensor.insert_slice %rows into %cache[%at, 0] [%n, 8] [1, 1] : tensor<?x8xf32> into tensor<?x8xf32>
  return %new : tensor<?x8xf32>
}

// What is read elsewhere stays as it is: the result is no argument's memory.
// CHECK-LABEL: func.func @residual.kernel(
// CHECK-SAME:    %[[X:.*]]: memref<4x4xf32, {{.*}}>, %{{.*}}: memref<4x4xf32, {{.*}}>, %[[RESULT:.*]]: memref<4x4xf32,
// CHECK-SAME:    2, 2, 32, 2, 0, 4, 4, 0>
func.func @residual(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK-NOT:   scf.if
  // CHECK:       memref.copy %[[X]], %[[RESULT]]
  // CHECK-NEXT:  %[[OLD:.*]] = bufferization.to_tensor %[[RESULT]] restrict writable
  // CHECK-NEXT:  linalg.matmul {{.*}} outs(%[[OLD]]
  %y = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%x : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// A slice says by its sizes what it is as large as, in the dimensions that are left.
// CHECK-LABEL: func.func @slices.kernel(
// CHECK-SAME:    array<i64: 4, 5, 1, 2, 32, 2, 0, -1, -2, 1, 2, 32, 3, 0, -3, -4, -5, 2, 2, 32, 2, 0, -1, 4, 2, 2, 32, 2, 0, -2, -1, 0>
func.func @slices(%x: tensor<?x?xf32>, %y: tensor<?x?x?xf32>) -> (tensor<?x4xf32>, tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %a = tensor.extract_slice %y[0, 2, 0] [%rows, 1, 4] [1, 1, 1] : tensor<?x?x?xf32> to tensor<?x4xf32>
  %b = tensor.extract_slice %y[0, 0, 1] [%columns, 1, %rows] [1, 1, 1] : tensor<?x?x?xf32> to tensor<?x?xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x?xf32>
}

// Rows write their destination without a look at what was there: nothing is copied to it, and each result may be either argument, as elements
// are read before those of results are written.
weir.formula @turn(%x: f32, %y: f32) -> (f32, f32) {
  %s = arith.addf %x, %y : f32
  %d = arith.subf %x, %y : f32
  weir.yield %s, %d : f32, f32
}
// CHECK-LABEL: func.func @turns.kernel(
// CHECK-SAME:    %[[X:.*]]: memref<4x4xf32, {{.*}}>, %{{.*}}: memref<4x4xf32, {{.*}}>, %[[SUM:.*]]: memref<4x4xf32, {{.*}}>, %{{.*}}: memref<4x4xf32,
// CHECK-SAME:    2, 2, 32, 2, 3, 4, 4, 2, 2, 32, 2, 3, 4, 4, 0>
func.func @turns(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  // CHECK-NOT:   memref.copy
  // CHECK:       %[[TO:.*]] = bufferization.to_tensor %[[SUM]] restrict writable
  // CHECK:       weir.rows @turn ins({{.*}}) outs(%[[TO]], %{{.*}} :
  %e = tensor.empty() : tensor<4x4xf32>
  %r:2 = weir.rows @turn ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%x, %e : tensor<4x4xf32>, tensor<4x4xf32>)
    {form = #weir.form<elementwise>} -> tensor<4x4xf32>, tensor<4x4xf32>
  return %r#0, %r#1 : tensor<4x4xf32>, tensor<4x4xf32>
}

// A number of a row is written while the argument is still read for other rows.
weir.formula @dot(%x: f32, %w: f32) -> (f32 {weir.uniform}) {
  %p = arith.mulf %x, %w : f32
  %s = weir.reduce add %p : f32
  weir.yield %s : f32
}
// CHECK-LABEL: func.func @dots.kernel(
// CHECK-SAME:    2, 2, 32, 1, 0, 4, 0>
func.func @dots(%x: tensor<4x4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %s = weir.rows @dot ins(%x, %w : tensor<4x4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {form = #weir.form<online>} -> tensor<4xf32>
  return %s : tensor<4xf32>
}
