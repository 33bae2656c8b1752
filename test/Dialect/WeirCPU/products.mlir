// RUN: weir-opt %s | weir-opt | FileCheck %s

// CHECK-LABEL: func.func @scores
// CHECK: weir_cpu.product ins(%{{.*}}, %{{.*}} : memref<?x64xf32, strided<[?, 1]>>, memref<64x128xf32>) outs(%{{.*}} : memref<?x128xf32>){{$}}
func.func @scores(%q: memref<?x64xf32, strided<[?, 1]>>, %k: memref<64x128xf32>, %s: memref<?x128xf32>) {
  weir_cpu.product ins(%q, %k : memref<?x64xf32, strided<[?, 1]>>, memref<64x128xf32>) outs(%s : memref<?x128xf32>)
  return
}
// CHECK-LABEL: func.func @add
// CHECK: weir_cpu.product ins({{.*}}) outs({{.*}}) {accumulate}
func.func @add(%p: memref<?x?xf64>, %v: memref<?x0xf64>, %o: memref<?x0xf64>) {
  weir_cpu.product ins(%p, %v : memref<?x?xf64>, memref<?x0xf64>) outs(%o : memref<?x0xf64>) {accumulate}
  return
}
// CHECK-LABEL: func.func @keys
// CHECK: weir_cpu.pack ins(%{{.*}} : memref<?x64xbf16, strided<[?, 1]>>) outs(%{{.*}} : memref<64x128xf32>) {transpose}
// CHECK: weir_cpu.pack ins(%{{.*}} : memref<?x64xbf16, strided<[?, 1]>>) outs(%{{.*}} : memref<?x64xf32>){{$}}
func.func @keys(%k: memref<?x64xbf16, strided<[?, 1]>>, %packed: memref<64x128xf32>, %copied: memref<?x64xf32>) {
  weir_cpu.pack ins(%k : memref<?x64xbf16, strided<[?, 1]>>) outs(%packed : memref<64x128xf32>) {transpose}
  weir_cpu.pack ins(%k : memref<?x64xbf16, strided<[?, 1]>>) outs(%copied : memref<?x64xf32>)
  return
}
// CHECK-LABEL: func.func @pairs
// CHECK: weir_cpu.pack ins(%{{.*}} : memref<?x63xbf16>) outs(%{{.*}} : memref<32x128x2xbf16>) {transpose}
// CHECK: weir_cpu.product ins(%{{.*}}, %{{.*}} : memref<?x63xbf16>, memref<32x128x2xbf16>) outs(%{{.*}} : memref<?x128xf32>)
func.func @pairs(%q: memref<?x63xbf16>, %k: memref<?x63xbf16>, %packed: memref<32x128x2xbf16>, %s: memref<?x128xf32>) {
  weir_cpu.pack ins(%k : memref<?x63xbf16>) outs(%packed : memref<32x128x2xbf16>) {transpose}
  weir_cpu.product ins(%q, %packed : memref<?x63xbf16>, memref<32x128x2xbf16>) outs(%s : memref<?x128xf32>)
  return
}
