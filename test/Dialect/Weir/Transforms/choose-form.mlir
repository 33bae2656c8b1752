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
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>, stream_bytes = 67108864
  // expected-remark@+2 {{@silu runs in the elementwise form: the formula has no reduction}}
  // expected-remark@+1 {{results of @silu are written past the caches from 67108864 bytes on}}
  %d = weir.apply @silu(%c) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>, stream_bytes = 0
  // expected-remark@+1 {{@silu runs in the elementwise form}}
  %g = weir.apply @silu(%d) {stream_bytes = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %g : tensor<4xf32>
}
