// Upstream's transform dialect tiles weir's ops: by rows, and weir.stats along the row.
// RUN: weir-opt %s --transform-interpreter --canonicalize --cse -split-input-file | FileCheck %s

// Whole rows. What nothing asks for does not travel.
// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>, %[[B:.*]]: tensor<?xf32>, %[[V:.*]]: tensor<?xi1>)
func.func @rows(%x: tensor<?x?xf32>, %beta: tensor<?xf32>, %valid: tensor<?xi1>) -> tensor<?x?xf32> {
  // CHECK: scf.for %[[I:.*]] = %c0 {{.*}} iter_args(%[[TO:.*]] = %{{.*}})
  // CHECK: %[[XI:.*]] = tensor.extract_slice %[[X]][%[[I]], 0] [%[[H:.*]], %[[N:.*]]] [1, 1]
  // CHECK: %[[BI:.*]] = tensor.extract_slice %[[B]][%[[I]]] [%[[H]]] [1]
  // CHECK: %[[VI:.*]] = tensor.extract_slice %[[V]][0] [%[[N]]] [1]
  // CHECK: %[[Y:.*]] = weir.apply @softmax_scaled(%[[XI]], %[[BI]]) mask(%[[VI]] : tensor<?xi1>) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  // CHECK: tensor.insert_slice %[[Y]] into %[[TO]][%[[I]], 0] [%[[H]], %[[N]]] [1, 1]
  %y = weir.apply @softmax_scaled(%x, %beta) mask(%valid : tensor<?xi1>) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.apply"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [3] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Random numbers of a tile are those of the whole: its rows keep their index, through tiles of tiles.
// CHECK-LABEL: func.func @offsets
// CHECK-SAME: (%[[X:.*]]: tensor<4x6x8xf32>, %[[SEED:.*]]: i64, %[[TAU:.*]]: f32)
func.func @offsets(%x: tensor<4x6x8xf32>, %seed: i64, %tau: f32) -> tensor<4x6x8xf32> {
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[SIX:.*]] = arith.constant 6 : index
  // CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (2, 3)
  // CHECK-DAG: %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
  // CHECK-DAG: %[[AT:.*]] = affine.apply #{{.*}}(%[[J]])
  // CHECK-DAG: %[[P:.*]] = arith.muli %[[ROW]], %[[SIX]] : index
  // CHECK-DAG: %[[BASE:.*]] = arith.addi %[[P]], %[[AT]] : index
  // CHECK: scf.for %[[K:.*]] = %c0
  // CHECK: %[[Q:.*]] = arith.muli %[[K]], %[[SIX]] : index
  // CHECK: %[[INNER:.*]] = arith.addi %[[BASE]], %[[Q]] : index
  // CHECK: weir.apply @gumbel_softmax_seeded(%{{.*}}, %[[SEED]], %[[TAU]]) row(%[[INNER]] by %[[SIX]], %[[ONE]]) : (tensor<1x2x8xf32>, i64, f32) -> tensor<1x2x8xf32>
  %y = weir.apply @gumbel_softmax_seeded(%x, %seed, %tau) : (tensor<4x6x8xf32>, i64, f32) -> tensor<4x6x8xf32>
  return %y : tensor<4x6x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.apply"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_forall %0 tile_sizes [2, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %2:2 = transform.structured.tile_using_for %1#0 tile_sizes [1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// An elementwise formula is tiled in every dimension, and its positions travel.
weir.formula @ramp(%x: f32) -> f32 {
  %p = weir.position : index
  %i = arith.index_cast %p : index to i64
  %f = arith.sitofp %i : i64 to f32
  %y = arith.addf %x, %f : f32
  weir.yield %y : f32
}
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: scf.for %[[J:.*]] = %c0
  // CHECK: %[[XJ:.*]] = tensor.extract_slice %{{.*}}[0, %[[J]]] [4, 4] [1, 1]
  // CHECK: weir.apply @ramp(%[[XJ]]) column(%[[J]]) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = weir.apply @ramp(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.apply"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Along the row, weir.stats takes one part after the other into the state.
// CHECK-LABEL: func.func @sequential
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>, %[[M:.*]]: tensor<4xf32>, %[[S:.*]]: tensor<4xf32>)
func.func @sequential(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %s: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: scf.for %[[J:.*]] = %c0 {{.*}} iter_args(%[[MC:.*]] = %[[M]], %[[SC:.*]] = %[[S]])
  // CHECK: %[[XJ:.*]] = tensor.extract_slice %[[X]][0, %[[J]]] [4, 2] [1, 1]
  // CHECK: weir.stats @softmax sweep(1) ins(%[[XJ]] : tensor<4x2xf32>) outs(%[[MC]], %[[SC]] : tensor<4xf32>, tensor<4xf32>)
  %y:2 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%m, %s : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.stats"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Parts by themselves, from identities; then they are merged. The winner's position is that in the whole row.
weir.formula @winner(%x: f32) -> (f32 {weir.uniform}, index {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  weir.yield %m, %i : f32, index
}
// CHECK-LABEL: func.func @parallel
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>, %[[M:.*]]: tensor<4xf32>, %[[P:.*]]: tensor<4xindex>)
func.func @parallel(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %p: tensor<4xindex>) -> (tensor<4xf32>, tensor<4xindex>) {
  // CHECK: %[[M0:.*]] = linalg.fill {{.*}} -> tensor<2x4xf32>
  // CHECK: %[[P0:.*]] = linalg.fill {{.*}} -> tensor<2x4xindex>
  // CHECK: %[[PARTS:.*]]:2 = scf.forall (%[[T:.*]]) in (2) shared_outs(%[[MO:.*]] = %[[M0]], %[[PO:.*]] = %[[P0]])
  // CHECK: %[[COL:.*]] = affine.apply #{{.*}}(%[[T]])
  // CHECK: weir.stats @winner sweep(1) ins(%{{.*}} : tensor<4x4xf32>) column(%[[COL]])
  // CHECK: tensor.parallel_insert_slice %{{.*}} into %[[MO]][%[[T]], 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<2x4xf32>
  // CHECK: scf.for %[[K:.*]] = %c0 {{.*}} iter_args(%[[MC:.*]] = %[[M]], %[[PC:.*]] = %[[P]])
  // CHECK: %[[MK:.*]] = tensor.extract_slice %[[PARTS]]#0[%[[K]], 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  // CHECK: %[[PK:.*]] = tensor.extract_slice %[[PARTS]]#1[%[[K]], 0] [1, 4] [1, 1] : tensor<2x4xindex> to tensor<4xindex>
  // CHECK: weir.merge @winner sweep(1) ins(%[[MK]], %[[PK]] : tensor<4xf32>, tensor<4xindex>) outs(%[[MC]], %[[PC]] : tensor<4xf32>, tensor<4xindex>)
  %y:2 = weir.stats @winner sweep(1) ins(%x : tensor<4x8xf32>) outs(%m, %p : tensor<4xf32>, tensor<4xindex>) -> tensor<4xf32>, tensor<4xindex>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xindex>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.stats"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill0, %fill1, %part, %merge, %loop = transform.structured.tile_reduction_using_forall %0 by num_threads = [0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A sequential loop merges into the first part.
// CHECK-LABEL: func.func @reduction_for
func.func @reduction_for(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %s: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[PARTS:.*]]:2 = scf.for
  // CHECK: weir.stats @softmax sweep(1)
  // CHECK: tensor.extract_slice %[[PARTS]]#0[0, 0] [1, 4] [1, 1]
  // CHECK: weir.merge @softmax sweep(1)
  %y:2 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%m, %s : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.stats"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill0, %fill1, %part, %merge, %loop = transform.structured.tile_reduction_using_for %0 by tile_sizes = [0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The producer of a row's scores and its weights are fused into the loops of their consumer.
// CHECK-LABEL: func.func @fused
func.func @fused(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: scf.for
  // CHECK: weir.apply @softmax({{.*}}) : (tensor<2x8xf32>) -> tensor<2x8xf32>
  // CHECK: weir.apply @silu({{.*}}) : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %w = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = weir.apply @silu(%w) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.apply"]} in %root : (!transform.any_op) -> !transform.any_op
    %first, %last = transform.split_handle %0 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %1:2 = transform.structured.fuse %last tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
