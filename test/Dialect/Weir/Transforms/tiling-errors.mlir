// A row that is needed whole is not cut.
// RUN: not weir-opt %s --transform-interpreter -split-input-file 2>&1 | FileCheck %s

func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: error: 'weir.{{.*}}' op cannot be tiled along its row, which it needs whole; take it apart first (weir-take-apart), then tile weir.stats and weir.weights
  %y = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
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

// Elementwise, but it asks how long the row is.
weir.formula @share(%x: f32) -> f32 {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %y = arith.divf %x, %f : f32
  weir.yield %y : f32
}
func.func @f(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // CHECK: error: 'weir.{{.*}}' op cannot be tiled along its row: its formula asks how long the row is, or has a uniform result
  %0 = weir.rows @share ins(%x : tensor<?x?xf32>) outs(%y : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.rows"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %s: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: error: 'weir.{{.*}}' op is tiled along its row by a parallel loop, whose iterations would all merge into one state; use transform.structured.tile_reduction_using_forall
  %y:2 = weir.stats @softmax sweep(1) ins(%x : tensor<4x8xf32>) outs(%m, %s : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.stats"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_forall %0 tile_sizes [0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Heads that do not share whole heads of keys.
func.func @f(%q: tensor<1x6x4x8xf32>, %k: tensor<1x2x4x8xf32>) -> tensor<1x6x4x8xf32> {
  // CHECK: error: 'weir.attention' op cannot be tiled so: which heads of keys a tile of heads of queries needs is not known; tile whole groups of a static number of heads
  %o = weir.attention @softmax(%q, %k, %k) : (tensor<1x6x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x6x4x8xf32>
  return %o : tensor<1x6x4x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Where a sequence begins is known of all of them together.
func.func @f(%q: tensor<4x32x8xf32>, %s: tensor<?xi32>) -> tensor<4x32x8xf32> {
  // CHECK: error: 'weir.attention' op cannot be tiled so: the queries of packed sequences stay whole
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %s : tensor<?xi32>, tensor<?xi32>) : (tensor<4x32x8xf32>, tensor<4x32x8xf32>, tensor<4x32x8xf32>) -> tensor<4x32x8xf32>
  return %o : tensor<4x32x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<1x4x32x8xf32>) -> tensor<1x4x32x8xf32> {
  // CHECK: error: 'weir.attention' op cannot be tiled along its keys, all of which a row needs; use transform.structured.tile_reduction_using_for or _forall
  %o = weir.attention @softmax(%q, %q, %q) : (tensor<1x4x32x8xf32>, tensor<1x4x32x8xf32>, tensor<1x4x32x8xf32>) -> tensor<1x4x32x8xf32>
  return %o : tensor<1x4x32x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.structured.tile_using_for %0 tile_sizes [0, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<4x32x8xf32>, %s: tensor<?xi32>) -> tensor<4x32x8xf32> {
  // CHECK: error: 'weir.attention' op cannot be tiled along its keys: those of packed sequences stay whole
  %o = weir.attention @softmax(%q, %q, %q) packed(%s, %s : tensor<?xi32>, tensor<?xi32>) : (tensor<4x32x8xf32>, tensor<4x32x8xf32>, tensor<4x32x8xf32>) -> tensor<4x32x8xf32>
  return %o : tensor<4x32x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:6 = transform.structured.tile_reduction_using_for %0 by tile_sizes = [0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// What no state leads to.
func.func @f(%q: tensor<1x4x32x8xf32>) -> tensor<1x4x32x8xf32> {
  // CHECK: error: 'weir.attention' op cannot be tiled along its keys: {{.+}}
  %o = weir.attention @sparsemax(%q, %q, %q) : (tensor<1x4x32x8xf32>, tensor<1x4x32x8xf32>, tensor<1x4x32x8xf32>) -> tensor<1x4x32x8xf32>
  return %o : tensor<1x4x32x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["weir.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %1:6 = transform.structured.tile_reduction_using_for %0 by tile_sizes = [0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
