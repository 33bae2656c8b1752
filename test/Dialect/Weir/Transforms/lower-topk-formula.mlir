// RUN: weir-opt %s --weir-lower-topk --canonicalize --cse | FileCheck %s

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
