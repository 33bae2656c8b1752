// Upstream's transform dialect tiles attention along its keys: each part leaves a state, which are merged and finished.
// RUN: weir-opt %s --transform-interpreter --canonicalize --cse -split-input-file | FileCheck %s

// Parts of their own, side by side: the first says what is left where there are no keys.
// CHECK-LABEL: func.func @side_by_side
// CHECK-SAME: (%[[Q:.*]]: tensor<2x8x?x64xf32>, %[[K:.*]]: tensor<2x2x?x64xf32>, %[[V:.*]]: tensor<2x2x?x32xf32>, %[[B:.*]]: tensor<8x1x?xf32>)
// CHECK-DAG: %[[LOW:.*]] = arith.constant 0xFF800000 : f32
// CHECK-DAG: %[[KEYS:.*]] = tensor.dim %[[K]], %{{.*}}
// CHECK:     %[[NOTHING:.*]] = linalg.fill ins(%[[LOW]] : f32) outs(%{{.*}} : tensor<1x2x8x?xf32>)
// CHECK:     tensor.insert_slice %[[NOTHING]] into %{{.*}}[0, 0, 0, 0] [1, 2, 8, %{{.*}}] [1, 1, 1, 1] : tensor<1x2x8x?xf32> into tensor<4x2x8x?xf32>
// CHECK:     %[[ALL:.*]]:3 = scf.forall (%[[PART:.*]]) in (4) shared_outs(%[[M:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}}, %[[O:.*]] = %{{.*}}) -> (tensor<4x2x8x?xf32>, tensor<4x2x8x?xf32>, tensor<4x2x8x?x32xf32>)
// CHECK:       %[[FIRST:.*]] = affine.apply
// CHECK:       %[[COUNT:.*]] = affine.max
// CHECK-DAG:   %[[KI:.*]] = tensor.extract_slice %[[K]][0, 0, %[[FIRST]], 0] [2, 2, %[[COUNT]], 64]
// CHECK-DAG:   %[[VI:.*]] = tensor.extract_slice %[[V]][0, 0, %[[FIRST]], 0] [2, 2, %[[COUNT]], 32]
// CHECK-DAG:   %[[BI:.*]] = tensor.extract_slice %[[B]][0, 0, %[[FIRST]]] [8, 1, %[[COUNT]]]
// CHECK:       %[[LEFT:.*]]:3 = weir.attention_stats @softmax(%{{.*}}, %[[KI]], %[[VI]]) bias(%[[BI]] : tensor<8x1x?xf32>) keys(%[[FIRST]] of %[[KEYS]]) {causal}
// CHECK-DAG:   tensor.parallel_insert_slice %[[LEFT]]#0 into %[[M]][%[[PART]], 0, 0, 0]
// CHECK-DAG:   tensor.parallel_insert_slice %[[LEFT]]#1 into %[[S]][%[[PART]], 0, 0, 0]
// CHECK-DAG:   tensor.parallel_insert_slice %[[LEFT]]#2 into %[[O]][%[[PART]], 0, 0, 0, 0]
// CHECK:     %[[MERGED:.*]]:3 = scf.for %[[NEXT:.*]] = %c1 to %c4 step %c1 iter_args(%[[MA:.*]] = %{{.*}}, %[[SA:.*]] = %{{.*}}, %[[OA:.*]] = %{{.*}})
// CHECK:       tensor.extract_slice %[[ALL]]#0[%[[NEXT]], 0, 0, 0]
// CHECK:       weir.attention_merge @softmax(%[[MA]], %[[SA]], %[[OA]]) and(%{{.*}}, %{{.*}}, %{{.*}}) : tensor<2x8x?xf32>, tensor<2x8x?xf32>, tensor<2x8x?x32xf32>
// CHECK:     %[[END:.*]] = weir.attention_finish @softmax(%[[MERGED]]#0, %[[MERGED]]#1, %[[MERGED]]#2)
// CHECK:     return %[[END]]
func.func @side_by_side(%q: tensor<2x8x?x64xf32>, %k: tensor<2x2x?x64xf32>, %v: tensor<2x2x?x32xf32>, %b: tensor<8x1x?xf32>) -> tensor<2x8x?x32xf32> {
  %o = weir.attention @softmax(%q, %k, %v) bias(%b : tensor<8x1x?xf32>) {causal}
     : (tensor<2x8x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x32xf32>) -> tensor<2x8x?x32xf32>
  return %o : tensor<2x8x?x32xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:6 = transform.structured.tile_reduction_using_forall %0 by num_threads = [0, 0, 0, 4]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// One after the other, into the first state; what is done to the output comes behind the finish, in its layout.
// CHECK-LABEL: func.func @one_by_one
// CHECK-SAME: (%[[Q:.*]]: tensor<1x6x8x16xbf16>, %[[K:.*]]: tensor<1x96x2x16xbf16>, %[[Z:.*]]: tensor<8x1xbf16>)
// CHECK:     scf.for %[[FIRST:.*]] = %c0 to %c96 step %c32 iter_args(%[[M:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}}, %[[O:.*]] = %{{.*}}) -> (tensor<32x1x8x6xf32>, tensor<32x1x8x6xf32>, tensor<32x1x8x6x16xf32>)
// CHECK:       %[[KI:.*]] = tensor.extract_slice %[[K]][0, %[[FIRST]], 0, 0] [1, 32, 2, 16]
// CHECK:       %[[LEFT:.*]]:3 = weir.attention_stats @softmax(%[[Q]], %[[KI]], %[[KI]]) keys(%[[FIRST]] of %c96) {layout = #weir.attention_layout<blhd>}
// CHECK-DAG:   %[[MA:.*]] = tensor.extract_slice %[[M]][0, 0, 0, 0] [1, 1, 8, 6]
// CHECK-DAG:   %[[SA:.*]] = tensor.extract_slice %[[S]][0, 0, 0, 0] [1, 1, 8, 6]
// CHECK-DAG:   %[[OA:.*]] = tensor.extract_slice %[[O]][0, 0, 0, 0, 0] [1, 1, 8, 6, 16]
// CHECK:       %[[BOTH:.*]]:3 = weir.attention_merge @softmax(%[[MA]], %[[SA]], %[[OA]]) and(%[[LEFT]]#0, %[[LEFT]]#1, %[[LEFT]]#2)
// CHECK:       tensor.insert_slice %[[BOTH]]#0 into %[[M]][0, 0, 0, 0]
// CHECK:     %[[END:.*]] = weir.attention_finish @softmax({{.*}}) : (tensor<1x8x6xf32>, tensor<1x8x6xf32>, tensor<1x8x6x16xf32>) -> tensor<1x8x6x16xf32>
// CHECK:     %[[T:.*]] = linalg.transpose ins(%[[END]] : {{.*}}) permutation = [0, 2, 1, 3]
// CHECK:     %[[Y:.*]] = weir.apply @gate(%[[T]], %[[Z]]) : (tensor<1x6x8x16xf32>, tensor<8x1xbf16>) -> tensor<1x6x8x16xbf16>
// CHECK:     return %[[Y]]
func.func @one_by_one(%q: tensor<1x6x8x16xbf16>, %k: tensor<1x96x2x16xbf16>, %z: tensor<8x1xbf16>) -> tensor<1x6x8x16xbf16> {
  %o = weir.attention @softmax(%q, %k, %k) epilogue @gate(%z : tensor<8x1xbf16>) {layout = #weir.attention_layout<blhd>}
     : (tensor<1x6x8x16xbf16>, tensor<1x96x2x16xbf16>, tensor<1x96x2x16xbf16>) -> tensor<1x6x8x16xbf16>
  return %o : tensor<1x6x8x16xbf16>
}
weir.formula @gate(%o: f32, %z: f32) -> f32 {
  %y = arith.mulf %o, %z : f32
  weir.yield %y : f32
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:6 = transform.structured.tile_reduction_using_for %0 by tile_sizes = [0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
