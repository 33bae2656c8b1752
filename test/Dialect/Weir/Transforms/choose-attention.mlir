// RUN: weir-opt %s --weir-link-library --weir-choose-attention=explain=true -verify-diagnostics | FileCheck %s

// One weighted sum of values is corrected as the maximum rises.
// CHECK-LABEL: func.func @softmax
func.func @softmax(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // CHECK: weir.attention {{.*}} {causal, form = #weir.attention_form<one_pass>}
  // expected-remark@+1 {{attention with @weir.lib.softmax runs in the form one_pass: one pass over the keys carries 1 sum of values}}
  %o = weir.attention @softmax(%q, %q, %q) {causal}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// Each weight is a sum of products: of a number per row, known in the end, and a term that is known as it is met.
// CHECK-LABEL: func.func @norm
func.func @norm(%q: tensor<?x4x?x16xf32>, %g: tensor<?xf32>, %b: tensor<?xf32>, %e: f32) -> tensor<?x4x?x16xf32> {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<one_pass>}
  // expected-remark@+1 {{runs in the form one_pass: one pass over the keys carries 3 sums of values}}
  %o = weir.attention @layer_norm(%q, %q, %q) operands(%g, %b, %e : tensor<?xf32>, tensor<?xf32>, f32)
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// Every weight by itself.
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%q: tensor<?x4x?x16xf32>, %c: f32) -> tensor<?x4x?x16xf32> {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<one_pass>}
  // expected-remark@+1 {{runs in the form one_pass: one pass over the keys carries 1 sum of values}}
  %o = weir.attention @sigmoid_weights(%q, %q, %q) operands(%c : f32)
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// What the weights are is known only after the row.
weir.formula @above_mean(%x: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %m = arith.divf %s, %f : f32
  %d = arith.subf %x, %m : f32
  %zero = arith.constant 0.0 : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @two_passes
func.func @two_passes(%q: tensor<?x4x?x16xf32>) -> (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<blocks>}
  // expected-remark@+1 {{attention with @above_mean runs in the form blocks: block by block the scores would be made 2 times}}
  %a = weir.attention @above_mean(%q, %q, %q)
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<two_pass>}
  %b = weir.attention @above_mean(%q, %q, %q) {form = #weir.attention_form<two_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %a, %b : tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>
}

// Whole rows are looked at.
// CHECK-LABEL: func.func @searches
func.func @searches(%q: tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32> {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<blocks>}
  // expected-remark@+1 {{attention with @weir.lib.sparsemax runs in the form blocks: a sweep has no state that could go from block to block}}
  %o = weir.attention @sparsemax(%q, %q, %q)
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// Policies about whole rows.
// CHECK-LABEL: func.func @policies
func.func @policies(%q: tensor<?x4x?x16xf32>) -> (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<blocks>, pos_inf = #weir.pos_inf<share>}
  // expected-remark@+1 {{in the form blocks: whether scores of +inf share the mass is a matter of whole rows}}
  %a = weir.attention @softmax(%q, %q, %q) {pos_inf = #weir.pos_inf<share>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<blocks>, nan = #weir.nan<arithmetic>}
  // expected-remark@+1 {{in the form blocks: nan = arithmetic has no state}}
  %b = weir.attention @softmax(%q, %q, %q) {nan = #weir.nan<arithmetic>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  // CHECK: weir.attention {{.*}} {empty_row = #weir.empty_row<nan>, form = #weir.attention_form<one_pass>, nan = #weir.nan<ignore>}
  // expected-remark@+1 {{in the form one_pass}}
  %c = weir.attention @softmax(%q, %q, %q) {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %a, %b, %c : tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>
}

// Given forms stay, and nothing is said of them.
// CHECK-LABEL: func.func @given
func.func @given(%q: tensor<?x4x?x16xf32>) -> (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) {
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<blocks>}
  %a = weir.attention @softmax(%q, %q, %q) {form = #weir.attention_form<blocks>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  // CHECK: weir.attention {{.*}} {form = #weir.attention_form<one_pass>}
  %b = weir.attention @softmax(%q, %q, %q) {form = #weir.attention_form<one_pass>}
    : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %a, %b : tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>
}
