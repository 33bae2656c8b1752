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

// Of attention: batches, heads, queries and keys, and as many heads of queries for each head of keys.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: (%[[Q:.*]]: tensor<2x?x?x8xf32>, %[[K:.*]]: tensor<2x?x?x8xf32>, %[[M:.*]]: tensor<?x1x?xi1>)
func.func @attention(%q: tensor<2x?x?x8xf32>, %k: tensor<2x?x?x8xf32>, %m: tensor<?x1x?xi1>) -> tensor<2x?x?x8xf32> {
  // CHECK-DAG: %[[HQ:.*]] = tensor.dim %[[Q]], %c1
  // CHECK-DAG: %[[HK:.*]] = tensor.dim %[[K]], %c1
  // CHECK-DAG: %[[LK:.*]] = tensor.dim %[[K]], %c2
  // CHECK: %[[HM:.*]] = tensor.dim %[[M]], %c0
  // CHECK: %[[LM:.*]] = tensor.dim %[[M]], %c2
  // CHECK: %[[HEADS:.*]] = arith.cmpi eq, %[[HQ]], %[[HM]] : index
  // CHECK: cf.assert %[[HEADS]], "{{.*}}operands differ in the number of heads
  // CHECK: %[[KEYS:.*]] = arith.cmpi eq, %[[LK]], %[[LM]] : index
  // CHECK: cf.assert %[[KEYS]], "{{.*}}operands differ in the number of keys
  // CHECK: %[[NONE:.*]] = arith.cmpi eq, %[[HK]], %c0 : index
  // CHECK: %[[MORE:.*]] = arith.addi %[[HQ]], %c1 : index
  // CHECK: %[[OF:.*]] = arith.select %[[NONE]], %[[MORE]], %[[HK]] : index
  // CHECK: %[[LEFT:.*]] = arith.remui %[[HQ]], %[[OF]] : index
  // CHECK: %[[WHOLE:.*]] = arith.cmpi eq, %[[LEFT]], %c0 : index
  // CHECK: cf.assert %[[WHOLE]], "{{.*}}heads of queries are no multiple of heads of keys
  // CHECK: weir.attention
  %o = weir.attention @softmax(%q, %k, %k) mask(%m : tensor<?x1x?xi1>) : (tensor<2x?x?x8xf32>, tensor<2x?x?x8xf32>, tensor<2x?x?x8xf32>) -> tensor<2x?x?x8xf32>
  return %o : tensor<2x?x?x8xf32>
}

// Packed sequences: as many starts of keys as of queries; they have no batches.
// CHECK-LABEL: func.func @packed
// CHECK-SAME: (%[[Q:.*]]: tensor<?x2x8xf32>, %[[M:.*]]: tensor<?x1xi1>, %[[S:.*]]: tensor<?xi32>, %[[T:.*]]: tensor<?xi32>)
func.func @packed(%q: tensor<?x2x8xf32>, %m: tensor<?x1xi1>, %s: tensor<?xi32>, %t: tensor<?xi32>) -> tensor<?x2x8xf32> {
  // CHECK: cf.assert %{{.*}}, "{{.*}}operands differ in the number of queries
  // CHECK: %[[NS:.*]] = tensor.dim %[[S]], %c0
  // CHECK: %[[NT:.*]] = tensor.dim %[[T]], %c0
  // CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[NS]], %[[NT]] : index
  // CHECK: cf.assert %[[SAME]], "{{.*}}operands differ in the number of starts of sequences
  // CHECK: weir.attention
  %o = weir.attention @softmax(%q, %q, %q) mask(%m : tensor<?x1xi1>) packed(%s, %t : tensor<?xi32>, tensor<?xi32>) {layout = #weir.attention_layout<blhd>}
    : (tensor<?x2x8xf32>, tensor<?x2x8xf32>, tensor<?x2x8xf32>) -> tensor<?x2x8xf32>
  return %o : tensor<?x2x8xf32>
}
