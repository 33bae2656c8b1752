// Upstream's pass asserts that dynamic sizes that meet are equal.
// RUN: weir-opt %s --generate-runtime-verification --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @apply
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x?xf32>, %[[G:.*]]: tensor<?xf32>, %[[EPS:.*]]: tensor<?x1xf32>)
func.func @apply(%x: tensor<?x?x?xf32>, %g: tensor<?xf32>, %eps: tensor<?x1xf32>) -> tensor<?x?x?xf32> {
  // CHECK-DAG: %[[X0:.*]] = tensor.dim %[[X]], %c0
  // CHECK-DAG: %[[X2:.*]] = tensor.dim %[[X]], %c2
  // CHECK-DAG: %[[G0:.*]] = tensor.dim %[[G]], %c0
  // CHECK: %[[GAIN:.*]] = arith.cmpi eq, %[[X2]], %[[G0]] : index
  // CHECK: cf.assert %[[GAIN]], "{{.*}}sizes of operands differ in dimension 2 of the rows
  // CHECK: %[[E0:.*]] = tensor.dim %[[EPS]], %c0
  // CHECK: %[[ROWS:.*]] = arith.cmpi eq, %[[X0]], %[[E0]] : index
  // CHECK: cf.assert %[[ROWS]], "{{.*}}sizes of operands differ in dimension 0 of the rows
  // CHECK-NOT: cf.assert
  // CHECK: weir.apply
  %y = weir.apply @rms_norm(%x, %g, %eps) : (tensor<?x?x?xf32>, tensor<?xf32>, tensor<?x1xf32>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[X:.*]]: memref<?x8xf32>, %[[L:.*]]: memref<?xf32>)
func.func @rows(%x: memref<?x8xf32>, %l: memref<?xf32>) {
  // CHECK: %[[X0:.*]] = memref.dim %[[X]], %c0
  // CHECK: %[[L0:.*]] = memref.dim %[[L]], %c0
  // CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[X0]], %[[L0]] : index
  // CHECK: cf.assert %[[SAME]]
  weir.rows @logsumexp ins(%x : memref<?x8xf32>) outs(%l : memref<?xf32>)
  return
}
