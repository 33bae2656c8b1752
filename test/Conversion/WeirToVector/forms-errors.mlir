// RUN: weir-opt %s --convert-weir-to-vector -split-input-file -verify-diagnostics

func.func @tensors(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{works on tensors; bufferize before convert-weir-to-vector}}
  %r = weir.rows @softmax ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @strided(%x: memref<4x4xf32, strided<[1, 4]>>, %y: memref<4x4xf32>) {
  // expected-error@+1 {{has no statically contiguous row}}
  weir.rows @softmax ins(%x : memref<4x4xf32, strided<[1, 4]>>) outs(%y : memref<4x4xf32>)
  return
}
