// Masks of indices become the clauses that say which keys a query sees.
// RUN: weir-opt %s --convert-linalg-to-weir --weir-form-attention=explain --canonicalize --cse -split-input-file -verify-diagnostics | FileCheck %s

#id2 = affine_map<(i, j) -> (i, j)>
#id4 = affine_map<(b, h, i, j) -> (b, h, i, j)>
#b4 = affine_map<(b, h, i, j) -> (i, j)>
// A mask of comparisons; the last query stands at the last key.
// CHECK-LABEL: func.func @mask
func.func @mask(%q: tensor<2x4x7x8xf32>, %k: tensor<2x4x9x8xf32>, %v: tensor<2x4x9x8xf32>) -> tensor<2x4x7x8xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: weir.attention @{{.*}}(%{{.*}}, %{{.*}}, %{{.*}}) {causal, empty_row = #weir.empty_row<nan>, scale = 2.500000e-01 : f64} :
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %m0 = tensor.empty() : tensor<7x9xi1>
  %m = linalg.generic {indexing_maps = [#id2], iterator_types = ["parallel", "parallel"]} outs(%m0 : tensor<7x9xi1>) {
  ^bb0(%o: i1):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %c2 = arith.constant 2 : i64
    %s = arith.addi %i64, %c2 : i64
    %c = arith.cmpi sle, %j64, %s : i64
    linalg.yield %c : i1
  } -> tensor<7x9xi1>
  %e = tensor.empty() : tensor<2x4x7x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, h, i, d)>, affine_map<(b, h, i, j, d) -> (b, h, j, d)>, affine_map<(b, h, i, j, d) -> (b, h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<2x4x7x8xf32>, tensor<2x4x9x8xf32>) outs(%f : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x9xf32>
  %z = linalg.generic {indexing_maps = [#id4, #b4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s, %m : tensor<2x4x7x9xf32>, tensor<7x9xi1>) outs(%e : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %c: i1, %t: f32):
    %p = arith.mulf %x, %scale : f32
    %r = arith.select %c, %p, %low : f32
    linalg.yield %r : f32
  } -> tensor<2x4x7x9xf32>
  %w = linalg.softmax dimension(3) ins(%z : tensor<2x4x7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %o0 = tensor.empty() : tensor<2x4x7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x7x8xf32>) -> tensor<2x4x7x8xf32>
  // expected-remark @below {{raised to attention with @raised_0_0: scores are products times 2.500000e-01, causal; neither scores nor weights are stored}}
  %o = linalg.generic {indexing_maps = [affine_map<(b, h, i, d, j) -> (b, h, i, j)>, affine_map<(b, h, i, d, j) -> (b, h, j, d)>, affine_map<(b, h, i, d, j) -> (b, h, i, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%w, %v : tensor<2x4x7x9xf32>, tensor<2x4x9x8xf32>) outs(%o1 : tensor<2x4x7x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x8xf32>
  return %o : tensor<2x4x7x8xf32>
}

// -----

#id2 = affine_map<(i, j) -> (i, j)>
#id4 = affine_map<(b, h, i, j) -> (b, h, i, j)>
#b4 = affine_map<(b, h, i, j) -> (i, j)>
// A bias of 0 and -inf; two conditions in one.
// CHECK-LABEL: func.func @bias
func.func @bias(%q: tensor<2x4x7x8xf32>, %k: tensor<2x4x9x8xf32>, %v: tensor<2x4x9x8xf32>) -> tensor<2x4x7x8xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: weir.attention @{{.*}}(%{{.*}}, %{{.*}}, %{{.*}}) {causal, empty_row = #weir.empty_row<nan>, scale = 2.500000e-01 : f64, window_left = 2 : i64} :
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %m0 = tensor.empty() : tensor<7x9xf32>
  %m = linalg.generic {indexing_maps = [#id2], iterator_types = ["parallel", "parallel"]} outs(%m0 : tensor<7x9xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %c2 = arith.constant 2 : i64
    %s = arith.addi %i64, %c2 : i64
    %c = arith.cmpi sle, %j64, %s : i64
    %d = arith.cmpi sge, %j64, %i64 : i64
    %cd = arith.andi %c, %d : i1
    %cz = arith.select %cd, %zero, %low : f32
    linalg.yield %cz : f32
  } -> tensor<7x9xf32>
  %e = tensor.empty() : tensor<2x4x7x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, h, i, d)>, affine_map<(b, h, i, j, d) -> (b, h, j, d)>, affine_map<(b, h, i, j, d) -> (b, h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<2x4x7x8xf32>, tensor<2x4x9x8xf32>) outs(%f : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x9xf32>
  %z = linalg.generic {indexing_maps = [#id4, #b4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s, %m : tensor<2x4x7x9xf32>, tensor<7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %c: f32, %t: f32):
    %p = arith.mulf %x, %scale : f32
    %r = arith.addf %p, %c : f32
    linalg.yield %r : f32
  } -> tensor<2x4x7x9xf32>
  %w = linalg.softmax dimension(3) ins(%z : tensor<2x4x7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %o0 = tensor.empty() : tensor<2x4x7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x7x8xf32>) -> tensor<2x4x7x8xf32>
  // expected-remark @below {{raised to attention with @raised_0_0: scores are products times 2.500000e-01, causal, in a window; neither scores nor weights are stored}}
  %o = linalg.generic {indexing_maps = [affine_map<(b, h, i, d, j) -> (b, h, i, j)>, affine_map<(b, h, i, d, j) -> (b, h, j, d)>, affine_map<(b, h, i, d, j) -> (b, h, i, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%w, %v : tensor<2x4x7x9xf32>, tensor<2x4x9x8xf32>) outs(%o1 : tensor<2x4x7x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x8xf32>
  return %o : tensor<2x4x7x8xf32>
}

// -----

#id2 = affine_map<(i, j) -> (i, j)>
#id4 = affine_map<(b, h, i, j) -> (b, h, i, j)>
#b4 = affine_map<(b, h, i, j) -> (i, j)>
// Indices in the body that scales scores. The first query stands at the first key, which place says.
// CHECK-LABEL: func.func @body
func.func @body(%q: tensor<2x4x7x8xf32>, %k: tensor<2x4x9x8xf32>, %v: tensor<2x4x9x8xf32>) -> tensor<2x4x7x8xf32> {
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[C9:.*]] = arith.constant 9 : index
  // CHECK-NOT: linalg.generic
  // CHECK: weir.attention @{{.*}}(%{{.*}}, %{{.*}}, %{{.*}}) place(%[[C0]], %[[C0]], %[[C0]], %[[C4]], %[[C9]]) {causal, empty_row = #weir.empty_row<nan>, scale = 2.500000e-01 : f64} :
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %e = tensor.empty() : tensor<2x4x7x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, h, i, d)>, affine_map<(b, h, i, j, d) -> (b, h, j, d)>, affine_map<(b, h, i, j, d) -> (b, h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<2x4x7x8xf32>, tensor<2x4x9x8xf32>) outs(%f : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x9xf32>
  %z = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s : tensor<2x4x7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %t: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c = arith.cmpi sle, %j, %i : index
    %p = arith.mulf %x, %scale : f32
    %r = arith.select %c, %p, %low : f32
    linalg.yield %r : f32
  } -> tensor<2x4x7x9xf32>
  %w = linalg.softmax dimension(3) ins(%z : tensor<2x4x7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %o0 = tensor.empty() : tensor<2x4x7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x7x8xf32>) -> tensor<2x4x7x8xf32>
  // expected-remark @below {{raised to attention with @raised_0_0: scores are products times 2.500000e-01, causal; neither scores nor weights are stored}}
  %o = linalg.generic {indexing_maps = [affine_map<(b, h, i, d, j) -> (b, h, i, j)>, affine_map<(b, h, i, d, j) -> (b, h, j, d)>, affine_map<(b, h, i, d, j) -> (b, h, i, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%w, %v : tensor<2x4x7x9xf32>, tensor<2x4x9x8xf32>) outs(%o1 : tensor<2x4x7x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x8xf32>
  return %o : tensor<2x4x7x8xf32>
}

// -----

#id2 = affine_map<(i, j) -> (i, j)>
#id4 = affine_map<(i, j) -> (i, j)>
#b4 = affine_map<(i, j) -> (i, j)>
// In two dimensions the formula knows the indices; the other arm of the choice.
// CHECK-LABEL: func.func @row
func.func @row(%q: tensor<7x8xf32>, %k: tensor<9x8xf32>, %v: tensor<9x8xf32>) -> tensor<7x8xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: weir.attention @{{.*}} {causal, empty_row = #weir.empty_row<nan>, scale = 2.500000e-01 : f64} :
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %e = tensor.empty() : tensor<7x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j, d) -> (i, d)>, affine_map<(i, j, d) -> (j, d)>, affine_map<(i, j, d) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%q, %k : tensor<7x8xf32>, tensor<9x8xf32>) outs(%f : tensor<7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<7x9xf32>
  %z = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<7x9xf32>) outs(%e : tensor<7x9xf32>) {
  ^bb0(%x: f32, %t: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %c2 = arith.constant 2 : index
    %i2 = arith.addi %i, %c2 : index
    %c = arith.cmpi sgt, %j, %i2 : index
    %p = arith.mulf %x, %scale : f32
    %r = arith.select %c, %low, %p : f32
    linalg.yield %r : f32
  } -> tensor<7x9xf32>
  %w = linalg.softmax dimension(1) ins(%z : tensor<7x9xf32>) outs(%e : tensor<7x9xf32>) -> tensor<7x9xf32>
  %o0 = tensor.empty() : tensor<7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<7x8xf32>) -> tensor<7x8xf32>
  // expected-remark @below {{raised to attention with @raised_0_0: scores are products times 2.500000e-01, causal; neither scores nor weights are stored}}
  %o = linalg.generic {indexing_maps = [affine_map<(i, d, j) -> (i, j)>, affine_map<(i, d, j) -> (j, d)>, affine_map<(i, d, j) -> (i, d)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%w, %v : tensor<7x9xf32>, tensor<9x8xf32>) outs(%o1 : tensor<7x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<7x8xf32>
  return %o : tensor<7x8xf32>
}

// -----

#id2 = affine_map<(i, j) -> (i, j)>
#id4 = affine_map<(b, h, i, j) -> (b, h, i, j)>
#b4 = affine_map<(b, h, i, j) -> (i, j)>
// An alternative is no window, and stays a mask.
// CHECK-LABEL: func.func @apart
func.func @apart(%q: tensor<2x4x7x8xf32>, %k: tensor<2x4x9x8xf32>, %v: tensor<2x4x9x8xf32>) -> tensor<2x4x7x8xf32> {
  // CHECK: %[[M:.*]] = linalg.generic
  // CHECK: %[[M4:.*]] = tensor.expand_shape %[[M]]
  // CHECK: weir.attention @{{.*}}(%{{.*}}, %{{.*}}, %{{.*}}) mask(%[[M4]] : tensor<1x1x7x9xi1>) {empty_row =
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %m0 = tensor.empty() : tensor<7x9xi1>
  %m = linalg.generic {indexing_maps = [#id2], iterator_types = ["parallel", "parallel"]} outs(%m0 : tensor<7x9xi1>) {
  ^bb0(%o: i1):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %c2 = arith.constant 2 : i64
    %s = arith.addi %i64, %c2 : i64
    %c = arith.cmpi sle, %j64, %s : i64
    %d = arith.cmpi eq, %j64, %c2 : i64
    %cd = arith.ori %c, %d : i1
    linalg.yield %cd : i1
  } -> tensor<7x9xi1>
  %e = tensor.empty() : tensor<2x4x7x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, h, i, d)>, affine_map<(b, h, i, j, d) -> (b, h, j, d)>, affine_map<(b, h, i, j, d) -> (b, h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<2x4x7x8xf32>, tensor<2x4x9x8xf32>) outs(%f : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x9xf32>
  %z = linalg.generic {indexing_maps = [#id4, #b4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s, %m : tensor<2x4x7x9xf32>, tensor<7x9xi1>) outs(%e : tensor<2x4x7x9xf32>) {
  ^bb0(%x: f32, %c: i1, %t: f32):
    %p = arith.mulf %x, %scale : f32
    %r = arith.select %c, %p, %low : f32
    linalg.yield %r : f32
  } -> tensor<2x4x7x9xf32>
  %w = linalg.softmax dimension(3) ins(%z : tensor<2x4x7x9xf32>) outs(%e : tensor<2x4x7x9xf32>) -> tensor<2x4x7x9xf32>
  %o0 = tensor.empty() : tensor<2x4x7x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x7x8xf32>) -> tensor<2x4x7x8xf32>
  // expected-remark @below {{raised to attention with @raised_0_0: scores are products times 2.500000e-01, under a mask; neither scores nor weights are stored}}
  %o = linalg.generic {indexing_maps = [affine_map<(b, h, i, d, j) -> (b, h, i, j)>, affine_map<(b, h, i, d, j) -> (b, h, j, d)>, affine_map<(b, h, i, d, j) -> (b, h, i, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%w, %v : tensor<2x4x7x9xf32>, tensor<2x4x9x8xf32>) outs(%o1 : tensor<2x4x7x8xf32>) {
  ^bb0(%x: f32, %y: f32, %t: f32):
    %p = arith.mulf %x, %y : f32
    %u = arith.addf %t, %p : f32
    linalg.yield %u : f32
  } -> tensor<2x4x7x8xf32>
  return %o : tensor<2x4x7x8xf32>
}
