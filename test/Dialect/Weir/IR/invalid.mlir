// RUN: weir-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{C5: at least one argument must be varying}}
weir.formula @f(%a: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  weir.yield %a : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %c = arith.constant 1 : i32
  // expected-error@+1 {{C1: yields ('i32') but @f returns ('f32')}}
  weir.yield %c : i32
}

// -----

weir.formula @f(%x: f32) -> (f32 {weir.uniform}) {
  // expected-error@+1 {{C4: result 0 of @f is declared weir.uniform but the value is varying}}
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{C3: an argument has type 'f64'}}
weir.formula @f(%x: f64) -> f32 {
  %c = arith.constant 1.0 : f32
  weir.yield %c : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C2: is not allowed in a weir.formula}}
  %c = arith.remf %x, %x : f32
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32, %i: i32) -> f32 {
  // expected-error@+1 {{C2: is not allowed in a weir.formula}}
  %c = arith.divsi %i, %i : i32
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C2: fast-math flags are not allowed in a weir.formula}}
  %c = arith.addf %x, %x fastmath<nnan> : f32
  weir.yield %c : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C1: a sum has no winner}}
  %s, %i = weir.reduce add %x : f32, index
  weir.yield %s : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %k = arith.constant 0 : index
  // expected-error@+1 {{C2: k counts from 1, but is 0}}
  %v, %p = weir.kth %k, %x : index, f32
  weir.yield %v : f32
}

// -----

weir.formula @f(%x: f32, %k: index) -> f32 {
  // expected-error@+1 {{C1: k must be uniform}}
  %v, %p = weir.kth %k, %x : index, f32
  weir.yield %v : f32
}

// -----

weir.formula @f(%x: f32, %s: i64) -> f32 {
  // expected-error@+1 {{C1: the seed must be uniform}}
  %u = weir.random %s stream 0 : f32
  weir.yield %u : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C1: the lower end of the bracket must be uniform}}
  %t = weir.solve %x to %m decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %m : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C3: max_iterations must be positive}}
  %t = weir.solve %m to %m decreasing {max_iterations = 0 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %m : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C2: the body must yield a uniform value}}
  %t = weir.solve %m to %m decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %x : f32
  }
  weir.yield %t : f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error@+1 {{expects parent op to be one of 'weir.formula, weir.solve'}}
  %m = weir.reduce max %x : f32
  return %m : f32
}

// -----

// expected-error@+1 {{argument 0 is 'weir.uniform', which only weir.formula has}}
func.func @f(%x: f32 {weir.uniform}) {
  return
}

// -----

// expected-error@+1 {{carries 'weir.nonsense', which weir does not define on operations}}
func.func @f() attributes {weir.nonsense} {
  return
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C1: @nothing names no weir.formula}}
  %y = weir.apply @nothing(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C2: has 2 operands but @softmax has 1 arguments}}
  %y = weir.apply @softmax(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xi32>) -> tensor<4xf32> {
  // expected-error@+1 {{C3: operand 0 has element type 'i32' but @softmax takes 'f32'}}
  %y = weir.apply @softmax(%x) : (tensor<4xi32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xbf16>) -> tensor<bf16> {
  // expected-error@+1 {{C3: uniform result 0 has element type 'bf16' but a statistic has the accumulator type 'f32'}}
  %y = weir.apply @logsumexp(%x) : (tensor<4xbf16>) -> tensor<bf16>
  return %y : tensor<bf16>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %g: tensor<5xf32>, %e: f32) -> tensor<2x4xf32> {
  // expected-error@+1 {{C4: operand 1 of type 'tensor<5xf32>' does not broadcast}}
  %y = weir.apply @rms_norm(%x, %g, %e) : (tensor<2x4xf32>, tensor<5xf32>, f32) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: f32) -> tensor<4xf32> {
  // expected-error@+1 {{C4: operand 0 is varying and must be a ranked tensor}}
  %y = weir.apply @softmax(%x) : (f32) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %b: tensor<3xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C5: operand 1 is uniform: it must be a scalar or have the outer shape (2}}
  %y = weir.apply @softmax_scaled(%x, %b) : (tensor<2x4xf32>, tensor<3xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C6: along = 2 is not a dimension of the rank-2 operands}}
  %y = weir.apply @softmax(%x) {along = 2} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C6: along = -1 is not a dimension}}
  %y = weir.apply @softmax(%x) {along = -1} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %m: tensor<4xi1>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C7: a mask needs a formula with a reduction; @silu is elementwise}}
  %y = weir.apply @silu(%x) mask(%m : tensor<4xi1>) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %m: tensor<4xi8>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C3: the mask must have element type i1}}
  %y = weir.apply @softmax(%x) mask(%m : tensor<4xi8>) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %y: memref<2x4xf32>) {
  // expected-error@+1 {{mixes tensors and memrefs}}
  weir.rows @softmax ins(%x : tensor<2x4xf32>) outs(%y : memref<2x4xf32>)
  return
}
