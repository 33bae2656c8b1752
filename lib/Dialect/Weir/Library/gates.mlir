//===- gates.mlir - gates ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// sigmoid_gate: the output gate of gated attention.
//   Paper: Qiu et al. 2025, "Gated attention for large language models: non-linearity, sparsity, and
//     attention-sink-free".
//   Definition: y = sigmoid(pre) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @sigmoid_gate(%pre: f32, %value: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %pre : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %pre, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// blend: a convex blend of the new value and what is carried.
//   Paper: Srivastava, Greff and Schmidhuber 2015, "Highway networks".
//   Definition: y = s value + (1 - s) carry, s = sigmoid(pre).
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: 1 - s is sigmoid(-pre), so that it keeps its digits near 0.
weir.formula @blend(%pre: f32, %value: f32, %carry: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %pre : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %pre, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %nc = arith.select %up, %t, %one : f32
  %r = arith.divf %nc, %u : f32
  %sv = arith.mulf %s, %value : f32
  %rc = arith.mulf %r, %carry : f32
  %y = arith.addf %sv, %rc : f32
  weir.yield %y : f32
}

// residual_gate: a gated branch added to the residual stream.
//   Paper: Srivastava, Greff and Schmidhuber 2015, "Highway networks"; as in the gated branches of early-exit
//     transformers.
//   Definition: y = carry + sigmoid(pre) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @residual_gate(%pre: f32, %value: f32, %carry: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %pre : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %pre, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %sv = arith.mulf %s, %value : f32
  %y = arith.addf %carry, %sv : f32
  weir.yield %y : f32
}

// idea_gate: token logits, lowered by the logit of the idea that the token belongs to.
//   Paper: "Idea-gated transformers: enforcing semantic coherence via differentiable vocabulary pruning", 2025.
//   Definition: y = z + max(alpha log sigmoid(g), beta), alpha usually 0.5 and beta -2.
//   Class: A-ELT.
//   Edges: The logarithm is -softplus(-g), so no constant keeps it from -inf; the floor beta does.
weir.formula @idea_gate(%z: f32, %g: f32, %alpha: f32 {weir.uniform}, %beta: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %low = arith.minimumf %g, %zero : f32
  %a = math.absf %g : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %l = math.log1p %t : f32
  %ls = arith.subf %low, %l : f32
  %als = arith.mulf %alpha, %ls : f32
  %penalty = arith.maximumf %als, %beta : f32
  %y = arith.addf %z, %penalty : f32
  weir.yield %y : f32
}

// sapo: the soft gate on a policy's importance ratio.
//   Paper: Gao et al. 2025, "Soft adaptive policy optimization".
//   Definition: f = (4 / tau) sigmoid(tau (r - 1)), r kept in e^-20 to e^20.
//   Class: A-ELT.
//   Edges: The slope at r = 1 is 1 for every tau; a ratio beyond the bounds is held there, so that no gradient is inf
//     times 0.
weir.formula @sapo(%r: f32, %tau: f32 {weir.uniform}) -> f32 {
  %least = arith.constant {weir.f64 = 2.0611536224385579e-09 : f64} 2.06115369e-09 : f32
  %most = arith.constant {weir.f64 = 485165195.40979028 : f64} 485165184.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %c4 = arith.constant 4.0 : f32
  %low = arith.maximumf %r, %least : f32
  %c = arith.minimumf %low, %most : f32
  %r1 = arith.subf %c, %one : f32
  %z = arith.mulf %tau, %r1 : f32
  %a = math.absf %z : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %z, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %k = arith.divf %c4, %tau : f32
  %f = arith.mulf %k, %s : f32
  weir.yield %f : f32
}
