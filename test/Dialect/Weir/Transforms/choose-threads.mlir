// RUN: weir-opt %s --weir-choose-threads=explain=true -verify-diagnostics | FileCheck %s
// RUN: weir-opt %s --weir-choose-threads=enable=false | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func.func @f
func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK: @softmax({{.*}}thread_grain = 32768
  // NONE: @softmax({{.*}}thread_grain = 0
  // expected-remark@+1 {{@softmax runs on several threads where each gets 32768 elements or more: all of it runs on vectors}}
  %a = weir.apply @softmax(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: @softmax({{.*}}thread_grain = 5
  // NONE: @softmax({{.*}}thread_grain = 0
  %b = weir.apply @softmax(%a) {thread_grain = 5 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: @log_sigmoid({{.*}}thread_grain = 1024
  // NONE: @log_sigmoid({{.*}}thread_grain = 0
  // expected-remark@+1 {{@log_sigmoid runs on several threads where each gets 1024 elements or more: it calls the C library for each}}
  %c = weir.apply @log_sigmoid(%b) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}
weir.formula @log_sigmoid(%x: f32) -> f32 {
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  %l = math.log1p %e : f32
  %r = arith.negf %l : f32
  weir.yield %r : f32
}
