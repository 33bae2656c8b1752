//===- sparse_losses.mlir - Fenchel-Young losses of sparse weights ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// sparsemax_loss: the Fenchel-Young loss of sparsemax.
//   Paper: Martins and Astudillo 2016, "From softmax to sparsemax"; Blondel, Martins and Niculae 2020, "Learning with
//     Fenchel-Young losses".
//   Definition: y = (1 - sum_j w_j^2) / 2 + sum_j w_j x_j - x_t, w = sparsemax(x).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @sparsemax_loss(%x: f32, %t: index {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %one = arith.constant 1.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %share = arith.divf %one, %n : f32
  %hi = arith.negf %share : f32
  %tau = weir.solve %minus_one to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    %du = arith.subf %d, %u : f32
    %ru = arith.maximumf %du, %zero : f32
    %su = weir.reduce add %ru : f32
    %f = arith.subf %su, %one : f32
    weir.yield %f : f32
  }
  %dt = arith.subf %d, %tau : f32
  %r = arith.maximumf %dt, %zero : f32
  %s = weir.reduce add %r : f32
  %w = arith.divf %r, %s : f32
  %ww = arith.mulf %w, %w : f32
  %q = weir.reduce add %ww : f32
  %oq = arith.subf %one, %q : f32
  %omega = arith.mulf %oq, %half : f32
  %wd = arith.mulf %w, %d : f32
  %wx = weir.reduce add %wd : f32
  %mt = arith.subf %m, %xt : f32
  %y1 = arith.addf %omega, %wx : f32
  %y0 = arith.addf %y1, %mt : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// entmax15_loss: the Fenchel-Young loss of 1.5-entmax.
//   Paper: Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models".
//   Definition: y = (1 - sum_j w_j^1.5) / 0.75 + sum_j w_j x_j - x_t, w = entmax15(x).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @entmax15_loss(%x: f32, %t: index {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %half = arith.constant 0.5 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %c0_75 = arith.constant 0.75 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %z = arith.mulf %d, %half : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %root = math.rsqrt %n : f32
  %hi = arith.negf %root : f32
  %tau = weir.solve %minus_one to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    %du = arith.subf %z, %u : f32
    %ru = arith.maximumf %du, %zero : f32
    %qu = arith.mulf %ru, %ru : f32
    %su = weir.reduce add %qu : f32
    %f = arith.subf %su, %one : f32
    weir.yield %f : f32
  }
  %dt = arith.subf %z, %tau : f32
  %r = arith.maximumf %dt, %zero : f32
  %r2 = arith.mulf %r, %r : f32
  %s = weir.reduce add %r2 : f32
  %w = arith.divf %r2, %s : f32
  %rw = math.sqrt %w : f32
  %w15 = arith.mulf %w, %rw : f32
  %q = weir.reduce add %w15 : f32
  %oq = arith.subf %one, %q : f32
  %omega = arith.divf %oq, %c0_75 : f32
  %wd = arith.mulf %w, %d : f32
  %wx = weir.reduce add %wd : f32
  %mt = arith.subf %m, %xt : f32
  %y1 = arith.addf %omega, %wx : f32
  %y0 = arith.addf %y1, %mt : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// entmax_loss: the Fenchel-Young loss of entmax.
//   Paper: Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models"; Blondel, Martins and Niculae 2020,
//     "Learning with Fenchel-Young losses".
//   Definition: y = (1 - sum_j w_j^alpha) / (alpha (alpha - 1)) + sum_j w_j x_j - x_t, w = entmax(x, alpha).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN. With p_j = (1 + (alpha
//     - 1)(x_j - mu))^(1 / (alpha - 1)), s = sum_j p_j, w = p / s and r = s^(1-alpha), the first two terms are (1 -
//     r/alpha) sum_j w_j x_j + mu r/alpha + (1 - r) / (alpha (alpha - 1)) for any mu: they do not cancel near alpha = 1,
//     and w being normalised, an error of mu, which moves weights of orders above 2 far, enters as its square. Within
//     1e-6 of alpha = 1 the loss is cross entropy; alpha outside 1 to 4 gives NaN, and a constant one is refused.
weir.formula @entmax_loss(%x: f32, %t: index {weir.uniform}, %alpha: f32 {weir.uniform, weir.domain = array<f64: 1.0, 4.0>}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %one = arith.constant 1.0 : f32
  %near = arith.constant 1.0e-06 : f32
  %zero = arith.constant 0.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %first = arith.constant 0 : index
  %c4 = arith.constant 4.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %pos = weir.position : index
  %hit = arith.cmpi eq, %pos, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %a1 = arith.subf %alpha, %one : f32
  %aa1 = math.absf %a1 : f32
  %flat = arith.cmpf ole, %aa1, %near : f32
  %order = arith.select %flat, %one, %a1 : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %ln = math.log %n : f32
  %e0 = arith.mulf %order, %ln : f32
  %e1 = arith.negf %e0 : f32
  %e2 = math.expm1 %e1 : f32
  %e3 = arith.negf %e2 : f32
  %reach = arith.divf %e3, %order : f32
  %y = arith.subf %x, %m : f32
  %mu = weir.solve %zero to %reach decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%u: f32):
    %dt = arith.subf %y, %u : f32
    %ut = arith.mulf %dt, %order : f32
    %vt = arith.maximumf %ut, %minus_one : f32
    %lt = math.log1p %vt : f32
    %qt = arith.divf %lt, %order : f32
    %pt = math.exp %qt : f32
    %st = weir.reduce add %pt : f32
    %f = arith.subf %st, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %y, %mu : f32
  %ud = arith.mulf %d, %order : f32
  %vd = arith.maximumf %ud, %minus_one : f32
  %ld = math.log1p %vd : f32
  %qd = arith.divf %ld, %order : f32
  %q = arith.select %flat, %y, %qd : f32
  %p = math.exp %q : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  %wy = arith.mulf %w, %y : f32
  %wx = weir.reduce add %wy : f32
  %ls = math.log %s : f32
  %cls = arith.mulf %order, %ls : f32
  %ncls = arith.negf %cls : f32
  %r = math.exp %ncls : f32
  %r1 = math.expm1 %ncls : f32
  %inv = arith.divf %one, %alpha : f32
  %share = arith.mulf %r, %inv : f32
  %rest = arith.subf %one, %share : f32
  %own = arith.mulf %rest, %wx : f32
  %lift = arith.mulf %mu, %share : f32
  %order_inv = arith.divf %inv, %order : f32
  %drift = arith.mulf %r1, %order_inv : f32
  %primal0 = arith.addf %own, %lift : f32
  %primal = arith.subf %primal0, %drift : f32
  %omega = arith.select %flat, %ls, %primal : f32
  %mt = arith.subf %m, %xt : f32
  %y0 = arith.addf %omega, %mt : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %below = arith.cmpf olt, %alpha, %one : f32
  %above = arith.cmpf ogt, %alpha, %c4 : f32
  %outside = arith.ori %below, %above : i1
  %wrong = arith.ori %bad, %outside : i1
  %value = arith.select %wrong, %nan, %y0 : f32
  weir.yield %value : f32
}
