//===- losses.mlir - losses of a row against a target ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// cross_entropy: the negative logarithm of the target's softmax weight.
//   Paper: Bridle 1990, "Training stochastic model recognition algorithms as networks can lead to maximum mutual
//     information estimation".
//   Definition: y = log sum_j e^(x_j) - x_t.
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @cross_entropy(%x: f32, %t: index {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %mt = arith.subf %m, %xt : f32
  %ce = arith.addf %mt, %l : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %ce : f32
  weir.yield %y : f32
}

// label_smoothing: cross entropy against a target that keeps a share a for all classes.
//   Paper: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, "Rethinking the Inception architecture for computer
//     vision".
//   Definition: y = log sum_j e^(x_j) - x_t + a (x_t - mean_j x_j).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN. The mean is over the
//     included elements.
weir.formula @label_smoothing(%x: f32, %t: index {weir.uniform}, %a: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %one = arith.constant 1.0 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %mt = arith.subf %m, %xt : f32
  %c = weir.reduce add %one : f32
  %sx = weir.reduce add %x : f32
  %mean = arith.divf %sx, %c : f32
  %keep = arith.subf %one, %a : f32
  %own = arith.mulf %keep, %mt : f32
  %mm = arith.subf %m, %mean : f32
  %spread = arith.mulf %a, %mm : f32
  %both = arith.addf %own, %spread : f32
  %y0 = arith.addf %both, %l : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// maxsup: cross entropy with the largest logit drawn to the mean.
//   Paper: Zhou et al. 2025, "MaxSup: overcoming representation collapse in label smoothing".
//   Definition: y = log sum_j e^(x_j) - x_t + a (max_j x_j - mean_j x_j).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN. The mean is over the
//     included elements. Equals label_smoothing where the target is the largest.
weir.formula @maxsup(%x: f32, %t: index {weir.uniform}, %a: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %one = arith.constant 1.0 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %mt = arith.subf %m, %xt : f32
  %ce = arith.addf %mt, %l : f32
  %c = weir.reduce add %one : f32
  %sx = weir.reduce add %x : f32
  %mean = arith.divf %sx, %c : f32
  %xm = arith.subf %m, %mean : f32
  %penalty = arith.mulf %a, %xm : f32
  %y0 = arith.addf %ce, %penalty : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// logit_penalty: cross entropy with a penalty on the logits' norm.
//   Paper: Kornblith, Chen, Lee and Norouzi 2021, "Why do better loss functions lead to less transferable features?".
//   Definition: y = log sum_j e^(x_j) - x_t + beta / 2 sum_j x_j^2.
//   Class: A-LOG, and A-SUM of the penalty.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @logit_penalty(%x: f32, %t: index {weir.uniform}, %beta: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %half = arith.constant 0.5 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %m = weir.reduce max %x : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %mt = arith.subf %m, %xt : f32
  %ce = arith.addf %mt, %l : f32
  %xx = arith.mulf %x, %x : f32
  %q = weir.reduce add %xx : f32
  %hb = arith.mulf %beta, %half : f32
  %penalty = arith.mulf %hb, %q : f32
  %y0 = arith.addf %ce, %penalty : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// z_loss: a loss on the target's standard score, invariant under shift and scale of the row.
//   Paper: de Brebisson and Vincent 2016, "The Z-loss: a shift and scale invariant classification loss belonging to
//     the spherical family".
//   Definition: y = softplus(a (b - z)) / a, z = (x_t - mean) / sd, sd the population standard deviation.
//   Class: A-LOG with the condition of z.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN. sd = 0 makes the z of a target that is there 0.
weir.formula @z_loss(%x: f32, %t: index {weir.uniform}, %a: f32 {weir.uniform}, %b: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %xt0 = arith.select %hit, %x, %lowest : f32
  %xt = weir.reduce max %xt0 : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %sx = weir.reduce add %x : f32
  %mu = arith.divf %sx, %n : f32
  %d = arith.subf %x, %mu : f32
  %dd = arith.mulf %d, %d : f32
  %q = weir.reduce add %dd : f32
  %var = arith.divf %q, %n : f32
  %sd = math.sqrt %var : f32
  %xd = arith.subf %xt, %mu : f32
  %z0 = arith.divf %xd, %sd : f32
  %constant = arith.cmpf oeq, %var, %zero : f32
  %included = arith.cmpf ogt, %xt, %lowest : f32
  %level = arith.andi %constant, %included : i1
  %z = arith.select %level, %zero, %z0 : f32
  %bz = arith.subf %b, %z : f32
  %v = arith.mulf %a, %bz : f32
  %up = arith.maximumf %v, %zero : f32
  %av = math.absf %v : f32
  %nav = arith.negf %av : f32
  %e = math.exp %nav : f32
  %l = math.log1p %e : f32
  %sp = arith.addf %up, %l : f32
  %y0 = arith.divf %sp, %a : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// stablemax_cross_entropy: the negative logarithm of the target's stablemax weight.
//   Paper: Prieto, Barsbey, Mediano and Birdal 2025, "Grokking at the edge of numerical stability".
//   Definition: y = log sum_j s(x_j) - log s(x_t), s as in stablemax.
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @stablemax_cross_entropy(%x: f32, %t: index {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %up = arith.addf %x, %one : f32
  %down = arith.subf %one, %x : f32
  %inv = arith.divf %one, %down : f32
  %positive = arith.cmpf oge, %x, %zero : f32
  %p = arith.select %positive, %up, %inv : f32
  %s = weir.reduce add %p : f32
  %pos = weir.position : index
  %hit = arith.cmpi eq, %pos, %t : index
  %ph = arith.select %hit, %p, %zero : f32
  %pt = weir.reduce add %ph : f32
  %ls = math.log %s : f32
  %lt = math.log %pt : f32
  %y0 = arith.subf %ls, %lt : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %y0 : f32
  weir.yield %y : f32
}

// noisy_softmax_loss: cross entropy with the target's logit lowered by annealed noise.
//   Paper: Chen, Deng and Du 2017, "Noisy softmax: improving the generalization ability of DCNN via postponing the
//     early softmax saturation".
//   Definition: y = log sum_j e^(f_j) - f_t, f_t = x_t - alpha (norm - x_t) abs(xi) and f = x elsewhere; norm is
//     abs(W_t) abs(X).
//   Class: A-LOG.
//   Edges: A target outside the row gives NaN, an excluded target +inf, an empty row NaN.
weir.formula @noisy_softmax_loss(%x: f32, %t: index {weir.uniform}, %alpha: f32 {weir.uniform}, %norm: f32 {weir.uniform}, %xi: f32 {weir.uniform}) -> (f32 {weir.empty = 0x7FC00000 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %first = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %p = weir.position : index
  %hit = arith.cmpi eq, %p, %t : index
  %gap = arith.subf %norm, %x : f32
  %ax = math.absf %xi : f32
  %damp = arith.mulf %alpha, %ax : f32
  %lower = arith.mulf %gap, %damp : f32
  %xl = arith.subf %x, %lower : f32
  %f = arith.select %hit, %xl, %x : f32
  %m = weir.reduce max %f : f32
  %ft0 = arith.select %hit, %f, %lowest : f32
  %ft = weir.reduce max %ft0 : f32
  %d = arith.subf %f, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %mt = arith.subf %m, %ft : f32
  %ce = arith.addf %mt, %l : f32
  %extent = weir.extent : index
  %negative = arith.cmpi slt, %t, %first : index
  %beyond = arith.cmpi sge, %t, %extent : index
  %bad = arith.ori %negative, %beyond : i1
  %y = arith.select %bad, %nan, %ce : f32
  weir.yield %y : f32
}

// vq_logsumexp: logsumexp over a vocabulary whose logits are shared by the cells of a codebook.
//   Paper: Shao et al. 2025, "VQ-Logits: compressing the output bottleneck of large language models via vector
//     quantized logits".
//   Definition: y = log sum_k count_k e^(l_k).
//   Class: A-LOG.
//   Edges: A cell of count 0 counts nothing, whatever its logit; nothing left gives -inf.
weir.formula @vq_logsumexp(%l: f32, %count: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %void = arith.cmpf oeq, %count, %zero : f32
  %gone = arith.minimumf %l, %lowest : f32
  %live = arith.select %void, %gone, %l : f32
  %m = weir.reduce max %live : f32
  %d = arith.subf %live, %m : f32
  %e = math.exp %d : f32
  %ce = arith.mulf %count, %e : f32
  %c = arith.select %void, %zero, %ce : f32
  %s = weir.reduce add %c : f32
  %ls = math.log %s : f32
  %y = arith.addf %m, %ls : f32
  weir.yield %y : f32
}
