// RUN: weir-opt %s --weir-take-apart | FileCheck %s

// A reduction that nothing uses still makes rows of the formula: elements may be excluded.
// CHECK-LABEL: func.func @unused
// CHECK:         weir.stats @dead sweep(1)
// CHECK:         weir.finish @dead sweep(1)
// CHECK:         weir.weights @dead
weir.formula @dead(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %y = arith.negf %x : f32
  weir.yield %y : f32
}
func.func @unused(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = weir.apply @dead(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
