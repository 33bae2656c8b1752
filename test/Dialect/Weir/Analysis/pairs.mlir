// Which formulas can run without their maxima: whose sums of exponentials pairs of a mantissa and an exponent get through.
// RUN: weir-opt %s --weir-link-library --weir-normalize-formulas --weir-print-analysis=pairs=true -o /dev/null 2>/dev/null | FileCheck %s

// The library's, in the order in which they are linked. The largest weight is 1 over a sum that the maximum has scaled.
// CHECK-LABEL: @weir.lib.max_prob:
// CHECK: two_pass: yes, finding 1 of 1 extrema
// CHECK-LABEL: @weir.lib.rms_norm:
// CHECK: two_pass: no, no sum of exponentials in it leans on a maximum
// CHECK-LABEL: @weir.lib.entropy:
// CHECK: two_pass: no, an exponential is multiplied by its distance from the maximum, which is not known in time
// |.| and a choice; eps is added to what was shifted, so that the maximum counts.
// CHECK-LABEL: @weir.lib.softpick:
// CHECK: two_pass: yes, finding 1 of 1 extrema
// The anchor is made of the maximum, and only keeps exponentials in range.
// CHECK-LABEL: @weir.lib.softmax_plus_one:
// CHECK: two_pass: yes, finding 0 of 1 extrema
// CHECK-LABEL: @weir.lib.softmax_sink:
// CHECK: two_pass: yes, finding 0 of 1 extrema
// So does the maximum itself.
// CHECK-LABEL: @weir.lib.softmax_lse:
// CHECK: two_pass: yes, finding 0 of 1 extrema
// CHECK-LABEL: @weir.lib.softmax:
// CHECK: two_pass: yes, finding 0 of 1 extrema
func.func private @use(%x: tensor<4xf32>, %g: tensor<4xf32>, %a: f32) {
  %0 = weir.apply @softmax(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1:2 = weir.apply @softmax_lse(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<f32>)
  %2 = weir.apply @softmax_sink(%x, %a) : (tensor<4xf32>, f32) -> tensor<4xf32>
  %3 = weir.apply @softmax_plus_one(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %4 = weir.apply @softpick(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %5 = weir.apply @entropy(%x) : (tensor<4xf32>) -> tensor<f32>
  %6 = weir.apply @rms_norm(%x, %g, %a) : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  %7 = weir.apply @max_prob(%x) : (tensor<4xf32>) -> tensor<f32>
  return
}

// The smallest of what is subtracted from.
// CHECK-LABEL: @softmin:
// CHECK: two_pass: yes, finding 0 of 1 extrema
weir.formula @softmin(%x: f32) -> f32 {
  %m = weir.reduce min %x : f32
  %d = arith.subf %m, %x : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// Two temperatures have exponents of their own. That half a distance moves by half is not seen.
// CHECK-LABEL: @two:
// CHECK: two_pass: yes, finding 1 of 1 extrema
weir.formula @two(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %c = arith.mulf %d, %half : f32
  %f = math.exp %c : f32
  %t = weir.reduce add %f : f32
  %u = arith.divf %e, %s : f32
  %v = arith.divf %f, %t : f32
  %w = arith.addf %u, %v : f32
  weir.yield %w : f32
}

// The maximum is a result.
// CHECK-LABEL: @with_maximum:
// CHECK: two_pass: yes, finding 1 of 1 extrema
weir.formula @with_maximum(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w, %m : f32, f32
}

// A weight is compared with a number: that takes the weight.
// CHECK-LABEL: @thresholded:
// CHECK: two_pass: no, a maximum or minimum of terms that move differently
weir.formula @thresholded(%x: f32) -> f32 {
  %tenth = arith.constant 0.1 : f32
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %r = arith.subf %e, %tenth : f32
  %p = arith.maximumf %r, %zero : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// The root of a sum of exponentials is taken before it is added up.
// CHECK-LABEL: @roots:
// CHECK: two_pass: no, a pair of mantissa and exponent is raised to a power
weir.formula @roots(%x: f32, %y: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %g = arith.subf %y, %m : f32
  %f = math.exp %g : f32
  %a = arith.addf %e, %f : f32
  %r = math.sqrt %a : f32
  %s = weir.reduce add %r : f32
  %t = weir.reduce add %e : f32
  %q = arith.divf %s, %t : f32
  weir.yield %q : f32
}
