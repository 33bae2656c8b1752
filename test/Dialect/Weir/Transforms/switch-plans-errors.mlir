// RUN: weir-opt %s --weir-switch-plans -verify-diagnostics

func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error@+1 {{works on tensors; bufferize before weir-switch-plans}}
  %0 = weir.rows @softmax ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) {plans = [
    #weir.plan<form = stored, max_length = 256>, #weir.plan<form = online>]} -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
