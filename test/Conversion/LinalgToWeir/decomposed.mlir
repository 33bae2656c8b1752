// RUN: weir-opt %s -split-input-file --convert-linalg-to-weir | FileCheck %s

// torch-mlir: the maximum's index is not used, and dimensions of size 1 come and go.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> f32
// CHECK-NEXT:   %[[M:.*]] = weir.reduce max %[[X]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT:   %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT:   %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT:   %[[L:.*]] = math.log %[[S]] : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.subf %[[D]], %[[L]] : f32
// CHECK-NEXT:   weir.yield %[[Y]] : f32
// CHECK-LABEL: func.func @log_softmax
// CHECK-NEXT:    %[[R:.*]] = weir.apply @raised_0(%{{.*}}) {along = 0 : i64, empty_row = #weir.empty_row<nan>}
// CHECK-NEXT:    return %[[R]]
#map = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#kept = affine_map<(d0, d1) -> (0, d1)>
func.func @log_softmax(%x: tensor<16x8xf32>) -> tensor<16x8xf32> {
  %first = arith.constant 0 : i64
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %ei = tensor.empty() : tensor<8xi64>
  %fi = linalg.fill ins(%first : i64) outs(%ei : tensor<8xi64>) -> tensor<8xi64>
  %em = tensor.empty() : tensor<8xf32>
  %fm = linalg.fill ins(%low : f32) outs(%em : tensor<8xf32>) -> tensor<8xf32>
  %m:2 = linalg.generic {indexing_maps = [#map, #column, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<16x8xf32>) outs(%fm, %fi : tensor<8xf32>, tensor<8xi64>) {
  ^bb0(%in: f32, %out: f32, %at: i64):
    %i = linalg.index 0 : index
    %i64 = arith.index_cast %i : index to i64
    %most = arith.maximumf %in, %out : f32
    %better = arith.cmpf ogt, %in, %out : f32
    %winner = arith.select %better, %i64, %at : i64
    linalg.yield %most, %winner : f32, i64
  } -> (tensor<8xf32>, tensor<8xi64>)
  %wide = tensor.expand_shape %m#0 [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %e = tensor.empty() : tensor<16x8xf32>
  %d = linalg.generic {indexing_maps = [#map, #kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %wide : tensor<16x8xf32>, tensor<1x8xf32>) outs(%e : tensor<16x8xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %r = arith.subf %in, %most : f32
    linalg.yield %r : f32
  } -> tensor<16x8xf32>
  %p = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<16x8xf32>) outs(%e : tensor<16x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = math.exp %in : f32
    linalg.yield %r : f32
  } -> tensor<16x8xf32>
  %es = tensor.empty() : tensor<1x8xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<1x8xf32>) -> tensor<1x8xf32>
  %s = linalg.generic {indexing_maps = [#map, #kept], iterator_types = ["reduction", "parallel"]}
      ins(%p : tensor<16x8xf32>) outs(%fs : tensor<1x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %in, %out : f32
    linalg.yield %r : f32
  } -> tensor<1x8xf32>
  %l = linalg.generic {indexing_maps = [#kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<1x8xf32>) outs(%es : tensor<1x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = math.log %in : f32
    linalg.yield %r : f32
  } -> tensor<1x8xf32>
  %y = linalg.generic {indexing_maps = [#map, #kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%d, %l : tensor<16x8xf32>, tensor<1x8xf32>) outs(%e : tensor<16x8xf32>) {
  ^bb0(%in: f32, %log: f32, %out: f32):
    %r = arith.subf %in, %log : f32
    linalg.yield %r : f32
  } -> tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}

// -----

// Named ops, a scale that fills a tensor, and a maximum that starts from the lowest number: it tells no row from one that starts from -inf.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> f32
// CHECK-NEXT:   %[[C:.*]] = arith.constant 1.250000e-01 : f32
// CHECK-NEXT:   %[[Z:.*]] = arith.mulf %[[X]], %[[C]] : f32
// CHECK-NEXT:   %[[M:.*]] = weir.reduce max %[[Z]] : f32
// CHECK-NOT:    arith.maximumf
// CHECK-LABEL: func.func @named
// CHECK-NEXT:    %[[R:.*]] = weir.apply @raised_0(%{{.*}}) {empty_row = #weir.empty_row<nan>}
// CHECK-NEXT:    return %[[R]]
func.func @named(%x: tensor<?x64xf32>, %e: tensor<?x64xf32>, %r: tensor<?xf32>) -> tensor<?x64xf32> {
  %low = arith.constant -3.40282347E+38 : f32
  %zero = arith.constant 0.0 : f32
  %factor = arith.constant 0.125 : f32
  %factors = linalg.fill ins(%factor : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = linalg.mul ins(%x, %factors : tensor<?x64xf32>, tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %lows = linalg.fill ins(%low : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %m = linalg.reduce { arith.maximumf } ins(%z : tensor<?x64xf32>) outs(%lows : tensor<?xf32>) dimensions = [1]
  %mm = linalg.broadcast ins(%m : tensor<?xf32>) outs(%e : tensor<?x64xf32>) dimensions = [1]
  %d = linalg.sub ins(%z, %mm : tensor<?x64xf32>, tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.reduce { arith.addf } ins(%p : tensor<?x64xf32>) outs(%zeros : tensor<?xf32>) dimensions = [1]
  %ss = linalg.broadcast ins(%s : tensor<?xf32>) outs(%e : tensor<?x64xf32>) dimensions = [1]
  %y = linalg.div ins(%p, %ss : tensor<?x64xf32>, tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// A number that the reductions do not start from by themselves is combined.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32, %[[B:.*]]: f32 {weir.uniform}) -> (f32 {weir.uniform}, f32 {weir.uniform})
// CHECK-NEXT:   %[[S:.*]] = weir.reduce add %[[X]] : f32
// CHECK-NEXT:   %[[T:.*]] = arith.addf %[[S]], %[[B]] : f32
// CHECK-NEXT:   %[[Q:.*]] = arith.mulf %[[X]], %[[T]] : f32
// CHECK-NEXT:   %[[M:.*]] = weir.reduce max %[[Q]] : f32
// CHECK-NEXT:   %[[C:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:   %[[N:.*]] = arith.maximumf %[[M]], %[[C]] : f32
// CHECK-NEXT:   %[[U:.*]] = weir.reduce add %[[Q]] : f32
// CHECK-NEXT:   weir.yield %[[N]], %[[U]] : f32, f32
#full = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @starts(%x: tensor<4x8xf32>, %start: tensor<4xf32>, %e: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %two = arith.constant 2.0 : f32
  %zero = arith.constant 0.0 : f32
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%start : tensor<4xf32>) dimensions = [1]
  %twos = linalg.fill ins(%two : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %m:2 = linalg.generic {indexing_maps = [#full, #row, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x, %s : tensor<4x8xf32>, tensor<4xf32>) outs(%twos, %zeros : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%in: f32, %sum: f32, %most: f32, %total: f32):
    %q = arith.mulf %in, %sum : f32
    %r = arith.maximumf %q, %most : f32
    %t = arith.addf %total, %q : f32
    linalg.yield %r, %t : f32, f32
  } -> (tensor<4xf32>, tensor<4xf32>)
  return %m#0, %m#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A choice by comparison is a maximum. It drops NaN, which the sum shows.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> (f32 {weir.uniform})
// CHECK-NEXT:   %[[M:.*]] = weir.reduce max %[[X]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.subf %[[M]], %[[X]] : f32
// CHECK-NEXT:   %[[S:.*]] = weir.reduce add %[[D]] : f32
// CHECK-NEXT:   weir.yield %[[S]] : f32
#full = affine_map<(d0) -> (d0)>
#row = affine_map<(d0) -> ()>
func.func @choice(%x: tensor<8xf32>, %e: tensor<f32>) -> tensor<f32> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %lows = linalg.fill ins(%low : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %m = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["reduction"]} ins(%x : tensor<8xf32>) outs(%lows : tensor<f32>) {
  ^bb0(%in: f32, %most: f32):
    %is = arith.cmpf ogt, %in, %most : f32
    %r = arith.select %is, %in, %most : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %s = linalg.generic {indexing_maps = [#full, #row, #row], iterator_types = ["reduction"]}
      ins(%x, %m : tensor<8xf32>, tensor<f32>) outs(%zeros : tensor<f32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %d = arith.subf %most, %in : f32
    %r = arith.addf %d, %out : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  return %s : tensor<f32>
}
