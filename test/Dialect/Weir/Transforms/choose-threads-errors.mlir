// RUN: weir-opt %s --weir-choose-threads -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{attribute 'thread_grain' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %a = weir.apply @softmax(%x) {thread_grain = -1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{thread_part does not fit @sparsemax: a part of a row has no state that could be merged}}
  %a = weir.apply @sparsemax(%x) {thread_part = 4096 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{thread_part does not fit @silu: threads share elementwise rows as they are}}
  %a = weir.apply @silu(%x) {thread_part = 4096 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}
