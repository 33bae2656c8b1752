// What follows from the library's formulas, from the same mathematics written differently, and from formulas that are
// rightly refused. The facts know no names.
// RUN: weir-opt %s -split-input-file --weir-print-analysis -o /dev/null 2>/dev/null | FileCheck %s
// RUN: weir-opt %s -split-input-file --weir-print-analysis -o /dev/null 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: @softmax_by_any_name: sweeps 2 -> 1, reads 2
// CHECK-NEXT:    sweep 1: max (plain) add (exp)
weir.formula @softmax_by_any_name(%q: f32) -> f32 {
  %zz = weir.reduce max %q : f32
  %u = arith.subf %q, %zz : f32
  %v = math.exp %u : f32
  %t = weir.reduce add %v : f32
  %r = arith.divf %v, %t : f32
  weir.yield %r : f32
}
// -----
// Guarded by a constant: a monotone function of a maximum is an anchor too.
// CHECK-LABEL: @plus_one: sweeps 2 -> 1, reads 2
weir.formula @plus_one(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// Base 2 with a scale.
// CHECK-LABEL: @base_two: sweeps 2 -> 1, reads 2
// CHECK-NEXT:    sweep 1: max (plain) add (exp)
weir.formula @base_two(%x: f32) -> f32 {
  %l = arith.constant 1.442695 : f32
  %m = weir.reduce max %x : f32
  %a = arith.mulf %x, %l : f32
  %b = arith.mulf %m, %l : f32
  %d = arith.subf %a, %b : f32
  %e = math.exp2 %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// The division before a second sum: the factor is pulled out.
// CHECK-LABEL: @renormalised: sweeps 3 -> 1, reads 2
// CHECK-NEXT:    sweep 1: max (plain) add (exp) add (exp, pulled)
weir.formula @renormalised(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %t = weir.reduce add %w : f32
  %y = arith.divf %w, %t : f32
  weir.yield %y : f32
}
// -----
// Entropy: exp times a polynomial.
// CHECK-LABEL: @entropy_like: sweeps 2 -> 1, reads 1
// CHECK-NEXT:    sweep 1: max (plain) add (exp) add (exp x polynomial)
weir.formula @entropy_like(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %de = arith.mulf %d, %e : f32
  %t = weir.reduce add %de : f32
  %h = arith.divf %t, %s : f32
  weir.yield %h : f32
}
// -----
// Variance is recentred, never made of raw powers.
// CHECK-LABEL: @variance: sweeps 2 -> 1, reads 1
// CHECK-NEXT:    sweep 1: add (plain) add (recentre)
weir.formula @variance(%x: f32) -> (f32 {weir.uniform}) {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %s = weir.reduce add %x : f32
  %mu = arith.divf %s, %f : f32
  %d = arith.subf %x, %mu : f32
  %dd = arith.mulf %d, %d : f32
  %q = weir.reduce add %dd : f32
  %v = arith.divf %q, %f : f32
  weir.yield %v : f32
}
// -----
// tanh(e) / s keeps one sweep.
// CHECK-LABEL: @tanh_of_weights: sweeps 2 -> 1, reads 2
weir.formula @tanh_of_weights(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %t = math.tanh %e : f32
  %w = arith.divf %t, %s : f32
  weir.yield %w : f32
}
// -----
// A clamp of the shifted score is refused, by the value where the form is lost.
// CHECK-LABEL: @clamped: sweeps 2 -> 2, reads 3
weir.formula @clamped(%x: f32) -> f32 {
  %low = arith.constant -87.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  // REMARK: remark: costs @clamped a sweep
  // REMARK-NEXT: %c = arith.maximumf %d, %low : f32
  %c = arith.maximumf %d, %low : f32
  %e = math.exp %c : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// A temperature made from the row's own range is refused.
// CHECK-LABEL: @range_temperature: sweeps 2 -> 2, reads 3
weir.formula @range_temperature(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %l = weir.reduce min %x : f32
  %t = arith.subf %m, %l : f32
  %d = arith.subf %x, %m : f32
  %z = arith.divf %d, %t : f32
  // REMARK: remark: costs @range_temperature a sweep: an unfinished statistic multiplies the score inside exp
  // REMARK-NEXT: %e = math.exp %z : f32
  %e = math.exp %z : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// CHECK-LABEL: @gate: elementwise, reads 1
weir.formula @gate(%x: f32, %v: f32) -> f32 {
  %y = arith.mulf %x, %v : f32
  weir.yield %y : f32
}
// -----
// Flushing below a threshold that moves with the maximum is refused.
// CHECK-LABEL: @flushed: sweeps 2 -> 2, reads 3
weir.formula @flushed(%x: f32) -> f32 {
  %low = arith.constant -87.0 : f32
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  // REMARK: remark: costs @flushed a sweep: a comparison of a varying value with an unfinished statistic
  // REMARK-NEXT: %c = arith.cmpf olt, %d, %low : f32
  %c = arith.cmpf olt, %d, %low : f32
  %e0 = math.exp %d : f32
  %e = arith.select %c, %zero, %e0 : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// So is a threshold below the maximum of weights.
// CHECK-LABEL: @thresholded: sweeps 2 -> 2, reads 3
weir.formula @thresholded(%x: f32) -> f32 {
  %low = arith.constant 0.1 : f32
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e0 = math.exp %d : f32
  %e1 = arith.subf %e0, %low : f32
  // REMARK: remark: costs @thresholded a sweep: a maximum or minimum of terms that move differently
  // REMARK-NEXT: %e = arith.maximumf %e1, %zero : f32
  %e = arith.maximumf %e1, %zero : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// -----
// Raw second moments of a shifted value would cancel; only squares of differences are recentred.
// CHECK-LABEL: @raw_moment: sweeps 2 -> 2, reads 2
weir.formula @raw_moment(%x: f32, %g: f32) -> (f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %a = arith.subf %x, %s : f32
  %b = arith.mulf %g, %a : f32
  // REMARK: remark: costs @raw_moment a sweep: raw powers of a statistic, which would cancel
  // REMARK-NEXT: %c = arith.mulf %a, %b : f32
  %c = arith.mulf %a, %b : f32
  %q = weir.reduce add %c : f32
  weir.yield %q : f32
}
// -----
// A square of a statistic that is a factor of the whole sum is pulled out of it.
// CHECK-LABEL: @squared_factor: sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: add (plain) add (plain, pulled)
weir.formula @squared_factor(%x: f32, %g: f32) -> (f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %a = arith.mulf %g, %s : f32
  %b = arith.mulf %a, %s : f32
  %q = weir.reduce add %b : f32
  weir.yield %q : f32
}
// -----
// So is a product of two maxima, which no running sum could follow.
// CHECK-LABEL: @two_anchors: sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) min (plain) add (plain, pulled)
weir.formula @two_anchors(%x: f32, %g: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %l = weir.reduce min %x : f32
  %ml = arith.mulf %m, %l : f32
  %y = arith.mulf %g, %ml : f32
  %q = weir.reduce add %y : f32
  weir.yield %q : f32
}
