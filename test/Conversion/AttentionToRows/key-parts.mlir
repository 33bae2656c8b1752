// Keys are met in parts, of 1024 where few queries meet them and of 4096 elsewhere, whose states are merged in their order.
// RUN: weir-opt %s --convert-attention-to-rows --canonicalize --cse --split-input-file | FileCheck %s

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// What was summed so far times a factor for each side, which bring both to the maximum of all.
// CHECK-LABEL: weir.formula private @softmax.merge.sums
// CHECK-SAME:    (%[[A:.*]]: f32, %[[B:.*]]: f32, %[[FA:.*]]: f32 {weir.uniform}, %[[FB:.*]]: f32 {weir.uniform}) -> f32
// CHECK-DAG:     %[[OFA:.*]] = arith.mulf %[[A]], %[[FA]] : f32
// CHECK-DAG:     %[[OFB:.*]] = arith.mulf %[[B]], %[[FB]] : f32
// CHECK:         arith.addf %[[OFA]], %[[OFB]] : f32
// CHECK-LABEL: weir.formula private @softmax.merge.carry
// CHECK-SAME:    (%[[MA:.*]]: f32, %[[SA:.*]]: f32, %[[MB:.*]]: f32, %[[SB:.*]]: f32) -> (f32, f32, f32, f32)
// CHECK:         arith.maximumf %[[MA]], %[[MB]] : f32

// CHECK-LABEL: func.func @decode
// CHECK-DAG:     %[[SMALL:.*]] = arith.constant 1024 : index
// CHECK-DAG:     %[[LARGE:.*]] = arith.constant 4096 : index
// CHECK-DAG:     %[[MOST:.*]] = arith.constant 16 : index
// CHECK:         %[[FEW:.*]] = arith.cmpi ule, %{{.*}}, %[[MOST]] : index
// CHECK:         %[[SIZE:.*]] = arith.select %[[FEW]], %[[SMALL]], %[[LARGE]] : index
// All parts of a tile by one thread, merged as it goes, or one of them.
// CHECK:         weir_cpu.pack
// CHECK:         scf.parallel
// CHECK:           weir.rows @softmax.scale
// CHECK:             arith.muli %{{.*}}, %[[SIZE]] : index
// CHECK:             scf.for
// CHECK:               weir.rows @softmax.carry1
// CHECK:             scf.if
// CHECK:               weir.rows @softmax.merge.carry
// CHECK:               weir.rows @softmax.merge.sums
// CHECK:           scf.if
// CHECK:             weir.rows @softmax.carried1
// Then those that several threads left.
// CHECK:         scf.if
// CHECK:           scf.parallel
// CHECK:             scf.for
// CHECK:               weir.rows @softmax.merge.carry
// CHECK:               weir.rows @softmax.merge.sums
// CHECK:             weir.rows @softmax.carried1
// CHECK:             weir.rows @softmax.output1
func.func @decode(%q: memref<1x8x?x128xf32>, %k: memref<1x1x?x128xf32>, %v: memref<1x1x?x128xf32>, %o: memref<1x8x?x128xf32>) {
  weir.attention_rows @softmax ins(%q, %k, %v : memref<1x8x?x128xf32>, memref<1x1x?x128xf32>, memref<1x1x?x128xf32>)
    outs(%o : memref<1x8x?x128xf32>) {form = #weir.attention_form<one_pass>, thread_grain = 4096 : i64}
  return
}

// -----

// Of few keys there is one part, and nothing to merge.
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @few
// CHECK-NOT: merge
func.func @few(%q: memref<1x8x1x128xf32>, %k: memref<1x1x1024x128xf32>, %o: memref<1x8x1x128xf32>) {
  weir.attention_rows @softmax ins(%q, %k, %k : memref<1x8x1x128xf32>, memref<1x1x1024x128xf32>, memref<1x1x1024x128xf32>)
    outs(%o : memref<1x8x1x128xf32>) {form = #weir.attention_form<one_pass>, thread_grain = 4096 : i64}
  return
}
// CHECK-LABEL: func.func @many
// CHECK-NOT: merge
func.func @many(%q: memref<1x8x3x128xf32>, %k: memref<1x1x4096x128xf32>, %o: memref<1x8x3x128xf32>) {
  weir.attention_rows @softmax ins(%q, %k, %k : memref<1x8x3x128xf32>, memref<1x1x4096x128xf32>, memref<1x1x4096x128xf32>)
    outs(%o : memref<1x8x3x128xf32>) {form = #weir.attention_form<one_pass>, thread_grain = 4096 : i64}
  return
}
