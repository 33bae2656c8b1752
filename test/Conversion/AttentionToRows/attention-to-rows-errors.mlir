// RUN: weir-opt %s --convert-attention-to-rows -split-input-file -verify-diagnostics

func.func @tensors(%q: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  // expected-error@+1 {{works on tensors; bufferize before convert-attention-to-rows}}
  %r = weir.attention_rows @softmax ins(%q, %q, %q : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>)
    outs(%q : tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %r : tensor<1x4x?x64xf32>
}

// -----

func.func @search(%q: memref<1x4x?x64xf32>) {
  // expected-error@+1 {{C11: form one_pass does not fit @sparsemax: a sweep has no state that could go from block to block}}
  weir.attention_rows @sparsemax ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%q : memref<1x4x?x64xf32>) {form = #weir.attention_form<one_pass>}
  return
}

// -----

func.func @passes(%q: memref<1x4x?x64xf32>) {
  // expected-error@+1 {{C11: form two_pass does not fit @softmax: it makes the scores 1 time}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%q : memref<1x4x?x64xf32>) {form = #weir.attention_form<two_pass>}
  return
}

// -----

func.func @share(%q: memref<1x4x?x64xf32>) {
  // expected-error@+1 {{C11: form one_pass does not fit @softmax: whether scores of +inf share the mass is a matter of whole rows}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%q : memref<1x4x?x64xf32>) {form = #weir.attention_form<one_pass>, pos_inf = #weir.pos_inf<share>}
  return
}

// -----

// A state is left in one pass.
func.func @share_state(%q: memref<1x4x?x64xf32>, %m: memref<1x4x?xf32>) {
  // expected-error@+1 {{C11: form one_pass does not fit @softmax: whether scores of +inf share the mass is a matter of whole rows}}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%m, %m, %q : memref<1x4x?xf32>, memref<1x4x?xf32>, memref<1x4x?x64xf32>) {state, pos_inf = #weir.pos_inf<share>}
  return
}
