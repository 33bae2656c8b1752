// Packed sequences: inputs and rows have no dimension of batches.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

// CHECK-LABEL: func.func @ragged
func.func @ragged(%q: tensor<?x8x64xbf16>, %k: tensor<?x2x64xbf16>, %v: tensor<?x2x32xbf16>, %a: tensor<8x1xf32>, %m: tensor<1x?x?xi1>, %b: tensor<?xbf16>,
                  %qs: tensor<?xi32>, %ks: tensor<9xi64>) -> (tensor<?x8x32xf32>, tensor<8x?xf32>) {
  // CHECK: weir.attention @softmax_lse(%{{.*}}, %{{.*}}, %{{.*}}) mask(%{{.*}} : tensor<1x?x?xi1>) bias(%{{.*}} : tensor<?xbf16>) packed(%{{.*}}, %{{.*}} : tensor<?xi32>, tensor<9xi64>) {causal, layout = #weir.attention_layout<blhd>} : (tensor<?x8x64xbf16>, tensor<?x2x64xbf16>, tensor<?x2x32xbf16>) -> (tensor<?x8x32xf32>, tensor<8x?xf32>)
  %o, %s = weir.attention @softmax_lse(%q, %k, %v) mask(%m : tensor<1x?x?xi1>) bias(%b : tensor<?xbf16>)
    packed(%qs, %ks : tensor<?xi32>, tensor<9xi64>) {causal, layout = #weir.attention_layout<blhd>}
    : (tensor<?x8x64xbf16>, tensor<?x2x64xbf16>, tensor<?x2x32xbf16>) -> (tensor<?x8x32xf32>, tensor<8x?xf32>)
  return %o, %s : tensor<?x8x32xf32>, tensor<8x?xf32>
}

// CHECK-LABEL: func.func @rows
func.func @rows(%q: memref<4x?x64xf32>, %a: memref<4x?xf32>, %s: memref<?xi32>, %o: memref<4x?x64xf32>) {
  // CHECK: weir.attention_rows @softmax_sink ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<4x?x64xf32>, memref<4x?x64xf32>, memref<4x?x64xf32>) operands(%{{.*}} : memref<4x?xf32>) packed(%{{.*}}, %{{.*}} : memref<?xi32>, memref<?xi32>) place(%{{.*}}) outs(%{{.*}} : memref<4x?x64xf32>)
  %c = arith.constant 0 : index
  weir.attention_rows @softmax_sink ins(%q, %q, %q : memref<4x?x64xf32>, memref<4x?x64xf32>, memref<4x?x64xf32>) operands(%a : memref<4x?xf32>)
    packed(%s, %s : memref<?xi32>, memref<?xi32>) place(%c, %c, %c, %c, %c) outs(%o : memref<4x?x64xf32>)
  return
}
