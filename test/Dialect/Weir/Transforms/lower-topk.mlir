// RUN: weir-opt %s --weir-lower-topk --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @last
// CHECK-SAME:  (%[[X:.*]]: tensor<?x8xbf16>, %[[T:.*]]: f32, %[[M:.*]]: tensor<8xi1>)
func.func @last(%x: tensor<?x8xbf16>, %t: f32, %m: tensor<8xi1>) -> (tensor<?x2xbf16>, tensor<?x2xi32>, tensor<?xi32>) {
  // CHECK-DAG: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK-DAG: %[[V:.*]] = tensor.empty(%[[N]]) : tensor<?x2xbf16>
  // CHECK-DAG: %[[I:.*]] = tensor.empty(%[[N]]) : tensor<?x2xi32>
  // CHECK-DAG: %[[C:.*]] = tensor.empty(%[[N]]) : tensor<?xi32>
  // CHECK: weir.topk_rows ins(%[[X]] : tensor<?x8xbf16>) thr(%[[T]] : f32) mask(%[[M]] : tensor<8xi1>)
  // CHECK-SAME: outs(%[[V]], %[[I]], %[[C]] : tensor<?x2xbf16>, tensor<?x2xi32>, tensor<?xi32>)
  // CHECK-SAME: {form = #weir.topk_form<insert>, k = 2 : i64, mode = #weir.topk_mode<gap>, thread_grain = 3 : i64}
  %v, %i, %n = weir.topk %x thr(%t : f32) mask(%m : tensor<8xi1>)
    {k = 2 : i64, mode = #weir.topk_mode<gap>, form = #weir.topk_form<insert>, thread_grain = 3 : i64}
    : (tensor<?x8xbf16>) -> (tensor<?x2xbf16>, tensor<?x2xi32>, tensor<?xi32>)
  return %v, %i, %n : tensor<?x2xbf16>, tensor<?x2xi32>, tensor<?xi32>
}

// The outer shape keeps its order, and so do the count and thr. A mask that does not reach the row repeats along it.
// CHECK-LABEL: func.func @first
func.func @first(%x: tensor<16x8x?xf32>, %t: tensor<8x1xf32>, %m: tensor<?xi1>)
    -> (tensor<2x8x?xf32>, tensor<2x8x?xi32>, tensor<8x?xi32>) {
  // CHECK: linalg.transpose {{.*}} permutation = [1, 2, 0]
  // CHECK: tensor.expand_shape %{{.*}} : tensor<?xi1> into tensor<?x1xi1>
  // CHECK: weir.topk_rows ins(%{{.*}} : tensor<8x?x16xf32>) thr(%{{.*}} : tensor<8x1xf32>) mask(%{{.*}} : tensor<?x1xi1>)
  // CHECK-SAME: outs(%{{.*}} : tensor<8x?x2xf32>, tensor<8x?x2xi32>, tensor<8x?xi32>)
  // CHECK: linalg.transpose {{.*}} outs(%{{.*}} : tensor<2x8x?xf32>) permutation = [2, 0, 1]
  // CHECK: linalg.transpose {{.*}} outs(%{{.*}} : tensor<2x8x?xi32>) permutation = [2, 0, 1]
  %v, %i, %n = weir.topk %x thr(%t : tensor<8x1xf32>) mask(%m : tensor<?xi1>)
    {k = 2 : i64, along = 0, mode = #weir.topk_mode<threshold>}
    : (tensor<16x8x?xf32>) -> (tensor<2x8x?xf32>, tensor<2x8x?xi32>, tensor<8x?xi32>)
  return %v, %i, %n : tensor<2x8x?xf32>, tensor<2x8x?xi32>, tensor<8x?xi32>
}

// What only a result's type knows.
// CHECK-LABEL: func.func @refined
func.func @refined(%x: tensor<?x8xf32>) -> (tensor<3x2xi32>, tensor<?xi32>) {
  // CHECK: weir.topk_rows {{.*}} outs(%{{.*}} : tensor<?x2xf32>, tensor<3x2xi32>, tensor<?xi32>)
  %v, %i, %n = weir.topk %x {k = 2 : i64} : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<3x2xi32>, tensor<?xi32>)
  return %i, %n : tensor<3x2xi32>, tensor<?xi32>
}
