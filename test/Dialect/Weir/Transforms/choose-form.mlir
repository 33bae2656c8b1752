// RUN: weir-opt %s --weir-choose-form=explain=true -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @f
func.func @f(%x: tensor<4xf32>, %e: f32) -> tensor<4xf32> {
  // CHECK: @softmax({{.*}}form = #weir.form<stored>
  // expected-remark@+1 {{@softmax runs in the stored form: exponentials are evaluated once}}
  %a = weir.apply @softmax(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: @softmax({{.*}}form = #weir.form<online>
  %b = weir.apply @softmax(%a) {form = #weir.form<online>} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: @rms_norm({{.*}}form = #weir.form<recompute>
  // expected-remark@+1 {{@rms_norm runs in the recompute form}}
  %c = weir.apply @rms_norm(%b, %x, %e) : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>
  // expected-remark@+1 {{@silu runs in the elementwise form: the formula has no reduction}}
  %d = weir.apply @silu(%c) : (tensor<4xf32>) -> tensor<4xf32>
  return %d : tensor<4xf32>
}

// CHECK-LABEL: func.func @largest
func.func @largest(%x: tensor<?xf32>) -> (tensor<64xi32>, tensor<65xi32>, tensor<5xi32>) {
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<insert>
  // expected-remark@+1 {{the 64 largest are found in the insert form: the k largest so far fit in registers}}
  %0:3 = weir.topk %x {k = 64 : i64} : (tensor<?xf32>) -> (tensor<64xf32>, tensor<64xi32>, tensor<i32>)
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<select>
  // expected-remark@+1 {{the 65 largest are found in the select form: inserting so many costs more}}
  %1:3 = weir.topk %x {k = 65 : i64} : (tensor<?xf32>) -> (tensor<65xf32>, tensor<65xi32>, tensor<i32>)
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<select>
  %2:3 = weir.topk %x {k = 5 : i64, form = #weir.topk_form<select>}
    : (tensor<?xf32>) -> (tensor<5xf32>, tensor<5xi32>, tensor<i32>)
  return %0#1, %1#1, %2#1 : tensor<64xi32>, tensor<65xi32>, tensor<5xi32>
}
