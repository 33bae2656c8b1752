// Which results follow the order of the scores.
// RUN: weir-opt %s --weir-link-library --weir-normalize-formulas --weir-print-analysis=order -o /dev/null | FileCheck %s

// CHECK-LABEL: @weir.lib.softmax:
// CHECK:         result 0 rises with the score
// CHECK-LABEL: @weir.lib.log_softmax:
// CHECK:         result 0 rises with the score
// CHECK-LABEL: @weir.lib.relu:
// CHECK:         result 0 rises with the score
// CHECK-LABEL: @weir.lib.entmax15:
// CHECK:         result 0 rises with the score
// CHECK-LABEL: @weir.lib.softmax_scaled:
// CHECK:         result 0 follows the score in no order that is proven
// CHECK-LABEL: @weir.lib.silu:
// CHECK:         result 0 follows the score in no order that is proven
func.func @used(%x: tensor<4x8xf32>, %a: f32) {
  %5 = weir.apply @silu(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = weir.apply @softmax_scaled(%x, %a) : (tensor<4x8xf32>, f32) -> tensor<4x8xf32>
  %3 = weir.apply @entmax15(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = weir.apply @relu(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = weir.apply @log_softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// Products and quotients go by the signs of their factors.
// CHECK-LABEL: @products:
// CHECK:         result 0 rises with the score
// CHECK:         result 1 falls where the score rises
// CHECK:         result 2 rises with the score
// CHECK:         result 3 rises with the score
// CHECK:         result 4 follows the score in no order that is proven
weir.formula @products(%x: f32, %y: f32, %a: f32 {weir.uniform, weir.domain = array<f64: 0.0, 9.0>}) -> (f32, f32, f32, f32, f32) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %x : f32
  %n = arith.negf %e : f32
  %r0 = arith.mulf %x, %a : f32
  %r1 = arith.mulf %n, %e : f32
  %one = arith.constant 1.0 : f32
  %up = arith.addf %one, %e : f32
  %r2 = arith.divf %d, %up : f32
  %p = math.powf %e, %a : f32
  weir.yield %r0, %r1, %r2, %p, %y : f32, f32, f32, f32, f32
}
