// Two products and the rows of weights between them become one op.
// RUN: weir-opt %s --weir-form-attention --canonicalize --cse -split-input-file | FileCheck %s
// RUN: weir-opt %s --weir-form-attention=enable=false -split-input-file | FileCheck %s --check-prefix=OFF
// OFF-NOT: weir.attention

// Keys that are transposed before the product; a scale in the program, which is the op's.
// CHECK-LABEL: func.func @named
// CHECK-SAME: (%[[Q:.*]]: tensor<6x7x8xf32>, %[[K:.*]]: tensor<6x9x8xf32>, %[[V:.*]]: tensor<6x9x5xf32>)
func.func @named(%q: tensor<6x7x8xf32>, %k: tensor<6x9x8xf32>, %v: tensor<6x9x5xf32>) -> tensor<6x7x5xf32> {
  // CHECK-DAG: %[[Q4:.*]] = tensor.expand_shape %[[Q]] {{\[\[}}0], [1, 2], [3]] output_shape [6, 1, 7, 8]
  // CHECK-DAG: %[[K4:.*]] = tensor.expand_shape %[[K]] {{\[\[}}0], [1, 2], [3]] output_shape [6, 1, 9, 8]
  // CHECK-DAG: %[[V4:.*]] = tensor.expand_shape %[[V]] {{\[\[}}0], [1, 2], [3]] output_shape [6, 1, 9, 5]
  // CHECK: %[[O:.*]] = weir.attention @softmax(%[[Q4]], %[[K4]], %[[V4]]) {scale = 2.500000e-01 : f64} : (tensor<6x1x7x8xf32>, tensor<6x1x9x8xf32>, tensor<6x1x9x5xf32>) -> tensor<6x1x7x5xf32>
  // CHECK-NOT: linalg
  // CHECK: %[[R:.*]] = tensor.collapse_shape %[[O]] {{\[\[}}0], [1, 2], [3]]
  // CHECK: return %[[R]]
  %zero = arith.constant 0.0 : f32
  %quarter = arith.constant 0.25 : f32
  %kt0 = tensor.empty() : tensor<6x8x9xf32>
  %kt = linalg.transpose ins(%k : tensor<6x9x8xf32>) outs(%kt0 : tensor<6x8x9xf32>) permutation = [0, 2, 1]
  %s0 = tensor.empty() : tensor<6x7x9xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<6x7x9xf32>) -> tensor<6x7x9xf32>
  %s = linalg.batch_matmul ins(%q, %kt : tensor<6x7x8xf32>, tensor<6x8x9xf32>) outs(%s1 : tensor<6x7x9xf32>) -> tensor<6x7x9xf32>
  %c0 = linalg.fill ins(%quarter : f32) outs(%s0 : tensor<6x7x9xf32>) -> tensor<6x7x9xf32>
  %z = linalg.mul ins(%s, %c0 : tensor<6x7x9xf32>, tensor<6x7x9xf32>) outs(%s0 : tensor<6x7x9xf32>) -> tensor<6x7x9xf32>
  %w = weir.apply @softmax(%z) : (tensor<6x7x9xf32>) -> tensor<6x7x9xf32>
  %o0 = tensor.empty() : tensor<6x7x5xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<6x7x5xf32>) -> tensor<6x7x5xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<6x7x9xf32>, tensor<6x9x5xf32>) outs(%o1 : tensor<6x7x5xf32>) -> tensor<6x7x5xf32>
  return %o : tensor<6x7x5xf32>
}

// -----

// Scale, cap, bias and mask at the formula's beginning; what is left is the formula, in which scores of -inf may be left out now.
weir.formula private @raised_0(%x: f32, %b: f32, %m: i1) -> f32 attributes {weir.as_written} {
  %scale = arith.constant 0.25 : f32
  %tenth = arith.constant 0.1 : f32
  %ten = arith.constant 10.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %a0 = arith.mulf %x, %scale : f32
  %a1 = arith.mulf %a0, %tenth : f32
  %a2 = math.tanh %a1 : f32
  %a3 = arith.mulf %a2, %ten : f32
  %a4 = arith.addf %b, %a3 : f32
  %z = arith.select %m, %a4, %low : f32
  %max = weir.reduce max %z : f32
  %d = arith.subf %z, %max : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-NOT: @raised_0(
// CHECK: weir.formula private @[[REST:raised_0_0]](%[[X:.*]]: f32) -> f32 {
// CHECK-NEXT: weir.reduce max %[[X]]
// CHECK-LABEL: func.func @in_the_formula
// CHECK-SAME: (%[[Q:.*]]: tensor<2x3x?x8xf32>, %[[K:.*]]: tensor<2x3x?x8xf32>, %[[V:.*]]: tensor<2x3x?x8xf32>, %[[B:.*]]: tensor<?x?xf32>, %[[M:.*]]: tensor<2x1x1x?xi1>)
func.func @in_the_formula(%q: tensor<2x3x?x8xf32>, %k: tensor<2x3x?x8xf32>, %v: tensor<2x3x?x8xf32>, %b: tensor<?x?xf32>, %m: tensor<2x1x1x?xi1>)
    -> tensor<2x3x?x8xf32> {
  // CHECK: %[[O:.*]] = weir.attention @[[REST]](%[[Q]], %[[K]], %[[V]]) mask(%{{.*}} : tensor<2x1x1x?xi1>) bias(%{{.*}} : tensor<1x1x?x?xf32>) {empty_row = #weir.empty_row<nan>, scale = {{0.25.*|2.5.*}} : f64, soft_cap = {{1.0.*}} : f64}
  // CHECK: return %[[O]]
  %zero = arith.constant 0.0 : f32
  %c2 = arith.constant 2 : index
  %lq = tensor.dim %q, %c2 : tensor<2x3x?x8xf32>
  %lk = tensor.dim %k, %c2 : tensor<2x3x?x8xf32>
  %s0 = tensor.empty(%lq, %lk) : tensor<2x3x?x?xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, h, i, d)>, affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
                                        affine_map<(b, h, i, j, d) -> (b, h, i, j)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
    ins(%q, %k : tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) outs(%s1 : tensor<2x3x?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x3x?x?xf32>
  %w = weir.apply @raised_0(%s, %b, %m) {neg_inf = #weir.neg_inf<ordinary>}
    : (tensor<2x3x?x?xf32>, tensor<?x?xf32>, tensor<2x1x1x?xi1>) -> tensor<2x3x?x?xf32>
  %o0 = tensor.empty(%lq) : tensor<2x3x?x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  %o = linalg.generic {indexing_maps = [affine_map<(b, h, i, d, j) -> (b, h, i, j)>, affine_map<(b, h, i, d, j) -> (b, h, j, d)>,
                                        affine_map<(b, h, i, d, j) -> (b, h, i, d)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
    ins(%w, %v : tensor<2x3x?x?xf32>, tensor<2x3x?x8xf32>) outs(%o1 : tensor<2x3x?x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %p, %t : f32
    linalg.yield %u : f32
  } -> tensor<2x3x?x8xf32>
  return %o : tensor<2x3x?x8xf32>
}

// -----

// One head of keys for all heads of queries, keys and values repeated for them; batches and heads folded around products; elements
// widened for the products and narrowed behind. What is done to the output is a formula then.
// CHECK-LABEL: func.func @repeated
// CHECK-SAME: (%[[Q:.*]]: tensor<2x4x7x8xbf16>, %[[K:.*]]: tensor<2x2x9x8xbf16>, %[[V:.*]]: tensor<2x2x9x8xbf16>, %[[Z:.*]]: tensor<2x4x7x8xbf16>)
func.func @repeated(%q: tensor<2x4x7x8xbf16>, %k: tensor<2x2x9x8xbf16>, %v: tensor<2x2x9x8xbf16>, %z: tensor<2x4x7x8xbf16>) -> tensor<2x4x7x8xbf16> {
  // CHECK: %[[O:.*]] = weir.attention @softmax(%[[Q]], %[[K]], %[[V]]) {scale = 1.000000e+00 : f64} : (tensor<2x4x7x8xbf16>, tensor<2x2x9x8xbf16>, tensor<2x2x9x8xbf16>) -> tensor<2x4x7x8xf32>
  // CHECK: weir.apply @map(%[[O]], %[[Z]]) : (tensor<2x4x7x8xf32>, tensor<2x4x7x8xbf16>) -> tensor<2x4x7x8xbf16>
  %zero = arith.constant 0.0 : f32
  %wide0 = tensor.empty() : tensor<2x2x2x9x8xbf16>
  %k5 = linalg.broadcast ins(%k : tensor<2x2x9x8xbf16>) outs(%wide0 : tensor<2x2x2x9x8xbf16>) dimensions = [2]
  %v5 = linalg.broadcast ins(%v : tensor<2x2x9x8xbf16>) outs(%wide0 : tensor<2x2x2x9x8xbf16>) dimensions = [2]
  %k3 = tensor.collapse_shape %k5 [[0, 1, 2], [3], [4]] : tensor<2x2x2x9x8xbf16> into tensor<8x9x8xbf16>
  %v3 = tensor.collapse_shape %v5 [[0, 1, 2], [3], [4]] : tensor<2x2x2x9x8xbf16> into tensor<8x9x8xbf16>
  %q3 = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<2x4x7x8xbf16> into tensor<8x7x8xbf16>
  %kt0 = tensor.empty() : tensor<8x8x9xbf16>
  %kt = linalg.transpose ins(%k3 : tensor<8x9x8xbf16>) outs(%kt0 : tensor<8x8x9xbf16>) permutation = [0, 2, 1]
  %s0 = tensor.empty() : tensor<8x7x9xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<8x7x9xf32>) -> tensor<8x7x9xf32>
  %s = linalg.batch_matmul ins(%q3, %kt : tensor<8x7x8xbf16>, tensor<8x8x9xbf16>) outs(%s1 : tensor<8x7x9xf32>) -> tensor<8x7x9xf32>
  %s4 = tensor.expand_shape %s [[0, 1], [2], [3]] output_shape [2, 4, 7, 9] : tensor<8x7x9xf32> into tensor<2x4x7x9xf32>
  %w4 = weir.apply @softmax(%s4) : (tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xbf16>
  %w = tensor.collapse_shape %w4 [[0, 1], [2], [3]] : tensor<2x4x7x9xbf16> into tensor<8x7x9xbf16>
  %o0 = tensor.empty() : tensor<8x7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<8x7x8xf32>) -> tensor<8x7x8xf32>
  %o3 = linalg.batch_matmul ins(%w, %v3 : tensor<8x7x9xbf16>, tensor<8x9x8xbf16>) outs(%o1 : tensor<8x7x8xf32>) -> tensor<8x7x8xf32>
  %o = tensor.expand_shape %o3 [[0, 1], [2], [3]] output_shape [2, 4, 7, 8] : tensor<8x7x8xf32> into tensor<2x4x7x8xf32>
  %y0 = tensor.empty() : tensor<2x4x7x8xbf16>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>,
                                        affine_map<(a, b, c, d) -> (a, b, c, d)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%o, %z : tensor<2x4x7x8xf32>, tensor<2x4x7x8xbf16>) outs(%y0 : tensor<2x4x7x8xbf16>) {
  ^bb0(%x: f32, %g: bf16, %t: bf16):
    %gw = arith.extf %g : bf16 to f32
    %p = arith.mulf %x, %gw : f32
    %r = arith.truncf %p : f32 to bf16
    linalg.yield %r : bf16
  } -> tensor<2x4x7x8xbf16>
  return %y : tensor<2x4x7x8xbf16>
}
