// RUN: weir-opt %s --weir-lower-attention --weir-lower-states --weir-prepare-abi -verify-diagnostics

// The values say how many heads of keys there are.
// expected-error@+1 {{a size of 8 must be a multiple of 3}}
func.func @heads(%q: tensor<2x8x4x16xf32>, %k: tensor<2x?x5x16xf32>, %v: tensor<2x3x5x16xf32>) -> tensor<2x8x4x16xf32> {
  %o = weir.attention @softmax(%q, %k, %v) : (tensor<2x8x4x16xf32>, tensor<2x?x5x16xf32>, tensor<2x3x5x16xf32>) -> tensor<2x8x4x16xf32>
  return %o : tensor<2x8x4x16xf32>
}
