// RUN: weir-opt %s --weir-take-apart -split-input-file -verify-diagnostics

weir.formula @second(%x: f32) -> f32 {
  %k = arith.constant 2 : index
  // expected-note@+1 {{because of this weir.kth, which needs the whole row}}
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{cannot be taken apart: sweep 1 of @second has no state that could be merged}}
  %y = weir.apply @second(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

weir.formula @root(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  // expected-note@+1 {{because of this weir.solve, which needs the whole row}}
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 32 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{cannot be taken apart: sweep 2 of @root has no state that could be merged}}
  %y = weir.apply @root(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{cannot be taken apart: neg_inf = ordinary has no state}}
  %y = weir.apply @softmax(%x) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{cannot be taken apart: nan = arithmetic has no state}}
  %y = weir.apply @softmax(%x) {nan = #weir.nan<arithmetic>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// What is evaluated as it is written gets no maximum that would let parts be merged.
weir.formula @plain(%x: f32) -> f32 attributes {weir.as_written} {
  %e = math.exp %x : f32
  // expected-note@+1 {{because of this weir.reduce, which has no running value}}
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{cannot be taken apart: sweep 1 of @plain has no state that could be merged}}
  %y = weir.apply @plain(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
