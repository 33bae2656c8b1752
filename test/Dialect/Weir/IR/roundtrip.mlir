// Every op and every attribute, printed and parsed again.
// RUN: weir-opt %s | weir-opt | FileCheck %s --strict-whitespace
// RUN: weir-opt %s --mlir-print-op-generic | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

// CHECK-LABEL: weir.formula @all(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32 {weir.uniform}, %{{.*}}: i64 {weir.uniform}) -> (f32, index {weir.uniform})
weir.formula @all(%x: f32, %y: f32, %a: f32 {weir.uniform}, %seed: i64 {weir.uniform})
    -> (f32, index {weir.uniform}) {
  %k = arith.constant 3 : index
  // CHECK: weir.length : index
  %n = weir.length : index
  // CHECK: weir.extent : index
  %extent = weir.extent : index
  // CHECK: weir.position : index
  %p = weir.position : index
  // CHECK: weir.row : index
  %r = weir.row : index
  // CHECK: weir.random %{{.*}} stream 7 : f32
  %u = weir.random %seed stream 7 : f32
  // CHECK: weir.reduce max %{{.*}} : f32, index
  %m, %i = weir.reduce max %x : f32, index
  // CHECK: weir.reduce min %{{.*}} : f32
  %lo = weir.reduce min %x : f32
  // CHECK: weir.reduce add %{{.*}} : index
  %c = weir.reduce add %p : index
  // CHECK: weir.kth %{{.*}}, %{{.*}} : index, f32
  %v, %q = weir.kth %k, %x : index, f32
  // CHECK: weir.solve %{{.*}} to %{{.*}} decreasing {max_iterations = 8 : i64, tolerance = 1.250000e-01 : f64} : f32 {
  %tau = weir.solve %lo to %m decreasing {max_iterations = 8 : i64, tolerance = 0.125 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %s = weir.reduce add %d : f32
    // CHECK: weir.yield %{{.*}} : f32
    weir.yield %s : f32
  }
  %w = arith.mulf %x, %tau : f32
  weir.yield %w, %i : f32, index
}

weir.formula @soft(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// CHECK-LABEL: func.func @use
func.func @use(%x: tensor<?x8xf32>, %m: tensor<8xi1>, %b: memref<4x8xbf16>) -> tensor<?x8xf32> {
  // CHECK: weir.apply @soft(%{{.*}}) mask(%{{.*}} : tensor<8xi1>) {along = 0 : i64, empty_row = #weir.empty_row<nan>, form = #weir.form<online>, lanes = #weir.lanes<across>, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>, ties = #weir.ties<all_equal>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = weir.apply @soft(%x) mask(%m : tensor<8xi1>) {along = 0, lanes = #weir.lanes<across>, empty_row = #weir.empty_row<nan>,
      pos_inf = #weir.pos_inf<share>, nan = #weir.nan<ignore>, ties = #weir.ties<all_equal>, form = #weir.form<online>}
      : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: weir.apply @soft(%{{.*}}) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = weir.apply @soft(%0) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: weir.rows @soft ins(%{{.*}} : memref<4x8xbf16>) outs(%{{.*}} : memref<4x8xbf16>) {along = 0 : i64, form = #weir.form<stored>}
  weir.rows @soft ins(%b : memref<4x8xbf16>) outs(%b : memref<4x8xbf16>) {along = 0 : i64, form = #weir.form<stored>}
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: weir.formula @declared(%{{.*}}: f32, %{{.*}}: f32 {weir.domain = array<f64: 1.000000e+00, 4.000000e+00>, weir.uniform}, %{{.*}}: index {weir.uniform})
// CHECK-SAME: -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform})
weir.formula @declared(%x: f32, %a: f32 {weir.domain = array<f64: 1.0, 4.0>, weir.uniform}, %t: index {weir.uniform})
    -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %s = weir.reduce add %x : f32
  %y = arith.mulf %s, %a : f32
  weir.yield %y : f32
}

// An index is stored as index, i32 or i64.
// CHECK-LABEL: func.func @targets
func.func @targets(%x: tensor<?x?xf32>, %a: f32, %t: tensor<?xi32>, %u: i64) -> (tensor<?xf32>, tensor<?xf32>) {
  // CHECK: weir.apply @declared(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x?xf32>, f32, tensor<?xi32>) -> tensor<?xf32>
  %y = weir.apply @declared(%x, %a, %t) : (tensor<?x?xf32>, f32, tensor<?xi32>) -> tensor<?xf32>
  %z = weir.apply @declared(%x, %a, %u) : (tensor<?x?xf32>, f32, i64) -> tensor<?xf32>
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @largest
func.func @largest(%x: tensor<?x8xbf16>, %t: tensor<8xf32>, %m: tensor<8xi1>, %b: memref<4x8xf32>, %v: memref<4x2xf32>,
                   %i: memref<4x2xi32>, %n: memref<4xi32>) -> tensor<2x8xi32> {
  // CHECK: weir.topk %{{.*}} thr(%{{.*}} : tensor<8xf32>) mask(%{{.*}} : tensor<8xi1>) {along = 0 : i64, form = #weir.topk_form<select>, include_crossing = false, k = 2 : i64, mode = #weir.topk_mode<mass>, non_negative, thread_grain = 7 : i64, ties = #weir.ties<unspecified>} : (tensor<?x8xbf16>) -> (tensor<2x8xbf16>, tensor<2x8xi32>, tensor<8xi32>)
  %0:3 = weir.topk %x thr(%t : tensor<8xf32>) mask(%m : tensor<8xi1>) {k = 2 : i64, along = 0, mode = #weir.topk_mode<mass>,
      include_crossing = false, non_negative, ties = #weir.ties<unspecified>, form = #weir.topk_form<select>,
      thread_grain = 7 : i64} : (tensor<?x8xbf16>) -> (tensor<2x8xbf16>, tensor<2x8xi32>, tensor<8xi32>)
  // CHECK: weir.topk_rows ins(%{{.*}} : memref<4x8xf32>) outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<4x2xf32>, memref<4x2xi32>, memref<4xi32>) {form = #weir.topk_form<insert>, k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 5.000000e-01 : f64}
  weir.topk_rows ins(%b : memref<4x8xf32>) outs(%v, %i, %n : memref<4x2xf32>, memref<4x2xi32>, memref<4xi32>)
    {k = 2 : i64, mode = #weir.topk_mode<gap>, thr = 0.5 : f64, form = #weir.topk_form<insert>}
  return %0#1 : tensor<2x8xi32>
}
