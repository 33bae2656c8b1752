// What a state is made of.
// RUN: weir-opt %s -split-input-file --weir-print-analysis=states -o /dev/null 2>/dev/null | FileCheck %s
// RUN: weir-opt %s -split-input-file --weir-print-analysis=states -o /dev/null 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: @soft: sweeps 2 -> 1, reads 2
// CHECK-NEXT:    sweep 1: max (plain) add (exp)
// CHECK-NEXT:      state: max (f32, identity 0xFF800000), sum (f32, identity 0.000000e+00)
// CHECK-NEXT:      finished: max (f32), sum (f32)
// CHECK-NEXT:    weights:
// CHECK-NEXT:      known: max (f32), sum (f32)
weir.formula @soft(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// A sum of x e^x is corrected by the sum of e^x, which the formula does not ask for; the maximum that bounds them is the compiler's.
// CHECK-LABEL: @moment
// CHECK:         state: max (f32, identity 0xFF800000), sum (f32, identity 0.000000e+00), sum for corrections (f32, identity 0.000000e+00)
// CHECK-NEXT:    finished: max (f32), sum (f32), result 0 (f32)
weir.formula @moment(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %p = arith.mulf %d, %e : f32
  %s = weir.reduce add %p : f32
  weir.yield %s : f32
}
// -----
// Centred squares, a winner, the length and the row.
// CHECK-LABEL: @many
// CHECK:         known: length (index)
// CHECK-NEXT:    state: max (f32, identity 0xFF800000), sum (f32, identity 0.000000e+00), count (f32, identity 0.000000e+00), mean (f32, identity 0.000000e+00), centred squares (f32, identity 0.000000e+00), position of max (index, identity -1), row (index, identity -1)
// CHECK-NEXT:    finished: max (f32), position of max (index), sum (f32), sum (f32), result 1 (index)
// CHECK-NEXT:    weights:
// CHECK-NEXT:      known: length (index), max (f32), position of max (index), sum (f32), sum (f32)
weir.formula @many(%x: f32) -> (f32, index {weir.uniform}) {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %m, %p = weir.reduce max %x : f32, index
  %s = weir.reduce add %x : f32
  %u = arith.divf %s, %f : f32
  %d = arith.subf %x, %u : f32
  %q = arith.mulf %d, %d : f32
  %v = weir.reduce add %q : f32
  %r = weir.row : index
  %j = arith.addi %p, %r : index
  %y = arith.divf %d, %v : f32
  weir.yield %y, %j : f32, index
}
// -----
// REMARK: sweep 1 of @second has no state that could be merged
weir.formula @second(%x: f32) -> f32 {
  %k = arith.constant 2 : index
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
