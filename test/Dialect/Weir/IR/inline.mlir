// Functions that use weir's ops become part of their callers; the bodies of formulas stay where they are.
// RUN: weir-opt %s --inline | FileCheck %s

// CHECK-NOT: func.func private
func.func private @rows(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
func.func private @largest(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %v, %i, %n = weir.topk %x {k = 2 : i64} : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?xi32>)
  return %v : tensor<?x2xf32>
}
func.func private @attend(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %o = weir.attention @softmax(%q, %q, %q) {causal} : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}
func.func private @attend_into(%q: memref<1x2x?x8xf32>, %o: memref<1x2x?x8xf32>) {
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x2x?x8xf32>, memref<1x2x?x8xf32>, memref<1x2x?x8xf32>) outs(%o : memref<1x2x?x8xf32>)
  return
}
// CHECK-LABEL: func.func @all
func.func @all(%x: tensor<?x8xf32>, %q: tensor<1x2x?x8xf32>, %m: memref<1x2x?x8xf32>) -> (tensor<?x2xf32>, tensor<1x2x?x8xf32>) {
  // CHECK-NOT: call
  // CHECK: weir.apply @softmax
  // CHECK: weir.topk
  // CHECK: weir.attention @softmax
  // CHECK: weir.attention_rows @softmax
  %y = func.call @rows(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = func.call @largest(%y) : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %o = func.call @attend(%q) : (tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  func.call @attend_into(%m, %m) : (memref<1x2x?x8xf32>, memref<1x2x?x8xf32>) -> ()
  return %v, %o : tensor<?x2xf32>, tensor<1x2x?x8xf32>
}
