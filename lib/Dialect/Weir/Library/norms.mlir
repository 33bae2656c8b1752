//===- norms.mlir - norms and statistics of a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// RMSNorm (Zhang and Sennrich 2019): x g / sqrt(mean x^2 + eps). Class A-SUM.
weir.formula @rms_norm(%x: f32, %g: f32, %eps: f32 {weir.uniform}) -> f32 {
  %n = weir.length : index
  %ni = arith.index_cast %n : index to i64
  %nf = arith.sitofp %ni : i64 to f32
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %mean = arith.divf %s, %nf : f32
  %t = arith.addf %mean, %eps : f32
  %r = math.rsqrt %t : f32
  %xr = arith.mulf %x, %r : f32
  %y = arith.mulf %xr, %g : f32
  weir.yield %y : f32
}

// LayerNorm (Ba et al. 2016), population variance: (x - mean) / sqrt(var + eps) g + b. Class A-SUM.
weir.formula @layer_norm(%x: f32, %g: f32, %b: f32, %eps: f32 {weir.uniform}) -> f32 {
  %n = weir.length : index
  %ni = arith.index_cast %n : index to i64
  %nf = arith.sitofp %ni : i64 to f32
  %s = weir.reduce add %x : f32
  %mu = arith.divf %s, %nf : f32
  %d = arith.subf %x, %mu : f32
  %dd = arith.mulf %d, %d : f32
  %q = weir.reduce add %dd : f32
  %var = arith.divf %q, %nf : f32
  %t = arith.addf %var, %eps : f32
  %r = math.rsqrt %t : f32
  %dr = arith.mulf %d, %r : f32
  %drg = arith.mulf %dr, %g : f32
  %y = arith.addf %drg, %b : f32
  weir.yield %y : f32
}

// x / sqrt(sum x^2 + eps). Class A-SUM.
weir.formula @l2_normalize(%x: f32, %eps: f32 {weir.uniform}) -> f32 {
  %xx = arith.mulf %x, %x : f32
  %s = weir.reduce add %xx : f32
  %t = arith.addf %s, %eps : f32
  %r = math.rsqrt %t : f32
  %y = arith.mulf %x, %r : f32
  weir.yield %y : f32
}

// Shannon entropy, in nats, of softmax(x): log s - t / s with t = sum (x - m) e^(x-m). Class A-LOG.
weir.formula @entropy(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %de = arith.mulf %d, %e : f32
  %t = weir.reduce add %de : f32
  %l = math.log %s : f32
  %q = arith.divf %t, %s : f32
  %h = arith.subf %l, %q : f32
  weir.yield %h : f32
}
