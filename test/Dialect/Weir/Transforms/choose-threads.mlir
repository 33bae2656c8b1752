// RUN: weir-opt %s --weir-choose-threads=explain=true -verify-diagnostics | FileCheck %s
// RUN: weir-opt %s --weir-choose-threads=enable=false | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func.func @f
func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK: @softmax({{.*}}thread_grain = 32768 : i64, thread_part = 32768
  // NONE: @softmax({{.*}}thread_grain = 0 : i64, thread_part = 0
  // expected-remark@+2 {{rows of @softmax are split into parts of 32768 elements where they are few and long: their states can be merged}}
  // expected-remark@+1 {{@softmax runs on several threads where each gets 32768 elements or more: all of it runs on vectors}}
  %a = weir.apply @softmax(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: @softmax({{.*}}thread_grain = 5 : i64, thread_part = 0
  // NONE: @softmax({{.*}}thread_grain = 0 : i64, thread_part = 0
  %b = weir.apply @softmax(%a) {thread_grain = 5 : i64, thread_part = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
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

// Rows that are not split, and why.
// CHECK-LABEL: func.func @whole
func.func @whole(%x: tensor<4x4xf32>, %z: tensor<4x?xf32>) -> (tensor<4x4xf32>, tensor<4x?xf32>) {
  // CHECK: @sparsemax({{.*}}thread_part = 0
  // expected-remark@+1 {{rows of @sparsemax are not split: a part of a row has no state that could be merged}}
  %a = weir.apply @sparsemax(%x) {thread_grain = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: @softmax({{.*}}thread_part = 0
  // expected-remark@+1 {{rows of @softmax are not split: whether scores share the mass is a matter of whole rows}}
  %b = weir.apply @softmax(%a) {pos_inf = #weir.pos_inf<share>, thread_grain = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark@+1 {{rows of @softmax are not split: neg_inf = ordinary has no state}}
  %c = weir.apply @softmax(%b) {neg_inf = #weir.neg_inf<ordinary>, thread_grain = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark@+1 {{rows of @softmax are not split: nan = arithmetic has no state}}
  %d = weir.apply @softmax(%c) {nan = #weir.nan<arithmetic>, thread_grain = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark@+1 {{rows of @softmax are not split: lanes run across rows}}
  %e = weir.apply @softmax(%z) {along = 0, lanes = #weir.lanes<across>, thread_grain = 1 : i64} : (tensor<4x?xf32>) -> tensor<4x?xf32>
  return %d, %e : tensor<4x4xf32>, tensor<4x?xf32>
}

// CHECK-LABEL: func.func @largest
func.func @largest(%x: tensor<?x?xf32>) -> (tensor<?x5xi32>, tensor<?x65xi32>, tensor<?xi32>) {
  // CHECK: weir.topk {{.*}}thread_grain = 32768
  // NONE: weir.topk {{.*}}thread_grain = 0
  // expected-remark@+1 {{the search for the 5 largest runs on several threads where each gets 32768 elements or more: each is compared once}}
  %0:3 = weir.topk %x {k = 5 : i64, form = #weir.topk_form<insert>}
    : (tensor<?x?xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>)
  // CHECK: weir.topk {{.*}}thread_grain = 4096
  // NONE: weir.topk {{.*}}thread_grain = 0
  // expected-remark@+1 {{the search for the 65 largest runs on several threads where each gets 4096 elements or more: a selection reads them many times}}
  %1:3 = weir.topk %x {k = 65 : i64, form = #weir.topk_form<select>}
    : (tensor<?x?xf32>) -> (tensor<?x65xf32>, tensor<?x65xi32>, tensor<?xi32>)
  // CHECK: weir.topk {{.*}}thread_grain = 9
  // NONE: weir.topk {{.*}}thread_grain = 0
  %2:3 = weir.topk %x {k = 5 : i64, form = #weir.topk_form<insert>, thread_grain = 9 : i64}
    : (tensor<?x?xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>)
  return %0#1, %1#1, %2#2 : tensor<?x5xi32>, tensor<?x65xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @attend
func.func @attend(%q: tensor<1x4x?x64xf32>) -> (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) {
  // CHECK: weir.attention {{.*}}thread_grain = 4096
  // NONE: weir.attention {{.*}}thread_grain = 0
  // expected-remark@+1 {{attention runs on several threads where each gets 4096 elements or more: each score takes two products of heads}}
  %a = weir.attention @softmax(%q, %q, %q)
    : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  // CHECK: weir.attention {{.*}}thread_grain = 9
  // NONE: weir.attention {{.*}}thread_grain = 0
  %b = weir.attention @softmax(%q, %q, %q) {thread_grain = 9 : i64}
    : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %a, %b : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>
}
