// RUN: weir-opt %s --weir-link-library -verify-diagnostics

// expected-error@+1 {{takes the name @weir.lib.softmax, which is reserved for the library's formula}}
func.func private @weir.lib.softmax()

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = weir.apply @softmax(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}
