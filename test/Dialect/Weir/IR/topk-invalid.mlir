// The constraints of weir.topk and weir.topk_rows.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: f32) {
  // expected-error@+1 {{C1: the scores are 'f32' but must be a dense tensor of rank 1 or more}}
  %0:3 = weir.topk %x {k = 2 : i64} : (f32) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error@+1 {{C1: the scores are 'tensor<f32>' but must be a dense tensor of rank 1 or more}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<f32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<*xf32>) {
  // expected-error@+1 {{C1: the scores are 'tensor<*xf32>' but must be a dense tensor of rank 1 or more}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<*xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>) {
  // expected-error@+1 {{C1: the scores are 'memref<4x8xf32>' but must be a dense tensor of rank 1 or more}}
  %0:3 = weir.topk %x {k = 2 : i64} : (memref<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xi32>) {
  // expected-error@+1 {{C1: the scores have element type 'i32', which is none of f32, bf16, f16 and f64}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xi32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C2: k = 0, but it is at least 1}}
  %0:3 = weir.topk %x {k = 0 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C2: k = 9, but a row has 8 elements}}
  %0:3 = weir.topk %x {k = 9 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x2147483648xf32>) {
  // expected-error@+1 {{C2: indices are i32, so a row has at most 2147483647 elements}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x2147483648xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C3: along = 2 is not a dimension of the rank-2 scores}}
  %0:3 = weir.topk %x {k = 2 : i64, along = 2} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C4: the values are 'tensor<4x3xf32>' but must be 'tensor<4x2xf32>'}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x3xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C4: the values are 'tensor<4x2xf64>' but must be 'tensor<4x2xf32>'}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf64>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C4: the indices are 'tensor<4x2xi64>' but must be 'tensor<4x2xi32>'}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi64>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C4: the counts are 'tensor<8xi32>' but must be 'tensor<4xi32>'}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<8xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C4: the size of result 1 in dimension 1 is k = 2 and must be static}}
  %0:3 = weir.topk %x {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x?xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<4xi1>) {
  // expected-error@+1 {{C5: the mask is 'tensor<4xi1>', which is no i1 that broadcasts to the scores of type 'tensor<4x8xf32>'}}
  %0:3 = weir.topk %x mask(%m : tensor<4xi1>) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<i1>) {
  // expected-error@+1 {{C5: the mask is 'tensor<i1>' and has no dimension, let alone a row}}
  %0:3 = weir.topk %x mask(%m : tensor<i1>) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>, %m: memref<i1>, %v: memref<4x2xf32>, %i: memref<4x2xi32>, %n: memref<4xi32>) {
  // expected-error@+1 {{C5: the mask is 'memref<i1>' and has no dimension, let alone a row}}
  weir.topk_rows ins(%x : memref<4x8xf32>) mask(%m : memref<i1>) outs(%v, %i, %n : memref<4x2xf32>, memref<4x2xi32>, memref<4xi32>) {k = 2 : i64}
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<8xi8>) {
  // expected-error@+1 {{C5: the mask is 'tensor<8xi8>'}}
  %0:3 = weir.topk %x mask(%m : tensor<8xi8>) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<1x8xf32>, %m: tensor<?x8xi1>) {
  // expected-error@+1 {{C5: the mask is 'tensor<?x8xi1>'}}
  %0:3 = weir.topk %x mask(%m : tensor<?x8xi1>) {k = 2 : i64} : (tensor<1x8xf32>) -> (tensor<1x2xf32>, tensor<1x2xi32>, tensor<1xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C6: has a thr, but mode count compares with nothing}}
  %0:3 = weir.topk %x {k = 2 : i64, thr = 0.5 : f64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C6: mode gap needs one thr, an attribute or an operand}}
  %0:3 = weir.topk %x {k = 2 : i64, mode = #weir.topk_mode<gap>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %t: f32) {
  // expected-error@+1 {{C6: mode gap needs one thr, and has both an attribute and an operand}}
  %0:3 = weir.topk %x thr(%t : f32) {k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 0.5 : f64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C7: thr is NaN}}
  %0:3 = weir.topk %x {k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 0x7FF8000000000000 : f64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C7: thr = 1.500000e+00 : f64 is no share from 0 to 1}}
  %0:3 = weir.topk %x {k = 2 : i64, mode = #weir.topk_mode<mass>, non_negative, thr = 1.5 : f64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %t: f64) {
  // expected-error@+1 {{C7: thr has element type 'f64' but must have the accumulator type 'f32'}}
  %0:3 = weir.topk %x thr(%t : f64) {k = 2 : i64, mode = #weir.topk_mode<gap>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %t: tensor<8xf32>) {
  // expected-error@+1 {{C7: thr is 'tensor<8xf32>' but must be a scalar or have the outer shape (4, a size may be 1)}}
  %0:3 = weir.topk %x thr(%t : tensor<8xf32>) {k = 2 : i64, mode = #weir.topk_mode<gap>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C8: mode mass needs scores that are not negative; say so with non_negative}}
  %0:3 = weir.topk %x {k = 2 : i64, mode = #weir.topk_mode<mass>, thr = 0.5 : f64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C8: include_crossing says nothing in mode gap}}
  %0:3 = weir.topk %x {k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 0.5 : f64, include_crossing = false} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C9: ties = all_equal may select more than k = 2, for which there is no room}}
  %0:3 = weir.topk %x {k = 2 : i64, ties = #weir.ties<all_equal>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<?xf32>) {
  // expected-error@+1 {{C10: form insert is for k of at most 256, but k = 257}}
  %0:3 = weir.topk %x {k = 257 : i64, form = #weir.topk_form<insert>} : (tensor<?xf32>) -> (tensor<257xf32>, tensor<257xi32>, tensor<i32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{attribute 'thread_grain' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %0:3 = weir.topk %x {k = 2 : i64, thread_grain = -1 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<?xf32>, %v: memref<1xf32>, %i: memref<1xi32>, %n: memref<i32>) {
  // expected-error@+1 {{mixes tensors and memrefs; all shaped operands must be of one kind}}
  weir.topk_rows ins(%x : tensor<?xf32>) outs(%v, %i, %n : memref<1xf32>, memref<1xi32>, memref<i32>) {k = 1 : i64}
  return
}

// -----

func.func @f(%x: memref<?xf32>, %v: memref<1xf32>, %i: memref<1xi32>) {
  // expected-error@+1 {{C15: has 2 destinations, but the first are three: values, indices, count}}
  weir.topk_rows ins(%x : memref<?xf32>) outs(%v, %i : memref<1xf32>, memref<1xi32>) {k = 1 : i64}
  return
}

// -----

func.func @f(%x: memref<?xf32>, %v: memref<2xf32>, %i: memref<1xi32>, %n: memref<i32>) {
  // expected-error@+1 {{C4: the values are 'memref<2xf32>' but must be 'tensor<1xf32>' or a memref like it}}
  weir.topk_rows ins(%x : memref<?xf32>) outs(%v, %i, %n : memref<2xf32>, memref<1xi32>, memref<i32>) {k = 1 : i64}
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C13: a row policy needs a formula with a reduction}}
  %0:3 = weir.topk %x {k = 2 : i64, nan = #weir.nan<ignore>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C13: a row policy needs a formula with a reduction; @sigmoid is elementwise}}
  %0:3 = weir.topk @sigmoid(%x) {k = 2 : i64, nan = #weir.nan<ignore>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C13: empty_row = uniform shares among all elements of a row, of which there is no room for more than 2}}
  %0:3 = weir.topk @softmax(%x) {k = 2 : i64, empty_row = #weir.empty_row<uniform>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C13: nan = arithmetic does not go with a selection}}
  %0:3 = weir.topk @softmax(%x) {k = 2 : i64, nan = #weir.nan<arithmetic>} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C11: @nowhere names no weir.formula, neither in an enclosing symbol table nor in the library}}
  %0:3 = weir.topk @nowhere(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C11: @logsumexp has 0 varying results, but the values are one}}
  %0:3 = weir.topk @logsumexp(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

weir.formula @second(%a: f32 {weir.uniform}, %x: f32) -> f32 {
  %y = arith.mulf %a, %x : f32
  weir.yield %y : f32
}
func.func @f(%x: tensor<4x8xf32>, %a: f32) {
  // expected-error@+1 {{C11: the first argument of @second is no score of type f32}}
  %0:3 = weir.topk @second(%x, %x) {k = 2 : i64} : (tensor<4x8xf32>, tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C2: has 1 operands but @softmax_scaled has 2 arguments}}
  %0:3 = weir.topk @softmax_scaled(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C12: has 3 results, but @softmax_lse has 1 uniform ones beside values, indices and count}}
  %0:3 = weir.topk @softmax_lse(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C12: uniform result 3 is 'tensor<4xbf16>' but must have the outer shape (4) and the accumulator type 'f32'}}
  %0:4 = weir.topk @softmax_lse(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>, tensor<4xi32>, tensor<4xbf16>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{C12: result 0 is 'tensor<4x2xi32>' but stores a 'f32'}}
  %0:3 = weir.topk @softmax(%x) {k = 2 : i64} : (tensor<4x8xf32>) -> (tensor<4x2xi32>, tensor<4x2xi32>, tensor<4xi32>)
  return
}

// -----

func.func @f(%x: memref<4x8xf32>, %v: memref<4x2xf32>, %i: memref<4x2xi32>, %n: memref<4xi32>) {
  // expected-error@+1 {{C16: mode mass needs the sum over the row as the last result of @softmax}}
  weir.topk_rows @softmax ins(%x : memref<4x8xf32>) outs(%v, %i, %n : memref<4x2xf32>, memref<4x2xi32>, memref<4xi32>)
    {k = 2 : i64, mode = #weir.topk_mode<mass>, thr = 0.5 : f64, non_negative}
  return
}
