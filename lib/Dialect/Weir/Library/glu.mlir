//===- glu.mlir - gated linear units ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// glu: the gated linear unit.
//   Paper: Dauphin, Fan, Auli and Grangier 2017, "Language modeling with gated convolutional networks".
//   Definition: y = sigmoid(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @glu(%gate: f32, %value: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %gate : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// gtu: the gated tanh unit.
//   Paper: Dauphin, Fan, Auli and Grangier 2017, "Language modeling with gated convolutional networks".
//   Definition: y = sigmoid(gate) tanh(value).
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @gtu(%gate: f32, %value: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %gate : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %up = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %up, %one, %t : f32
  %s = arith.divf %n, %u : f32
  %v = math.tanh %value : f32
  %y = arith.mulf %s, %v : f32
  weir.yield %y : f32
}

// bilinear: the gated linear unit without a squash.
//   Paper: Shazeer 2020, "GLU variants improve transformer".
//   Definition: y = gate value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: The plain product.
weir.formula @bilinear(%gate: f32, %value: f32) -> f32 {
  %y = arith.mulf %gate, %value : f32
  weir.yield %y : f32
}

// reglu: the gated linear unit with a rectifier.
//   Paper: Shazeer 2020, "GLU variants improve transformer".
//   Definition: y = relu(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @reglu(%gate: f32, %value: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %s = arith.maximumf %gate, %zero : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// geglu: the gated linear unit with the exact GELU.
//   Paper: Shazeer 2020, "GLU variants improve transformer".
//   Definition: y = gelu(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @geglu(%gate: f32, %value: f32) -> f32 {
  %cm40 = arith.constant -40.0 : f32
  %half = arith.constant 0.5 : f32
  %b = arith.maximumf %gate, %cm40 : f32
  %root = math.sqrt %half : f32
  %z = arith.mulf %b, %root : f32
  %nz = arith.negf %z : f32
  %c = math.erfc %nz : f32
  %h = arith.mulf %b, %half : f32
  %s = arith.mulf %h, %c : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// geglu_tanh: the gated linear unit with GELU's hyperbolic-tangent form.
//   Paper: Shazeer 2020, "GLU variants improve transformer".
//   Definition: y = gelu_tanh(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @geglu_tanh(%gate: f32, %value: f32) -> f32 {
  %cube = arith.constant 0.044715 : f32
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %cm30 = arith.constant -30.0 : f32
  %c8 = arith.constant 8.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %b = arith.maximumf %gate, %cm30 : f32
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
  %up = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %up, %gate, %bt : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// swiglu: the gated linear unit with SiLU.
//   Paper: Shazeer 2020, "GLU variants improve transformer".
//   Definition: y = silu(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @swiglu(%gate: f32, %value: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %cm800 = arith.constant -800.0 : f32
  %zero = arith.constant 0.0 : f32
  %a = math.absf %gate : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %u = arith.addf %one, %t : f32
  %b = arith.maximumf %gate, %cm800 : f32
  %bt = arith.mulf %b, %t : f32
  %up = arith.cmpf oge, %gate, %zero : f32
  %n = arith.select %up, %gate, %bt : f32
  %s = arith.divf %n, %u : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// goglu: the gated linear unit with GoLU.
//   Paper: Das et al. 2025, "Gompertz linear units: leveraging asymmetry for enhanced learning dynamics".
//   Definition: y = golu(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @goglu(%gate: f32, %value: f32) -> f32 {
  %cm8 = arith.constant -8.0 : f32
  %b = arith.maximumf %gate, %cm8 : f32
  %nb = arith.negf %b : f32
  %r = math.exp %nb : f32
  %nr = arith.negf %r : f32
  %h = math.exp %nr : f32
  %s = arith.mulf %b, %h : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// atglu: the gated linear unit with the arctangent linear unit.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = atlu(gate) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @atglu(%gate: f32, %value: f32) -> f32 {
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %cm100000000 = arith.constant -100000000.0 : f32
  %one = arith.constant 1.0 : f32
  %b = arith.maximumf %gate, %cm100000000 : f32
  %nb = arith.negf %b : f32
  %g = math.atan2 %one, %nb : f32
  %bg = arith.mulf %b, %g : f32
  %s = arith.divf %bg, %pi : f32
  %y = arith.mulf %s, %value : f32
  weir.yield %y : f32
}

// xatglu: the gated linear unit with the expanded arctangent gate.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = xatlu(gate, alpha) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @xatglu(%gate: f32, %value: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %pi = arith.constant {weir.f64 = 3.14159265358979323846 : f64} 3.14159274 : f32
  %one = arith.constant 1.0 : f32
  %cm100000000 = arith.constant -100000000.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %zero = arith.constant 0.0 : f32
  %na = arith.negf %gate : f32
  %g = math.atan2 %one, %na : f32
  %s = arith.divf %g, %pi : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %gate, %ex : f32
  %self = arith.mulf %gate, %s : f32
  %far = arith.cmpf olt, %gate, %cm100000000 : f32
  %floor = arith.divf %minus_one, %pi : f32
  %base = arith.select %far, %floor, %self : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %act = arith.select %plain, %base, %wide : f32
  %y = arith.mulf %act, %value : f32
  weir.yield %y : f32
}

// xgeglu: the gated linear unit with the expanded GELU.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = xgelu(gate, alpha) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @xgeglu(%gate: f32, %value: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %cm40 = arith.constant -40.0 : f32
  %zero = arith.constant 0.0 : f32
  %root = math.sqrt %half : f32
  %z = arith.mulf %gate, %root : f32
  %nz = arith.negf %z : f32
  %c = math.erfc %nz : f32
  %s = arith.mulf %c, %half : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %gate, %ex : f32
  %b = arith.maximumf %gate, %cm40 : f32
  %base = arith.mulf %b, %s : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %act = arith.select %plain, %base, %wide : f32
  %y = arith.mulf %act, %value : f32
  weir.yield %y : f32
}

// xswiglu: the gated linear unit with the expanded SiLU.
//   Paper: Huang 2024, "Expanded gating ranges improve activation functions".
//   Definition: y = xsilu(gate, alpha) value.
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: As the activation, times the value in one f32 product.
weir.formula @xswiglu(%gate: f32, %value: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %cm800 = arith.constant -800.0 : f32
  %sa = math.absf %gate : f32
  %sna = arith.negf %sa : f32
  %st = math.exp %sna : f32
  %su = arith.addf %one, %st : f32
  %sup = arith.cmpf oge, %gate, %zero : f32
  %sn = arith.select %sup, %one, %st : f32
  %s = arith.divf %sn, %su : f32
  %al2 = arith.addf %alpha, %alpha : f32
  %span = arith.addf %one, %al2 : f32
  %sp = arith.mulf %s, %span : f32
  %ex = arith.subf %sp, %alpha : f32
  %wide = arith.mulf %gate, %ex : f32
  %b = arith.maximumf %gate, %cm800 : f32
  %base = arith.mulf %b, %s : f32
  %plain = arith.cmpf oeq, %alpha, %zero : f32
  %act = arith.select %plain, %base, %wide : f32
  %y = arith.mulf %act, %value : f32
  weir.yield %y : f32
}

// clamped_swiglu: the gated unit of gpt-oss: clamped, with one added to the value.
//   Paper: OpenAI 2025, "gpt-oss-120b and gpt-oss-20b model card".
//   Definition: y = g sigmoid(1.702 g) (v + 1), g = min(gate, 7), v = min(max(value, -7), 7).
//   Class: A-ELT in the gate, one rounding for the product.
//   Edges: The gate is clamped above only, the value on both sides; then one is added.
weir.formula @clamped_swiglu(%gate: f32, %value: f32) -> f32 {
  %qk = arith.constant 1.702 : f32
  %c7 = arith.constant 7.0 : f32
  %one = arith.constant 1.0 : f32
  %cm500 = arith.constant -500.0 : f32
  %zero = arith.constant 0.0 : f32
  %cm7 = arith.constant -7.0 : f32
  %g = arith.minimumf %gate, %c7 : f32
  %qz = arith.mulf %g, %qk : f32
  %qa = math.absf %qz : f32
  %qna = arith.negf %qa : f32
  %qt = math.exp %qna : f32
  %qu = arith.addf %one, %qt : f32
  %qb = arith.maximumf %g, %cm500 : f32
  %qbt = arith.mulf %qb, %qt : f32
  %qup = arith.cmpf oge, %g, %zero : f32
  %qn = arith.select %qup, %g, %qbt : f32
  %s = arith.divf %qn, %qu : f32
  %floor = arith.maximumf %value, %cm7 : f32
  %v = arith.minimumf %floor, %c7 : f32
  %v1 = arith.addf %v, %one : f32
  %y = arith.mulf %s, %v1 : f32
  weir.yield %y : f32
}
