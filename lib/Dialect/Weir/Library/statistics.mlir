//===- statistics.mlir - numbers that describe a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// max_prob: the largest softmax weight, the usual measure of confidence.
//   Paper: Hendrycks and Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution examples in
//     neural networks".
//   Definition: y = max_i softmax(x)_i = 1 / sum_j e^(x_j - max x).
//   Class: A-EXP.
//   Edges: An empty row is 0.
weir.formula @max_prob(%x: f32) -> (f32 {weir.empty = 0.0 : f32, weir.uniform}) {
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %y = arith.divf %one, %s : f32
  weir.yield %y : f32
}

// margin: the largest softmax weight less the second largest.
//   Paper: Scheffer, Decomain and Wrobel 2001, "Active hidden Markov models for information extraction".
//   Definition: y = w_(1) - w_(2) for w = softmax(x), in descending order.
//   Class: A-EXP, absolutely 1e-6.
//   Edges: Equal largest scores give 0; one element alone gives 1.
weir.formula @margin(%x: f32) -> (f32 {weir.empty = 0.0 : f32, weir.uniform}) {
  %lowest = arith.constant 0xFF800000 : f32
  %m, %winner = weir.reduce max %x : f32, index
  %p = weir.position : index
  %first_ = arith.cmpi eq, %p, %winner : index
  %rest = arith.select %first_, %lowest, %x : f32
  %m2 = weir.reduce max %rest : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %dm = arith.subf %m2, %m : f32
  %e2 = math.expm1 %dm : f32
  %gap = arith.negf %e2 : f32
  %y = arith.divf %gap, %s : f32
  weir.yield %y : f32
}

// entropy: Shannon entropy of the softmax, in nats.
//   Paper: Shannon 1948, "A mathematical theory of communication".
//   Definition: h = -sum_i w_i log w_i, w = softmax(x), as log s - t / s with t = sum_j (x_j - m) e^(x_j - m).
//   Class: A-LOG.
//   Edges: An empty row is 0.
weir.formula @entropy(%x: f32) -> (f32 {weir.empty = 0.0 : f32, weir.uniform}) {
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
