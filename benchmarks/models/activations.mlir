// Activations, measured beside copying. Those under a name of their own stand for what a paper writes.
weir.formula @bench_tanh(%x: f32) -> f32 {
  %y = math.tanh %x : f32
  weir.yield %y : f32
}
weir.formula @bench_gelu(%x: f32) -> f32 {
  %c = arith.constant {weir.f64 = -0.70710678118654752440 : f64} -0.707106781 : f32
  %h = arith.constant 0.5 : f32
  %t = arith.mulf %x, %c : f32
  %e = math.erfc %t : f32
  %hx = arith.mulf %x, %h : f32
  %y = arith.mulf %hx, %e : f32
  weir.yield %y : f32
}
weir.formula @bench_gelu_tanh(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %a = arith.constant 0.044715 : f32
  %c = arith.constant {weir.f64 = -1.59576912160573071176 : f64} -1.59576912 : f32
  %low = arith.constant -60.0 : f32
  %b = arith.maximumf %x, %low : f32
  %xx = arith.mulf %b, %b : f32
  %t = arith.mulf %xx, %a : f32
  %u = arith.addf %t, %one : f32
  %v = arith.mulf %u, %b : f32
  %w = arith.mulf %v, %c : f32
  %e = math.exp %w : f32
  %d = arith.addf %e, %one : f32
  %y = arith.divf %b, %d : f32
  weir.yield %y : f32
}
weir.formula @bench_atlu(%x: f32) -> f32 {
  %c = arith.constant {weir.f64 = 0.31830988618379067154 : f64} 0.318309886 : f32
  %h = arith.constant 0.5 : f32
  %a = math.atan %x : f32
  %s = arith.mulf %a, %c : f32
  %g = arith.addf %s, %h : f32
  %y = arith.mulf %x, %g : f32
  weir.yield %y : f32
}
weir.formula @bench_softplus(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %n = arith.negf %a : f32
  %t = math.exp %n : f32
  %l = math.log1p %t : f32
  %m = arith.maximumf %x, %zero : f32
  %y = arith.addf %m, %l : f32
  weir.yield %y : f32
}
func.func @tanh_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @bench_tanh(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @gelu_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @bench_gelu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @gelu_tanh_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @bench_gelu_tanh(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @atlu_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @bench_atlu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @softplus_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @bench_softplus(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @silu_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @silu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @sigmoid_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @sigmoid(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @golu_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @golu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
