// The epilogue of attention and the place of a tile, printed and parsed again.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// RUN: weir-opt %s --mlir-print-op-generic | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

weir.formula @gate(%o: f32, %z: f32, %a: f32 {weir.uniform}) -> f32 {
  %g = arith.mulf %z, %a : f32
  %y = arith.mulf %o, %g : f32
  weir.yield %y : f32
}
weir.formula @half(%o: f32) -> f32 {
  %h = arith.constant 5.000000e-01 : f32
  %y = arith.mulf %o, %h : f32
  weir.yield %y : f32
}

// CHECK-LABEL: func.func @tensors
func.func @tensors(%q: tensor<2x4x?x16xbf16>, %k: tensor<2x2x?x16xbf16>, %v: tensor<2x2x?x8xbf16>, %z: tensor<4x?x1xbf16>, %a: f32, %n: tensor<2xi32>)
    -> tensor<2x4x?x8xbf16> {
  // CHECK: weir.attention @softmax(%{{.*}}, %{{.*}}, %{{.*}}) lengths(%{{.*}} : tensor<2xi32>) epilogue @gate(%{{.*}}, %{{.*}} : tensor<4x?x1xbf16>, f32) {causal} : (tensor<2x4x?x16xbf16>, tensor<2x2x?x16xbf16>, tensor<2x2x?x8xbf16>) -> tensor<2x4x?x8xbf16>
  %o = weir.attention @softmax(%q, %k, %v) lengths(%n : tensor<2xi32>) epilogue @gate(%z, %a : tensor<4x?x1xbf16>, f32) {causal}
     : (tensor<2x4x?x16xbf16>, tensor<2x2x?x16xbf16>, tensor<2x2x?x8xbf16>) -> tensor<2x4x?x8xbf16>
  return %o : tensor<2x4x?x8xbf16>
}
// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%q: memref<1x4x?x16xf32>, %k: memref<1x4x?x16xf32>, %v: memref<1x4x?x16xf32>, %o: memref<1x4x?x16xf32>, %i: index) {
  // CHECK: weir.attention_rows @softmax ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<1x4x?x16xf32>, memref<1x4x?x16xf32>, memref<1x4x?x16xf32>) epilogue @half place(%[[I:.*]], %[[I]], %[[I]], %[[I]], %[[I]]) outs(%{{.*}} : memref<1x4x?x16xf32>) {causal}
  weir.attention_rows @softmax ins(%q, %k, %v : memref<1x4x?x16xf32>, memref<1x4x?x16xf32>, memref<1x4x?x16xf32>)
    epilogue @half place(%i, %i, %i, %i, %i) outs(%o : memref<1x4x?x16xf32>) {causal}
  return
}
