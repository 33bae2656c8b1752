// What packed sequences may not be, constraint by constraint.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @f(%q: tensor<1x4x?x64xf32>, %s: tensor<?xi32>) -> tensor<1x4x?x64xf32> {
  // expected-error@+1 {{C3: the queries are 'tensor<1x4x?x64xf32>' but must be dense, of rank 3 where they are packed, and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %o : tensor<1x4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C3: the queries are 'tensor<4x?x64xf32>' but must be dense, of rank 4, and hold f32, bf16, f16 or f64}}
  %o = weir.attention @softmax(%q, %q, %q) : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

// Heads come first, unless the layout says otherwise.
func.func @f(%q: tensor<4x?x64xf32>, %k: tensor<3x?x64xf32>, %s: tensor<?xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C4: 4 heads of queries are no multiple of 3 heads of keys}}
  %o = weir.attention @softmax(%q, %k, %k) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    : (tensor<4x?x64xf32>, tensor<3x?x64xf32>, tensor<3x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %k: tensor<4x5x64xf32>, %v: tensor<4x6x64xf32>, %s: tensor<?xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C4: keys 'tensor<4x5x64xf32>' and values 'tensor<4x6x64xf32>' must have the same heads and lengths}}
  %o = weir.attention @softmax(%q, %k, %v) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    : (tensor<4x?x64xf32>, tensor<4x5x64xf32>, tensor<4x6x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<?x4x64xf32>, %a: tensor<1x4x1xf32>, %s: tensor<?xi32>) -> tensor<?x4x64xf32> {
  // expected-error@+1 {{C5: operand 0 is 'tensor<1x4x1xf32>' but @softmax_sink takes a uniform 'f32': a scalar or a tensor of the rows (4, ?)}}
  %o = weir.attention @softmax_sink(%q, %q, %q) operands(%a : tensor<1x4x1xf32>) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    {layout = #weir.attention_layout<blhd>} : (tensor<?x4x64xf32>, tensor<?x4x64xf32>, tensor<?x4x64xf32>) -> tensor<?x4x64xf32>
  return %o : tensor<?x4x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<?xi32>) -> (tensor<4x?x64xf32>, tensor<1x4x?xf32>) {
  // expected-error@+1 {{C6: result 1 is 'tensor<1x4x?xf32>' but must have the shape (4, ?) and hold f32}}
  %o:2 = weir.attention @softmax_lse(%q, %q, %q) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> (tensor<4x?x64xf32>, tensor<1x4x?xf32>)
  return %o#0, %o#1 : tensor<4x?x64xf32>, tensor<1x4x?xf32>
}

// -----

func.func @f(%q: tensor<4x8x64xf32>, %m: tensor<1x1x8x8xi1>, %s: tensor<?xi32>) -> tensor<4x8x64xf32> {
  // expected-error@+1 {{C7: the mask is 'tensor<1x1x8x8xi1>' but must broadcast to the scores (4, 8, 8) and hold i1}}
  %o = weir.attention @softmax(%q, %q, %q) mask(%m : tensor<1x1x8x8xi1>) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    : (tensor<4x8x64xf32>, tensor<4x8x64xf32>, tensor<4x8x64xf32>) -> tensor<4x8x64xf32>
  return %o : tensor<4x8x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<?xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C14: packed takes two tensors, the starts of queries and those of keys, but has 1}}
  %o = weir.attention @softmax(%q, %q, %q) packed(%s : tensor<?xi32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<?xi32>, %t: tensor<?xf32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C14: the starts of keys are 'tensor<?xf32>' but must be one i32 or i64 for each sequence and one behind the last}}
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %t : tensor<?xi32>, tensor<?xf32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<0xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C14: the starts of queries are 'tensor<0xi32>' but must be one i32 or i64 for each sequence and one behind the last}}
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %s : tensor<0xi32>, tensor<0xi32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<3xi32>, %t: tensor<4xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C14: there are 3 starts of queries but 4 of keys}}
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %t : tensor<3xi32>, tensor<4xi32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}

// -----

func.func @f(%q: tensor<4x?x64xf32>, %s: tensor<3xi32>, %n: tensor<2xi32>) -> tensor<4x?x64xf32> {
  // expected-error@+1 {{C14: lengths do not go with packed sequences, whose starts say how long they are}}
  %o = weir.attention @softmax(%q, %q, %q) lengths(%n : tensor<2xi32>) packed(%s, %s : tensor<3xi32>, tensor<3xi32>)
    : (tensor<4x?x64xf32>, tensor<4x?x64xf32>, tensor<4x?x64xf32>) -> tensor<4x?x64xf32>
  return %o : tensor<4x?x64xf32>
}
