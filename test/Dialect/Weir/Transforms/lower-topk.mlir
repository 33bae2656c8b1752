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

// With a formula, its operands and uniform results go along. Values of the largest have their own sum as one more of these, which is pulled out
// of the row: the sum of weights is that of the exponentials times its reciprocal.
// CHECK-LABEL: weir.formula private @softmax_lse.total
// CHECK:         weir.reduce max
// CHECK:         weir.reduce add
// CHECK-NOT:     weir.reduce
// CHECK:         weir.yield %{{.*}}, %{{.*}}, %{{.*}} : f32, f32, f32
weir.formula @softmax_lse(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %l = math.log %s : f32
  %lse = arith.addf %m, %l : f32
  weir.yield %w, %lse : f32, f32
}
// CHECK-LABEL: func.func @weights
func.func @weights(%x: tensor<16x8xbf16>) -> (tensor<2x8xf32>, tensor<2x8xi32>, tensor<8xf32>) {
  // CHECK: %[[R:.*]]:4 = weir.topk_rows @softmax_lse ins(%{{.*}} : tensor<8x16xbf16>)
  // CHECK-SAME: outs(%{{.*}} : tensor<8x2xf32>, tensor<8x2xi32>, tensor<8xi32>, tensor<8xf32>)
  // CHECK-SAME: {k = 2 : i64, nan = #weir.nan<ignore>}
  // CHECK: return {{.*}}, %[[R]]#3
  %v, %i, %n, %l = weir.topk @softmax_lse(%x) {k = 2 : i64, along = 0, nan = #weir.nan<ignore>}
    : (tensor<16x8xbf16>) -> (tensor<2x8xf32>, tensor<2x8xi32>, tensor<8xi32>, tensor<8xf32>)
  return %v, %i, %l : tensor<2x8xf32>, tensor<2x8xi32>, tensor<8xf32>
}
// CHECK-LABEL: func.func @nucleus
func.func @nucleus(%x: tensor<8x16xf32>) -> tensor<8xi32> {
  // CHECK: weir.topk_rows @softmax_lse.total ins(%{{.*}} : tensor<8x16xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<8x2xf32>, tensor<8x2xi32>, tensor<8xi32>, tensor<8xf32>, tensor<8xf32>)
  %v, %i, %n, %l = weir.topk @softmax_lse(%x) {k = 2 : i64, mode = #weir.topk_mode<mass>, thr = 0.5 : f64, non_negative}
    : (tensor<8x16xf32>) -> (tensor<8x2xf32>, tensor<8x2xi32>, tensor<8xi32>, tensor<8xf32>)
  return %n : tensor<8xi32>
}
