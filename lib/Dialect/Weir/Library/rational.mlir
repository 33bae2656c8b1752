//===- rational.mlir - weights without an exponential of the maximum ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// softpick: rectified softmax: weights may all be 0, and negative scores only damp.
//   Paper: Zuhri, Fuadi and Aji 2025, "Softpick: no attention sink, no massive activations with rectified softmax".
//   Definition: w_i = max(e^(x_i) - 1, 0) / (sum_j abs(e^(x_j) - 1) + eps), eps = 1e-8 added to the sum after it is
//     shifted by e^-max(max_j x_j, 0).
//   Class: A-EXP.
//   Edges: Does not sum to one. The constant 1 is an element of score 0, so nothing overflows for very negative rows;
//     below 1 the difference is taken by expm1, since e^(x-m) - e^(-m) would cancel.
weir.formula @softpick(%x: f32) -> f32 {
  %eps = arith.constant 1.0e-08 : f32
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %nm = arith.negf %m : f32
  %em = math.exp %nm : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %far = arith.subf %e, %em : f32
  %x1 = math.expm1 %x : f32
  %near = arith.mulf %em, %x1 : f32
  %is_far = arith.cmpf oge, %x, %one : f32
  %p = arith.select %is_far, %far, %near : f32
  %a = math.absf %p : f32
  %s = weir.reduce add %a : f32
  %t = arith.addf %s, %eps : f32
  %n = arith.maximumf %p, %zero : f32
  %w = arith.divf %n, %t : f32
  weir.yield %w : f32
}

// stablemax: softmax with the exponential replaced by a function that grows linearly.
//   Paper: Prieto, Barsbey, Mediano and Birdal 2025, "Grokking at the edge of numerical stability".
//   Definition: w_i = s(x_i) / sum_j s(x_j), s(x) = x + 1 for x >= 0 and 1 / (1 - x) below.
//   Class: A-SUM.
//   Edges: -inf gives 0.
weir.formula @stablemax(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %up = arith.addf %x, %one : f32
  %down = arith.subf %one, %x : f32
  %inv = arith.divf %one, %down : f32
  %positive = arith.cmpf oge, %x, %zero : f32
  %p = arith.select %positive, %up, %inv : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// lssa: softplus attention; the score carries ln d ln n cos already.
//   Paper: Gao and Spratling 2025, "Softplus attention with re-weighting boosts length extrapolation in large
//     language models".
//   Definition: w_i = softplus(x_i) / (sum_j softplus(x_j) + 1e-8).
//   Class: A-SUM.
//   Edges: Excluded elements count nothing, where a score of 0 would count ln 2.
weir.formula @lssa(%x: f32) -> f32 {
  %eps = arith.constant 1.0e-08 : f32
  %zero = arith.constant 0.0 : f32
  %zero_up = arith.maximumf %x, %zero : f32
  %ax = math.absf %x : f32
  %nax = arith.negf %ax : f32
  %t = math.exp %nax : f32
  %l = math.log1p %t : f32
  %a = arith.addf %zero_up, %l : f32
  %s = weir.reduce add %a : f32
  %t1 = arith.addf %s, %eps : f32
  %w = arith.divf %a, %t1 : f32
  weir.yield %w : f32
}

// lssar: softplus attention, re-weighted by a power of what exceeds the offset.
//   Paper: Gao and Spratling 2025, "Softplus attention with re-weighting boosts length extrapolation in large
//     language models".
//   Definition: w_i = (b_i / max_j b_j)^15 / sum_j (b_j / max_j b_j)^15, b = max(n lssa(x) - o, 0), n the number of
//     unmasked positions.
//   Class: A-SUM, 15 times wider.
//   Edges: Divided by the row's maximum before the power, since b reaches n and b^15 leaves f32; no b above 0 gives
//     0. Softplus is monotone, so the largest score tells the largest b.
weir.formula @lssar(%x: f32, %o: f32 {weir.uniform}) -> f32 {
  %eps = arith.constant 1.0e-08 : f32
  %zero = arith.constant 0.0 : f32
  %zero_up = arith.maximumf %x, %zero : f32
  %ax = math.absf %x : f32
  %nax = arith.negf %ax : f32
  %t = math.exp %nax : f32
  %l = math.log1p %t : f32
  %a = arith.addf %zero_up, %l : f32
  %s = weir.reduce add %a : f32
  %m = weir.reduce max %x : f32
  %s1 = arith.addf %s, %eps : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %scale = arith.divf %n, %s1 : f32
  %ns = arith.mulf %a, %scale : f32
  %over = arith.subf %ns, %o : f32
  %b = arith.maximumf %over, %zero : f32
  %mup = arith.maximumf %m, %zero : f32
  %am = math.absf %m : f32
  %nam = arith.negf %am : f32
  %tm = math.exp %nam : f32
  %lm = math.log1p %tm : f32
  %sm = arith.addf %mup, %lm : f32
  %nsm = arith.mulf %sm, %scale : f32
  %mover = arith.subf %nsm, %o : f32
  %most = arith.maximumf %mover, %zero : f32
  %r = arith.divf %b, %most : f32
  %r2 = arith.mulf %r, %r : f32
  %r3 = arith.mulf %r2, %r : f32
  %r6 = arith.mulf %r3, %r3 : f32
  %r12 = arith.mulf %r6, %r6 : f32
  %r15 = arith.mulf %r12, %r3 : f32
  %none = arith.cmpf oeq, %most, %zero : f32
  %p = arith.select %none, %zero, %r15 : f32
  %q = weir.reduce add %p : f32
  %nothing = arith.cmpf oeq, %q, %zero : f32
  %w0 = arith.divf %p, %q : f32
  %w = arith.select %nothing, %zero, %w0 : f32
  weir.yield %w : f32
}

// two_quad: a quadratic in place of the exponential, for computation on secret shares.
//   Paper: Li, Shao, Wang, Guo, Xing and Zhang 2023, "MPCFormer".
//   Definition: w_i = (x_i + c)^2 / sum_j (x_j + c)^2, c usually 5.
//   Class: A-SUM.
//   Edges: Not monotone below -c; an unmasked +inf gives NaN; abs(x) beyond 1e19 leaves f32.
weir.formula @two_quad(%x: f32, %c: f32 {weir.uniform}) -> f32 {
  %xc = arith.addf %x, %c : f32
  %p = arith.mulf %xc, %xc : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// relu_softmax: the rectified score over its sum.
//   Paper: Zeng et al. 2023, "MPCViT".
//   Definition: w_i = max(x_i, 0) / (sum_j max(x_j, 0) + 1e-5).
//   Class: A-SUM.
//   Edges: A row without a positive score is 0.
weir.formula @relu_softmax(%x: f32) -> f32 {
  %eps = arith.constant 1.0e-05 : f32
  %zero = arith.constant 0.0 : f32
  %p = arith.maximumf %x, %zero : f32
  %s = weir.reduce add %p : f32
  %t = arith.addf %s, %eps : f32
  %w = arith.divf %p, %t : f32
  weir.yield %w : f32
}

// two_relu: the rectified score over its sum, uniform where nothing is positive.
//   Paper: Mohassel and Zhang 2017, "SecureML"; as in Li et al. 2023, "MPCFormer".
//   Definition: w_i = (max(x_i, 0) + eps / n) / (sum_j max(x_j, 0) + eps), eps = 1e-12, n the number of unmasked
//     positions.
//   Class: A-SUM.
//   Edges: A row without a positive score is uniform.
weir.formula @two_relu(%x: f32) -> f32 {
  %million = arith.constant 1000000.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %micro = arith.divf %one, %million : f32
  %eps = arith.divf %micro, %million : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %floor = arith.divf %eps, %n : f32
  %p = arith.maximumf %x, %zero : f32
  %s = weir.reduce add %p : f32
  %t = arith.addf %s, %eps : f32
  %pf = arith.addf %p, %floor : f32
  %w = arith.divf %pf, %t : f32
  weir.yield %w : f32
}

// scaling: the score over the row's length: attention without a normalizer.
//   Paper: Zeng et al. 2023, "MPCViT".
//   Definition: w_i = x_i / n, n the length of the row.
//   Class: A-ELT.
//   Edges: No reduction: elementwise rules, no mask.
weir.formula @scaling(%x: f32) -> f32 {
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %w = arith.divf %x, %n : f32
  weir.yield %w : f32
}

// taylor_softmax: the second-order Taylor polynomial in place of the exponential.
//   Paper: de Brebisson and Vincent 2016, "An exploration of softmax alternatives belonging to the spherical loss
//     family".
//   Definition: w_i = p(x_i) / sum_j p(x_j), p(x) = 1 + x + x^2 / 2.
//   Class: A-SUM.
//   Edges: p is evaluated as ((x + 1)^2 + 1) / 2, which does not cancel; an unmasked +inf gives NaN.
weir.formula @taylor_softmax(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %half = arith.constant 0.5 : f32
  %x1 = arith.addf %x, %one : f32
  %xx = arith.mulf %x1, %x1 : f32
  %xx1 = arith.addf %xx, %one : f32
  %p = arith.mulf %xx1, %half : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// spherical_softmax: the squared score over the sum of squares.
//   Paper: de Brebisson and Vincent 2016, "An exploration of softmax alternatives belonging to the spherical loss
//     family".
//   Definition: w_i = x_i^2 / sum_j x_j^2.
//   Class: A-SUM.
//   Edges: A row of zeros is 0; an unmasked +inf gives NaN; abs(x) beyond 1e19 leaves f32.
weir.formula @spherical_softmax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %p = arith.mulf %x, %x : f32
  %s = weir.reduce add %p : f32
  %q = arith.divf %p, %s : f32
  %none = arith.cmpf oeq, %s, %zero : f32
  %w = arith.select %none, %zero, %q : f32
  weir.yield %w : f32
}

// sigmoid_weights: sigmoid attention: every weight by itself.
//   Paper: Ramapuram et al. 2024, "Theory, analysis, and best practices for sigmoid self-attention".
//   Definition: w_i = sigmoid(x_i + b), b usually -log n.
//   Class: A-ELT.
//   Edges: No reduction: elementwise rules, no mask.
weir.formula @sigmoid_weights(%x: f32, %b: f32 {weir.uniform}) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %z = arith.addf %x, %b : f32
  %a = math.absf %z : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %z, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %w = arith.divf %n, %u : f32
  weir.yield %w : f32
}

// relu_weights: rectified linear attention: every weight by itself.
//   Paper: Zhang, Titov and Sennrich 2021, "Sparse attention with linear units".
//   Definition: w_i = max(x_i, 0).
//   Class: A-ELT.
//   Edges: No reduction: elementwise rules, no mask; the norm over the heads that follows is gated_rms_norm or
//     rms_norm.
weir.formula @relu_weights(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %w = arith.maximumf %x, %zero : f32
  weir.yield %w : f32
}
