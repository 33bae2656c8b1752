// RUN: weir-opt %s --weir-switch-plans | FileCheck %s

// CHECK-LABEL: func.func @three
// CHECK-SAME: (%[[X:.*]]: memref<?x4x?xf32>, %[[Y:.*]]: memref<?x4x?xf32>)
func.func @three(%x: memref<?x4x?xf32>, %y: memref<?x4x?xf32>) {
  // CHECK: %[[OUTER:.*]] = memref.dim %[[Y]], %c0
  // CHECK: %[[INNER:.*]] = memref.dim %[[Y]], %c1
  // CHECK: %[[ROWS:.*]] = arith.muli %[[OUTER]], %[[INNER]] : index
  // CHECK: %[[LENGTH:.*]] = memref.dim %[[Y]], %c2
  // CHECK: %[[ALL:.*]] = arith.muli %[[ROWS]], %[[LENGTH]] : index
  // Blocks are of rows along the last outer dimension.
  // CHECK: %[[MANY:.*]] = arith.cmpi uge, %[[INNER]], %c16
  // CHECK: %[[SHORT:.*]] = arith.cmpi ule, %[[LENGTH]], %c256
  // CHECK: %[[BOTH:.*]] = arith.andi %[[MANY]], %[[SHORT]]
  // Two plans of one form: one branch.
  // CHECK: %[[FEW:.*]] = arith.cmpi ule, %[[ALL]], %c1000
  // CHECK: %[[EITHER:.*]] = arith.ori %[[BOTH]], %[[FEW]]
  // CHECK: scf.if %[[EITHER]] {
  // CHECK-NEXT: weir.rows @softmax ins(%[[X]] : {{.*}}) outs(%[[Y]] : {{.*}}) {form = #weir.form<stored>}
  // CHECK: } else {
  // CHECK: %[[LONG:.*]] = arith.cmpi ule, %[[LENGTH]], %c8192
  // CHECK: scf.if %[[LONG]] {
  // CHECK-NEXT: weir.rows {{.*}} {form = #weir.form<recompute>}
  // CHECK: } else {
  // CHECK-NEXT: weir.rows {{.*}} {form = #weir.form<online>}
  weir.rows @softmax ins(%x : memref<?x4x?xf32>) outs(%y : memref<?x4x?xf32>) {plans = [
    #weir.plan<form = stored, min_rows = 16, max_length = 256>, #weir.plan<form = stored, max_elements = 1000>,
    #weir.plan<form = recompute, max_length = 8192>, #weir.plan<form = online>]}
  return
}

// Without a varying result the sizes are those of the arguments, wherever one does not repeat.
// CHECK-LABEL: func.func @uniform
// CHECK-SAME: (%[[X:.*]]: memref<1x?xf32>, %[[T:.*]]: memref<?x1xf32>, %{{.*}}: f32, %[[Y:.*]]: memref<?xf32>)
func.func @uniform(%x: memref<1x?xf32>, %t: memref<?x1xf32>, %a: f32, %y: memref<?xf32>) {
  // CHECK-DAG: %[[ROWS:.*]] = memref.dim %[[T]], %c0
  // CHECK-DAG: %[[LENGTH:.*]] = memref.dim %[[X]], %c1
  // CHECK: arith.muli %[[ROWS]], %[[LENGTH]]
  weir.rows @adpo ins(%x, %t, %x, %a : memref<1x?xf32>, memref<?x1xf32>, memref<1x?xf32>, f32) outs(%y : memref<?xf32>) {plans = [
    #weir.plan<form = stored, max_length = 256>, #weir.plan<form = online>]}
  return
}

// A single plan needs no branch; an op without plans stays.
// CHECK-LABEL: func.func @one
func.func @one(%x: memref<?xf32>, %y: memref<?xf32>) {
  // CHECK-NOT: scf.if
  // CHECK: weir.rows @silu {{.*}} {form = #weir.form<elementwise>, stream_bytes = 4096 : i64}
  weir.rows @silu ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {plans = [#weir.plan<form = elementwise, stream_bytes = 4096>]}
  // CHECK: weir.rows @softmax {{.*}} {form = #weir.form<stored>}
  weir.rows @softmax ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<stored>}
  return
}
