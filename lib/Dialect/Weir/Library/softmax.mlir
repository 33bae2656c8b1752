//===- softmax.mlir - softmax and what is made of it ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// softmax: the weights of attention and of classifiers.
//   Paper: Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs".
//   Definition: w_i = e^(x_i) / sum_j e^(x_j).
//   Class: A-EXP.
//   Edges: All equal scores give exactly equal weights; +inf gives NaN unless pos_inf says share.
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// softmax_scaled: softmax at inverse temperature beta.
//   Paper: Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network".
//   Definition: w = softmax(beta x).
//   Class: A-EXP in beta x.
//   Edges: beta may be negative or 0; the mask acts after the scaling, so 0 times -inf never appears.
weir.formula @softmax_scaled(%x: f32, %beta: f32 {weir.uniform}) -> f32 {
  %z = arith.mulf %x, %beta : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// log_softmax: the logarithm of softmax.
//   Paper: Bridle 1990; the stable form is in Blanchard, Higham and Higham 2021, "Accurately computing the
//     log-sum-exp and softmax functions".
//   Definition: y_i = x_i - log sum_j e^(x_j).
//   Class: A-LOG.
//   Edges: Excluded elements are -inf.
weir.formula @log_softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.subf %d, %l : f32
  weir.yield %y : f32
}

// logsumexp: the logarithm of the partition sum of a row.
//   Paper: Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax functions".
//   Definition: y = log sum_j e^(x_j).
//   Class: A-LOG.
//   Edges: An empty row is -inf.
weir.formula @logsumexp(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.addf %m, %l : f32
  weir.yield %y : f32
}

// softmax_lse: softmax with its logsumexp, which a backward pass or a merge needs.
//   Paper: Dao, Fu, Ermon, Rudra and Re 2022, "FlashAttention".
//   Definition: w = softmax(x), y = log sum_j e^(x_j).
//   Class: A-EXP and A-LOG.
//   Edges: As softmax and logsumexp.
weir.formula @softmax_lse(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %l = math.log %s : f32
  %y = arith.addf %m, %l : f32
  weir.yield %w, %y : f32, f32
}

// softmax_sink: softmax with one more logit `a`, whose own weight is dropped.
//   Paper: Xiao, Tian, Chen, Han and Lewis 2024, "Efficient streaming language models with attention sinks".
//   Definition: w_i = e^(x_i) / (e^a + sum_j e^(x_j)).
//   Class: A-EXP.
//   Edges: An empty row is 0 by itself: the sink takes all.
weir.formula @softmax_sink(%x: f32, %a: f32 {weir.uniform}) -> f32 {
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %a : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %da = arith.subf %a, %m : f32
  %ea = math.exp %da : f32
  %t = arith.addf %s, %ea : f32
  %w = arith.divf %e, %t : f32
  weir.yield %w : f32
}

// softmax_plus_one: softmax over one more logit of 0, so that a row may attend to nothing.
//   Paper: Miller 2023, "Attention is off by one".
//   Definition: w_i = e^(x_i) / (1 + sum_j e^(x_j)).
//   Class: A-EXP.
//   Edges: As softmax_sink with a = 0.
weir.formula @softmax_plus_one(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %da = arith.subf %zero, %m : f32
  %ea = math.exp %da : f32
  %t = arith.addf %s, %ea : f32
  %w = arith.divf %e, %t : f32
  weir.yield %w : f32
}

// softmax_adaptive: softmax, sharpened by a polynomial of the row's own entropy.
//   Paper: Velickovic, Perivolaropoulos, Barbero and Pascanu 2024, "softmax is not enough (for sharp
//     out-of-distribution)".
//   Definition: w = softmax(beta x), beta = max(P(H), 1) where H > 0.5 and 1 elsewhere, H the entropy of softmax(x)
//     in nats, P(H) = -0.037 H^4 + 0.481 H^3 - 2.3 H^2 + 4.917 H - 1.791 with the highest power first.
//   Class: A-EXP given beta, which is right to 1e-5.
//   Edges: beta is 1 outside 0.85 < H < 5.95, so a diffuse row of more than about 384 keys is an ordinary softmax.
//     The gradient stops at beta.
weir.formula @softmax_adaptive(%x: f32) -> f32 {
  %cm37 = arith.constant -37.0 : f32
  %c481 = arith.constant 481.0 : f32
  %c2300 = arith.constant 2300.0 : f32
  %c4917 = arith.constant 4917.0 : f32
  %c1791 = arith.constant 1791.0 : f32
  %c1000 = arith.constant 1000.0 : f32
  %one = arith.constant 1.0 : f32
  %half = arith.constant 0.5 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %de = arith.mulf %d, %e : f32
  %t = weir.reduce add %de : f32
  %ls = math.log %s : f32
  %ts = arith.divf %t, %s : f32
  %h = arith.subf %ls, %ts : f32
  %p4 = arith.mulf %cm37, %h : f32
  %p3 = arith.addf %p4, %c481 : f32
  %p3h = arith.mulf %p3, %h : f32
  %p2 = arith.subf %p3h, %c2300 : f32
  %p2h = arith.mulf %p2, %h : f32
  %p1 = arith.addf %p2h, %c4917 : f32
  %p1h = arith.mulf %p1, %h : f32
  %p0 = arith.subf %p1h, %c1791 : f32
  %p = arith.divf %p0, %c1000 : f32
  %sharp = arith.maximumf %p, %one : f32
  %diffuse = arith.cmpf ogt, %h, %half : f32
  %beta = arith.select %diffuse, %sharp, %one : f32
  %db = arith.mulf %d, %beta : f32
  %eb = math.exp %db : f32
  %sb = weir.reduce add %eb : f32
  %w = arith.divf %eb, %sb : f32
  weir.yield %w : f32
}

// ssmax: scalable softmax: scores grow with the logarithm of the row's length.
//   Paper: Nakanishi 2025, "Scalable-Softmax is superior for attention".
//   Definition: w = softmax((s log n + b) x), n the number of unmasked positions.
//   Class: A-EXP in the scaled score.
//   Edges: n = 1 and b = 0 scale by 0; the mask acts after the scaling, so the one weight is 1.
weir.formula @ssmax(%x: f32, %s: f32 {weir.uniform}, %b: f32 {weir.uniform}) -> f32 {
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %ln = math.log %n : f32
  %sl = arith.mulf %s, %ln : f32
  %scale = arith.addf %sl, %b : f32
  %z = arith.mulf %x, %scale : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %sum = weir.reduce add %e : f32
  %w = arith.divf %e, %sum : f32
  weir.yield %w : f32
}

// self_adjust_softmax: softmax, weighted once more by the score itself.
//   Paper: Zheng et al. 2025, "Self-Adjust Softmax".
//   Definition: y_i = x_i softmax(x)_i.
//   Class: A-EXP, times abs(x_i).
//   Edges: Not invariant under a shift of the scores; -inf gives 0 and not -inf times 0.
weir.formula @self_adjust_softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %y = arith.mulf %x, %w : f32
  weir.yield %y : f32
}

// self_adjust_softmax_normalized: softmax, weighted by where the score lies in the row's range.
//   Paper: Zheng et al. 2025, "Self-Adjust Softmax".
//   Definition: y_i = (x_i - a) / (b - a) softmax(x)_i with a = min(min_j x_j, 0) and b = max(max_j x_j, 0).
//   Class: A-EXP, and absolutely 1e-6 near x = a.
//   Edges: b = a, a row of zeros, gives 0.
weir.formula @self_adjust_softmax_normalized(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %a = arith.minimumf %lo, %zero : f32
  %b = arith.maximumf %m, %zero : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %r = arith.subf %b, %a : f32
  %flat = arith.cmpf oeq, %r, %zero : f32
  %range = arith.select %flat, %one, %r : f32
  %xa = arith.subf %x, %a : f32
  %q = arith.divf %xa, %range : f32
  %y = arith.mulf %q, %w : f32
  weir.yield %y : f32
}

// boltzmann: the Boltzmann operator: the mean of the scores under their own softmax.
//   Paper: Asadi and Littman 2017, "An alternative softmax operator for reinforcement learning".
//   Definition: y = sum_i x_i softmax(x)_i.
//   Class: A-LOG.
//   Edges: Taken relative to the maximum, so that a row far from 0 keeps its digits; an empty row is 0.
weir.formula @boltzmann(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %de = arith.mulf %d, %e : f32
  %t = weir.reduce add %de : f32
  %q = arith.divf %t, %s : f32
  %y = arith.addf %m, %q : f32
  weir.yield %y : f32
}

// gumbel_softmax: a relaxed categorical sample, the noise given.
//   Paper: Jang, Gu and Poole 2017, "Categorical reparameterization with Gumbel-softmax"; Maddison, Mnih and Teh
//     2017.
//   Definition: w = softmax((x + g) / tau), g a Gumbel noise per element.
//   Class: A-EXP in (x + g) / tau.
//   Edges: The maximum is subtracted before the division, so a small tau overflows nowhere.
weir.formula @gumbel_softmax(%x: f32, %g: f32, %tau: f32 {weir.uniform}) -> f32 {
  %z = arith.addf %x, %g : f32
  %m = weir.reduce max %z : f32
  %zm = arith.subf %z, %m : f32
  %d = arith.divf %zm, %tau : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// gumbel_softmax_seeded: a relaxed categorical sample, the noise made from a seed.
//   Paper: Jang, Gu and Poole 2017, "Categorical reparameterization with Gumbel-softmax"; the generator is Salmon et
//     al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
//   Definition: w = softmax((x - log(-log u)) / tau), u = weir.random of stream 0: a function of seed, row and
//     position.
//   Class: A-EXP in the noisy score.
//   Edges: A u that rounds to 1 in f32 counts as the number below 1, so the noise is finite: there it ends at 16.6
//     instead of 17.3.
weir.formula @gumbel_softmax_seeded(%x: f32, %seed: i64 {weir.uniform}, %tau: f32 {weir.uniform}) -> f32 {
  %below = arith.constant 0x3F7FFFFF : f32
  %u0 = weir.random %seed stream 0 : f32
  %u = arith.minimumf %u0, %below : f32
  %lu = math.log %u : f32
  %nlu = arith.negf %lu : f32
  %llu = math.log %nlu : f32
  %z = arith.subf %x, %llu : f32
  %m = weir.reduce max %z : f32
  %zm = arith.subf %z, %m : f32
  %d = arith.divf %zm, %tau : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// clipped_softmax: softmax, stretched and clipped so that weights can be exactly 0 and 1.
//   Paper: Bondarenko, Nagel and Blankevoort 2023, "Quantizable Transformers: removing outliers by helping attention
//     heads do nothing".
//   Definition: y = min(max((eta - gamma) softmax(x) + gamma, 0), 1), gamma <= 0 and eta >= 1.
//   Class: A-EXP, absolutely 1e-6 near the lower clip.
//   Edges: gamma > 0 would give masked elements weight: the row is NaN, and a constant one is refused.
weir.formula @clipped_softmax(%x: f32, %gamma: f32 {weir.uniform, weir.domain = array<f64: 0xFFF0000000000000, 0.0>}, %eta: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %leaks = arith.cmpf ogt, %gamma, %zero : f32
  %low = arith.select %leaks, %nan, %gamma : f32
  %span = arith.subf %eta, %low : f32
  %wide = arith.mulf %w, %span : f32
  %shifted = arith.addf %wide, %low : f32
  %above = arith.maximumf %shifted, %zero : f32
  %y = arith.minimumf %above, %one : f32
  weir.yield %y : f32
}

// quantized_softmax: softmax on an 8-bit grid, with the mean error given back.
//   Paper: Pandey, Fournarakis, Patel and Nagel 2023, "Softmax bias correction for quantized generative models".
//   Definition: y = scale (q - zero_point) + beta with q = min(max(rint(softmax(x) / scale) + zero_point, 0), 255).
//   Class: Exact, except where softmax(x) / scale is within 1e-4 of a tie.
//   Edges: Ties go to the even number.
weir.formula @quantized_softmax(%x: f32, %scale: f32 {weir.uniform}, %zero_point: f32 {weir.uniform}, %beta: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %r = arith.divf %w, %scale : f32
  %k = math.roundeven %r : f32
  %kz = arith.addf %k, %zero_point : f32
  %low = arith.maximumf %kz, %zero : f32
  %q = arith.minimumf %low, %c255 : f32
  %qz = arith.subf %q, %zero_point : f32
  %sq = arith.mulf %scale, %qz : f32
  %y = arith.addf %sq, %beta : f32
  weir.yield %y : f32
}

// split_softmax: softmax whose mass on a set of keys is raised to a power.
//   Paper: Li, Liu, Bashkansky, Bau, Viegas, Pfister and Wattenberg 2024, "Measuring and controlling instruction
//     (in)stability in language model dialogs".
//   Definition: with w = softmax(x) and pi the sum of w where inset is not 0: pi^(k-1) w_i in the set, (1 - pi^k) /
//     (1 - pi) w_i outside; 0 <= k <= 1.
//   Class: A-EXP, and 1e-6 abs(log pi).
//   Edges: An empty set leaves the others a softmax. Each part is a softmax of its own, times pi^k and 1 - pi^k, so
//     that a part far below the other keeps its digits.
weir.formula @split_softmax(%x: f32, %inset: f32, %k: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %one = arith.constant 1.0 : f32
  %in_set = arith.cmpf une, %inset, %zero : f32
  %x1 = arith.select %in_set, %x, %lowest : f32
  %x2 = arith.select %in_set, %lowest, %x : f32
  %m1 = weir.reduce max %x1 : f32
  %m2 = weir.reduce max %x2 : f32
  %d1 = arith.subf %x, %m1 : f32
  %e1 = math.exp %d1 : f32
  %p1 = arith.select %in_set, %e1, %zero : f32
  %s1 = weir.reduce add %p1 : f32
  %d2 = arith.subf %x, %m2 : f32
  %e2 = math.exp %d2 : f32
  %p2 = arith.select %in_set, %zero, %e2 : f32
  %s2 = weir.reduce add %p2 : f32
  %ls1 = math.log %s1 : f32
  %ls2 = math.log %s2 : f32
  %m21 = arith.subf %m2, %m1 : f32
  %ls21 = arith.subf %ls2, %ls1 : f32
  %l21 = arith.addf %m21, %ls21 : f32
  %up = arith.maximumf %l21, %zero : f32
  %al = math.absf %l21 : f32
  %nal = arith.negf %al : f32
  %odds = math.exp %nal : f32
  %lo = math.log1p %odds : f32
  %nlp = arith.addf %up, %lo : f32
  %none = arith.cmpf oeq, %s1, %zero : f32
  %knlp = arith.mulf %nlp, %k : f32
  %klp = arith.negf %knlp : f32
  %power = math.exp %klp : f32
  %mass1 = arith.select %none, %zero, %power : f32
  %gap = math.expm1 %klp : f32
  %ngap = arith.negf %gap : f32
  %mass2 = arith.select %none, %one, %ngap : f32
  %f1 = arith.divf %mass1, %s1 : f32
  %f2 = arith.divf %mass2, %s2 : f32
  %w1 = arith.mulf %e1, %f1 : f32
  %w2 = arith.mulf %e2, %f2 : f32
  %w = arith.select %in_set, %w1, %w2 : f32
  weir.yield %w : f32
}

// soft_wta: SoftHebb's winner-take-all: all but the winner learn with the opposite sign.
//   Paper: Journe, Garcia Rodriguez, Guo and Moraitis 2023, "Hebbian deep learning without feedback".
//   Definition: y_i = softmax(t x)_i for the largest score and -softmax(t x)_i for every other, t > 0.
//   Class: A-EXP in t x.
//   Edges: Of equal scores the one of lowest index wins.
weir.formula @soft_wta(%x: f32, %t: f32 {weir.uniform}) -> f32 {
  %m, %winner = weir.reduce max %x : f32, index
  %xm = arith.subf %x, %m : f32
  %d = arith.mulf %xm, %t : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %nw = arith.negf %w : f32
  %p = weir.position : index
  %wins = arith.cmpi eq, %p, %winner : index
  %y = arith.select %wins, %w, %nw : f32
  weir.yield %y : f32
}
