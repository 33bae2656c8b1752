// Results that are to be written past the caches are, whatever their type: LLVM has no such stores of f16 and bf16, and would quietly write others.
// RUN: weirc %s -o %t.s --emit=asm --target=x86-64-v4 && FileCheck %s --input-file %t.s
// RUN: weirc %s -o %t.s --emit=asm --target=x86-64-v3 && FileCheck %s --input-file %t.s

// CHECK-LABEL: single.packed:
// CHECK:         vmovnt
func.func @single(%x: tensor<8192x8192xf32>) -> tensor<8192x8192xf32> {
  %y = weir.apply @relu(%x) : (tensor<8192x8192xf32>) -> tensor<8192x8192xf32>
  return %y : tensor<8192x8192xf32>
}
// CHECK-LABEL: brain.packed:
// CHECK:         vmovnt
func.func @brain(%x: tensor<8192x8192xbf16>) -> tensor<8192x8192xbf16> {
  %y = weir.apply @relu(%x) : (tensor<8192x8192xbf16>) -> tensor<8192x8192xbf16>
  return %y : tensor<8192x8192xbf16>
}
// CHECK-LABEL: half.packed:
// CHECK:         vmovnt
func.func @half(%x: tensor<8192x8192xf16>) -> tensor<8192x8192xf16> {
  %y = weir.apply @relu(%x) : (tensor<8192x8192xf16>) -> tensor<8192x8192xf16>
  return %y : tensor<8192x8192xf16>
}
