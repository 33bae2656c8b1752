// The constraints of weir.attention_stats, attention_merge and attention_finish.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

!q = tensor<2x4x8x16xf32>
!v = tensor<2x4x8x24xf32>
func.func @f(%q: !q, %v: !v) {
  // expected-error@+1 {{C1: @nowhere names no weir.formula, neither in an enclosing symbol table nor in the library}}
  %s = weir.attention_stats @nowhere(%q, %q, %v) : (!q, !q, !v) -> tensor<2x4x8xf32>
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C2: @logsumexp has no varying result to weigh values with}}
  %s = weir.attention_finish @logsumexp(%q) : (!q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q, %a: f32) {
  // expected-error@+1 {{C5: has 0 operands but @softmax_sink has 1 arguments after the score}}
  %s = weir.attention_stats @softmax_sink(%q, %q, %q) : (!q, !q, !q) -> tensor<2x4x8xf32>
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C5: has 0 uniforms but @softmax_sink has 1 uniform arguments}}
  %s:3 = weir.attention_merge @softmax_sink(%m, %m, %q) and(%m, %m, %q) : !r, !r, !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r, %sink: tensor<4xf32>) {
  // expected-error@+1 {{C5: uniform 0 is 'tensor<4xf32>' but @softmax_sink takes a uniform 'f32': a scalar or a tensor of the rows (2, 4, 8)}}
  %o = weir.attention_finish @softmax_sink(%m, %m, %q) uniforms(%sink : tensor<4xf32>) : (!r, !r, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C6: the state has 1 values but @softmax leaves 3 (max: f32, sum: f32, 1 sum of values)}}
  %s = weir.attention_stats @softmax(%q, %q, %q) : (!q, !q, !q) -> tensor<2x4x8xf32>
  return
}

// -----

!q = tensor<2x4x8x16xbf16>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C6: value 2 of the state, a sum of values, is 'tensor<2x4x8x16xbf16>' but must have the shape (2, 4, 8, 16) and hold 'f32'}}
  %s:3 = weir.attention_stats @softmax(%q, %q, %q) : (!q, !q, !q) -> (!r, !r, !q)
  return
}

// -----

// Sums have heads before queries in either layout.
!q = tensor<2x8x4x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C6: value 2 of the state, a sum of values, is 'tensor<2x8x4x16xf32>' but must have the shape (2, 4, 8, 16) and hold 'f32'}}
  %s:3 = weir.attention_stats @softmax(%q, %q, %q) {layout = #weir.attention_layout<blhd>} : (!q, !q, !q) -> (!r, !r, !q)
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x9xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C6: value 0 of the state, max, is 'tensor<2x4x9xf32>' but must have the shape (2, 4, 8) and hold 'f32'}}
  %s:3 = weir.attention_merge @softmax(%m, %m, %q) and(%m, %m, %q) : !r, !r, !q
  return
}

// -----

!q = tensor<2x4x8x?xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C6: a sum of values is 'tensor<2x4x8x?xf32>' but must have the rank 4, a static last size, and hold f32 or f64}}
  %s:3 = weir.attention_merge @softmax(%m, %m, %q) and(%m, %m, %q) : !r, !r, !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C6: result 0 is 'tensor<2x8x4x16xf32>' but must have the shape (2, 4, 8, 16) and hold f32, bf16, f16 or f64}}
  %o = weir.attention_finish @softmax(%m, %m, %q) : (!r, !r, !q) -> tensor<2x8x4x16xf32>
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C6: has 1 results but @softmax_lse has 2}}
  %o = weir.attention_finish @softmax_lse(%m, %m, %q) : (!r, !r, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C9: empty_row = uniform shares among the keys of a row, but a query with an empty row sees none}}
  %o = weir.attention_finish @softmax(%m, %m, %q) {empty_row = #weir.empty_row<uniform>} : (!r, !r, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C9: a row policy needs a formula with a reduction; @relu_weights is elementwise}}
  %s = weir.attention_stats @relu_weights(%q, %q, %q) {nan = #weir.nan<ignore>} : (!q, !q, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C11: @sparsemax does not run in one pass: a sweep has no state that could go from block to block}}
  %s = weir.attention_stats @sparsemax(%q, %q, %q) : (!q, !q, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
func.func @f(%q: !q) {
  // expected-error@+1 {{C11: @softmax does not run in one pass: nan = arithmetic has no state}}
  %s = weir.attention_stats @softmax(%q, %q, %q) {nan = #weir.nan<arithmetic>} : (!q, !q, !q) -> !q
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %i: index) {
  // expected-error@+1 {{C13: place has 1 indices but takes five}}
  %s:3 = weir.attention_stats @softmax(%q, %q, %q) place(%i) : (!q, !q, !q) -> (!r, !r, !q)
  return
}

// -----

// How many keys of the whole the mask leaves is not known here.
!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
weir.formula @by_length(%x: f32) -> f32 {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %y = arith.divf %x, %f : f32
  weir.yield %y : f32
}
func.func @f(%q: !q, %i: index, %m: tensor<8xi1>) {
  // expected-error@+1 {{C15: @by_length asks for the length of the whole row, but the mask tells nothing of keys that are not here}}
  %s:2 = weir.attention_stats @by_length(%q, %q, %q) mask(%m : tensor<8xi1>) keys(%i of %i) : (!q, !q, !q) -> (tensor<2x4x8xindex>, !q)
  return
}

// -----

!q = memref<2x4x8x16xf32>
func.func @f(%q: !q, %i: index) {
  // expected-error@+1 {{C15: keys goes with state: a finished row has met all keys}}
  weir.attention_rows @softmax ins(%q, %q, %q : !q, !q, !q) keys(%i of %i) outs(%q : !q)
  return
}

// -----

!q = memref<2x4x8x16xf32>
!r = memref<2x4x8xf32>
weir.formula @half(%o: f32) -> f32 {
  %h = arith.constant 5.000000e-01 : f32
  %y = arith.mulf %o, %h : f32
  weir.yield %y : f32
}
func.func @f(%q: !q, %m: !r, %i: index) {
  // expected-error@+1 {{C15: an epilogue needs finished rows}}
  weir.attention_rows @softmax ins(%q, %q, %q : !q, !q, !q) epilogue @half outs(%m, %m, %q : !r, !r, !q) {state}
  return
}

// -----

!q = memref<2x4x8x16xf32>
!r = memref<2x4x8xf32>
func.func @f(%q: !q, %m: !r) {
  // expected-error@+1 {{C11: form blocks leaves no state}}
  weir.attention_rows @softmax ins(%q, %q, %q : !q, !q, !q) outs(%m, %m, %q : !r, !r, !q) {state, form = #weir.attention_form<blocks>}
  return
}

// -----

!q = memref<4x8x16xf32>
!r = memref<4x8xf32>
func.func @f(%q: !q, %m: !r, %s: memref<3xi32>) {
  // expected-error@+1 {{C15: packed sequences leave no state}}
  weir.attention_rows @softmax ins(%q, %q, %q : !q, !q, !q) packed(%s, %s : memref<3xi32>, memref<3xi32>) outs(%m, %m, %q : !r, !r, !q) {state}
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{C6: the state has 0 values but @softmax leaves 3}}
  %x = "weir.attention_finish"() {formula = @softmax, operandSegmentSizes = array<i32: 0, 0>} : () -> tensor<4xf32>
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %i: index) {
  // expected-error@+1 {{C15: keys takes two indices: that of the first key, and how many the whole has}}
  %x:3 = "weir.attention_stats"(%q, %q, %q, %i) {formula = @softmax, operandSegmentSizes = array<i32: 3, 0, 0, 0, 0, 0, 1, 0>} : (!q, !q, !q, index) -> (!r, !r, !q)
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %r: !r) {
  // expected-error@+1 {{both states have the same types}}
  %x:3 = "weir.attention_merge"(%r, %r, %q, %r, %r) {formula = @softmax, operandSegmentSizes = array<i32: 3, 2, 0>} : (!r, !r, !q, !r, !r) -> (!r, !r, !q)
  return
}

// -----

!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q, %r: !r) {
  // expected-error@+1 {{C6: result 0 is 'tensor<2x4x8x16xi32>' but must have the shape (2, 4, 8, 16) and hold f32, bf16, f16 or f64}}
  %o = weir.attention_finish @softmax(%r, %r, %q) : (!r, !r, !q) -> tensor<2x4x8x16xi32>
  return
}

// -----

// An attribute of other ops says nothing here.
!q = tensor<2x4x8x16xf32>
!r = tensor<2x4x8xf32>
func.func @f(%q: !q) -> (!r, !r, !q) {
  // expected-error@+1 {{'weir.attention_stats' op has no attribute 'pos_inf'}}
  %x:3 = weir.attention_stats @softmax(%q, %q, %q) {pos_inf = #weir.pos_inf<share>} : (!q, !q, !q) -> (!r, !r, !q)
  return %x#0, %x#1, %x#2 : !r, !r, !q
}
