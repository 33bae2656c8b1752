// RUN: weir-opt %s --weir-link-library | FileCheck %s

// A formula of the module shadows the library's.
// CHECK-DAG: weir.formula @relu(
weir.formula @relu(%x: f32) -> f32 {
  weir.yield %x : f32
}
// CHECK-DAG: weir.formula private @weir.lib.softmax(
// CHECK-NOT: @weir.lib.relu

// CHECK-LABEL: func.func @f
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: weir.apply @weir.lib.softmax(
  %a = weir.apply @softmax(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: weir.apply @weir.lib.softmax(
  %b = weir.apply @softmax(%a) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: weir.apply @relu(
  %c = weir.apply @relu(%b) : (tensor<4xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// CHECK-LABEL: func.func @attend
func.func @attend(%q: tensor<1x2x3x4xf32>, %z: tensor<4xf32>) -> tensor<1x2x3x4xf32> {
  // CHECK: weir.attention @weir.lib.softmax({{.*}}) epilogue @weir.lib.sigmoid_gate(
  %o = weir.attention @softmax(%q, %q, %q) epilogue @sigmoid_gate(%z : tensor<4xf32>) : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
