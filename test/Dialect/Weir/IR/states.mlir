// Rows taken apart, printed and parsed again, on tensors and on memrefs.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// RUN: weir-opt %s --mlir-print-op-generic | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

// CHECK-LABEL: func.func @tensors
func.func @tensors(%x: tensor<?x8xf32>, %beta: tensor<?xf32>, %valid: tensor<8xi1>, %m: tensor<?xf32>, %s: tensor<?xf32>,
                   %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: weir.stats @softmax_scaled sweep(1) ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?xf32>) mask(%{{.*}} : tensor<8xi1>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) {empty_row = #weir.empty_row<zero>, nan = #weir.nan<ignore>, thread_grain = 64 : i64} -> tensor<?xf32>, tensor<?xf32>
  %0:2 = weir.stats @softmax_scaled sweep(1) ins(%x, %beta : tensor<?x8xf32>, tensor<?xf32>) mask(%valid : tensor<8xi1>)
    outs(%m, %s : tensor<?xf32>, tensor<?xf32>) {empty_row = #weir.empty_row<zero>, nan = #weir.nan<ignore>, thread_grain = 64 : i64}
    -> tensor<?xf32>, tensor<?xf32>
  // CHECK: weir.merge @softmax_scaled sweep(1) ins(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) uniforms(%{{.*}} : tensor<?xf32>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  %1:2 = weir.merge @softmax_scaled sweep(1) ins(%0#0, %0#1 : tensor<?xf32>, tensor<?xf32>) uniforms(%beta : tensor<?xf32>)
    outs(%m, %s : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  // CHECK: weir.finish @softmax_scaled sweep(1) ins(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) uniforms(%{{.*}} : tensor<?xf32>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  %2:2 = weir.finish @softmax_scaled sweep(1) ins(%1#0, %1#1 : tensor<?xf32>, tensor<?xf32>) uniforms(%beta : tensor<?xf32>)
    outs(%m, %s : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  // CHECK: weir.weights @softmax_scaled ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?xf32>) mask(%{{.*}} : tensor<8xi1>) known(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) outs(%{{.*}} : tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = weir.weights @softmax_scaled ins(%x, %beta : tensor<?x8xf32>, tensor<?xf32>) mask(%valid : tensor<8xi1>)
    known(%2#0, %2#1 : tensor<?xf32>, tensor<?xf32>) outs(%y : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%x: memref<4x6x8xf64>, %seed: i64, %tau: f32, %m: memref<4x6xf64>, %s: memref<4x6xf64>, %y: memref<4x6x8xbf16>,
                   %i: index) {
  // CHECK: weir.stats @gumbel_softmax_seeded sweep(1) ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<4x6x8xf64>, i64, f32) row(%[[I:.*]] by %[[I]], %[[I]]) column(%[[I]]) outs(%{{.*}}, %{{.*}} : memref<4x6xf64>, memref<4x6xf64>)
  weir.stats @gumbel_softmax_seeded sweep(1) ins(%x, %seed, %tau : memref<4x6x8xf64>, i64, f32) row(%i by %i, %i) column(%i)
    outs(%m, %s : memref<4x6xf64>, memref<4x6xf64>)
  // CHECK: weir.weights @gumbel_softmax_seeded ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<4x6x8xf64>, i64, f32) known(%{{.*}}, %{{.*}} : memref<4x6xf64>, memref<4x6xf64>) row(%[[I]] by %[[I]], %[[I]]) outs(%{{.*}} : memref<4x6x8xbf16>)
  weir.weights @gumbel_softmax_seeded ins(%x, %seed, %tau : memref<4x6x8xf64>, i64, f32)
    known(%m, %s : memref<4x6xf64>, memref<4x6xf64>) row(%i by %i, %i) outs(%y : memref<4x6x8xbf16>)
  return
}

// Where a tile lies in the whole.
// CHECK-LABEL: func.func @offsets
func.func @offsets(%x: tensor<?x?x8xf32>, %seed: i64, %tau: f32, %i: index, %one: tensor<8xf32>, %e: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: weir.apply @gumbel_softmax_seeded(%{{.*}}, %{{.*}}, %{{.*}}) row(%[[I:.*]] by %[[I]], %[[I]]) : (tensor<?x?x8xf32>, i64, f32) -> tensor<?x?x8xf32>
  %0 = weir.apply @gumbel_softmax_seeded(%x, %seed, %tau) row(%i by %i, %i) : (tensor<?x?x8xf32>, i64, f32) -> tensor<?x?x8xf32>
  // CHECK: weir.rows @gumbel_softmax_seeded ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<8xf32>, i64, f32) row(%[[I]]) column(%[[I]]) outs(%{{.*}} : tensor<8xf32>) -> tensor<8xf32>
  %1 = weir.rows @gumbel_softmax_seeded ins(%one, %seed, %tau : tensor<8xf32>, i64, f32) row(%i) column(%i)
    outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}
