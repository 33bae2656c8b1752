//===- sparse.mlir - weights that are exactly zero ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// sparsemax: the projection of the scores onto the simplex.
//   Paper: Martins and Astudillo 2016, "From softmax to sparsemax".
//   Definition: w_i = max(x_i - tau, 0), tau such that the weights sum to one.
//   Class: A-ROOT.
//   Edges: Ties share equally. The root is sought below the maximum, where small weights keep their digits; the last
//     division takes what is left of the sum.
weir.formula @sparsemax(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %z = arith.subf %x, %m : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %share = arith.divf %one, %n : f32
  %hi = arith.negf %share : f32
  %tau = weir.solve %minus_one to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %dt = arith.subf %z, %t : f32
    %rt = arith.maximumf %dt, %zero : f32
    %st = weir.reduce add %rt : f32
    %f = arith.subf %st, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %z, %tau : f32
  %p = arith.maximumf %d, %zero : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// entmax15: 1.5-entmax, half way from softmax to sparsemax.
//   Paper: Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models".
//   Definition: w_i = max(x_i / 2 - tau, 0)^2, tau such that the weights sum to one.
//   Class: A-ROOT.
//   Edges: As sparsemax.
weir.formula @entmax15(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %xm = arith.subf %x, %m : f32
  %z = arith.mulf %xm, %half : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %root = math.rsqrt %n : f32
  %hi = arith.negf %root : f32
  %tau = weir.solve %minus_one to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %dt = arith.subf %z, %t : f32
    %rt = arith.maximumf %dt, %zero : f32
    %qt = arith.mulf %rt, %rt : f32
    %st = weir.reduce add %qt : f32
    %f = arith.subf %st, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %z, %tau : f32
  %r = arith.maximumf %d, %zero : f32
  %p = arith.mulf %r, %r : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// entmax: entmax of any order: 1 is softmax, 2 is sparsemax.
//   Paper: Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models"; Correia, Niculae and Martins 2019,
//     "Adaptively sparse transformers".
//   Definition: w_i = max((alpha - 1) x_i - tau, 0)^(1 / (alpha - 1)), tau such that the weights sum to one.
//   Class: A-ROOT.
//   Edges: The root is sought as mu - max x with tau = (alpha - 1) mu - 1, from 0 to (1 - n^(1-alpha)) / (alpha - 1),
//     and the weight taken as e^(log1p((alpha - 1)(x - mu)) / (alpha - 1)), which stays well conditioned down to
//     alpha = 1; within 1e-6 of 1 the row is a softmax. alpha outside 1 to 4 makes the row NaN, and a constant one is
//     refused.
weir.formula @entmax(%x: f32, %alpha: f32 {weir.uniform, weir.domain = array<f64: 1.0, 4.0>}) -> f32 {
  %one = arith.constant 1.0 : f32
  %near = arith.constant 1.0e-06 : f32
  %zero = arith.constant 0.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %c4 = arith.constant 4.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
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
  ^bb0(%t: f32):
    %dt = arith.subf %y, %t : f32
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
  %w0 = arith.divf %p, %s : f32
  %below = arith.cmpf olt, %alpha, %one : f32
  %above = arith.cmpf ogt, %alpha, %c4 : f32
  %outside = arith.ori %below, %above : i1
  %w = arith.select %outside, %nan, %w0 : f32
  weir.yield %w : f32
}

// entmax_tau: entmax with its threshold, which a backward pass needs.
//   Paper: Goncalves et al. 2025, "AdaSplash: adaptive sparse flash attention"; Peters, Niculae and Martins 2019.
//   Definition: w = entmax(x, alpha); tau in units of (alpha - 1) x, not shifted.
//   Class: A-ROOT.
//   Edges: As entmax; tau is -1 within 1e-6 of alpha = 1.
weir.formula @entmax_tau(%x: f32, %alpha: f32 {weir.uniform, weir.domain = array<f64: 1.0, 4.0>}) -> (f32, f32 {weir.empty = 0.0 : f32, weir.uniform}) {
  %one = arith.constant 1.0 : f32
  %near = arith.constant 1.0e-06 : f32
  %zero = arith.constant 0.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %c4 = arith.constant 4.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
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
  ^bb0(%t: f32):
    %dt = arith.subf %y, %t : f32
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
  %w0 = arith.divf %p, %s : f32
  %below = arith.cmpf olt, %alpha, %one : f32
  %above = arith.cmpf ogt, %alpha, %c4 : f32
  %outside = arith.ori %below, %above : i1
  %w = arith.select %outside, %nan, %w0 : f32
  %top = arith.addf %m, %mu : f32
  %am = arith.mulf %a1, %top : f32
  %tm = arith.subf %am, %one : f32
  %tau0 = arith.select %flat, %minus_one, %tm : f32
  %tau = arith.select %outside, %nan, %tau0 : f32
  weir.yield %w, %tau : f32, f32
}

// sparse_softmax: softmax over the k largest scores.
//   Paper: Sun et al. 2021, "Sparse-softmax: a simpler and faster alternative softmax transformation".
//   Definition: w_i = e^(x_i) / sum over the k largest of e^(x_j) for those k, 0 elsewhere.
//   Class: A-EXP.
//   Edges: Of equal scores at the cut the lower indices stay. k of at least n is softmax, k below 1 gives 0. A NaN is
//     looked for, since comparisons drop it.
weir.formula @sparse_softmax(%x: f32, %k: index {weir.uniform}) -> f32 {
  %least = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = weir.reduce max %x : f32
  %none = arith.cmpi slt, %k, %least : index
  %k1 = arith.maxsi %k, %least : index
  %v, %cut = weir.kth %k1, %x : index, f32
  %above = arith.cmpf ogt, %x, %v : f32
  %tie = arith.cmpf oeq, %x, %v : f32
  %p = weir.position : index
  %early = arith.cmpi sle, %p, %cut : index
  %kept = arith.andi %tie, %early : i1
  %keep = arith.ori %above, %kept : i1
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %ek = arith.select %keep, %e, %zero : f32
  %lost = arith.cmpf uno, %x, %x : f32
  %es = arith.select %lost, %x, %ek : f32
  %s = weir.reduce add %es : f32
  %w0 = arith.divf %ek, %s : f32
  %w = arith.select %none, %zero, %w0 : f32
  weir.yield %w : f32
}
