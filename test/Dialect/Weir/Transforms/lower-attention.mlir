// RUN: weir-opt %s --weir-lower-attention --canonicalize --cse | FileCheck %s

// Every operand and attribute goes along.
// CHECK-LABEL: func.func @all
// CHECK-SAME:  (%[[Q:.*]]: tensor<?x8x?x64xbf16>, %[[K:.*]]: tensor<?x2x?x64xbf16>, %[[V:.*]]: tensor<?x2x?x32xbf16>, %[[A:.*]]: tensor<1x8x1xf32>,
// CHECK-SAME:   %[[M:.*]]: tensor<?x?xi1>, %[[B:.*]]: tensor<?xf32>, %[[N:.*]]: tensor<?xi32>)
func.func @all(%q: tensor<?x8x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x32xbf16>, %a: tensor<1x8x1xf32>,
               %m: tensor<?x?xi1>, %b: tensor<?xf32>, %n: tensor<?xi32>) -> tensor<?x8x?x32xf32> {
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[BATCHES:.*]] = tensor.dim %[[Q]], %[[C0]]
  // CHECK-DAG: %[[QUERIES:.*]] = tensor.dim %[[Q]], %[[C2]]
  // CHECK:     %[[E:.*]] = tensor.empty(%[[BATCHES]], %[[QUERIES]]) : tensor<?x8x?x32xf32>
  // CHECK:     %[[O:.*]] = weir.attention_rows @softmax_sink ins(%[[Q]], %[[K]], %[[V]] : {{[^)]*}}) operands(%[[A]] : {{[^)]*}}) mask(%[[M]] : {{[^)]*}}) bias(%[[B]] : {{[^)]*}}) lengths(%[[N]] : {{[^)]*}})
  // CHECK-SAME: outs(%[[E]] : tensor<?x8x?x32xf32>)
  // CHECK-SAME: {causal, empty_row = #weir.empty_row<nan>, form = #weir.attention_form<blocks>, key_tile = 64 : i64, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>, query_tile = 48 : i64, scale = 1.250000e-01 : f64, soft_cap = 3.000000e+01 : f64, thread_grain = 1000 : i64, ties = #weir.ties<unspecified>, window_left = 128 : i64, window_right = 0 : i64}
  // CHECK:     return %[[O]]
  %o = weir.attention @softmax_sink(%q, %k, %v) operands(%a : tensor<1x8x1xf32>) mask(%m : tensor<?x?xi1>) bias(%b : tensor<?xf32>)
    lengths(%n : tensor<?xi32>)
    {causal, window_left = 128 : i64, window_right = 0 : i64, scale = 0.125 : f64, soft_cap = 30.0 : f64,
     empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>, ties = #weir.ties<unspecified>,
     form = #weir.attention_form<blocks>, query_tile = 48 : i64, key_tile = 64 : i64, thread_grain = 1000 : i64}
    : (tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x32xbf16>) -> tensor<?x8x?x32xf32>
  return %o : tensor<?x8x?x32xf32>
}

// Heads behind queries; a statistic has the order batch, head, query all the same.
// CHECK-LABEL: func.func @heads_behind
// CHECK-SAME:  (%[[Q:.*]]: tensor<2x?x?x8xf64>
func.func @heads_behind(%q: tensor<2x?x?x8xf64>) -> (tensor<2x?x?x8xf64>, tensor<2x?x?xf64>) {
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[QUERIES:.*]] = tensor.dim %[[Q]], %[[C1]]
  // CHECK-DAG: %[[HEADS:.*]] = tensor.dim %[[Q]], %[[C2]]
  // CHECK-DAG: %[[E:.*]] = tensor.empty(%[[QUERIES]], %[[HEADS]]) : tensor<2x?x?x8xf64>
  // CHECK-DAG: %[[S:.*]] = tensor.empty(%[[HEADS]], %[[QUERIES]]) : tensor<2x?x?xf64>
  // CHECK:     %[[R:.*]]:2 = weir.attention_rows @softmax_lse ins(%[[Q]], %[[Q]], %[[Q]] : {{[^)]*}}) outs(%[[E]], %[[S]] : {{[^)]*}}) {layout = #weir.attention_layout<blhd>}
  // CHECK:     return %[[R]]#0, %[[R]]#1
  %o, %s = weir.attention @softmax_lse(%q, %q, %q) {layout = #weir.attention_layout<blhd>}
    : (tensor<2x?x?x8xf64>, tensor<2x?x?x8xf64>, tensor<2x?x?x8xf64>) -> (tensor<2x?x?x8xf64>, tensor<2x?x?xf64>)
  return %o, %s : tensor<2x?x?x8xf64>, tensor<2x?x?xf64>
}

// What only the result's type knows, and what it does not.
// CHECK-LABEL: func.func @refined
func.func @refined(%q: tensor<?x2x?x8xf32>, %k: tensor<3x2x5x8xf32>) -> (tensor<3x2x4x8xf32>, tensor<?x?x?x8xf32>) {
  // CHECK: tensor.empty() : tensor<3x2x4x8xf32>
  // CHECK: weir.attention_rows {{.*}} -> tensor<3x2x4x8xf32>
  %a = weir.attention @softmax(%q, %k, %k) : (tensor<?x2x?x8xf32>, tensor<3x2x5x8xf32>, tensor<3x2x5x8xf32>) -> tensor<3x2x4x8xf32>
  // CHECK: %[[B:.*]] = weir.attention_rows {{.*}} -> tensor<?x2x?x8xf32>
  // CHECK: tensor.cast %[[B]] : tensor<?x2x?x8xf32> to tensor<?x?x?x8xf32>
  %b = weir.attention @softmax(%q, %k, %k) : (tensor<?x2x?x8xf32>, tensor<3x2x5x8xf32>, tensor<3x2x5x8xf32>) -> tensor<?x?x?x8xf32>
  return %a, %b : tensor<3x2x4x8xf32>, tensor<?x?x?x8xf32>
}

// Packed sequences: rows are heads and queries.
// CHECK-LABEL: func.func @packed
// CHECK-SAME: (%[[Q:.*]]: tensor<?x?x8xf32>, %[[S:.*]]: tensor<?xi32>)
func.func @packed(%q: tensor<?x?x8xf32>, %s: tensor<?xi32>) -> (tensor<?x?x8xf32>, tensor<?x?xf32>) {
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[QUERIES:.*]] = tensor.dim %[[Q]], %[[C0]]
  // CHECK-DAG: %[[HEADS:.*]] = tensor.dim %[[Q]], %[[C1]]
  // CHECK-DAG: %[[E:.*]] = tensor.empty(%[[QUERIES]], %[[HEADS]]) : tensor<?x?x8xf32>
  // CHECK-DAG: %[[L:.*]] = tensor.empty(%[[HEADS]], %[[QUERIES]]) : tensor<?x?xf32>
  // CHECK:     weir.attention_rows @softmax_lse ins(%[[Q]], %[[Q]], %[[Q]] : {{[^)]*}}) packed(%[[S]], %[[S]] : tensor<?xi32>, tensor<?xi32>) outs(%[[E]], %[[L]] : {{[^)]*}}) {causal, layout = #weir.attention_layout<blhd>}
  %o, %l = weir.attention @softmax_lse(%q, %q, %q) packed(%s, %s : tensor<?xi32>, tensor<?xi32>) {causal, layout = #weir.attention_layout<blhd>}
    : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?xf32>)
  return %o, %l : tensor<?x?x8xf32>, tensor<?x?xf32>
}
