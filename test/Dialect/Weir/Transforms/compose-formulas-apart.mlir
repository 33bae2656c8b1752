// RUN: weir-opt %s --weir-compose-formulas=explain -split-input-file -verify-diagnostics | FileCheck %s
// What stays apart, and why. In every module all applications are still there.

weir.formula @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
weir.formula @per_row(%x: f32, %u: f32 {weir.uniform}) -> f32 {
  %y = arith.mulf %x, %u : f32
  weir.yield %y : f32
}
weir.formula @centre(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  weir.yield %d : f32
}
// CHECK-LABEL: func @other_row
func.func @other_row(%x: tensor<4x8xf32>, %u: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @per_row(%x, %u) {along = 0} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{not composed: per_row and centre stay apart, since their rows are different dimensions}}
  %b = weir.apply @centre(%a) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %b : tensor<4x8xf32>
}
// CHECK-LABEL: func @repeated
func.func @repeated(%x: tensor<1x8xf32>, %g: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  // expected-remark @below {{not composed: half and plus stay apart, since what lies between them is repeated, and would be computed more than once}}
  %b = weir.apply @plus(%a, %g) : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %b : tensor<4x8xf32>
}
weir.formula @plus(%x: f32, %y: f32) -> f32 {
  %z = arith.addf %x, %y : f32
  weir.yield %z : f32
}
// CHECK-LABEL: func @scheduled
func.func @scheduled(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{not composed: half and centre stay apart, since how one of them runs is given}}
  %b = weir.apply @centre(%a) {form = #weir.form<recompute>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %b : tensor<4x8xf32>
}
// CHECK-LABEL: func @wide
func.func @wide(%x: tensor<4x8xf32>) -> tensor<4x8xf64> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf64>
  // expected-remark @below {{not composed: half and centre stay apart, since one of them computes in f64}}
  %b = weir.apply @centre(%a) : (tensor<4x8xf64>) -> tensor<4x8xf64>
  return %b : tensor<4x8xf64>
}
// CHECK-LABEL: func @other_tile
func.func @other_tile(%x: tensor<4x8xf32>, %r: index, %s: index) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @numbered(%x) row(%r by %s) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{not composed: numbered and numbered stay apart, since they are tiles with different offsets}}
  %b = weir.apply @numbered(%a) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %b : tensor<4x8xf32>
}
weir.formula @numbered(%x: f32) -> f32 {
  %r = weir.row : index
  %i = arith.index_cast %r : index to i64
  %f = arith.sitofp %i : i64 to f32
  %y = arith.addf %x, %f : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func @part_of_a_row
func.func @part_of_a_row(%x: tensor<4x8xf32>, %c: index) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) column(%c) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{not composed: half and mean stay apart, since one of them is a part of a row, and the other asks how long the row is}}
  %b = weir.apply @mean(%a) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %b : tensor<4x8xf32>
}
weir.formula @mean(%x: f32) -> f32 {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %s = weir.reduce add %x : f32
  %m = arith.divf %s, %f : f32
  %y = arith.subf %x, %m : f32
  weir.yield %y : f32
}

// -----

// What lies between is not just a number.

weir.formula @where(%x: f32) -> index {
  %p = weir.position : index
  weir.yield %p : index
}
weir.formula @at(%p: index, %x: f32) -> f32 {
  %i = arith.index_cast %p : index to i64
  %f = arith.sitofp %i : i64 to f32
  %y = arith.addf %x, %f : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func @narrow_integers
func.func @narrow_integers(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %p = weir.apply @where(%x) : (tensor<4x8xf32>) -> tensor<4x8xi32>
  // expected-remark @below {{not composed: where and at stay apart, since the integers between them are stored as another type}}
  %y = weir.apply @at(%p, %x) : (tensor<4x8xi32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
weir.formula @centre(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  weir.yield %d : f32
}
// CHECK-LABEL: func @rounded
func.func @rounded(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: linalg.generic
  // CHECK: weir.apply
  %e = tensor.empty() : tensor<4x8xbf16>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xbf16>) {
  ^bb0(%a: f32, %o: bf16):
    %t = arith.truncf %a : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<4x8xbf16>
  // expected-remark @below {{not composed: map and centre stay apart, since the numbers between them are rounded on purpose}}
  %y = weir.apply @centre(%r) : (tensor<4x8xbf16>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @rounded_on_the_way
func.func @rounded_on_the_way(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: linalg.generic
  // CHECK: weir.apply
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark @below {{not composed: map and centre stay apart, since it rounds a number on the way}}
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.truncf %a : f32 to bf16
    %w = arith.extf %t : bf16 to f32
    linalg.yield %w : f32
  } -> tensor<4x8xf32>
  %y = weir.apply @centre(%r) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @kept_rounded
func.func @kept_rounded(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // The first two become one, which still rounds; the last does not join.
  // CHECK: %[[R:.*]] = weir.apply @centre.map(%{{.*}}) {{.*}} : (tensor<4x8xf32>) -> tensor<4x8xbf16>
  // CHECK: weir.apply @centre(%[[R]])
  %e = tensor.empty() : tensor<4x8xbf16>
  %c = weir.apply @centre(%x) {neg_inf = #weir.neg_inf<ordinary>, nan = #weir.nan<arithmetic>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{composed: centre and map run as @centre.map}}
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<4x8xf32>) outs(%e : tensor<4x8xbf16>) {
  ^bb0(%a: f32, %o: bf16):
    %t = arith.truncf %a : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<4x8xbf16>
  // expected-remark @below {{not composed: centre.map and centre stay apart, since the numbers between them are rounded on purpose}}
  %y = weir.apply @centre(%r) {neg_inf = #weir.neg_inf<ordinary>, nan = #weir.nan<arithmetic>} : (tensor<4x8xbf16>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// Something stands between them.

weir.formula @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
weir.formula @plus(%x: f32, %y: f32) -> f32 {
  %z = arith.addf %x, %y : f32
  weir.yield %z : f32
}
// CHECK-LABEL: func @around
func.func @around(%x: tensor<4x4xf32>, %e: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %t = linalg.transpose ins(%a : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  // expected-remark @below {{not composed: half and plus stay apart, since another op takes a result of the one and gives something to the other}}
  %b = weir.apply @plus(%a, %t) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}
func.func private @look(tensor<4x4xf32>)
// CHECK-LABEL: func @seen
func.func @seen(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.call @look(%a) : (tensor<4x4xf32>) -> ()
  // expected-remark @below {{not composed: half and half stay apart, since something with effects on memory uses a result before the other is computed}}
  %b = weir.apply @half(%a) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}
// An application outside of a loop runs once.
// CHECK-LABEL: func @outside
func.func @outside(%x: tensor<4x4xf32>, %n: index) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK-COUNT-2: weir.apply
  %a = weir.apply @half(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> tensor<4x4xf32> {
    %b = weir.apply @plus(%a, %s) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    scf.yield %b : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// -----

// The meaning would change, or could.

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
weir.formula @plus(%x: f32, %y: f32) -> f32 {
  %z = arith.addf %x, %y : f32
  weir.yield %z : f32
}
weir.formula @best(%x: f32, %k: index {weir.uniform}) -> f32 {
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
// Masked weights are 0, and b afterwards.
// CHECK-LABEL: func @masked_plus
func.func @masked_plus(%x: tensor<4x8xf32>, %m: tensor<4x8xi1>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %w = weir.apply @softmax(%x) mask(%m : tensor<4x8xi1>) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since elements that take no part in the first need not be 0, or -inf, in the second; and the first has a mask}}
  %y = weir.apply @plus(%w, %b) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @shared
func.func @shared(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %w = weir.apply @softmax(%x) {empty_row = #weir.empty_row<uniform>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since the mass of an empty row is shared among the results of the first; and its empty rows share the mass}}
  %y = weir.apply @half(%w) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @share_before
func.func @share_before(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since which scores of the second are -inf, or NaN, does not follow from one operand of the first; and scores of +inf share the mass}}
  %w = weir.apply @softmax(%h) {pos_inf = #weir.pos_inf<share>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
// CHECK-LABEL: func @selected
func.func @selected(%x: tensor<4x8xf32>, %b: tensor<4x8xf32>, %k: index) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @plus(%x, %b) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{and selections and searches leave out scores by policies only}}
  %w = weir.apply @best(%h, %k) : (tensor<4x8xf32>, index) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
// CHECK-LABEL: func @two_masks
func.func @two_masks(%x: tensor<4x8xf32>, %m: tensor<4x8xi1>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since both reduce, each with a score of its own; and the second has a mask, and the first has not}}
  %w = weir.apply @softmax(%h) mask(%m : tensor<4x8xi1>) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
// CHECK-LABEL: func @mask_between
func.func @mask_between(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h, %m = weir.apply @positive(%x) : (tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xi1>)
  // expected-remark @below {{since the mask of one is a result of the other}}
  %w = weir.apply @softmax(%h) mask(%m : tensor<4x8xi1>) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
weir.formula @positive(%x: f32) -> (f32, i1) {
  %zero = arith.constant 0.0 : f32
  %p = arith.cmpf ogt, %x, %zero : f32
  weir.yield %x, %p : f32, i1
}

// -----

// It would cost more.

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @tanh(%x: f32) -> f32 {
  %y = math.tanh %x : f32
  weir.yield %y : f32
}
weir.formula @sum4(%a: f32, %b: f32, %c: f32, %d: f32) -> f32 {
  %x = arith.addf %a, %b : f32
  %y = arith.addf %x, %c : f32
  %z = arith.addf %y, %d : f32
  weir.yield %z : f32
}
// CHECK-LABEL: func @dear
func.func @dear(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @tanh(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since the first is too dear to be computed anew in a sweep}}
  %w = weir.apply @softmax(%h) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
// CHECK-LABEL: func @much
func.func @much(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>, %c: tensor<4x8xf32>, %d: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @sum4(%a, %b, %c, %d) : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since reading the operands of the first in 2 sweeps moves more bytes than writing its result and reading that}}
  %w = weir.apply @softmax(%h) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
// A search reads its row many times; that row is kept, what it is made of is not.
// CHECK-LABEL: func @searched
func.func @searched(%x: tensor<4x8xf32>, %k: index) -> tensor<4x8xf32> {
  // CHECK-COUNT-2: weir.apply
  %h = weir.apply @bent(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{since the second searches, and reads what lies between them many times}}
  %w = weir.apply @best(%h, %k) {neg_inf = #weir.neg_inf<exclude>} : (tensor<4x8xf32>, index) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
weir.formula @bent(%x: f32) -> f32 {
  %e = math.expm1 %x : f32
  %y = arith.addf %x, %e : f32
  weir.yield %y : f32
}
weir.formula @best(%x: f32, %k: index {weir.uniform}) -> f32 {
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
