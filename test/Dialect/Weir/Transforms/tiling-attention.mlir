// Upstream's transform dialect tiles attention by batches, heads and queries.
// RUN: weir-opt %s --transform-interpreter --canonicalize --cse -split-input-file | FileCheck %s

// A tile of queries says where it lies where something asks for it: the last query still sees the last key.
// CHECK-LABEL: func.func @queries
// CHECK-SAME: (%[[Q:.*]]: tensor<2x4x?x8xf32>, %[[K:.*]]: tensor<2x4x?x8xf32>, %[[V:.*]]: tensor<2x4x?x8xf32>, %[[B:.*]]: tensor<4x?x?xf32>, %[[N:.*]]: tensor<2xi32>)
func.func @queries(%q: tensor<2x4x?x8xf32>, %k: tensor<2x4x?x8xf32>, %v: tensor<2x4x?x8xf32>, %b: tensor<4x?x?xf32>, %n: tensor<2xi32>)
    -> tensor<2x4x?x8xf32> {
  // CHECK-DAG: %[[LQ:.*]] = tensor.dim %[[Q]], %c2
  // CHECK: scf.for %[[I:.*]] = %c0 to %c2 step %c1
  // CHECK: scf.for %[[J:.*]] = %c0 to %[[LQ]] step %c32
  // CHECK-DAG: %[[QI:.*]] = tensor.extract_slice %[[Q]][%[[I]], 0, %[[J]], 0] [1, 4, %[[M:.*]], 8]
  // CHECK-DAG: %[[KI:.*]] = tensor.extract_slice %[[K]][%[[I]], 0, 0, 0] [1, 4, %{{.*}}, 8]
  // CHECK-DAG: %[[VI:.*]] = tensor.extract_slice %[[V]][%[[I]], 0, 0, 0] [1, 4, %{{.*}}, 8]
  // CHECK-DAG: %[[BI:.*]] = tensor.extract_slice %[[B]][0, %[[J]], 0] [4, %[[M]], %{{.*}}]
  // CHECK-DAG: %[[NI:.*]] = tensor.extract_slice %[[N]][%[[I]]] [1]
  // CHECK: %[[O:.*]] = weir.attention @softmax(%[[QI]], %[[KI]], %[[VI]]) bias(%[[BI]] : tensor<4x?x?xf32>) lengths(%[[NI]] : tensor<1xi32>) place(%[[I]], %c0, %[[J]], %c4, %[[LQ]]) {causal} : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: tensor.insert_slice %[[O]] into %{{.*}}[%[[I]], 0, %[[J]], 0] [1, 4, %[[M]], 8]
  %o = weir.attention @softmax(%q, %k, %v) bias(%b : tensor<4x?x?xf32>) lengths(%n : tensor<2xi32>) {causal}
     : (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  return %o : tensor<2x4x?x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:3 = transform.structured.tile_using_for %0 tile_sizes [1, 0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Heads of queries in whole groups or parts of one, beside the heads of keys that they share; in the other layout.
// CHECK-LABEL: func.func @heads
// CHECK-SAME: (%[[Q:.*]]: tensor<1x6x8x16xbf16>, %[[K:.*]]: tensor<1x9x2x16xbf16>, %[[Z:.*]]: tensor<8x1xbf16>)
func.func @heads(%q: tensor<1x6x8x16xbf16>, %k: tensor<1x9x2x16xbf16>, %z: tensor<8x1xbf16>) -> tensor<1x6x8x16xbf16> {
  // CHECK: scf.forall (%[[T:.*]]) in (4)
  // CHECK: %[[H:.*]] = affine.apply #{{.*}}(%[[T]])
  // CHECK-DAG: %[[QI:.*]] = tensor.extract_slice %[[Q]][0, 0, %[[H]], 0] [1, 6, 2, 16]
  // CHECK-DAG: %[[G:.*]] = affine.apply #map{{.*}}(%[[T]])
  // CHECK-DAG: %[[KI:.*]] = tensor.extract_slice %[[K]][0, 0, %[[G]], 0] [1, 9, 1, 16]
  // CHECK-DAG: %[[ZI:.*]] = tensor.extract_slice %[[Z]][%[[H]], 0] [2, 1]
  // CHECK: weir.attention @softmax(%[[QI]], %[[KI]], %[[KI]]) epilogue @gate(%[[ZI]] : tensor<2x1xbf16>) {layout = #weir.attention_layout<blhd>}
  %o = weir.attention @softmax(%q, %k, %k) epilogue @gate(%z : tensor<8x1xbf16>) {layout = #weir.attention_layout<blhd>}
     : (tensor<1x6x8x16xbf16>, tensor<1x9x2x16xbf16>, tensor<1x9x2x16xbf16>) -> tensor<1x6x8x16xbf16>
  return %o : tensor<1x6x8x16xbf16>
}
weir.formula @gate(%o: f32, %z: f32) -> f32 {
  %y = arith.mulf %o, %z : f32
  weir.yield %y : f32
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_forall %0 tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Destinations are sliced too.
// CHECK-LABEL: func.func @destinations
func.func @destinations(%q: tensor<2x4x6x8xf32>, %o: tensor<2x4x6x8xf32>, %l: tensor<2x4x6xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6xf32>) {
  // CHECK: scf.for %[[I:.*]] = %c0
  // CHECK: tensor.extract_slice %{{.*}}[%[[I]], 0, 0] [1, 4, 6]
  // CHECK: weir.attention_rows @softmax_lse {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x4x6x8xf32>, tensor<1x4x6xf32>) -> tensor<1x4x6x8xf32>, tensor<1x4x6xf32>
  %0:2 = weir.attention_rows @softmax_lse ins(%q, %q, %q : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>)
    outs(%o, %l : tensor<2x4x6x8xf32>, tensor<2x4x6xf32>) -> tensor<2x4x6x8xf32>, tensor<2x4x6xf32>
  return %0#0, %0#1 : tensor<2x4x6x8xf32>, tensor<2x4x6xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention_rows"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Packed sequences by heads; their starts are those of all. Random numbers are those of the whole.
// CHECK-LABEL: func.func @packed
// CHECK-SAME: (%[[Q:.*]]: tensor<?x8x16xf32>, %[[K:.*]]: tensor<?x2x16xf32>, %[[S:.*]]: tensor<?xi32>, %[[A:.*]]: i64, %[[T:.*]]: tensor<8x1xf32>)
func.func @packed(%q: tensor<?x8x16xf32>, %k: tensor<?x2x16xf32>, %s: tensor<?xi32>, %a: i64, %t: tensor<8x1xf32>) -> tensor<?x8x16xf32> {
  // CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %c0
  // CHECK: scf.for %[[H:.*]] = %c0 to %c8 step %c4
  // CHECK-DAG: %[[QI:.*]] = tensor.extract_slice %[[Q]][0, %[[H]], 0] [%{{.*}}, 4, 16]
  // CHECK-DAG: %[[G:.*]] = affine.apply #map{{.*}}(%[[H]])
  // CHECK-DAG: %[[KI:.*]] = tensor.extract_slice %[[K]][0, %[[G]], 0] [%{{.*}}, 1, 16]
  // CHECK-DAG: %[[TI:.*]] = tensor.extract_slice %[[T]][%[[H]], 0] [4, 1]
  // CHECK: %[[O:.*]] = weir.attention @gumbel_softmax_seeded(%[[QI]], %[[KI]], %[[KI]]) operands(%[[A]], %[[TI]] : i64, tensor<4x1xf32>) packed(%[[S]], %[[S]] : tensor<?xi32>, tensor<?xi32>) place(%c0, %[[H]], %c0, %c8, %[[N]]) {causal, layout = #weir.attention_layout<blhd>}
  // CHECK: tensor.insert_slice %[[O]] into %{{.*}}[0, %[[H]], 0] [%{{.*}}, 4, 16]
  %o = weir.attention @gumbel_softmax_seeded(%q, %k, %k) operands(%a, %t : i64, tensor<8x1xf32>) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    {causal, layout = #weir.attention_layout<blhd>} : (tensor<?x8x16xf32>, tensor<?x2x16xf32>, tensor<?x2x16xf32>) -> tensor<?x8x16xf32>
  return %o : tensor<?x8x16xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [4, 0] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
