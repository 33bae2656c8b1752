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
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>, stream_bytes = 16777216
  // expected-remark-re@+1 {{@silu runs in the elementwise form: the formula has no reduction; {{.*}} in one pass {{.*}}; results of 16777216 bytes or more are written past the caches; }}
  %d = weir.apply @silu(%c) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>, stream_bytes = 0
  // expected-remark@+1 {{@silu runs in the elementwise form}}
  %g = weir.apply @silu(%d) {stream_bytes = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %g : tensor<4xf32>
}

// CHECK-LABEL: func.func @largest
func.func @largest(%x: tensor<?xf32>) -> (tensor<128xi32>, tensor<129xi32>, tensor<5xi32>) {
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<insert>
  // expected-remark@+1 {{the 128 largest are found in the insert form: few elements are ever among the largest so far}}
  %0:3 = weir.topk %x {k = 128 : i64} : (tensor<?xf32>) -> (tensor<128xf32>, tensor<128xi32>, tensor<i32>)
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<select>
  // expected-remark@+1 {{the 129 largest are found in the select form: a list of so many is dear to insert into}}
  %1:3 = weir.topk %x {k = 129 : i64} : (tensor<?xf32>) -> (tensor<129xf32>, tensor<129xi32>, tensor<i32>)
  // CHECK: weir.topk {{.*}}form = #weir.topk_form<select>
  %2:3 = weir.topk %x {k = 5 : i64, form = #weir.topk_form<select>}
    : (tensor<?xf32>) -> (tensor<5xf32>, tensor<5xi32>, tensor<i32>)
  return %0#1, %1#1, %2#1 : tensor<128xi32>, tensor<129xi32>, tensor<5xi32>
}

// A form that is given decides where lanes lie.
// CHECK-LABEL: func.func @blocks
func.func @blocks(%x: tensor<64x32xf32>) -> tensor<64x32xf32> {
  // CHECK: @softmax({{.*}}form = #weir.form<transposed>, lanes = #weir.lanes<along>
  // expected-remark@+1 {{@softmax runs on transposed copies: its form reads several rows along memory}}
  %a = weir.apply @softmax(%x) {along = 0, form = #weir.form<transposed>} : (tensor<64x32xf32>) -> tensor<64x32xf32>
  return %a : tensor<64x32xf32>
}

// CHECK-LABEL: func.func @lanes
func.func @lanes(%x: tensor<4x?xf32>, %y: tensor<4x3xf32>, %z: tensor<4x3xf64>, %b: f32, %c4: tensor<?xf32>)
    -> (tensor<4x?xf32>, tensor<4x3xf32>, tensor<4x3xf64>, tensor<4x3xf32>, tensor<4x3xf32>) {
  // CHECK: @softmax({{.*}}lanes = #weir.lanes<across>
  // expected-remark@+2 {{@softmax runs across rows: neighbouring rows get a lane each}}
  // expected-remark@+1 {{@softmax runs in the stored form}}
  %a = weir.apply @softmax(%x) {along = 0} : (tensor<4x?xf32>) -> tensor<4x?xf32>
  // CHECK: @softmax({{.*}}lanes = #weir.lanes<along>
  // expected-remark@+2 {{@softmax runs on transposed copies: only 3 rows lie side by side in memory}}
  // expected-remark@+1 {{@softmax runs in the stored form}}
  %c = weir.apply @softmax(%y) {along = 0} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  // CHECK: @softmax({{.*}}lanes = #weir.lanes<across>
  // expected-remark@+2 {{@softmax runs across rows}}
  // expected-remark@+1 {{@softmax runs in the stored form}}
  %d = weir.apply @softmax(%z) {along = 0} : (tensor<4x3xf64>) -> tensor<4x3xf64>
  // What is given stays.
  // CHECK: @softmax({{.*}}lanes = #weir.lanes<across>
  // expected-remark@+1 {{@softmax runs in the stored form}}
  %e = weir.apply @softmax(%y) {along = 0, lanes = #weir.lanes<across>} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  // CHECK: @swish(
  // CHECK-NOT: lanes
  // expected-remark@+1 {{@swish runs in the elementwise form}}
  %f = weir.apply @swish(%y, %b) {along = 0} : (tensor<4x3xf32>, f32) -> tensor<4x3xf32>
  // CHECK: @swish({{.*}}lanes = #weir.lanes<across>, stream_bytes = 0
  // expected-remark@+2 {{@swish runs across rows}}
  // expected-remark@+1 {{@swish runs in the elementwise form}}
  %g = weir.apply @swish(%x, %c4) {along = 0} : (tensor<4x?xf32>, tensor<?xf32>) -> tensor<4x?xf32>
  return %a, %c, %d, %e, %f : tensor<4x?xf32>, tensor<4x3xf32>, tensor<4x3xf64>, tensor<4x3xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: func.func @weights_of_largest
func.func @weights_of_largest(%x: tensor<?xf32>) -> (tensor<5xf32>, tensor<5xf32>) {
  // expected-remark@+1 {{and the row is read once; it joins the first of 1 sweeps of @softmax}}
  %0:3 = weir.topk @softmax(%x) {k = 5 : i64} : (tensor<?xf32>) -> (tensor<5xf32>, tensor<5xi32>, tensor<i32>)
  // expected-remark@+1 {{it goes before the first of 1 sweeps of @softmax}}
  %1:3 = weir.topk @softmax(%x) {k = 5 : i64, pos_inf = #weir.pos_inf<share>} : (tensor<?xf32>) -> (tensor<5xf32>, tensor<5xi32>, tensor<i32>)
  return %0#0, %1#0 : tensor<5xf32>, tensor<5xf32>
}
