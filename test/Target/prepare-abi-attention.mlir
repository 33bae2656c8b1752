// Which sizes of the tensors around attention are one: those of a call are checked by it.
// RUN: weir-opt %s --weir-lower-attention --weir-lower-states --weir-prepare-abi | FileCheck %s

// Batches n0, queries n1, keys n2; heads and their sizes are static.
// CHECK-LABEL: func.func @decoder.kernel(
// CHECK-SAME: weir.abi = {name = "decoder", table = array<i64: 8, 3, 1, 2, 32, 4, 0, -1, 8, -2, 64, 1, 2, 32, 4, 0, -1, 2, -3, 64, 1, 2, 32, 4, 0, -1, 2, -3, 32, 1, 6, 8, 4, 0, -1, 1, -2, -3, 1, 2, 32, 2, 0, 1, -3, 1, 0, 32, 1, 0, -1, 2, 2, 32, 4, 0, -1, 8, -2, 32, 2, 2, 32, 3, 0, -1, 8, -2, 0>
func.func @decoder(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x32xf32>, %m: tensor<?x1x?x?xi1>, %b: tensor<1x?xf32>,
                   %n: tensor<?xi32>) -> (tensor<?x8x?x32xf32>, tensor<?x8x?xf32>) {
  %o, %s = weir.attention @softmax_lse(%q, %k, %v) mask(%m : tensor<?x1x?x?xi1>) bias(%b : tensor<1x?xf32>) lengths(%n : tensor<?xi32>)
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x32xf32>) -> (tensor<?x8x?x32xf32>, tensor<?x8x?xf32>)
  return %o, %s : tensor<?x8x?x32xf32>, tensor<?x8x?xf32>
}

// Heads behind queries. Heads of queries and of keys need not be equal; what rows have once is aligned with batch, head, query.
// CHECK-LABEL: func.func @heads_behind.kernel(
// CHECK-SAME: weir.abi = {name = "heads_behind", table = array<i64: 4, 5, 1, 2, 16, 4, 0, -1, -2, -3, 64, 1, 2, 16, 4, 0, -1, -4, -5, 64, 1, 2, 32, 3, 0, 1, -3, -2, 2, 2, 16, 4, 0, -1, -2, -3, 64, 1, -3, -5>
func.func @heads_behind(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>, %a: tensor<1x?x?xf32>) -> tensor<?x?x?x64xf16> {
  %o = weir.attention @softmax_sink(%q, %k, %k) operands(%a : tensor<1x?x?xf32>) {layout = #weir.attention_layout<blhd>}
    : (tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>) -> tensor<?x?x?x64xf16>
  return %o : tensor<?x?x?x64xf16>
}

// Eight heads of queries must be a multiple of those of keys, whose number is n1. Heads that are each other's are.
// CHECK-LABEL: func.func @eight.kernel(
// CHECK-SAME: weir.abi = {name = "eight", table = array<i64: 3, 3, 1, 2, 32, 4, 0, -1, 8, 3, 64, 1, 2, 32, 4, 0, -1, -2, -3, 64, 2, 2, 32, 4, 0, -1, 8, 3, 64, 1, 8, -2>
func.func @eight(%q: tensor<?x8x3x64xf32>, %k: tensor<?x?x?x64xf32>) -> tensor<?x8x3x64xf32> {
  %p = weir.attention @softmax(%k, %k, %k) : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>) -> tensor<?x?x?x64xf32>
  %o = weir.attention @softmax(%q, %k, %p) : (tensor<?x8x3x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>) -> tensor<?x8x3x64xf32>
  return %o : tensor<?x8x3x64xf32>
}

// A static size that another tensor has is one for all.
// CHECK-LABEL: func.func @known.kernel(
// CHECK-SAME: weir.abi = {name = "known", table = array<i64: 4, 2, 1, 2, 64, 4, 0, 2, -1, -2, 8, 1, 2, 64, 4, 0, 2, 3, 5, 8, 1, 2, 64, 4, 0, 2, 3, 5, 8, 2, 2, 64, 4, 0, 2, -1, -2, 8, 1, -1, 3>
func.func @known(%q: tensor<?x?x?x8xf64>, %k: tensor<2x?x5x8xf64>, %v: tensor<?x3x?x8xf64>) -> tensor<?x?x?x8xf64> {
  %o = weir.attention @softmax(%q, %k, %v) : (tensor<?x?x?x8xf64>, tensor<2x?x5x8xf64>, tensor<?x3x?x8xf64>) -> tensor<?x?x?x8xf64>
  return %o : tensor<?x?x?x8xf64>
}

// What the epilogue takes has the output's sizes, in its layout.
// CHECK-LABEL: func.func @gated.kernel(
// CHECK-SAME: weir.abi = {name = "gated", table = array<i64: 4, 3, 1, 2, 32, 4, 0, -1, -2, 2, 8, 1, 2, 32, 4, 0, -1, -3, 2, 8, 1, 2, 32, 3, 0, -2, 2, 1, 2, 2, 32, 4, 0, -1, -2, 2, 8, 0>
func.func @gated(%q: tensor<?x?x2x8xf32>, %k: tensor<?x?x2x8xf32>, %z: tensor<?x2x1xf32>) -> tensor<?x?x2x8xf32> {
  %o = weir.attention @softmax(%q, %k, %k) epilogue @sigmoid_gate(%z : tensor<?x2x1xf32>) {layout = #weir.attention_layout<blhd>}
    : (tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>) -> tensor<?x?x2x8xf32>
  return %o : tensor<?x?x2x8xf32>
}

// Packed sequences: queries n0, keys n1, starts n2.
// CHECK-LABEL: func.func @packed.kernel(
// CHECK-SAME: weir.abi = {name = "packed", table = array<i64: 7, 3, 1, 2, 32, 3, 0, -1, 8, 64, 1, 2, 32, 3, 0, -2, 2, 64, 1, 6, 8, 3, 0, 1, -1, -2, 1, 0, 32, 1, 0, -3, 1, 0, 64, 1, 0, -3, 2, 2, 32, 3, 0, -1, 8, 64, 2, 2, 32, 2, 0, 8, -1, 0>
func.func @packed(%q: tensor<?x8x64xf32>, %k: tensor<?x2x64xf32>, %m: tensor<1x?x?xi1>, %s: tensor<?xi32>, %t: tensor<?xi64>)
    -> (tensor<?x8x64xf32>, tensor<8x?xf32>) {
  %o, %l = weir.attention @softmax_lse(%q, %k, %k) mask(%m : tensor<1x?x?xi1>) packed(%s, %t : tensor<?xi32>, tensor<?xi64>)
    {layout = #weir.attention_layout<blhd>} : (tensor<?x8x64xf32>, tensor<?x2x64xf32>, tensor<?x2x64xf32>) -> (tensor<?x8x64xf32>, tensor<8x?xf32>)
  return %o, %l : tensor<?x8x64xf32>, tensor<8x?xf32>
}

// States: one number per row and sums of values; the merged ones may lie where either lay.
// CHECK-LABEL: func.func @part.kernel(
// CHECK-SAME: weir.abi = {name = "part", table = array<i64: 8, 3, 1, 2, 32, 4, 0, -1, 8, -2, 64, 1, 2, 32, 4, 0, -1, 2, -3, 64, 1, 2, 32, 4, 0, -1, 2, -3, 32, 0, 0, 64, 0, 0, 64, 2, 2, 32, 3, 0, -1, 8, -2, 2, 2, 32, 3, 0, -1, 8, -2, 2, 2, 32, 4, 0, -1, 8, -2, 32, 0>
func.func @part(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x32xf32>, %first: index, %all: index)
    -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) {
  %s:3 = weir.attention_stats @softmax(%q, %k, %v) keys(%first of %all)
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x32xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>)
  return %s#0, %s#1, %s#2 : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
}

// CHECK-LABEL: func.func @merge.kernel(
// CHECK-SAME: 2, 2, 32, 3, 27, -1, 8, -2, 2, 2, 32, 3, 27, -1, 8, -2, 2, 2, 32, 4, 36, -1, 8, -2, 32, 0>
// CHECK-NOT:  memref.copy
func.func @merge(%a: tensor<?x8x?xf32>, %b: tensor<?x8x?xf32>, %c: tensor<?x8x?x32xf32>, %d: tensor<?x8x?xf32>, %e: tensor<?x8x?xf32>,
                 %f: tensor<?x8x?x32xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) {
  %s:3 = weir.attention_merge @softmax(%a, %b, %c) and(%d, %e, %f) : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
  return %s#0, %s#1, %s#2 : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>
}

// CHECK-LABEL: func.func @finish.kernel(
// CHECK-SAME: table = array<i64: 4, 2, 1, 2, 32, 3, 0, -1, 8, -2, 1, 2, 32, 3, 0, -1, 8, -2, 1, 2, 32, 4, 0, -1, 8, -2, 32, 2, 4, 16, 4, 0, -1, 8, -2, 32, 0>
func.func @finish(%a: tensor<?x8x?xf32>, %b: tensor<?x8x?xf32>, %c: tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xbf16> {
  %o = weir.attention_finish @softmax(%a, %b, %c) : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xbf16>
  return %o : tensor<?x8x?x32xbf16>
}
