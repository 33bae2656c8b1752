// RUN: weir-opt %s --convert-weir-to-vector -split-input-file -verify-diagnostics

func.func @tensors(%x: tensor<4xf32>, %v: tensor<1xf32>, %i: tensor<1xi32>, %n: tensor<i32>) -> tensor<1xi32> {
  // expected-error@+1 {{works on tensors; bufferize before convert-weir-to-vector}}
  %r:3 = weir.topk_rows ins(%x : tensor<4xf32>) outs(%v, %i, %n : tensor<1xf32>, tensor<1xi32>, tensor<i32>) {k = 1 : i64}
    -> tensor<1xf32>, tensor<1xi32>, tensor<i32>
  return %r#1 : tensor<1xi32>
}

// -----

func.func @strided(%x: memref<4x4xf32, strided<[1, 4]>>, %v: memref<4x2xf32>, %i: memref<4x2xi32>, %n: memref<4xi32>) {
  // expected-error@+1 {{operand of type 'memref<4x4xf32, strided<[1, 4]>>' has no statically contiguous row}}
  weir.topk_rows ins(%x : memref<4x4xf32, strided<[1, 4]>>)
    outs(%v, %i, %n : memref<4x2xf32>, memref<4x2xi32>, memref<4xi32>) {k = 2 : i64}
  return
}

// -----

func.func @strided_result(%x: memref<4x4xf32>, %v: memref<4x2xf32>, %i: memref<4x2xi32, strided<[1, 4]>>, %n: memref<4xi32>) {
  // expected-error@+1 {{operand of type 'memref<4x2xi32, strided<[1, 4]>>' has no statically contiguous row}}
  weir.topk_rows ins(%x : memref<4x4xf32>)
    outs(%v, %i, %n : memref<4x2xf32>, memref<4x2xi32, strided<[1, 4]>>, memref<4xi32>) {k = 2 : i64}
  return
}
