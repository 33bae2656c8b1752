// Some of the keys: they lie behind others, and what is left of them goes where the state is kept.
// RUN: weir-opt %s --convert-attention-to-rows --canonicalize --cse | FileCheck %s

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// CHECK-LABEL: func.func @part
// CHECK-SAME: (%[[Q:.*]]: memref<1x4x?x64xf32>, %{{.*}}: memref<1x2x?x64xf32>, %{{.*}}: memref<1x2x?x32xf32>, %[[FIRST:.*]]: index, %[[ALL:.*]]: index, %[[M:.*]]: memref<1x4x?xf32>, %[[S:.*]]: memref<1x4x?xf32>, %[[O:.*]]: memref<1x4x?x32xf32>)
// A query sees by its place in the whole, as far as keys are here.
// CHECK:     %[[WHOLE:.*]] = arith.subi %[[ALL]], %{{.*}} : index
// CHECK:     arith.subi %[[WHOLE]], %[[FIRST]] : index
// CHECK:     arith.subi %[[ALL]], %[[FIRST]] : index
// CHECK:     weir.rows @softmax.held1
// CHECK-NOT: weir.rows @softmax.carried1
// CHECK:     memref.store %{{.*}}, %[[M]][
// CHECK:     memref.store %{{.*}}, %[[S]][
// CHECK:     %[[OWN:.*]] = memref.subview %[[O]][
// CHECK:     weir.rows @softmax.copy ins({{.*}}) outs(%[[OWN]] :
// CHECK-NOT: weir.rows @softmax.output
func.func @part(%q: memref<1x4x?x64xf32>, %k: memref<1x2x?x64xf32>, %v: memref<1x2x?x32xf32>, %first: index, %all: index,
                %m: memref<1x4x?xf32>, %s: memref<1x4x?xf32>, %o: memref<1x4x?x32xf32>) {
  weir.attention_rows @softmax ins(%q, %k, %v : memref<1x4x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x32xf32>) keys(%first of %all)
    outs(%m, %s, %o : memref<1x4x?xf32>, memref<1x4x?xf32>, memref<1x4x?x32xf32>) {causal, state, form = #weir.attention_form<one_pass>}
  return
}
