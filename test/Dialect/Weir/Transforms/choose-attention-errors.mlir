// Forms that do not fit the formula.
// RUN: weir-opt %s -split-input-file --weir-choose-attention -verify-diagnostics

func.func @f(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // expected-error@+1 {{C11: form two_pass does not fit @softmax: it makes the scores 1 time}}
  %o = weir.attention @softmax(%q, %q, %q) {form = #weir.attention_form<two_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

weir.formula @twice(%x: f32, %b: f32 {weir.uniform}) -> (f32, f32 {weir.uniform}) {
  %y = arith.mulf %x, %b : f32
  %z = arith.addf %b, %b : f32
  weir.yield %y, %z : f32, f32
}
func.func @f(%q: tensor<?x4x?x16xf32>, %b: f32) -> (tensor<?x4x?x16xf32>, tensor<?x4x?xf32>) {
  // expected-error@+1 {{C11: form one_pass does not fit @twice: without a reduction no state leads to its uniform results}}
  %o:2 = weir.attention @twice(%q, %q, %q) operands(%b : f32) {form = #weir.attention_form<one_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> (tensor<?x4x?x16xf32>, tensor<?x4x?xf32>)
  return %o#0, %o#1 : tensor<?x4x?x16xf32>, tensor<?x4x?xf32>
}

// -----

weir.formula @over_largest(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %w = arith.divf %x, %m : f32
  %a = math.absf %w : f32
  %s = weir.reduce add %a : f32
  %y = arith.subf %a, %s : f32
  %zero = arith.constant 0.0 : f32
  %z = arith.maximumf %y, %zero : f32
  weir.yield %z : f32
}
func.func @f(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // expected-error@+1 {{C11: form one_pass does not fit @over_largest: it makes the scores 3 times}}
  %o = weir.attention @over_largest(%q, %q, %q) {form = #weir.attention_form<one_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

func.func @f(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // expected-error@+1 {{C11: form two_pass does not fit @entmax15: a sweep has no state that could go from block to block}}
  %o = weir.attention @entmax15(%q, %q, %q) {form = #weir.attention_form<two_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

func.func @f(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // expected-error@+1 {{C11: form one_pass does not fit @softmax: whether scores of +inf share the mass is a matter of whole rows}}
  %o = weir.attention @softmax(%q, %q, %q) {form = #weir.attention_form<one_pass>, pos_inf = #weir.pos_inf<share>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

func.func @f(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // expected-error@+1 {{C11: form one_pass does not fit @softmax: nan = arithmetic has no state}}
  %o = weir.attention @softmax(%q, %q, %q) {form = #weir.attention_form<one_pass>, nan = #weir.nan<arithmetic>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
