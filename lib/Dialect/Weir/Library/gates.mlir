//===- gates.mlir - activations and gated units ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// max(x, 0); NaN propagates. Class A-ELT.
weir.formula @relu(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %y = arith.maximumf %x, %zero : f32
  weir.yield %y : f32
}

// 1 / (1 + e^-x), from t = e^-|x| so that neither tail loses digits. Class A-ELT.
weir.formula @sigmoid(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %positive = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %positive, %one, %t : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// SiLU: x sigmoid(x). The numerator is x, or x e^x below 0, where x is bounded first: at -inf the limit is 0 and not
// inf * 0, and below -800 the result is 0 in any type. Class A-ELT.
weir.formula @silu(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %low = arith.constant -800.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %b = arith.maximumf %x, %low : f32
  %bt = arith.mulf %b, %t : f32
  %positive = arith.cmpf oge, %x, %zero : f32
  %n = arith.select %positive, %x, %bt : f32
  %y = arith.divf %n, %u : f32
  weir.yield %y : f32
}

// GoLU (Das et al. 2025): x e^(-e^-x). Bounded from below as silu is: at x = -6 the factor is 0 in f32. Class A-ELT.
weir.formula @golu(%x: f32) -> f32 {
  %low = arith.constant -8.0 : f32
  %b = arith.maximumf %x, %low : f32
  %nb = arith.negf %b : f32
  %r = math.exp %nb : f32
  %nr = arith.negf %r : f32
  %h = math.exp %nr : f32
  %y = arith.mulf %b, %h : f32
  weir.yield %y : f32
}

// GLU (Dauphin et al. 2017): sigmoid(gate) value. Class A-ELT.
weir.formula @glu(%gate: f32, %value: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %a = math.absf %gate : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %positive = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %positive, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// SwiGLU (Shazeer 2020): silu(gate) value. Class A-ELT.
weir.formula @swiglu(%gate: f32, %value: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %low = arith.constant -800.0 : f32
  %a = math.absf %gate : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %b = arith.maximumf %gate, %low : f32
  %bt = arith.mulf %b, %t : f32
  %positive = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %positive, %gate, %bt : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}
