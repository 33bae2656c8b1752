//===- norms.mlir - normalizations of a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// rms_norm: root mean square normalization with a gain.
//   Paper: Zhang and Sennrich 2019, "Root mean square layer normalization".
//   Definition: y_i = x_i g_i / sqrt(mean_j x_j^2 + eps).
//   Class: A-SUM.
//   Edges: An unmasked -inf counts in the mean's length; non-finite values spread naturally.
weir.formula @rms_norm(%x: f32, %g: f32, %eps: f32 {weir.uniform}) -> f32 {
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %mean = arith.divf %s, %n : f32
  %t = arith.addf %mean, %eps : f32
  %r = math.rsqrt %t : f32
  %xr = arith.mulf %x, %r : f32
  %y = arith.mulf %xr, %g : f32
  weir.yield %y : f32
}

// layer_norm: layer normalization with gain and bias.
//   Paper: Ba, Kiros and Hinton 2016, "Layer normalization".
//   Definition: y_i = (x_i - mean) / sqrt(var + eps) g_i + b_i, var the population variance.
//   Class: A-SUM in units of the row.
//   Edges: A constant row gives b; sums are recentred, never E[x^2] - mean^2.
weir.formula @layer_norm(%x: f32, %g: f32, %b: f32, %eps: f32 {weir.uniform}) -> f32 {
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %s = weir.reduce add %x : f32
  %mu = arith.divf %s, %n : f32
  %d = arith.subf %x, %mu : f32
  %dd = arith.mulf %d, %d : f32
  %q = weir.reduce add %dd : f32
  %var = arith.divf %q, %n : f32
  %t = arith.addf %var, %eps : f32
  %r = math.rsqrt %t : f32
  %dr = arith.mulf %d, %r : f32
  %drg = arith.mulf %dr, %g : f32
  %y = arith.addf %drg, %b : f32
  weir.yield %y : f32
}

// l2_normalize: the row over its Euclidean norm.
//   Paper: Vaswani-style query and key normalization: Henry, Dachapally, Pawar and Chen 2020, "Query-key
//     normalization for transformers".
//   Definition: y_i = x_i / sqrt(sum_j x_j^2 + eps).
//   Class: A-SUM.
//   Edges: A row of zeros is 0 when eps is positive.
weir.formula @l2_normalize(%x: f32, %eps: f32 {weir.uniform}) -> f32 {
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %t = arith.addf %s, %eps : f32
  %r = math.rsqrt %t : f32
  %y = arith.mulf %x, %r : f32
  weir.yield %y : f32
}

// gated_rms_norm: root mean square normalization, then a SiLU gate.
//   Paper: Yang, Wang, Shen, Panda and Kim 2024, "Gated linear attention transformers with hardware-efficient
//     training".
//   Definition: y_i = g_i x_i / sqrt(mean_j x_j^2 + eps) silu(pre_i).
//   Class: A-SUM and A-ELT.
//   Edges: The norm comes before the gate; a row of zeros is 0.
weir.formula @gated_rms_norm(%x: f32, %pre: f32, %g: f32, %eps: f32 {weir.uniform}) -> f32 {
  %one = arith.constant 1.0 : f32
  %cm800 = arith.constant -800.0 : f32
  %zero = arith.constant 0.0 : f32
  %length = weir.length : index
  %integer = arith.index_cast %length : index to i64
  %n = arith.sitofp %integer : i64 to f32
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %mean = arith.divf %s, %n : f32
  %t = arith.addf %mean, %eps : f32
  %r = math.rsqrt %t : f32
  %xr = arith.mulf %x, %r : f32
  %xg = arith.mulf %xr, %g : f32
  %pa = math.absf %pre : f32
  %pna = arith.negf %pa : f32
  %pt = math.exp %pna : f32
  %pu = arith.addf %one, %pt : f32
  %pb = arith.maximumf %pre, %cm800 : f32
  %pbt = arith.mulf %pb, %pt : f32
  %pup = arith.cmpf oge, %pre, %zero : f32
  %pn = arith.select %pup, %pre, %pbt : f32
  %gate = arith.divf %pn, %pu : f32
  %y = arith.mulf %xg, %gate : f32
  weir.yield %y : f32
}
