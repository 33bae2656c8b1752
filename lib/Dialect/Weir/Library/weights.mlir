//===- weights.mlir - weights of a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// softmax. Bridle 1990; stable form as everywhere. w = e^x / sum e^x. Accuracy class A-EXP.
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// softmax at inverse temperature beta: w = softmax(beta x). Class A-EXP in beta x.
weir.formula @softmax_scaled(%x: f32, %beta: f32 {weir.uniform}) -> f32 {
  %z = arith.mulf %x, %beta : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// The logarithm of softmax: x - log sum e^x. Class A-LOG.
weir.formula @log_softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.subf %d, %l : f32
  weir.yield %y : f32
}

// log sum e^x, one number per row. Class A-LOG.
weir.formula @logsumexp(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %y = arith.addf %m, %l : f32
  weir.yield %y : f32
}

// softmax with its logsumexp, which a backward pass or a merge needs. Classes A-EXP, A-LOG.
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

// softmax with one more logit `a` whose own weight is dropped (attention sinks). Class A-EXP.
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

// softmax over one more logit of 0, as softmax_sink with a = 0. Class A-EXP.
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

// Softpick (Zuhri et al. 2025): relu(e^x - 1) / (sum |e^x - 1| + eps). The constant 1 is an element of score 0, so
// the shift is max(x, 0); eps = 1e-8 is added to the shifted sum. Below 1 the difference is
// taken by expm1, since e^(x-m) - e^(-m) would cancel. Class A-EXP.
weir.formula @softpick(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %eps = arith.constant 1.0e-8 : f32
  %r = weir.reduce max %x : f32
  %m = arith.maximumf %r, %zero : f32
  %nm = arith.negf %m : f32
  %em = math.exp %nm : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %far = arith.subf %e, %em : f32
  %x1 = math.expm1 %x : f32
  %near = arith.mulf %em, %x1 : f32
  %isfar = arith.cmpf oge, %x, %one : f32
  %p = arith.select %isfar, %far, %near : f32
  %a = math.absf %p : f32
  %s = weir.reduce add %a : f32
  %t = arith.addf %s, %eps : f32
  %n = arith.maximumf %p, %zero : f32
  %w = arith.divf %n, %t : f32
  weir.yield %w : f32
}

// StableMax (Prieto et al. 2025): s(x) = x + 1 for x >= 0, 1 / (1 - x) below; w = s / sum s. Class A-SUM.
weir.formula @stablemax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %up = arith.addf %x, %one : f32
  %down = arith.subf %one, %x : f32
  %inv = arith.divf %one, %down : f32
  %positive = arith.cmpf oge, %x, %zero : f32
  %p = arith.select %positive, %up, %inv : f32
  %s = weir.reduce add %p : f32
  %w = arith.divf %p, %s : f32
  weir.yield %w : f32
}

// Boltzmann operator: sum of x w with w = softmax(x). Class A-LOG.
weir.formula @boltzmann(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %xe = arith.mulf %x, %e : f32
  %t = weir.reduce add %xe : f32
  %y = arith.divf %t, %s : f32
  weir.yield %y : f32
}
