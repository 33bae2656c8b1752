// What attention leaves of some keys, merged and finished, becomes rows.
// RUN: weir-opt %s --weir-lower-attention --weir-lower-states --canonicalize --cse | FileCheck %s

// Factors bring the sums of both sides to one maximum; those of nothing stay as they are.
// CHECK-LABEL: weir.formula private @softmax_lse.carried(
// CHECK-SAME: %[[M:.*]]: f32, %[[S:.*]]: f32) -> (f32, f32)
// CHECK:     %[[C:.*]] = arith.divf %{{.*}}, %[[S]] : f32
// CHECK:     weir.yield %[[C]], %{{.*}} : f32, f32
// CHECK-LABEL: weir.formula private @softmax_lse.merge.sums(
// CHECK-SAME: %[[A:.*]]: f32, %[[B:.*]]: f32, %[[FA:.*]]: f32 {weir.uniform}, %[[FB:.*]]: f32 {weir.uniform}) -> f32
// CHECK-DAG: %[[OFA:.*]] = arith.mulf %[[A]], %[[FA]] : f32
// CHECK-DAG: %[[OFB:.*]] = arith.mulf %[[B]], %[[FB]] : f32
// CHECK:     arith.addf %[[OFA]], %[[OFB]] : f32
// CHECK-LABEL: weir.formula private @softmax_lse.merge.carry(
// CHECK-SAME: %[[MA:.*]]: f32, %[[SA:.*]]: f32, %[[MB:.*]]: f32, %[[SB:.*]]: f32) -> (f32, f32, f32, f32)
// CHECK:     arith.maximumf %[[MA]], %[[MB]] : f32

// CHECK-LABEL: func.func @two_parts
// CHECK-SAME: (%[[Q:.*]]: tensor<?x8x?x64xf32>, %[[K:.*]]: tensor<?x2x?x64xf32>, %[[V:.*]]: tensor<?x2x?x32xf32>, %[[I:.*]]: index, %[[N:.*]]: index)
// CHECK:     %[[A:.*]]:3 = weir.attention_rows @softmax_lse ins(%[[Q]], %[[K]], %[[V]] : {{[^)]*}}) keys(%c0 of %[[N]]) outs({{.*}} : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) {causal, form = #weir.attention_form<one_pass>, state, thread_grain = 64 : i64}
// CHECK:     %[[B:.*]]:3 = weir.attention_rows @softmax_lse {{.*}} keys(%[[I]] of %[[N]])
// CHECK:     %[[S:.*]]:4 = weir.rows @softmax_lse.merge.carry ins(%[[A]]#0, %[[A]]#1, %[[B]]#0, %[[B]]#1 : {{[^)]*}}) {{.*}} {form = #weir.form<elementwise>}
// CHECK:     %[[O:.*]] = weir.rows @softmax_lse.merge.sums ins(%[[A]]#2, %[[B]]#2, %[[S]]#2, %[[S]]#3 : {{[^)]*}})
// CHECK:     %[[F:.*]]:2 = weir.rows @softmax_lse.carried ins(%[[S]]#0, %[[S]]#1 : {{[^)]*}})
// CHECK:     %[[Y:.*]] = weir.rows @softmax_lse.output1 ins(%[[O]], %[[F]]#0 : {{[^)]*}}) outs(%{{.*}} : tensor<?x8x?x32xbf16>)
// CHECK:     return %[[Y]], %[[F]]#1
func.func @two_parts(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x32xf32>, %i: index, %n: index) -> (tensor<?x8x?x32xbf16>, tensor<?x8x?xf32>) {
  %c0 = arith.constant 0 : index
  %a:3 = weir.attention_stats @softmax_lse(%q, %k, %v) keys(%c0 of %n) {causal, thread_grain = 64 : i64}
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x32xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>)
  %b:3 = weir.attention_stats @softmax_lse(%q, %k, %v) keys(%i of %n) {causal}
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x32xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>)
  %s:3 = weir.attention_merge @softmax_lse(%a#0, %a#1, %a#2) and(%b#0, %b#1, %b#2) : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
  %o, %l = weir.attention_finish @softmax_lse(%s#0, %s#1, %s#2)
    : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) -> (tensor<?x8x?x32xbf16>, tensor<?x8x?xf32>)
  return %o, %l : tensor<?x8x?x32xbf16>, tensor<?x8x?xf32>
}

// A formula without a reduction leaves nothing but a sum, and merges by adding.
// CHECK-LABEL: func.func @sums
// CHECK-SAME: (%[[A:.*]]: tensor<2x4x?x8xf64>, %[[B:.*]]: tensor<2x4x?x8xf64>)
// CHECK:     %[[ONE:.*]] = arith.constant 1.0{{.*}} : f64
// CHECK:     %[[S:.*]] = weir.rows @relu_weights.merge.sums ins(%[[A]], %[[B]], %[[ONE]], %[[ONE]] : {{[^)]*}})
// CHECK:     %[[O:.*]] = weir.rows @relu_weights.output0 ins(%[[S]] : {{[^)]*}})
// CHECK:     return %[[O]]
func.func @sums(%a: tensor<2x4x?x8xf64>, %b: tensor<2x4x?x8xf64>) -> tensor<2x4x?x8xf64> {
  %s = weir.attention_merge @relu_weights(%a) and(%b) : tensor<2x4x?x8xf64>
  %o = weir.attention_finish @relu_weights(%s) : (tensor<2x4x?x8xf64>) -> tensor<2x4x?x8xf64>
  return %o : tensor<2x4x?x8xf64>
}
