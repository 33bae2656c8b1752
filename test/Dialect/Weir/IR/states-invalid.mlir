// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C1: @nothing names no weir.formula}}
  %0 = weir.stats @nothing sweep(1) ins(%x : tensor<4x8xf32>) outs(%s : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C11: @softmax has no sweep 2; it has 1}}
  %0:2 = weir.stats @softmax sweep(2) ins(%x : tensor<4x8xf32>) outs(%s, %s : tensor<4xf32>, tensor<4xf32>)
    -> tensor<4xf32>, tensor<4xf32>
  return
}

// -----

weir.formula @second(%x: f32) -> f32 {
  %k = arith.constant 2 : index
  // expected-note@+1 {{because of this weir.kth, which needs the whole row}}
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C11: sweep 1 of @second has no state that could be merged}}
  %0 = weir.stats @second sweep(1) ins(%x : tensor<4x8xf32>) outs(%s : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// The sweeps before a search have a state.
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
func.func @f(%x: memref<4x8xf32>, %m: memref<4xf32>, %y: memref<4x8xf32>) {
  weir.stats @root sweep(1) ins(%x : memref<4x8xf32>) outs(%m : memref<4xf32>)
  // expected-error@+1 {{C11: sweep 2 of @root has no state that could be merged}}
  weir.weights @root ins(%x : memref<4x8xf32>) known(%m : memref<4xf32>) outs(%y : memref<4x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C12: the state has 1 values, but @softmax has 2 (max: f32, sum: f32)}}
  %0 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%s : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf64>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C12: value 0 of the state, max, is 'tensor<4xf32>' but must have the outer shape (4) and hold 'f64'}}
  %0:2 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf64>) outs(%s, %s : tensor<4xf32>, tensor<4xf32>)
    -> tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>, %t: tensor<5xf32>) {
  // expected-error@+1 {{C12: value 1 of the state, sum, is 'tensor<5xf32>' but must have the outer shape (4) and hold 'f32'}}
  %0:2 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%s, %t : tensor<4xf32>, tensor<5xf32>)
    -> tensor<4xf32>, tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>, %e: f32) {
  // expected-error@+1 {{C12: known has 0 values, but @rms_norm has 1 (length: index)}}
  %0 = weir.stats @rms_norm sweep(1) ins(%x, %x, %e : tensor<4x8xf32>, tensor<4x8xf32>, f32) outs(%s : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>, %e: f32) {
  // expected-error@+1 {{C12: value 0 of known, length, is 'f32' but must be a scalar or have the outer shape (4), and hold 'index'}}
  %0 = weir.stats @rms_norm sweep(1) ins(%x, %x, %e : tensor<4x8xf32>, tensor<4x8xf32>, f32) known(%e : f32) outs(%s : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{C2: has 1 operands but @softmax_scaled has 2 arguments}}
  %0:2 = weir.stats @softmax_scaled sweep(1) ins(%x : tensor<4x8xf32>) outs(%s, %s : tensor<4xf32>, tensor<4xf32>)
    -> tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: memref<4xf32>) {
  // expected-error@+1 {{mixes tensors and memrefs}}
  weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%s, %s : memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @f(%s: memref<4xf32>) {
  // expected-error@+1 {{C2: has 0 uniforms but @softmax_scaled has 1 uniform arguments}}
  weir.merge @softmax_scaled sweep(1) ins(%s, %s : memref<4xf32>, memref<4xf32>) outs(%s, %s : memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @f(%s: memref<4xf32>, %t: memref<5xf32>) {
  // expected-error@+1 {{C12: value 0 of the other state, max, is 'memref<5xf32>'}}
  weir.merge @softmax sweep(1) ins(%s, %s : memref<4xf32>, memref<4xf32>) outs(%t, %t : memref<5xf32>, memref<5xf32>)
  return
}

// -----

func.func @f(%s: memref<4xf32>) {
  // expected-error@+1 {{C12: outs has 2 values, but @logsumexp has 3 (max: f32, sum: f32, result 0: f32)}}
  weir.finish @logsumexp sweep(1) ins(%s, %s : memref<4xf32>, memref<4xf32>) outs(%s, %s : memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>, %s: memref<4xf32>) {
  // expected-error@+1 {{C13: @logsumexp has no varying result}}
  weir.weights @logsumexp ins(%x : memref<4x8xf32>) known(%s, %s : memref<4xf32>, memref<4xf32>) outs(%x : memref<4x8xf32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>) {
  // expected-error@+1 {{C13: @silu has no reduction}}
  weir.weights @silu ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>, %s: memref<4xf32>, %y: memref<4x9xf32>) {
  // expected-error@+1 {{C4: destination 0 is 'memref<4x9xf32>' but must have the full shape (4, 8) and hold 'f32'}}
  weir.weights @softmax ins(%x : memref<4x8xf32>) known(%s, %s : memref<4xf32>, memref<4xf32>) outs(%y : memref<4x9xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: index) {
  // expected-error@+1 {{C9: row has 0 strides but the rows have 1 outer dimensions}}
  %0 = weir.apply @softmax(%x) row(%i) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: index, %e: f32) {
  // expected-error@+1 {{C10: column makes this a part of a row, but @rms_norm asks for weir.length or weir.extent of the whole}}
  %0 = weir.apply @rms_norm(%x, %x, %e) column(%i) : (tensor<4x8xf32>, tensor<4x8xf32>, f32) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: memref<4x8xf32>, %m: memref<4xf32>, %s: memref<4xf32>) {
  // expected-error@+1 {{C14: a state tells whether a row holds NaN, which nan = arithmetic does not ask}}
  weir.stats @softmax sweep(1) ins(%x : memref<4x8xf32>) outs(%m, %s : memref<4xf32>, memref<4xf32>) {nan = #weir.nan<arithmetic>}
  return
}

// -----

func.func @f(%m: memref<4xf32>, %s: memref<4xf32>) {
  // expected-error@+1 {{C11: @softmax has no sweep 0; the first is 1}}
  "weir.merge"(%m, %s) <{formula = @softmax, sweep = 0 : i64, operandSegmentSizes = array<i32: 0, 0, 2, 0>}> : (memref<4xf32>, memref<4xf32>) -> ()
  return
}
