// RUN: weir-opt %s -split-input-file --convert-linalg-to-weir | FileCheck %s

// RMSNorm in bf16: conversions go, f32 is what a formula computes in. The scale is one value per element of a row.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32, %[[G:.*]]: f32) -> f32 attributes {weir.as_written} {
// CHECK-NEXT:   %[[Q:.*]] = arith.mulf %[[X]], %[[X]] : f32
// CHECK-NEXT:   %[[S:.*]] = weir.reduce add %[[Q]] : f32
// CHECK-NEXT:   %[[N:.*]] = arith.constant 6.400000e+01 : f32
// CHECK-NEXT:   %[[A:.*]] = arith.divf %[[S]], %[[N]] : f32
// CHECK-NEXT:   %[[EPS:.*]] = arith.constant
// CHECK-NEXT:   %[[P:.*]] = arith.addf %[[A]], %[[EPS]] : f32
// CHECK-NEXT:   %[[R:.*]] = math.rsqrt %[[P]] : f32
// CHECK-NEXT:   %[[T:.*]] = arith.mulf %[[X]], %[[R]] : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.mulf %[[T]], %[[G]] : f32
// CHECK-NEXT:   weir.yield %[[Y]] : f32
// CHECK-LABEL: func.func @rms_norm
// CHECK:         weir.apply @raised_0(%{{.*}}, %{{.*}}) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<2x3x64xbf16>, tensor<64xbf16>) -> tensor<2x3x64xbf16>
#full = affine_map<(a, b, c) -> (a, b, c)>
#kept = affine_map<(a, b, c) -> (a, b, 0)>
#last = affine_map<(a, b, c) -> (c)>
func.func @rms_norm(%x: tensor<2x3x64xbf16>, %g: tensor<64xbf16>) -> tensor<2x3x64xbf16> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %e1 = tensor.empty() : tensor<2x3x1xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %s = linalg.generic {indexing_maps = [#full, #kept], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<2x3x64xbf16>) outs(%zeros : tensor<2x3x1xf32>) {
  ^bb0(%in: bf16, %out: f32):
    %w = arith.extf %in : bf16 to f32
    %q = arith.mulf %w, %w : f32
    %r = arith.addf %q, %out : f32
    linalg.yield %r : f32
  } -> tensor<2x3x1xf32>
  %r = linalg.generic {indexing_maps = [#kept, #full], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s : tensor<2x3x1xf32>) outs(%e1 : tensor<2x3x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.divf %in, %n : f32
    %p = arith.addf %m, %eps : f32
    %r = math.rsqrt %p : f32
    linalg.yield %r : f32
  } -> tensor<2x3x1xf32>
  %e = tensor.empty() : tensor<2x3x64xbf16>
  %y = linalg.generic {indexing_maps = [#full, #kept, #last, #full], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %r, %g : tensor<2x3x64xbf16>, tensor<2x3x1xf32>, tensor<64xbf16>) outs(%e : tensor<2x3x64xbf16>) {
  ^bb0(%in: bf16, %rr: f32, %gg: bf16, %out: bf16):
    %w = arith.extf %in : bf16 to f32
    %p = arith.mulf %w, %rr fastmath<fast> : f32
    %t = arith.truncf %p : f32 to bf16
    %o = arith.mulf %t, %gg : bf16
    linalg.yield %o : bf16
  } -> tensor<2x3x64xbf16>
  return %y : tensor<2x3x64xbf16>
}

// -----

// Mean and variance, both used outside and kept in bf16: what a formula gives for a row is f32.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32, %[[N:.*]]: f32 {weir.uniform}) -> (f32 {weir.uniform}, f32 {weir.uniform})
// CHECK-LABEL: func.func @moments
// CHECK:         %[[Y:.*]]:2 = weir.apply @raised_0(%{{.*}}, %{{.*}}) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x?xbf16>, bf16) -> (tensor<?xf32>, tensor<?xf32>)
// CHECK:         arith.truncf %{{.*}} : f32 to bf16
// CHECK:         arith.truncf %{{.*}} : f32 to bf16
#map = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (a)>
#one = affine_map<(a) -> (a)>
func.func @moments(%x: tensor<?x?xbf16>, %n: bf16, %e: tensor<?xbf16>) -> (tensor<?xbf16>, tensor<?xbf16>) {
  %zero = arith.constant 0.0 : bf16
  %zeros = linalg.fill ins(%zero : bf16) outs(%e : tensor<?xbf16>) -> tensor<?xbf16>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<?x?xbf16>) outs(%zeros : tensor<?xbf16>) dimensions = [1]
  %m = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%s : tensor<?xbf16>) outs(%e : tensor<?xbf16>) {
  ^bb0(%in: bf16, %out: bf16):
    %r = arith.divf %in, %n : bf16
    linalg.yield %r : bf16
  } -> tensor<?xbf16>
  %v = linalg.generic {indexing_maps = [#map, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x, %m : tensor<?x?xbf16>, tensor<?xbf16>) outs(%zeros : tensor<?xbf16>) {
  ^bb0(%in: bf16, %mean: bf16, %out: bf16):
    %d = arith.subf %in, %mean : bf16
    %q = arith.mulf %d, %d : bf16
    %r = arith.addf %out, %q : bf16
    linalg.yield %r : bf16
  } -> tensor<?xbf16>
  return %m, %v : tensor<?xbf16>, tensor<?xbf16>
}

// -----

// torch's logsumexp. In a row of -inf it is -inf, which is what the identities give.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> (f32 {weir.uniform})
// CHECK-LABEL: func.func @logsumexp
// CHECK:         %[[Y:.*]] = weir.apply @raised_0(%{{.*}}) : (tensor<4x8xf32>) -> tensor<4xf32>
// CHECK:         tensor.expand_shape %[[Y]] {{\[}}[0, 1]] output_shape [4, 1] : tensor<4xf32> into tensor<4x1xf32>
#map = affine_map<(a, b) -> (a, b)>
#kept = affine_map<(a, b) -> (a, 0)>
func.func @logsumexp(%x: tensor<4x8xf32>, %e1: tensor<4x1xf32>, %e: tensor<4x8xf32>) -> tensor<4x1xf32> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0x7F800000 : f32
  %lows = linalg.fill ins(%low : f32) outs(%e1 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %m = linalg.generic {indexing_maps = [#map, #kept], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<4x8xf32>) outs(%lows : tensor<4x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %out : f32
    linalg.yield %r : f32
  } -> tensor<4x1xf32>
  %u = linalg.generic {indexing_maps = [#kept, #map], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<4x1xf32>) outs(%e1 : tensor<4x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.absf %in : f32
    %is = arith.cmpf oeq, %a, %inf : f32
    %r = arith.select %is, %zero, %in : f32
    linalg.yield %r : f32
  } -> tensor<4x1xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %s = linalg.generic {indexing_maps = [#map, #kept, #kept], iterator_types = ["parallel", "reduction"]}
      ins(%x, %u : tensor<4x8xf32>, tensor<4x1xf32>) outs(%zeros : tensor<4x1xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %d = arith.subf %in, %most : f32
    %p = math.exp %d : f32
    %r = arith.addf %p, %out : f32
    linalg.yield %r : f32
  } -> tensor<4x1xf32>
  %y = linalg.generic {indexing_maps = [#kept, #kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%s, %u : tensor<4x1xf32>, tensor<4x1xf32>) outs(%e1 : tensor<4x1xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %l = math.log %in : f32
    %r = arith.addf %l, %most : f32
    linalg.yield %r : f32
  } -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----

// Where a sum tells of scores that are NaN, code may let maxima drop NaN, that of another value too: here nothing but the maximum
// tells of a NaN in b, so b is the score.
// CHECK-LABEL: func.func @maximum_of_another(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<4x8xf32>)
// CHECK: weir.apply @raised_0(%[[B]], %[[X]]) {neg_inf = #weir.neg_inf<ordinary>}
func.func @maximum_of_another(%x: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<4xf32>
  %w = tensor.empty() : tensor<4x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %lows = linalg.fill ins(%low : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %d = linalg.sub ins(%x, %b : tensor<4x8xf32>, tensor<4x8xf32>) outs(%w : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.reduce { arith.maximumf } ins(%d : tensor<4x8xf32>) outs(%lows : tensor<4xf32>) dimensions = [1]
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s, %m : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) outs(%w : tensor<4x8xf32>) {
  ^bb0(%a: f32, %u: f32, %v: f32, %o: f32):
    %p = arith.addf %a, %u : f32
    %q = arith.addf %p, %v : f32
    linalg.yield %q : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
