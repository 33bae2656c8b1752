// RUN: weir-opt %s -split-input-file --weir-normalize-formulas | FileCheck %s
// What is normal already does not change.
// RUN: weir-opt %s -split-input-file --weir-normalize-formulas > %t.once
// RUN: weir-opt %t.once -split-input-file --weir-normalize-formulas | diff - %t.once

// The exponential of the score times that of minus the maximum.
// CHECK-LABEL: @sm_product
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT: weir.yield %[[W]] : f32
weir.formula @sm_product(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = math.exp %x : f32
  %v3 = arith.negf %v1 : f32
  %v4 = math.exp %v3 : f32
  %v5 = arith.mulf %v2, %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// No maximum at all.
// CHECK-LABEL: @sm_nomax
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT: weir.yield %[[W]] : f32
weir.formula @sm_nomax(%x: f32) -> (f32) {
  %v1 = math.exp %x : f32
  %v2 = weir.reduce add %v1 : f32
  %v3 = arith.divf %v1, %v2 : f32
  weir.yield %v3 : f32
}
// -----
// The mean where the maximum should be: it would overflow.
// CHECK-LABEL: @odd_mean_shift
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT: weir.yield %[[W]] : f32
weir.formula @odd_mean_shift(%x: f32) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce add %x : f32
  %v5 = arith.divf %v4, %v3 : f32
  %v6 = arith.subf %x, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// A quotient of exponentials.
// CHECK-LABEL: @sm_ratio
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT: weir.yield %[[W]] : f32
weir.formula @sm_ratio(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = math.log %v4 : f32
  %v6 = arith.addf %v1, %v5 : f32
  %v7 = math.exp %x : f32
  %v8 = math.exp %v6 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// What is well written stays as it is.
// CHECK-LABEL: @softmax
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT: weir.yield %[[W]] : f32
weir.formula @softmax(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  weir.yield %v5 : f32
}
// -----
// A factor that the row's sum divides by is pulled out of a second sum, which is the first one then.
// CHECK-LABEL: @sm_divbefore
// CHECK:      %[[S:.*]] = weir.reduce add
// CHECK-NOT:  weir.reduce
// CHECK:      arith.divf %[[S]], %[[S]]
weir.formula @sm_divbefore(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// Two temperatures are two sums.
// CHECK-LABEL: @odd_two_temp
// CHECK:      %[[A:.*]] = weir.reduce add
// CHECK:      %[[B:.*]] = weir.reduce add
// CHECK:      arith.addf %[[A]], %[[B]]
weir.formula @odd_two_temp(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = arith.addf %v2, %v2 : f32
  %v5 = math.exp %v4 : f32
  %v6 = arith.addf %v3, %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  %v8 = arith.divf %v6, %v7 : f32
  weir.yield %v8 : f32
}
// -----
// w log w keeps (x - m) e^(x - m) together: x e^(x - m) - m e^(x - m) would cancel.
// CHECK-LABEL: @entropy_wlogw
// CHECK:      %[[D:.*]] = arith.subf
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]]
// CHECK-NEXT: %[[S:.*]] = weir.reduce add %[[E]]
// CHECK-NEXT: %[[DE:.*]] = arith.mulf %[[D]], %[[E]]
// CHECK-NEXT: weir.reduce add %[[DE]]
// CHECK-NOT:  weir.reduce
weir.formula @entropy_wlogw(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = math.log %v5 : f32
  %v7 = arith.mulf %v5, %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.negf %v8 : f32
  weir.yield %v9 : f32
}
// -----
// The maximum of shifted, scaled values is that of the values, and the maximum of exponentials that of the exponents.
// Weights that are divided before they are summed: what is summed stays as it is written, (x - m) e and not x e - m e.
// CHECK-LABEL: @mean_of_hinges
// CHECK:      %[[M:.*]] = weir.reduce max %[[X:.*]] : f32
// CHECK:      %[[D:.*]] = arith.subf %[[X]], %[[M]]
// CHECK:      %[[P:.*]] = arith.maximumf
// CHECK:      %[[S:.*]] = weir.reduce add %[[P]]
// CHECK-NEXT: %[[PD:.*]] = arith.mulf %[[P]], %[[D]]
// CHECK-NEXT: %[[SD:.*]] = weir.reduce add %[[PD]]
// CHECK-NEXT: %[[Y:.*]] = arith.divf %[[SD]], %[[S]]
// CHECK-NEXT: weir.yield %[[Y]]
weir.formula @mean_of_hinges(%x: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %u = arith.addf %d, %one : f32
  %p = arith.maximumf %u, %zero : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  %wd = arith.mulf %w, %d : f32
  %y = weir.reduce add %wd : f32
  weir.yield %y : f32
}

// CHECK-LABEL: @extrema
// CHECK-SAME: %[[X:.*]]: f32, %[[G:.*]]: f32
// CHECK:      %[[S:.*]] = weir.reduce add %[[X]]
// CHECK:      %[[MX:.*]] = weir.reduce max %[[X]]
// CHECK:      %[[SHIFTED:.*]] = arith.addf %[[MX]], %[[S]]
// CHECK:      %[[Z:.*]] = arith.subf %[[MX]], %[[MX]]
// CHECK-NEXT: math.exp %[[Z]]
weir.formula @extrema(%x: f32, %g: f32) -> (f32 {weir.uniform}, f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %a = arith.addf %x, %s : f32
  %ma = weir.reduce max %a : f32
  %e = math.exp %x : f32
  %t = weir.reduce add %e : f32
  %w = arith.divf %e, %t : f32
  %mw = weir.reduce max %w : f32
  weir.yield %ma, %mw : f32, f32
}
// -----
// A gate has nothing to lean on and needs nothing.
// CHECK-LABEL: @gate
// CHECK:      math.exp
// CHECK-NOT:  weir.reduce
weir.formula @gate(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  %d = arith.addf %one, %e : f32
  %y = arith.divf %x, %d : f32
  weir.yield %y : f32
}
// -----
// No maximum is added to what is meant as it is written.
// CHECK-LABEL: @as_written
// CHECK-NOT:  weir.reduce max
weir.formula @as_written(%x: f32) -> (f32) attributes {weir.as_written} {
  %v1 = math.exp %x : f32
  %v2 = weir.reduce add %v1 : f32
  %v3 = arith.divf %v1, %v2 : f32
  weir.yield %v3 : f32
}
