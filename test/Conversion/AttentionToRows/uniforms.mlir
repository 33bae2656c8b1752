// What a row has once: results of rows without keys and of rows of NaN; operands of both kinds beside each other.
// RUN: weir-opt %s --convert-attention-to-rows --canonicalize --cse | FileCheck %s

weir.formula @softmax_lse(%x: f32) -> (f32, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %g = math.log %s : f32
  %l = arith.addf %m, %g : f32
  weir.yield %w, %l : f32, f32
}

// Maxima may lose a NaN. A row whose scores are all NaN then has the maximum of an empty one, but another sum.
// CHECK-LABEL: weir.formula private @softmax_lse.carried1
// CHECK-SAME:    (%[[M:.*]]: f32, %[[S:.*]]: f32) -> (f32, f32)
// CHECK:         %[[NOTHING:.*]] = arith.cmpf oeq, %[[M]], %{{.*}} : f32
// CHECK:         %[[NUMBER:.*]] = arith.cmpf ord, %[[S]], %[[S]] : f32
// CHECK:         %[[EMPTY:.*]] = arith.andi %[[NOTHING]], %[[NUMBER]] : i1
// CHECK:         arith.andi %[[EMPTY]], %{{.*}} : i1
// CHECK-LABEL: func.func @lse
// CHECK:         weir.rows @softmax_lse.carry1 {{.*}}lossy_maxima
func.func @lse(%q: memref<1x1x?x64xf32>, %k: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>, %l: memref<1x1x?xf32>) {
  weir.attention_rows @softmax_lse ins(%q, %k, %k : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>)
    outs(%o, %l : memref<1x1x?x64xf32>, memref<1x1x?xf32>) {form = #weir.attention_form<one_pass>}
  return
}

// One number for all rows, and one for each: the formulas that run over states are different ones.
weir.formula @tempered(%x: f32, %t: f32 {weir.uniform}) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %c = arith.divf %t, %s : f32
  %w = arith.mulf %e, %c : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @both
// CHECK:         weir.rows @tempered.carried1 ins({{.*}}, f32)
// CHECK:         weir.rows @tempered.carried1_0 ins({{.*}}, memref<?xf32, strided<[1], offset: ?>>)
func.func @both(%q: memref<1x1x?x64xf32>, %k: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>, %t: f32, %r: memref<1x1x?xf32>) {
  weir.attention_rows @tempered ins(%q, %k, %k : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>) operands(%t : f32)
    outs(%o : memref<1x1x?x64xf32>) {form = #weir.attention_form<one_pass>}
  weir.attention_rows @tempered ins(%q, %k, %k : memref<1x1x?x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>) operands(%r : memref<1x1x?xf32>)
    outs(%o : memref<1x1x?x64xf32>) {form = #weir.attention_form<one_pass>}
  return
}
