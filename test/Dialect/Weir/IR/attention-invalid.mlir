// The constraints of weir.attention and weir.attention_rows.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C1: @nowhere names no weir.formula, neither in an enclosing symbol table nor in the library}}
  %o = weir.attention @nowhere(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @second(%a: f32 {weir.uniform}, %x: f32) -> f32 {
  %y = arith.mulf %a, %x : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C2: the first argument of @second must be the score, an f32}}
  %o = weir.attention @second(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @counted(%x: i32) -> f32 {
  %y = arith.sitofp %x : i32 to f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C2: the first argument of @counted must be the score, an f32}}
  %o = weir.attention @counted(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C2: @logsumexp has no varying result to weigh values with}}
  %o = weir.attention @logsumexp(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

weir.formula @two(%x: f32) -> (f32, f32) {
  %y = arith.negf %x : f32
  weir.yield %x, %y : f32, f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C2: @two must have one varying result, an f32}}
  %o:2 = weir.attention @two(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> (tensor<2x4x8x24xf32>, tensor<2x4x8x24xf32>)
  return
}

// -----

weir.formula @whole(%x: f32) -> i32 {
  %y = arith.fptosi %x : f32 to i32
  weir.yield %y : i32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C2: @whole must have one varying result, an f32}}
  %o = weir.attention @whole(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: has 2 inputs but takes three: queries, keys, values}}
  %o = weir.attention @softmax(%q, %k)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: has 4 inputs but takes three: queries, keys, values}}
  %o = weir.attention @softmax(%q, %k, %v, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: the queries are 'tensor<8x16xf32>' but must be dense, of rank 4, and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<1x2x2x9x24xf32>) {
  // expected-error@+1 {{C3: the values are 'tensor<1x2x2x9x24xf32>' but must be dense, of rank 4}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<1x2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32, "csr">, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: the keys are 'tensor<2x2x9x16xf32, "csr">' but must be dense}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32, "csr">, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xi32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: the queries are 'tensor<2x4x8x16xi32>' but must be dense, of rank 4, and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xi32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xbf16>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C3: the keys hold 'bf16' but the queries 'f32'}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xbf16>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<*xf32>) {
  // expected-error@+1 {{operand #2 must be variadic of ranked tensor of any type values, but got 'tensor<*xf32>'}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<*xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: memref<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{operand #1 must be variadic of ranked tensor of any type values, but got 'memref<2x2x9x16xf32>'}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, memref<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: vector<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{operand #0 must be variadic of ranked tensor of any type values, but got 'vector<2x4x8x16xf32>'}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (vector<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<3x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: queries, keys and values have different numbers of batches}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<3x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<?x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<3x2x9x24xf32>) {
  // expected-error@+1 {{C4: queries, keys and values have different numbers of batches}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<?x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<3x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x4x9x24xf32>) {
  // expected-error@+1 {{C4: keys 'tensor<2x2x9x16xf32>' and values 'tensor<2x4x9x24xf32>' must have the same heads and lengths}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x4x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x8x24xf32>) {
  // expected-error@+1 {{C4: keys 'tensor<2x2x9x16xf32>' and values 'tensor<2x2x8x24xf32>' must have the same heads and lengths}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x8x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x?xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: the size of a head, the last dimension of 'tensor<2x4x8x?xf32>', must be static and from 1 to 65536}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x?xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x0xf32>) {
  // expected-error@+1 {{C4: the size of a head, the last dimension of 'tensor<2x2x9x0xf32>', must be static and from 1 to 65536}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x0xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x65537xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: the size of a head, the last dimension of 'tensor<2x4x8x65537xf32>', must be static and from 1 to 65536}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x65537xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x32xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: queries have heads of 16 elements, keys of 32}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x32xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x3x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: 3 heads of queries are no multiple of 2 heads of keys}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x3x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x0x9x16xf32>, %v: tensor<2x0x9x24xf32>) {
  // expected-error@+1 {{C4: 4 heads of queries are no multiple of 0 heads of keys}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x0x9x16xf32>, tensor<2x0x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

// Heads lie elsewhere.
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C4: 8 heads of queries are no multiple of 9 heads of keys}}
  %o = weir.attention @softmax(%q, %k, %v) {layout = #weir.attention_layout<blhd>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: f32) {
  // expected-error@+1 {{C5: has 1 operands but @softmax has 0 arguments after the score}}
  %o = weir.attention @softmax(%q, %k, %v) operands(%a : f32)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C5: has 0 operands but @softmax_scaled has 1 arguments after the score}}
  %o = weir.attention @softmax_scaled(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<4xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<4xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : tensor<4xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<f32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<f32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : tensor<f32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<2x2x8xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<2x2x8xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : tensor<2x2x8xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<*xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<*xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : tensor<*xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: memref<1x1x1xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'memref<1x1x1xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : memref<1x1x1xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: vector<1xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'vector<1xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : vector<1xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: i32) {
  // expected-error@+1 {{C5: operand 0 is 'i32' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : i32)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @added(%x: f32, %b: f32) -> f32 {
  %y = arith.addf %x, %b : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: f32) {
  // expected-error@+1 {{C5: operand 0 is 'f32' but @added takes a varying 'f32': a tensor that broadcasts to the scores (2, 4, 8, 9)}}
  %o = weir.attention @added(%q, %k, %v) operands(%a : f32)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @added(%x: f32, %b: f32) -> f32 {
  %y = arith.addf %x, %b : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<8xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<8xf32>' but @added takes a varying 'f32': a tensor that broadcasts to the scores (2, 4, 8, 9)}}
  %o = weir.attention @added(%q, %k, %v) operands(%a : tensor<8xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @added(%x: f32, %b: f32) -> f32 {
  %y = arith.addf %x, %b : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<1x1x1x1x9xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<1x1x1x1x9xf32>' but @added takes a varying 'f32': a tensor that broadcasts to the scores (2, 4, 8, 9)}}
  %o = weir.attention @added(%q, %k, %v) operands(%a : tensor<1x1x1x1x9xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @added(%x: f32, %b: f32) -> f32 {
  %y = arith.addf %x, %b : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: tensor<9xi1>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<9xi1>' but @added takes a varying 'f32': a tensor that broadcasts to the scores (2, 4, 8, 9)}}
  %o = weir.attention @added(%q, %k, %v) operands(%a : tensor<9xi1>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<?x4x?x16xf32>, %k: tensor<?x4x?x16xf32>, %v: tensor<?x4x?x16xf32>, %a: tensor<3xf32>) {
  // expected-error@+1 {{C5: operand 0 is 'tensor<3xf32>' but @softmax_scaled takes a uniform 'f32': a scalar or a tensor of the rows (?, 4, ?)}}
  %o = weir.attention @softmax_scaled(%q, %k, %v) operands(%a : tensor<3xf32>)
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: has 2 results but @softmax has 1}}
  %o:2 = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> (tensor<2x4x8x24xf32>, tensor<2x4x8xf32>)
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: has 1 results but @softmax_lse has 2}}
  %o = weir.attention @softmax_lse(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 0 is 'tensor<2x4x8x16xf32>' but must have the shape (2, 4, 8, 24) and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 0 is 'tensor<4x8x24xf32>' but must have the shape (2, 4, 8, 24)}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 0 is 'tensor<2x4x8x24xi32>' but must have the shape (2, 4, 8, 24) and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xi32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 0 is 'tensor<2x4x8x24xf32, "csr">' but must have the shape}}
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32, "csr">
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 1 is 'tensor<2x8x4xf32>' but must have the shape (2, 4, 8) and hold f32}}
  %o:2 = weir.attention @softmax_lse(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> (tensor<2x4x8x24xf32>, tensor<2x8x4xf32>)
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf64>, %k: tensor<2x2x9x16xf64>, %v: tensor<2x2x9x24xf64>) {
  // expected-error@+1 {{C6: result 1 is 'tensor<2x4x8xf32>' but must have the shape (2, 4, 8) and hold f64}}
  %o:2 = weir.attention @softmax_lse(%q, %k, %v)
    : (tensor<2x4x8x16xf64>, tensor<2x2x9x16xf64>, tensor<2x2x9x24xf64>) -> (tensor<2x4x8x24xf32>, tensor<2x4x8xf32>)
  return
}

// -----

weir.formula @winner(%x: f32) -> (f32, i64 {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  %d = arith.subf %x, %m : f32
  %j = arith.index_cast %i : index to i64
  weir.yield %d, %j : f32, i64
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C6: result 1 is 'tensor<2x4x8xi32>' but must have the shape (2, 4, 8) and hold i64}}
  %o:2 = weir.attention @winner(%q, %k, %v)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> (tensor<2x4x8x24xf32>, tensor<2x4x8xi32>)
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %m: tensor<9xi8>) {
  // expected-error@+1 {{C7: the mask is 'tensor<9xi8>' but must broadcast to the scores (2, 4, 8, 9) and hold i1}}
  %o = weir.attention @softmax(%q, %k, %v) mask(%m : tensor<9xi8>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %m: tensor<2x2x8x9xi1>) {
  // expected-error@+1 {{C7: the mask is 'tensor<2x2x8x9xi1>' but must broadcast to the scores (2, 4, 8, 9) and hold i1}}
  %o = weir.attention @softmax(%q, %k, %v) mask(%m : tensor<2x2x8x9xi1>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %m: tensor<1x1x1x1x9xi1>) {
  // expected-error@+1 {{C7: the mask is 'tensor<1x1x1x1x9xi1>' but must broadcast to the scores (2, 4, 8, 9) and hold i1}}
  %o = weir.attention @softmax(%q, %k, %v) mask(%m : tensor<1x1x1x1x9xi1>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %m: tensor<9xi1, "csr">) {
  // expected-error@+1 {{C7: the mask is 'tensor<9xi1, "csr">' but must broadcast to the scores (2, 4, 8, 9) and hold i1}}
  %o = weir.attention @softmax(%q, %k, %v) mask(%m : tensor<9xi1, "csr">)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %m: tensor<*xi1>) {
  // expected-error@+1 {{operand #3 must be ranked tensor of any type values, but got 'tensor<*xi1>'}}
  %o = weir.attention @softmax(%q, %k, %v) mask(%m : tensor<*xi1>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %b: tensor<9xi1>) {
  // expected-error@+1 {{C7: the bias is 'tensor<9xi1>' but must broadcast to the scores (2, 4, 8, 9) and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v) bias(%b : tensor<9xi1>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %b: tensor<8x1x9xf32>) {
  // expected-error@+1 {{C7: the bias is 'tensor<8x1x9xf32>' but must broadcast to the scores (2, 4, 8, 9) and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %k, %v) bias(%b : tensor<8x1x9xf32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %n: tensor<2xi16>) {
  // expected-error@+1 {{C7: lengths are 'tensor<2xi16>' but must be one i32 or i64 for each batch}}
  %o = weir.attention @softmax(%q, %k, %v) lengths(%n : tensor<2xi16>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %n: tensor<2xindex>) {
  // expected-error@+1 {{C7: lengths are 'tensor<2xindex>' but must be one i32 or i64 for each batch}}
  %o = weir.attention @softmax(%q, %k, %v) lengths(%n : tensor<2xindex>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %n: tensor<2x1xi32>) {
  // expected-error@+1 {{C7: lengths are 'tensor<2x1xi32>' but must be one i32 or i64 for each batch}}
  %o = weir.attention @softmax(%q, %k, %v) lengths(%n : tensor<2x1xi32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %n: tensor<1xi32>) {
  // expected-error@+1 {{C7: lengths are 'tensor<1xi32>' but must be one i32 or i64 for each batch}}
  %o = weir.attention @softmax(%q, %k, %v) lengths(%n : tensor<1xi32>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: scale is not finite}}
  %o = weir.attention @softmax(%q, %k, %v) {scale = 0x7FF0000000000000 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: scale is not finite}}
  %o = weir.attention @softmax(%q, %k, %v) {scale = 0x7FF8000000000000 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: soft_cap is not a positive, finite and normal number in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {soft_cap = 0.0 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: soft_cap is not a positive, finite and normal number in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {soft_cap = -1.0 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: soft_cap is not a positive, finite and normal number in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {soft_cap = 0x7FF0000000000000 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: soft_cap is not a positive, finite and normal number in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {soft_cap = 0x7FF8000000000000 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C9: a row policy needs a formula with a reduction; @silu is elementwise}}
  %o = weir.attention @silu(%q, %k, %v) {empty_row = #weir.empty_row<nan>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C9: a row policy needs a formula with a reduction; @silu is elementwise}}
  %o = weir.attention @silu(%q, %k, %v) {ties = #weir.ties<unspecified>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C9: empty_row = uniform shares among the keys of a row, but a query with an empty row sees none}}
  %o = weir.attention @softmax(%q, %k, %v) {empty_row = #weir.empty_row<uniform>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C9: nan = arithmetic does not go with weir.solve in @sparsemax}}
  %o = weir.attention @sparsemax(%q, %k, %v) {nan = #weir.nan<arithmetic>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

weir.formula @power(%x: f32, %a: f32 {weir.uniform, weir.domain = array<f64: 1.0, 4.0>}) -> f32 {
  %y = math.powf %x, %a : f32
  weir.yield %y : f32
}
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  %a = arith.constant 5.0 : f32
  // expected-error@+1 {{C10: operand 0 is the constant 5, but @power takes 1 to 4}}
  %o = weir.attention @power(%q, %k, %v) operands(%a : f32)
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: window_right = 9223372036854775807, but it is at most 4611686018427387904}}
  %o = weir.attention @softmax(%q, %k, %v) {window_right = 9223372036854775807 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: window_left = 4611686018427387905, but it is at most 4611686018427387904}}
  %o = weir.attention @softmax(%q, %k, %v) {window_left = 4611686018427387905 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: query_tile = 65537, but it is at most 65536}}
  %o = weir.attention @softmax(%q, %k, %v) {query_tile = 65537 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: key_tile = 65537, but it is at most 65536}}
  %o = weir.attention @softmax(%q, %k, %v) {key_tile = 65537 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'window_left' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %o = weir.attention @softmax(%q, %k, %v) {window_left = -1 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'window_right' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %o = weir.attention @softmax(%q, %k, %v) {window_right = -1 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'query_tile' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %o = weir.attention @softmax(%q, %k, %v) {query_tile = 0 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'key_tile' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %o = weir.attention @softmax(%q, %k, %v) {key_tile = 0 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'thread_grain' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %o = weir.attention @softmax(%q, %k, %v) {thread_grain = -1 : i64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{attribute 'form' failed to satisfy constraint: the way attention runs}}
  %o = weir.attention @softmax(%q, %k, %v) {form = #weir.form<online>}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %o: memref<2x4x8x16xf32>) {
  // expected-error@+1 {{mixes tensors and memrefs; all shaped operands must be of one kind}}
  weir.attention_rows @softmax ins(%q, %q, %q : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>)
    outs(%o : memref<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: memref<2x4x8x16xf32>, %m: tensor<8xi1>) {
  // expected-error@+1 {{mixes tensors and memrefs; all shaped operands must be of one kind}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>)
    mask(%m : tensor<8xi1>) outs(%q : memref<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: memref<2x4x8x16xf32>, %k: memref<*xf32>) {
  // expected-error@+1 {{C3: the keys are 'memref<*xf32>' but must be dense, of rank 4}}
  weir.attention_rows @softmax ins(%q, %k, %q : memref<2x4x8x16xf32>, memref<*xf32>, memref<2x4x8x16xf32>)
    outs(%q : memref<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: vector<2x4x8x16xf32>, %k: memref<2x4x8x16xf32>) {
  // expected-error@+1 {{C3: the queries are 'vector<2x4x8x16xf32>' but must be dense, of rank 4}}
  weir.attention_rows @softmax ins(%q, %k, %k : vector<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>)
    outs(%k : memref<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: memref<2x4x8x16xf32>, %s: memref<2x4x8xf32>) {
  // expected-error@+1 {{C6: has 2 results but @softmax has 1}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>)
    outs(%q, %s : memref<2x4x8x16xf32>, memref<2x4x8xf32>)
  return
}

// -----

func.func @f(%q: memref<2x4x8x16xf32>, %o: memref<*xf32>) {
  // expected-error@+1 {{C6: result 0 is 'memref<*xf32>' but must have the shape (2, 4, 8, 16)}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>)
    outs(%o : memref<*xf32>)
  return
}

// -----

func.func @f(%q: memref<2x4x8x16xf32>, %m: memref<*xi1>) {
  // expected-error@+1 {{C7: the mask is 'memref<*xi1>' but must broadcast to the scores (2, 4, 8, 8) and hold i1}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>)
    mask(%m : memref<*xi1>) outs(%q : memref<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>) {
  // expected-error@+1 {{expected the number of tensor results (0) to be equal to the number of output tensors (1)}}
  weir.attention_rows @softmax ins(%q, %q, %q : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>)
    outs(%q : tensor<2x4x8x16xf32>)
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: soft_cap is not a positive, finite and normal number in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {soft_cap = 1.0e-40 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{C8: scale is not finite in the type of scores}}
  %o = weir.attention @softmax(%q, %k, %v) {scale = 1.0e300 : f64}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}

// -----

// A misspelt attribute would be attention over all keys.
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error@+1 {{has no attribute 'casual'; did you mean 'causal'?}}
  %o = weir.attention @softmax(%q, %k, %v) {casual}
    : (tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32>) -> tensor<2x4x8x24xf32>
  return
}
