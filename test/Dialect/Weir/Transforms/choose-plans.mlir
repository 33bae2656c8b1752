// RUN: weir-opt %s --weir-choose-form=explain=true -verify-diagnostics | FileCheck %s

// Sizes that are known at run time only: the forms that can win, each with what it is meant for. Nothing is known of the machine's
// caches, so the second is one of 1 MiB and the last one of 32 MiB.
module attributes {weir.target = {features = "+avx512f", vector_bits = 512 : i64}} {
// CHECK-LABEL: func.func @plans
func.func @plans(%x: tensor<?x?xf32>, %y: tensor<?x16384xf32>, %z: tensor<64x131072xbf16>, %e: f32)
    -> (tensor<?x?xf32>, tensor<?x16384xf32>, tensor<64x131072xbf16>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: @softmax({{.*}}plans = [#weir.plan<form = transposed, min_rows = 16, max_length = 170, max_elements = 131072>, #weir.plan<form = stored, max_length = 8192, max_elements = 4194304>, #weir.plan<form = stored, max_elements = 131072>, #weir.plan<form = online, max_elements = 4194304>, #weir.plan<form = stored, max_length = 65536, stream_bytes = 16777216, pages = 8>, #weir.plan<form = online, stream_bytes = 16777216, pages = 8>]
  // expected-remark@+6 {{@softmax runs in the transposed form for 16 rows or more and rows of at most 170 elements and at most 131072 elements in all: in short rows the ends of reductions take long}}
  // expected-remark@+5 {{@softmax else runs in the stored form for rows of at most 8192 elements and at most 4194304 elements in all: exponentials are evaluated once and kept in the row; per element 12 bytes read and 8 written in 3 passes (at least 8), 17 vector operations; in a cache}}
  // expected-remark@+4 {{@softmax else runs in the stored form for at most 131072 elements in all: }}
  // expected-remark@+3 {{@softmax else runs in the online form for at most 4194304 elements in all: the row is read once less}}
  // expected-remark-re@+2 {{@softmax else runs in the stored form for rows of at most 65536 elements: {{.*}}; results of 16777216 bytes or more are written past the caches; 8 pages of a row are visited in turn}}
  // expected-remark-re@+1 {{@softmax else runs in the online form: {{.*}}; 8 pages of a row are visited in turn}}
  %a = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // A known length leaves fewer.
  // CHECK: @softmax({{.*}}plans = [#weir.plan<form = stored, max_elements = 131072>, #weir.plan<form = online, max_elements = 4194304>, #weir.plan<form = stored, stream_bytes = 16777216, pages = 8>]
  // expected-remark@+3 {{@softmax runs in the stored form for at most 131072 elements in all}}
  // expected-remark@+2 {{@softmax else runs in the online form for at most 4194304}}
  // expected-remark@+1 {{@softmax else runs in the stored form: }}
  %b = weir.apply @softmax(%y) : (tensor<?x16384xf32>) -> tensor<?x16384xf32>
  // Where arithmetic takes longer than memory, long rows are kept too. What is kept of 16 bits lies apart from the results. They fill more
  // than half of the last cache, so that pages are visited in turn.
  // CHECK: @softmax({{.*}}{form = #weir.form<stored>, pages = 8 : i64}
  // expected-remark-re@+1 {{@softmax runs in the stored form: {{.*}}; 8 pages of a row are visited in turn; {{.*}} predicted, limit {{.*}}: arithmetic; in all }}
  %c = weir.apply @softmax(%z) : (tensor<64x131072xbf16>) -> tensor<64x131072xbf16>
  // Where -inf is a number there is no online form.
  // CHECK: @softmax({{.*}}neg_inf = #weir.neg_inf<ordinary>, plans = [#weir.plan<form = transposed, {{[^>]*}}>, #weir.plan<form = stored>]
  // expected-remark@+2 {{@softmax runs in the transposed form for 16 rows}}
  // expected-remark@+1 {{@softmax else runs in the stored form: }}
  %d = weir.apply @softmax(%x) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // A search needs the whole row. Rows side by side share its steps, also where they exceed the first cache.
  // CHECK: @sparsemax({{.*}}plans = [#weir.plan<form = transposed, min_rows = 16, max_length = 512>, #weir.plan<form = recompute, stream_bytes = 16777216>]
  // expected-remark@+2 {{@sparsemax runs in the transposed form for 16 rows or more and rows of at most 512 elements: in short rows the steps of searches take long}}
  // expected-remark@+1 {{@sparsemax else runs in the recompute form: }}
  %f = weir.apply @sparsemax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // Plans that are given stay.
  // CHECK: @softmax({{.*}}plans = [#weir.plan<form = online, min_rows = 4>, #weir.plan<form = recompute>]
  %g = weir.apply @softmax(%x) {plans = [#weir.plan<form = online, min_rows = 4>, #weir.plan<form = recompute>]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %a, %b, %c, %d, %f, %g : tensor<?x?xf32>, tensor<?x16384xf32>, tensor<64x131072xbf16>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}
}

// A single argument that little is done with is read by pages in turn where it comes from memory; several arguments are not, nor what takes long.
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: @relu({{.*}}plans = [#weir.plan<form = elementwise, max_elements = 4194304>, #weir.plan<form = elementwise, stream_bytes = 16777216, pages = 4>]
  // expected-remark@+2 {{@relu runs in the elementwise form for at most 4194304 elements in all: the formula has no reduction}}
  // expected-remark-re@+1 {{@relu else runs in the elementwise form: {{.*}}; 4 pages of a row are visited in turn}}
  %a = weir.apply @relu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @bilinear({{.*}}form = #weir.form<elementwise>, stream_bytes = 11184810
  // expected-remark@+1 {{@bilinear runs in the elementwise form}}
  %b = weir.apply @bilinear(%x, %y) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @silu({{.*}}form = #weir.form<elementwise>, stream_bytes = 16777216
  // expected-remark@+1 {{@silu runs in the elementwise form}}
  %c = weir.apply @silu(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %a, %b, %c : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// Nor do rows with a reduction visit pages in turn that read more than their scores.
// CHECK-LABEL: func.func @several_arguments
func.func @several_arguments(%x: tensor<512x32768xf32>, %g: tensor<32768xf32>, %e: f32) -> tensor<512x32768xf32> {
  // CHECK: @rms_norm({{.*}}{form = #weir.form<recompute>, stream_bytes = 16777216 : i64}
  // expected-remark@+1 {{@rms_norm runs in the recompute form}}
  %a = weir.apply @rms_norm(%x, %g, %e) : (tensor<512x32768xf32>, tensor<32768xf32>, f32) -> tensor<512x32768xf32>
  return %a : tensor<512x32768xf32>
}
