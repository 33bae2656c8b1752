// RUN: weir-opt %s --convert-weir-to-vector --split-input-file | FileCheck %s

// One loop in blocks, one over what is left: each takes scores into the k largest and into the maximum and the sum. Then k exponentials.
// Scores keep their denormal numbers, which are ordered.
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @fused
func.func @fused(%x: memref<?x?xf32>, %v: memref<?x4xf32>, %i: memref<?x4xi32>, %n: memref<?xi32>) {
  // CHECK:     weir_cpu.flush_denormals results_only
  // CHECK:     scf.for
  // CHECK:     scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>, vector<4xi32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>)
  // CHECK:       scf.for
  // CHECK:         scf.if
  // CHECK-COUNT-2:   memref.prefetch {{.*}} locality<2>
  // CHECK-NOT:       memref.prefetch
  // CHECK:         arith.cmpf ogt
  // CHECK:         scf.while
  // CHECK:         weir_cpu.exp
  // CHECK:     scf.for
  // CHECK-NOT: scf.for {{.*}} step %c32
  // CHECK:     memref.store {{.*}} : memref<?xi32>
  weir.topk_rows @softmax ins(%x : memref<?x?xf32>) outs(%v, %i, %n : memref<?x4xf32>, memref<?x4xi32>, memref<?xi32>)
    {k = 4 : i64, form = #weir.topk_form<insert>}
  return
}
