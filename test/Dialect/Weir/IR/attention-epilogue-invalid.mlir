// The constraints of attention's epilogue, and of a tile's place.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @f(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C1: @nothing names no weir.formula}}
  %o = weir.attention @softmax(%q, %q, %q) epilogue @nothing : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @f(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C12: @softmax is no epilogue: it must be pointwise, from an f32 that varies to one}}
  %o = weir.attention @softmax(%q, %q, %q) epilogue @softmax : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

weir.formula @gate(%o: f32, %z: f32) -> f32 {
  %y = arith.mulf %o, %z : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C12: has 0 operands for the epilogue but @gate has 1 arguments after the output}}
  %o = weir.attention @softmax(%q, %q, %q) epilogue @gate : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

weir.formula @gate(%o: f32, %z: f32) -> f32 {
  %y = arith.mulf %o, %z : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<1x2x3x4xf32>, %z: tensor<3x5xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C12: operand 0 of the epilogue is 'tensor<3x5xf32>' but @gate takes a varying 'f32': a tensor that broadcasts to the output (1, 2, 3, 4)}}
  %o = weir.attention @softmax(%q, %q, %q) epilogue @gate(%z : tensor<3x5xf32>)
     : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

weir.formula @scale(%o: f32, %a: f32 {weir.uniform}) -> f32 {
  %y = arith.mulf %o, %a : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<1x2x3x4xf32>, %z: tensor<1x2x3xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C12: operand 0 of the epilogue is 'tensor<1x2x3xf32>' but @scale takes a scalar 'f32'}}
  %o = weir.attention @softmax(%q, %q, %q) epilogue @scale(%z : tensor<1x2x3xf32>)
     : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @f(%q: tensor<1x2x3x4xf32>, %i: index) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{C13: place has 3 indices but takes five: batch, head and query, and the heads and queries of the whole}}
  %o = weir.attention @softmax(%q, %q, %q) place(%i, %i, %i) : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
