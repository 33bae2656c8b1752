// Attention over some of the keys, printed and parsed again.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// RUN: weir-opt %s --mlir-print-op-generic | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

// CHECK-LABEL: func.func @softmax
func.func @softmax(%q: tensor<?x8x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x32xbf16>, %n: tensor<?xi32>, %i: index)
    -> tensor<?x8x?x32xbf16> {
  // CHECK: weir.attention_stats @softmax(%{{.*}}, %{{.*}}, %{{.*}}) lengths(%{{.*}} : tensor<?xi32>) place(%[[I:.*]], %[[I]], %[[I]], %[[I]], %[[I]]) keys(%[[I]] of %[[I]]) {causal, nan = #weir.nan<ignore>, thread_grain = 64 : i64} : (tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x32xbf16>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>)
  %a:3 = weir.attention_stats @softmax(%q, %k, %v) lengths(%n : tensor<?xi32>) place(%i, %i, %i, %i, %i) keys(%i of %i)
    {causal, nan = #weir.nan<ignore>, thread_grain = 64 : i64}
    : (tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x32xbf16>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>)
  // CHECK: weir.attention_merge @softmax(%[[A:.*]]#0, %[[A]]#1, %[[A]]#2) and(%[[A]]#0, %[[A]]#1, %[[A]]#2) {nan = #weir.nan<ignore>} : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
  %b:3 = weir.attention_merge @softmax(%a#0, %a#1, %a#2) and(%a#0, %a#1, %a#2) {nan = #weir.nan<ignore>}
    : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
  // CHECK: weir.attention_finish @softmax(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) {nan = #weir.nan<ignore>} : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xbf16>
  %o = weir.attention_finish @softmax(%b#0, %b#1, %b#2) {nan = #weir.nan<ignore>}
    : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xbf16>
  return %o : tensor<?x8x?x32xbf16>
}

// Uniform operands, one for each head here; a formula without a reduction leaves nothing but a sum.
// CHECK-LABEL: func.func @uniforms
func.func @uniforms(%q: tensor<2x?x4x8xf64>, %sink: tensor<1x4x1xf64>) -> (tensor<2x4x?x8xf64>, tensor<2x4x?x8xf64>) {
  // CHECK: weir.attention_stats @softmax_sink(%{{.*}}, %{{.*}}, %{{.*}}) operands(%[[SINK:.*]] : tensor<1x4x1xf64>) {layout = #weir.attention_layout<blhd>}
  %a:3 = weir.attention_stats @softmax_sink(%q, %q, %q) operands(%sink : tensor<1x4x1xf64>) {layout = #weir.attention_layout<blhd>}
    : (tensor<2x?x4x8xf64>, tensor<2x?x4x8xf64>, tensor<2x?x4x8xf64>) -> (tensor<2x4x?xf64>, tensor<2x4x?xf64>, tensor<2x4x?x8xf64>)
  // CHECK: weir.attention_merge @softmax_sink(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) and(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) uniforms(%[[SINK]] : tensor<1x4x1xf64>) : tensor<2x4x?xf64>
  %b:3 = weir.attention_merge @softmax_sink(%a#0, %a#1, %a#2) and(%a#0, %a#1, %a#2) uniforms(%sink : tensor<1x4x1xf64>)
    : tensor<2x4x?xf64>, tensor<2x4x?xf64>, tensor<2x4x?x8xf64>
  // CHECK: weir.attention_finish @softmax_sink(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) uniforms(%[[SINK]] : tensor<1x4x1xf64>) :
  %o = weir.attention_finish @softmax_sink(%b#0, %b#1, %b#2) uniforms(%sink : tensor<1x4x1xf64>)
    : (tensor<2x4x?xf64>, tensor<2x4x?xf64>, tensor<2x4x?x8xf64>) -> tensor<2x4x?x8xf64>
  // CHECK: weir.attention_stats @relu_weights(%{{.*}}, %{{.*}}, %{{.*}}) {layout = #weir.attention_layout<blhd>} : {{.*}} -> tensor<2x4x?x8xf64>
  %s = weir.attention_stats @relu_weights(%q, %q, %q) {layout = #weir.attention_layout<blhd>}
    : (tensor<2x?x4x8xf64>, tensor<2x?x4x8xf64>, tensor<2x?x4x8xf64>) -> tensor<2x4x?x8xf64>
  %p = weir.attention_finish @relu_weights(%s) : (tensor<2x4x?x8xf64>) -> tensor<2x4x?x8xf64>
  return %o, %p : tensor<2x4x?x8xf64>, tensor<2x4x?x8xf64>
}

// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%q: memref<1x4x?x16xf32>, %m: memref<1x4x?xf32>, %o: memref<1x4x?x16xf32>, %i: index) {
  // CHECK: weir.attention_rows @softmax ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<1x4x?x16xf32>, memref<1x4x?x16xf32>, memref<1x4x?x16xf32>) keys(%[[I:.*]] of %[[I]]) outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<1x4x?xf32>, memref<1x4x?xf32>, memref<1x4x?x16xf32>) {state}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x4x?x16xf32>, memref<1x4x?x16xf32>, memref<1x4x?x16xf32>) keys(%i of %i)
    outs(%m, %m, %o : memref<1x4x?xf32>, memref<1x4x?xf32>, memref<1x4x?x16xf32>) {state}
  return
}
