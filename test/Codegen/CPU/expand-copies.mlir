// RUN: weir-opt %s --weir-expand-copies | FileCheck %s

// CHECK-LABEL: func.func @strided
func.func @strided(%a: memref<?x?xf32, strided<[?, 1]>>, %b: memref<?x?xf32>) {
  // CHECK: linalg.generic {{.*}}ins(%{{.*}} : memref<?x?xf32, strided<[?, 1]>>) outs(%{{.*}} : memref<?x?xf32>)
  // CHECK-NOT: memref.copy
  memref.copy %a, %b : memref<?x?xf32, strided<[?, 1]>> to memref<?x?xf32>
  return
}

// CHECK-LABEL: func.func @compact
func.func @compact(%a: memref<?x?xf32>, %b: memref<?x?xf32>) {
  // CHECK: memref.copy
  memref.copy %a, %b : memref<?x?xf32> to memref<?x?xf32>
  return
}
