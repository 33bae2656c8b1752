// RUN: weir-opt %s --convert-linalg-to-weir=explain -verify-diagnostics | FileCheck %s
// RUN: weir-opt %s --convert-linalg-to-weir=enable=false | FileCheck %s --check-prefix=OFF

// The start of the maximum, NaN, says nothing to a maximum of numbers.
// CHECK:      weir.formula private @raised_0(%[[X:.*]]: f32) -> f32
// CHECK-NEXT:   %[[M:.*]] = weir.reduce max %[[X]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.subf %[[X]], %[[M]] : f32
// CHECK-NEXT:   %[[E:.*]] = math.exp %[[D]] : f32
// CHECK-NEXT:   %[[S:.*]] = weir.reduce add %[[E]] : f32
// CHECK-NEXT:   %[[W:.*]] = arith.divf %[[E]], %[[S]] : f32
// CHECK-NEXT:   weir.yield %[[W]] : f32

// CHECK-LABEL: func.func @last
// CHECK-NEXT:    %[[Y:.*]] = weir.apply @raised_0(%{{.*}}) {empty_row = #weir.empty_row<nan>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
// CHECK-NEXT:    return %[[Y]]
// OFF-LABEL: func.func @last
// OFF-NOT:     linalg.softmax
// OFF:         linalg.generic
// OFF-NOT:     weir.apply
func.func @last(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark@+1 {{raised to @raised_0: 2 reductions among 4 ops along dimension 1; leaving out scores of -inf changes nothing}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The same formula serves again.
// CHECK-LABEL: func.func @first
// CHECK:         weir.apply @raised_0(%{{.*}}) {along = 0 : i64, empty_row = #weir.empty_row<nan>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
func.func @first(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark@+1 {{along dimension 0}}
  %y = linalg.softmax dimension(0) ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @middle
// CHECK:         weir.apply @raised_0(%{{.*}}) {along = 1 : i64, empty_row = #weir.empty_row<nan>} : (tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16>
func.func @middle(%x: tensor<?x?x?xbf16>, %e: tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16> {
  // expected-remark@+1 {{along dimension 1}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x?x?xbf16>) outs(%e : tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16>
  return %y : tensor<?x?x?xbf16>
}
