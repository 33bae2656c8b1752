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

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.apply' op C2: is not allowed in a weir.formula}}
  %y = weir.apply @softmax(%x) : (f32) -> tensor<4xf32>
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.rows' op C2: is not allowed in a weir.formula}}
  "weir.rows"() <{formula = @softmax, operandSegmentSizes = array<i32: 0, 0, 0, 0, 0, 0, 0>}> : () -> ()
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.formula' op symbol's parent must have the SymbolTable trait}}
  weir.formula @inner(%a: f32) -> f32 {
    weir.yield %a : f32
  }
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %c = arith.constant 1 : i32
  // expected-error@+1 {{C2: nsw and nuw are not allowed in a weir.formula}}
  %d = arith.addi %c, %c overflow<nsw> : i32
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C2: a result has type 'vector<4xf32>'}}
  %c = arith.constant dense<1.0> : vector<4xf32>
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C3: a result has type 'f64'}}
  %c = arith.constant 1.0 : f64
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C3: a result has type 'bf16'}}
  %c = arith.constant 1.0 : bf16
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %b = arith.constant true
  // expected-error@+1 {{'scf.if' op C2: is not allowed in a weir.formula}}
  %c = scf.if %b -> f32 {
    scf.yield %x : f32
  } else {
    scf.yield %x : f32
  }
  weir.yield %x : f32
}

// -----

func.func private @g(%x: f32) -> f32
weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'func.call' op C2: is not allowed in a weir.formula}}
  %c = func.call @g(%x) : (f32) -> f32
  weir.yield %c : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  weir.yield %x : f32
}
func.func @g(%x: f32) -> f32 {
  // expected-error@+1 {{'f' does not reference a valid function}}
  %c = func.call @f(%x) : (f32) -> f32
  return %c : f32
}

// -----

// expected-note@+1 {{see existing symbol definition here}}
weir.formula @f(%x: f32) -> f32 {
  weir.yield %x : f32
}
// expected-error@+1 {{redefinition of symbol named 'f'}}
weir.formula @f(%x: f32) -> f32 {
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{region with 1 blocks}}
weir.formula @f(%x: f32) -> f32

// -----

// expected-error@+1 {{C1: a formula has at least one result}}
weir.formula @f(%x: f32) {
  weir.yield
}

// -----

// expected-error@+1 {{C2: an argument has type 'tensor<4xf32>'}}
weir.formula @f(%x: tensor<4xf32>) -> f32 {
  %c = arith.constant 1.0 : f32
  weir.yield %c : f32
}

// -----

// expected-error@+1 {{C2: an argument has type 'si32'}}
weir.formula @f(%x: si32) -> f32 {
  %c = arith.constant 1.0 : f32
  weir.yield %c : f32
}

// -----

// The question what is uniform waits until the search after it is known to have a body.
weir.formula @f(%x: f32) -> f32 {
  %k = arith.constant 1 : index
  %v, %p = weir.kth %k, %x : index, f32
  // expected-error@+1 {{region with 1 blocks}}
  %r = "weir.solve"(%v, %v) <{direction = #weir<direction decreasing>, max_iterations = 3 : i64, tolerance = 0.0 : f64}>
    ({}) : (f32, f32) -> f32
  weir.yield %r : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C1: the upper end of the bracket must be uniform}}
  %t = weir.solve %m to %x decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %m : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C3: tolerance must not be negative}}
  %t = weir.solve %m to %m decreasing {max_iterations = 8 : i64, tolerance = -1.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %m : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C2: the body must have one argument, the unknown, of type f32}}
  %t = weir.solve %m to %m decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: i32):
    weir.yield %m : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  // expected-error@+1 {{C2: the body must yield one f32 value}}
  %t = weir.solve %m to %m decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    weir.yield %m, %m, %m : f32, f32, f32
  }
  weir.yield %t : f32
}

// -----

// A search within a search is checked like one outside.
weir.formula @f(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %t = weir.solve %m to %m decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    // expected-error@+1 {{C2: the body must yield a uniform value}}
    %s = weir.solve %m to %u decreasing {max_iterations = 8 : i64, tolerance = 0.0 : f64} : f32 {
    ^bb0(%w: f32):
      weir.yield %x : f32
    }
    weir.yield %s : f32
  }
  weir.yield %t : f32
}

// -----

weir.formula @f(%x: f32, %s: i64 {weir.uniform}) -> f32 {
  // expected-error@+1 {{attribute 'stream' failed to satisfy constraint}}
  %u = weir.random %s stream -1 : f32
  weir.yield %u : f32
}

// -----

func.func @f(%x: vector<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C3: operand 0 is 'vector<4xf32>', which is neither a tensor nor a memref}}
  %y = weir.apply @softmax(%x) : (vector<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: memref<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C3: operand 0 is 'memref<4xf32>'; weir.apply works on tensors}}
  %y = weir.apply @softmax(%x) : (memref<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32, "x">) -> tensor<4xf32> {
  // expected-error@+1 {{C3: operand 0 is 'tensor<4xf32, "x">', but rows are dense}}
  %y = weir.apply @softmax(%x) : (tensor<4xf32, "x">) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %b: vector<2xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C3: operand 1 is 'vector<2xf32>', which is neither a tensor nor a memref}}
  %y = weir.apply @softmax_scaled(%x, %b) : (tensor<2x4xf32>, vector<2xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<*xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C4: operand 0 is varying and must be a ranked tensor}}
  %y = weir.apply @softmax(%x) : (tensor<*xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{C4: operand 0 is varying and has no dimension, let alone a row}}
  %y = weir.apply @softmax(%x) : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %m: tensor<3x4xi1>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C4: the mask of type 'tensor<3x4xi1>' does not broadcast}}
  %y = weir.apply @softmax(%x) mask(%m : tensor<3x4xi1>) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C2: has 1 results but @softmax_lse has 2}}
  %y = weir.apply @softmax_lse(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C7: a row policy needs a formula with a reduction; @silu is elementwise}}
  %y = weir.apply @silu(%x) {empty_row = #weir.empty_row<nan>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: memref<4xf32>, %m: vector<4xi1>) {
  // expected-error@+1 {{C3: the mask is 'vector<4xi1>', which is neither a tensor nor a memref}}
  weir.rows @softmax ins(%x : memref<4xf32>) mask(%m : vector<4xi1>) outs(%x : memref<4xf32>)
  return
}

// -----

func.func @f(%x: memref<4xf32>) {
  // expected-error@+1 {{C8: form elementwise does not fit @softmax, which has a reduction}}
  weir.rows @softmax ins(%x : memref<4xf32>) outs(%x : memref<4xf32>) {form = #weir.form<elementwise>}
  return
}

// -----

func.func @f(%x: memref<4xf32>) {
  // expected-error@+1 {{C8: form online does not fit @silu, which is elementwise}}
  weir.rows @silu ins(%x : memref<4xf32>) outs(%x : memref<4xf32>) {form = #weir.form<online>}
  return
}

// -----

func.func @f(%x: memref<4xf32>) {
  // expected-error@+1 {{C13: form transposed does not fit @softmax: there is only one row}}
  weir.rows @softmax ins(%x : memref<4xf32>) outs(%x : memref<4xf32>) {form = #weir.form<transposed>}
  return
}

// -----

func.func @f(%x: memref<8x4xf32>) {
  // expected-error@+1 {{C13: form transposed does not fit @softmax: neighbouring rows have a lane each already}}
  weir.rows @softmax ins(%x : memref<8x4xf32>) outs(%x : memref<8x4xf32>) {along = 0, form = #weir.form<transposed>}
  return
}

// -----

func.func @f(%x: memref<8x4xf32>) {
  %k = arith.constant 2 : index
  // expected-error@+1 {{C13: form transposed does not fit @sparse_softmax: a selection goes its own way in every row}}
  weir.rows @sparse_softmax ins(%x, %k : memref<8x4xf32>, index) outs(%x : memref<8x4xf32>) {form = #weir.form<transposed>}
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C13: lanes across rows need neighbouring rows, but the row is the last dimension}}
  %y = weir.apply @softmax(%x) {lanes = #weir.lanes<across>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: memref<2x4xf32>) {
  // expected-error@+1 {{C6: along = 2 is not a dimension of the rank-2 operands}}
  weir.rows @softmax ins(%x : memref<2x4xf32>) outs(%x : memref<2x4xf32>) {along = 2 : i64}
  return
}

// -----

// expected-error@+1 {{'weir.abi' belongs on a function and is written by weir-prepare-abi only}}
func.func private @f() attributes {weir.abi = {name = "f", table = array<i64: 1, 0, 1, 2, 32, 5, 0, 0>}}

// -----

// A size that names a symbol the table does not have.
// expected-error@+1 {{'weir.abi' belongs on a function and is written by weir-prepare-abi only}}
func.func private @f() attributes {weir.abi = {name = "f", table = array<i64: 1, 1, 1, 2, 32, 1, 0, -2, 0>}}

// -----

// Fewer pairs of sizes than it says.
// expected-error@+1 {{'weir.abi' belongs on a function and is written by weir-prepare-abi only}}
func.func private @f() attributes {weir.abi = {name = "f", table = array<i64: 1, 1, 1, 2, 32, 1, 0, -1, 2, 4, -1>}}

// -----

// A multiple of a size that no tensor has.
// expected-error@+1 {{'weir.abi' belongs on a function and is written by weir-prepare-abi only}}
func.func private @f() attributes {weir.abi = {name = "f", table = array<i64: 1, 2, 1, 2, 32, 1, 0, -1, 1, -1, -2>}}

// -----

// expected-error@+1 {{'weir.target' belongs on a module and has the form}}
module attributes {weir.target = {features = "", vector_bits = 7 : i64}} {
}

// -----

// expected-error@+1 {{besides there may be unit_bits, another such number}}
module attributes {weir.target = {features = "", vector_bits = 256 : i64, unit_bits = 100 : i64}} {
}

// -----

// No clock is infinite, and no rate.
// expected-error@+1 {{clock = 3.4 : f64 in GHz}}
module attributes {weir.target = {features = "", vector_bits = 256 : i64, clock = 0x7FF0000000000000 : f64}} {
}

// -----

// expected-error@+1 {{rates = array<f64: ...>, four in GB/s}}
module attributes {weir.target = {features = "", vector_bits = 256 : i64, rates = array<f64: 200.0, 100.0, 25.0, 0x7FF0000000000000>}} {
}

// -----

weir.formula @f(%x: f32, %b: i1) -> f32 {
  // expected-error@+1 {{C2: reduces i1, in which true is the number -1}}
  %m = weir.reduce max %b : i1
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32, %b: i1) -> f32 {
  %k = arith.constant 1 : index
  // expected-error@+1 {{C3: orders i1, in which true is the number -1}}
  %m, %p = weir.kth %k, %b : index, i1
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{C2: a result has type 'i128'; a formula computes with scalars}}
  %i = arith.fptosi %x : f32 to i128
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{argument 0 carries 'weir.other', which weir does not define}}
weir.formula @f(%x: f32 {weir.other}) -> f32 {
  weir.yield %x : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.f64' is another number than the constant: rounded to f32 it is 3.141}}
  %c = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.15 : f32
  weir.yield %c : f32
}

// -----

// expected-error@+1 {{'weir.domain' on argument 0 has the form array<f64: low, high> and belongs on a uniform f32 argument}}
weir.formula @f(%x: f32 {weir.domain = array<f64: 0.0, 1.0>}) -> f32 {
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{'weir.domain' on argument 1 has the form array<f64: low, high>}}
weir.formula @f(%x: f32, %a: f32 {weir.domain = array<f64: 2.0, 1.0>, weir.uniform}) -> f32 {
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{'weir.empty' on result 0 must be an f32 number and belongs on a uniform f32 result}}
weir.formula @f(%x: f32) -> (f32 {weir.empty = 0.0 : f32}) {
  weir.yield %x : f32
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %alpha = arith.constant 4.5 : f32
  // expected-error@+1 {{C8: operand 1 is the constant 4.5, but @entmax takes 1 to 4}}
  %y = weir.apply @entmax(%x, %alpha) : (tensor<2x4xf32>, f32) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %gamma = arith.constant 1.0e-3 : f32
  %eta = arith.constant 1.0 : f32
  // expected-error@+1 {{C8: operand 1 is the constant 0.001, but @clipped_softmax takes -Inf to 0}}
  %y = weir.apply @clipped_softmax(%x, %gamma, %eta) : (tensor<2x4xf32>, f32, f32) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %t: tensor<2xi8>) -> tensor<2xf32> {
  // expected-error@+1 {{C3: operand 1 has element type 'i8' but @cross_entropy takes 'index', which is stored as index, i32 or i64}}
  %y = weir.apply @cross_entropy(%x, %t) : (tensor<2x4xf32>, tensor<2xi8>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.f64' is a number of type f64 on an arith.constant of type f32}}
  %c = arith.negf %x {weir.f64 = 1.0 : f64} : f32
  weir.yield %c : f32
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C11: neg_inf = ordinary does not go with nan = ignore, which excludes scores}}
  %y = weir.apply @softmax(%x) {nan = #weir.nan<ignore>, neg_inf = #weir.neg_inf<ordinary>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C11: neg_inf = ordinary does not go with pos_inf = share, which excludes scores}}
  %y = weir.apply @softmax(%x) {neg_inf = #weir.neg_inf<ordinary>, pos_inf = #weir.pos_inf<share>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: memref<2x4xf32>, %y: memref<2x4xf32>) {
  // expected-error@+1 {{C11: neg_inf = ordinary does not go with the form online, which excludes scores}}
  weir.rows @softmax ins(%x : memref<2x4xf32>) outs(%y : memref<2x4xf32>) {form = #weir.form<online>, neg_inf = #weir.neg_inf<ordinary>}
  return
}

// -----

weir.formula @most(%x: i32) -> (i32 {weir.uniform}) {
  %m = weir.reduce max %x : i32
  weir.yield %m : i32
}
func.func @f(%x: tensor<2x4xi32>) -> tensor<2xi32> {
  // expected-error@+1 {{C11: neg_inf = ordinary needs an f32 score}}
  %y = weir.apply @most(%x) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<2x4xi32>) -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{C7: a row policy needs a formula with a reduction; @silu is elementwise}}
  %y = weir.apply @silu(%x) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %alpha: f32) -> tensor<2x4xf32> {
  // expected-error@+1 {{C12: nan = arithmetic does not go with weir.solve in @entmax}}
  %y = weir.apply @entmax(%x, %alpha) {nan = #weir.nan<arithmetic>} : (tensor<2x4xf32>, f32) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.as_written' is a unit attribute of a weir.formula}}
  %c = arith.negf %x {weir.as_written} : f32
  weir.yield %c : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.keeps_denormals' is a unit attribute of a weir.formula}}
  %c = arith.negf %x {weir.keeps_denormals} : f32
  weir.yield %c : f32
}

// -----

weir.formula @f(%x: f32) -> f32 {
  // expected-error@+1 {{'weir.after_sweeps' is a unit attribute of a weir.formula}}
  %c = arith.negf %x {weir.after_sweeps} : f32
  weir.yield %c : f32
}

// -----

// expected-error@+1 {{'weir.extremum' on argument 0 is a unit attribute and belongs on a uniform f32 argument of a formula}}
weir.formula @f(%x: f32 {weir.extremum}) -> f32 {
  weir.yield %x : f32
}

// -----

// expected-error@+1 {{'weir.extremum' on argument 1 is a unit attribute}}
weir.formula @f(%x: f32, %m: f32 {weir.extremum = 1 : i64, weir.uniform}) -> f32 {
  weir.yield %x : f32
}
