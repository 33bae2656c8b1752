// RUN: weir-opt %s --weir-take-apart --canonicalize --cse | FileCheck %s

// One sweep: a state from nothing, its statistics, the weights.
// CHECK-LABEL: func.func @softmax
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-DAG: %[[LOW:.*]] = arith.constant 0xFF800000 : f32
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
  // CHECK-DAG: %[[M:.*]] = linalg.fill ins(%[[LOW]] : f32)
  // CHECK-DAG: %[[S:.*]] = linalg.fill ins(%[[ZERO]] : f32)
  // CHECK: %[[STATE:.*]]:2 = weir.stats @softmax sweep(1) ins(%[[X]] : tensor<4x8xf32>) outs(%[[M]], %[[S]] : tensor<4xf32>, tensor<4xf32>)
  // CHECK: %[[DONE:.*]]:2 = weir.finish @softmax sweep(1) ins(%[[STATE]]#0, %[[STATE]]#1 : tensor<4xf32>, tensor<4xf32>)
  // CHECK: %[[Y:.*]] = weir.weights @softmax ins(%[[X]] : tensor<4x8xf32>) known(%[[DONE]]#0, %[[DONE]]#1 : tensor<4xf32>, tensor<4xf32>)
  // CHECK: return %[[Y]]
  %y = weir.apply @softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Two sweeps: the second knows what the first found.
// CHECK-LABEL: func.func @two_sweeps
func.func @two_sweeps(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: weir.stats @softmax_adaptive sweep(1)
  // CHECK: %[[ONE:.*]]:3 = weir.finish @softmax_adaptive sweep(1)
  // CHECK: weir.stats @softmax_adaptive sweep(2) {{.*}} known(%[[ONE]]#0, %[[ONE]]#1, %[[ONE]]#2 :
  // CHECK: %[[TWO:.*]] = weir.finish @softmax_adaptive sweep(2)
  // CHECK: weir.weights @softmax_adaptive {{.*}} known(%[[ONE]]#0, %[[ONE]]#1, %[[ONE]]#2, %[[TWO]] :
  %y = weir.apply @softmax_adaptive(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// A result that is uniform comes from the finish. No weights are left.
// CHECK-LABEL: func.func @uniform
func.func @uniform(%x: tensor<?x8xf64>) -> tensor<?xf64> {
  // CHECK: %[[DONE:.*]]:3 = weir.finish @logsumexp sweep(1) {{.*}} -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  // CHECK-NOT: weir.weights
  // CHECK: return %[[DONE]]#2
  %y = weir.apply @logsumexp(%x) : (tensor<?x8xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// The length is a size, or a count where a mask makes it differ from row to row.
// CHECK-LABEL: func.func @length
func.func @length(%x: tensor<4x?xf32>, %e: f32, %valid: tensor<4x?xi1>) -> (tensor<4x?xf32>, tensor<4x?xf32>) {
  // CHECK: %[[N:.*]] = tensor.dim
  // CHECK: weir.stats @l2_normalize
  // CHECK: weir.stats @rms_norm {{.*}} known(%[[N]] : index)
  // CHECK: %[[COUNT:.*]] = weir.apply @rms_norm.length(%{{.*}}, %{{.*}}) : (tensor<4x?xi1>, tensor<4x?xf32>, tensor<4x?xf32>) -> tensor<4xindex>
  // CHECK: weir.stats @rms_norm {{.*}} mask({{.*}}) known(%[[COUNT]] : tensor<4xindex>)
  %0 = weir.apply @l2_normalize(%x, %e) : (tensor<4x?xf32>, f32) -> tensor<4x?xf32>
  %1 = weir.apply @rms_norm(%0, %0, %e) : (tensor<4x?xf32>, tensor<4x?xf32>, f32) -> tensor<4x?xf32>
  %2 = weir.apply @rms_norm(%x, %x, %e) mask(%valid : tensor<4x?xi1>) : (tensor<4x?xf32>, tensor<4x?xf32>, f32) -> tensor<4x?xf32>
  return %1, %2 : tensor<4x?xf32>, tensor<4x?xf32>
}

// Scores of +inf share the mass before anything else; other policies go along.
// CHECK-LABEL: func.func @policies
func.func @policies(%x: tensor<4x8xbf16>) -> tensor<4x8xbf16> {
  // CHECK: %[[MOST:.*]] = weir.apply @softmax.most(%{{.*}}) {nan = #weir.nan<ignore>, thread_grain = 9 : i64} : (tensor<4x8xbf16>) -> tensor<4xf32>
  // CHECK: %[[SHARED:.*]] = weir.apply @softmax.shared(%{{.*}}, %[[MOST]]) {thread_grain = 9 : i64} : (tensor<4x8xbf16>, tensor<4xf32>) -> tensor<4x8xbf16>
  // CHECK: weir.stats @softmax sweep(1) ins(%[[SHARED]] {{.*}} {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, thread_grain = 9 : i64}
  // CHECK: weir.weights @softmax ins(%[[SHARED]] {{.*}} {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, thread_grain = 9 : i64}
  %y = weir.apply @softmax(%x) {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>,
    thread_grain = 9 : i64} : (tensor<4x8xbf16>) -> tensor<4x8xbf16>
  return %y : tensor<4x8xbf16>
}

// The row becomes the last dimension.
// CHECK-LABEL: func.func @along
func.func @along(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[T:.*]] = linalg.transpose {{.*}} permutation = [1, 0]
  // CHECK: weir.stats @softmax sweep(1) ins(%[[T]] : tensor<8x4xf32>)
  // CHECK: weir.weights @softmax ins(%[[T]] : tensor<8x4xf32>)
  // CHECK: linalg.transpose {{.*}} permutation = [1, 0]
  %y = weir.apply @softmax(%x) {along = 0} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// What is elementwise stays.
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: weir.apply @silu
  %y = weir.apply @silu(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
