//===- activations.mlir - functions of one element ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// relu: the rectifier.
//   Paper: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
//   Definition: y = max(x, 0).
//   Class: A-ELT.
//   Edges: NaN stays NaN.
weir.formula @relu(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %y = arith.maximumf %x, %zero : f32
  weir.yield %y : f32
}

// sigmoid: the logistic function.
//   Paper: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors".
//   Definition: y = 1 / (1 + e^-x).
//   Class: A-ELT.
//   Edges: Taken from e^-abs(x), so that neither tail loses digits.
weir.formula @sigmoid(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// tanh: the hyperbolic tangent.
//   Paper: LeCun, Bottou, Orr and Muller 1998, "Efficient backprop".
//   Definition: y = tanh x.
//   Class: A-ELT.
//   Edges: -1 and 1 at the infinities.
weir.formula @tanh(%x: f32) -> f32 {
  %y = math.tanh %x : f32
  weir.yield %y : f32
}

// silu: the sigmoid-weighted linear unit.
//   Paper: Elfwing, Uchibe and Doya 2018, "Sigmoid-weighted linear units for neural network function approximation in
//     reinforcement learning".
//   Definition: y = x sigmoid(x).
//   Class: A-ELT.
//   Edges: 0 at -inf and not -inf times 0.
weir.formula @silu(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %cm800 = arith.constant -800.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %b = arith.maximumf %x, %cm800 : f32
  %bt = arith.mulf %b, %t : f32
  %up = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %up, %x, %bt : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// quick_gelu: the logistic approximation of GELU.
//   Paper: Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)".
//   Definition: y = x sigmoid(1.702 x).
//   Class: A-ELT.
//   Edges: 0 at -inf and not -inf times 0.
weir.formula @quick_gelu(%x: f32) -> f32 {
  %k = arith.constant 1.702 : f32
  %one = arith.constant 1.0 : f32
  %cm500 = arith.constant -500.0 : f32
  %zero = arith.constant 0.0 : f32
  %z = arith.mulf %x, %k : f32
  %a = math.absf %z : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %b = arith.maximumf %x, %cm500 : f32
  %bt = arith.mulf %b, %t : f32
  %up = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %up, %x, %bt : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// gelu: the Gaussian error linear unit.
//   Paper: Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)".
//   Definition: y = x Phi(x), Phi the normal distribution function.
//   Class: A-ELT.
//   Edges: Through erfc, since 1 + erf cancels below -3; 0 at -inf.
weir.formula @gelu(%x: f32) -> f32 {
  %cm40 = arith.constant -40.0 : f32
  %half = arith.constant 0.5 : f32
  %b = arith.maximumf %x, %cm40 : f32
  %root = math.sqrt %half : f32
  %z = arith.mulf %b, %root : f32
  %nz = arith.negf %z : f32
  %c = math.erfc %nz : f32
  %h = arith.mulf %b, %half : f32
  %y = arith.mulf %h, %c : f32
  weir.yield %y : f32
}

// gelu_tanh: the hyperbolic-tangent approximation of GELU.
//   Paper: Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)".
//   Definition: y = x (1 + tanh(q)) / 2, q = sqrt(2 / pi) (x + 0.044715 x^3).
//   Class: A-ELT.
//   Edges: As x sigmoid(2 q), which is the same and does not cancel; 0 at -inf.
weir.formula @gelu_tanh(%x: f32) -> f32 {
  %cube = arith.constant 0.044715 : f32
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %cm30 = arith.constant -30.0 : f32
  %c8 = arith.constant 8.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %b = arith.maximumf %x, %cm30 : f32
  %r2 = arith.divf %c8, %pi : f32
  %r = math.sqrt %r2 : f32
  %xx = arith.mulf %b, %b : f32
  %cx = arith.mulf %xx, %cube : f32
  %c1 = arith.addf %cx, %one : f32
  %bx = arith.mulf %b, %c1 : f32
  %q = arith.mulf %bx, %r : f32
  %a = math.absf %q : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %bt = arith.mulf %b, %t : f32
  %up = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %up, %x, %bt : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// golu: the Gompertz linear unit.
//   Paper: Das, Ramakrishnan, Rajapakse, Ghassemi and others 2025, "Gompertz linear units: leveraging asymmetry for
//     enhanced learning dynamics".
//   Definition: y = x e^(-e^-x).
//   Class: A-ELT.
//   Edges: 0 at -inf and not -inf times 0: at x = -8 the factor is 0 in every type.
weir.formula @golu(%x: f32) -> f32 {
  %cm8 = arith.constant -8.0 : f32
  %b = arith.maximumf %x, %cm8 : f32
  %nb = arith.negf %b : f32
  %r = math.exp %nb : f32
  %nr = arith.negf %r : f32
  %h = math.exp %nr : f32
  %y = arith.mulf %b, %h : f32
  weir.yield %y : f32
}

// atlu: the arctangent linear unit.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = x (atan(x) + pi / 2) / pi.
//   Class: A-ELT.
//   Edges: As x atan2(1, -x) / pi, since the sum cancels for x far below 0; -1 / pi at -inf, not 0.
weir.formula @atlu(%x: f32) -> f32 {
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %cm100000000 = arith.constant -100000000.0 : f32
  %one = arith.constant 1.0 : f32
  %b = arith.maximumf %x, %cm100000000 : f32
  %nb = arith.negf %b : f32
  %g = math.atan2 %one, %nb : f32
  %bg = arith.mulf %b, %g : f32
  %y = arith.divf %bg, %pi : f32
  weir.yield %y : f32
}

// softplus: the smooth rectifier.
//   Paper: Dugas, Bengio, Belisle, Nadeau and Garcia 2001, "Incorporating second-order functional knowledge for
//     better option pricing".
//   Definition: y = log(1 + e^x).
//   Class: A-ELT.
//   Edges: 0 at -inf, inf at inf.
weir.formula @softplus(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %up = arith.maximumf %x, %zero : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %l = math.log1p %t : f32
  %y = arith.addf %up, %l : f32
  weir.yield %y : f32
}

// logsigmoid: the logarithm of the logistic function.
//   Paper: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors".
//   Definition: y = -log(1 + e^-x).
//   Class: A-ELT.
//   Edges: -inf at -inf, 0 at inf.
weir.formula @logsigmoid(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %low = arith.minimumf %x, %zero : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %l = math.log1p %t : f32
  %y = arith.subf %low, %l : f32
  weir.yield %y : f32
}

// gumbel_sigmoid: the distribution function of the standard Gumbel law, unclamped.
//   Paper: Alexandridis, Deng, Nguyen and Luo 2022, "Long-tailed instance segmentation using Gumbel optimized loss".
//   Definition: y = e^(-e^-x).
//   Class: A-ELT.
//   Edges: 0 at -inf, 1 at inf.
weir.formula @gumbel_sigmoid(%x: f32) -> f32 {
  %nx = arith.negf %x : f32
  %r = math.exp %nx : f32
  %nr = arith.negf %r : f32
  %y = math.exp %nr : f32
  weir.yield %y : f32
}

// swish: silu with a slope.
//   Paper: Ramachandran, Zoph and Le 2017, "Searching for activation functions".
//   Definition: y = x sigmoid(beta x).
//   Class: A-ELT.
//   Edges: Limits for every sign of beta; beta = 0 is x / 2.
weir.formula @swish(%x: f32, %beta: f32 {weir.uniform}) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %still = arith.cmpf oeq, %beta, %zero : f32
  %zx = arith.mulf %x, %beta : f32
  %z = arith.select %still, %zero, %zx : f32
  %a = math.absf %z : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %xt = arith.mulf %x, %t : f32
  %gone = arith.cmpf oeq, %t, %zero : f32
  %low = arith.select %gone, %zero, %xt : f32
  %up = arith.cmpf oge, %z, %zero : f32
  %n0 = arith.select %up, %x, %low : f32
  %y0 = arith.divf %n0, %u : f32
  %lost = arith.cmpf uno, %x, %x : f32
  %y = arith.select %lost, %x, %y0 : f32
  weir.yield %y : f32
}

// xatlu: the arctangent linear unit with an expanded gate.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = x (s (1 + 2 alpha) - alpha), s = (atan(x) + pi / 2) / pi.
//   Class: A-ELT.
//   Edges: alpha = 0 is atlu, with its limit of -1 / pi at -inf.
weir.formula @xatlu(%x: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %one = arith.constant 1.0 : f32
  %cm100000000 = arith.constant -100000000.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %na = arith.negf %x : f32
  %g = math.atan2 %one, %na : f32
  %s = arith.divf %g, %pi : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %x, %ex : f32
  %self = arith.mulf %x, %s : f32
  %far = arith.cmpf olt, %x, %cm100000000 : f32
  %floor = arith.divf %minus_one, %pi : f32
  %base = arith.select %far, %floor, %self : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %y = arith.select %plain, %base, %wide : f32
  weir.yield %y : f32
}

// xgelu: GELU with an expanded gate.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = x (s (1 + 2 alpha) - alpha), s = Phi(x).
//   Class: A-ELT.
//   Edges: alpha = 0 is gelu, with its limit of 0 at -inf.
weir.formula @xgelu(%x: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %cm40 = arith.constant -40.0 : f32
  %zero = arith.constant 0.0 : f32
  %root = math.sqrt %half : f32
  %z = arith.mulf %x, %root : f32
  %nz = arith.negf %z : f32
  %c = math.erfc %nz : f32
  %s = arith.mulf %c, %half : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %x, %ex : f32
  %b = arith.maximumf %x, %cm40 : f32
  %base = arith.mulf %b, %s : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %y = arith.select %plain, %base, %wide : f32
  weir.yield %y : f32
}

// xsilu: SiLU with an expanded gate.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = x (s (1 + 2 alpha) - alpha), s = sigmoid(x).
//   Class: A-ELT.
//   Edges: alpha = 0 is silu, with its limit of 0 at -inf.
weir.formula @xsilu(%x: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %cm800 = arith.constant -800.0 : f32
  %sa = math.absf %x : f32
  %sna = arith.negf %sa : f32
  %st = math.exp %sna : f32
  %su = arith.addf %one, %st : f32
  %sup = arith.cmpf oge, %x, %zero : f32
  %sn = arith.select %sup, %one, %st : f32
  %s = arith.divf %sn, %su : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %x, %ex : f32
  %b = arith.maximumf %x, %cm800 : f32
  %base = arith.mulf %b, %s : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %y = arith.select %plain, %base, %wide : f32
  weir.yield %y : f32
}
