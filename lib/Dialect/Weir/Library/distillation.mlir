//===- distillation.mlir - losses against another model ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// adpo: the divergence of a policy, anchored at a reference, from a listwise target.
//   Paper: "Anchored direct preference optimization", 2025.
//   Definition: y = sum_j q_j log q_j - sum_j q_j u_j + log sum_j e^(u_j), u = (l - lref) / tau.
//   Class: A-LOG in u.
//   Edges: 0 log 0 is 0; an empty row is NaN.
weir.formula @adpo(%l: f32, %lref: f32, %q: f32, %tau: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %lr = arith.subf %l, %lref : f32
  %u = arith.divf %lr, %tau : f32
  %m = weir.reduce max %u : f32
  %d = arith.subf %u, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %lq = math.log %q : f32
  %qlq = arith.mulf %q, %lq : f32
  %none = arith.cmpf oeq, %q, %zero : f32
  %h = arith.select %none, %zero, %qlq : f32
  %hs = weir.reduce add %h : f32
  %qu = arith.mulf %q, %u : f32
  %qus = weir.reduce add %qu : f32
  %ls = math.log %s : f32
  %lse = arith.addf %m, %ls : f32
  %kl = arith.subf %hs, %qus : f32
  %y = arith.addf %kl, %lse : f32
  weir.yield %y : f32
}

// bckd: binary distillation of each class, weighted by the teacher's distance. Elementwise.
//   Paper: Yang, Zhou, Li, Peng, Qi, Wang, Qiao and Hu 2023, "Bridging cross-task protocol inconsistency for
//     distillation in dense object detection".
//   Definition: y = abs(sigmoid(t) - sigmoid(s))^beta (softplus(s) - s sigmoid(t)), beta usually 1.
//   Class: A-ELT.
//   Edges: Neither factor cancels: the distance is sigmoid(hi) sigmoid(-lo) (1 - e^(lo-hi)) for the larger and the
//     smaller of s and t, the cross entropy abs(s) sigmoid(-t sign s) + log1p(e^-abs(s)).
weir.formula @bckd(%s: f32, %t: f32, %beta: f32 {weir.uniform}) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %hi = arith.maximumf %s, %t : f32
  %lo = arith.minimumf %s, %t : f32
  %nlo = arith.negf %lo : f32
  %ha = math.absf %hi : f32
  %hna = arith.negf %ha : f32
  %ht = math.exp %hna : f32
  %hu = arith.addf %one, %ht : f32
  %hup = arith.cmpf oge, %hi, %zero : f32
  %hn = arith.select %hup, %one, %ht : f32
  %ph = arith.divf %hn, %hu : f32
  %la = math.absf %nlo : f32
  %lna = arith.negf %la : f32
  %lt = math.exp %lna : f32
  %lu = arith.addf %one, %lt : f32
  %lup = arith.cmpf oge, %nlo, %zero : f32
  %ln = arith.select %lup, %one, %lt : f32
  %pl = arith.divf %ln, %lu : f32
  %gap = arith.subf %lo, %hi : f32
  %q = math.expm1 %gap : f32
  %nq = arith.negf %q : f32
  %pp = arith.mulf %ph, %pl : f32
  %dist = arith.mulf %pp, %nq : f32
  %weight = math.powf %dist, %beta : f32
  %sa = math.absf %s : f32
  %nsa = arith.negf %sa : f32
  %st = math.exp %nsa : f32
  %sup = arith.cmpf oge, %s, %zero : f32
  %nt = arith.negf %t : f32
  %side = arith.select %sup, %nt, %t : f32
  %ma = math.absf %side : f32
  %mna = arith.negf %ma : f32
  %mt = math.exp %mna : f32
  %mu = arith.addf %one, %mt : f32
  %mup = arith.cmpf oge, %side, %zero : f32
  %mn = arith.select %mup, %one, %mt : f32
  %miss = arith.divf %mn, %mu : f32
  %far = arith.mulf %sa, %miss : f32
  %l = math.log1p %st : f32
  %bce = arith.addf %far, %l : f32
  %y = arith.mulf %weight, %bce : f32
  weir.yield %y : f32
}

// gumbel_bce: binary cross entropy of a Gumbel-activated logit. Elementwise.
//   Paper: Alexandridis, Deng, Nguyen and Luo 2022, "Long-tailed instance segmentation using Gumbel optimized loss".
//   Definition: loss = min(max(-y log p - (1 - y) log(1 - p), 0), 20), p = e^(-e^(-z)) with z kept in -4 to 10.
//   Class: A-ELT.
//   Edges: -log p is e^(-z); log(1 - p) is log1p(-p) for small p and log(-expm1(-e^(-z))) for p near 1, so neither
//     saturates.
weir.formula @gumbel_bce(%z: f32, %y: f32) -> f32 {
  %cm4 = arith.constant -4.0 : f32
  %c10 = arith.constant 10.0 : f32
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %c20 = arith.constant 20.0 : f32
  %low = arith.maximumf %z, %cm4 : f32
  %c = arith.minimumf %low, %c10 : f32
  %nc = arith.negf %c : f32
  %h = math.exp %nc : f32
  %nh = arith.negf %h : f32
  %q = math.expm1 %nh : f32
  %nq = arith.negf %q : f32
  %small = math.log %nq : f32
  %p = math.exp %nh : f32
  %np = arith.negf %p : f32
  %large = math.log1p %np : f32
  %rare = arith.cmpf ogt, %h, %half : f32
  %lq = arith.select %rare, %large, %small : f32
  %yh = arith.mulf %y, %h : f32
  %rest = arith.subf %one, %y : f32
  %miss = arith.mulf %rest, %lq : f32
  %raw = arith.subf %yh, %miss : f32
  %floor = arith.maximumf %raw, %zero : f32
  %loss = arith.minimumf %floor, %c20 : f32
  weir.yield %loss : f32
}
