// RUN: weir-opt %s --weir-form-attention=explain -split-input-file -verify-diagnostics | FileCheck %s
// What stays as it is, and why.
// CHECK-NOT: weir.attention

#rows = affine_map<(i, j, d) -> (i, d)>
#columns = affine_map<(i, j, d) -> (j, d)>
#out = affine_map<(i, j, d) -> (i, j)>

// Scores of -inf count in this formula, and the bias makes some.
weir.formula private @distances(%x: f32, %b: f32) -> f32 attributes {weir.as_written} {
  %z = arith.addf %x, %b : f32
  %a = math.absf %z : f32
  %s = weir.reduce add %a : f32
  %y = arith.divf %z, %s : f32
  weir.yield %y : f32
}
func.func @ordinary(%q: tensor<7x8xf32>, %k: tensor<9x8xf32>, %v: tensor<9x8xf32>, %init: tensor<7x9xf32>, %b: tensor<7x9xf32>) -> tensor<7x8xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %s1 = linalg.fill ins(%zero : f32) outs(%init : tensor<7x9xf32>) -> tensor<7x9xf32>
  %s = linalg.generic {indexing_maps = [#rows, #columns, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%q, %k : tensor<7x8xf32>, tensor<9x8xf32>) outs(%s1 : tensor<7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<7x9xf32>
  %e = tensor.empty() : tensor<7x9xf32>
  %z = linalg.add ins(%s, %b : tensor<7x9xf32>, tensor<7x9xf32>) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  // expected-remark @below {{not raised to attention: scores of -inf stay numbers, and weir.attention leaves them out}}
  %w = weir.apply @distances(%z, %b) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<7x9xf32>, tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  %o = linalg.matmul ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) -> tensor<7x8xf32>
  return %o : tensor<7x8xf32>
}

// -----

#rows = affine_map<(i, j, d) -> (i, d)>
#columns = affine_map<(i, j, d) -> (j, d)>
#out = affine_map<(i, j, d) -> (i, j)>

// Another order: the bias is scaled, which a clause cannot say.
func.func @order(%q: tensor<7x8xf32>, %k: tensor<9x8xf32>, %v: tensor<9x8xf32>, %b: tensor<7x9xf32>) -> tensor<7x8xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<7x9xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %s = linalg.generic {indexing_maps = [#rows, #columns, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%q, %k : tensor<7x8xf32>, tensor<9x8xf32>) outs(%s1 : tensor<7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<7x9xf32>
  %c = linalg.fill ins(%two : f32) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %z = linalg.add ins(%s, %b : tensor<7x9xf32>, tensor<7x9xf32>) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %y = linalg.mul ins(%z, %c : tensor<7x9xf32>, tensor<7x9xf32>) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  // expected-remark @below {{not raised to attention: linalg.mul does more than the next of scale, cap, bias and mask, in this order}}
  %w = weir.apply @softmax(%y) : (tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  %o = linalg.matmul ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) -> tensor<7x8xf32>
  return %o : tensor<7x8xf32>
}

// -----

// Scores or weights that something else reads are stored anyway.
func.func @read(%q: tensor<7x8xf32>, %k: tensor<8x9xf32>, %v: tensor<9x8xf32>) -> (tensor<7x8xf32>, tensor<7x9xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<7x9xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %s = linalg.matmul ins(%q, %k : tensor<7x8xf32>, tensor<8x9xf32>) outs(%s1 : tensor<7x9xf32>) -> tensor<7x9xf32>
  %w = weir.apply @softmax(%s) : (tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  %o = linalg.matmul ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) -> tensor<7x8xf32>
  return %o, %w : tensor<7x8xf32>, tensor<7x9xf32>
}

// -----

// A product that starts from something else than 0.
func.func @started(%q: tensor<7x8xf32>, %k: tensor<8x9xf32>, %v: tensor<9x8xf32>, %start: tensor<7x9xf32>) -> tensor<7x8xf32> {
  %zero = arith.constant 0.0 : f32
  %s = linalg.matmul ins(%q, %k : tensor<7x8xf32>, tensor<8x9xf32>) outs(%start : tensor<7x9xf32>) -> tensor<7x9xf32>
  %w = weir.apply @softmax(%s) : (tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  %o = linalg.matmul ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) -> tensor<7x8xf32>
  return %o : tensor<7x8xf32>
}

// -----

// The size of a head is not static.
func.func @head(%q: tensor<7x?xf32>, %k: tensor<?x9xf32>, %v: tensor<9x8xf32>) -> tensor<7x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<7x9xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %s = linalg.matmul ins(%q, %k : tensor<7x?xf32>, tensor<?x9xf32>) outs(%s1 : tensor<7x9xf32>) -> tensor<7x9xf32>
  // expected-remark @below {{not raised to attention: the size of a head is not static}}
  %w = weir.apply @softmax(%s) : (tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  %o = linalg.matmul ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) -> tensor<7x8xf32>
  return %o : tensor<7x8xf32>
}
