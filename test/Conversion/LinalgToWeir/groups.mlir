// RUN: weir-opt %s -split-input-file --convert-linalg-to-weir | FileCheck %s

// Products of matrices stay, and so does what is elementwise beside them only.
// CHECK-LABEL: func.func @classifier
// CHECK:         linalg.matmul
// CHECK:         %[[H:.*]] = linalg.max
// CHECK:         %[[Z:.*]] = linalg.matmul ins(%[[H]],
// CHECK:         %[[Y:.*]] = weir.apply @raised_0(%[[Z]], %{{.*}}) {{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK:         return %[[Y]]
func.func @classifier(%x: tensor<?x16xf32>, %w: tensor<16x8xf32>, %v: tensor<8x4xf32>, %b: tensor<4xf32>, %h: tensor<?x8xf32>, %e: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %zh = linalg.fill ins(%zero : f32) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = linalg.matmul ins(%x, %w : tensor<?x16xf32>, tensor<16x8xf32>) outs(%zh : tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = linalg.max ins(%a, %zh : tensor<?x8xf32>, tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
  %ze = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %m = linalg.matmul ins(%r, %v : tensor<?x8xf32>, tensor<8x4xf32>) outs(%ze : tensor<?x4xf32>) -> tensor<?x4xf32>
  %bb = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<?x4xf32>) dimensions = [0]
  %z = linalg.add ins(%m, %bb : tensor<?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = linalg.softmax dimension(1) ins(%z : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The head's value is used elsewhere: it is computed once and read.
// CHECK-LABEL: func.func @shared_head
// CHECK:         %[[Z:.*]] = linalg.exp
// CHECK:         %[[S:.*]] = weir.apply @raised_0(%[[Z]])
// CHECK:         return %[[Z]], %[[S]]
func.func @shared_head(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>, %r: tensor<4xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %z = linalg.exp ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<4xf32>) -> tensor<4xf32>
  %s = linalg.reduce { arith.addf } ins(%z : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  return %z, %s : tensor<4x8xf32>, tensor<4xf32>
}

// -----

// A value inside the group that is used elsewhere is one more result. Its user moves behind the apply.
// CHECK-LABEL: func.func @used_between
// CHECK:         %[[Y:.*]]:2 = weir.apply @raised_0(%{{.*}}) {{.*}} : (tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
// CHECK:         %[[C:.*]] = tensor.extract_slice %[[Y]]#0
// CHECK:         return %[[C]], %[[Y]]#1
func.func @used_between(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>, %r: tensor<4xf32>) -> (tensor<2x8xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<4xf32>) -> tensor<4xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  %ss = linalg.broadcast ins(%s : tensor<4xf32>) outs(%e : tensor<4x8xf32>) dimensions = [1]
  %d = linalg.sub ins(%x, %ss : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %c = tensor.extract_slice %d[0, 0] [2, 8] [1, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  %y = linalg.exp ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %c, %y : tensor<2x8xf32>, tensor<4x8xf32>
}

// -----

// What comes back through a product is outside: the group would not be convex. The second sum is a group of its own.
// CHECK-LABEL: func.func @residual
// CHECK:         %[[D:.*]] = weir.apply @raised_0(%{{.*}})
// CHECK:         %[[P:.*]] = linalg.matmul ins(%[[D]],
// CHECK:         %[[Y:.*]] = weir.apply @raised_1(%[[D]], %[[P]])
// CHECK:         return %[[Y]]
func.func @residual(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %e: tensor<8x8xf32>, %r: tensor<8xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %ze = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<8x8xf32>) outs(%zeros : tensor<8xf32>) dimensions = [1]
  %ss = linalg.broadcast ins(%s : tensor<8xf32>) outs(%e : tensor<8x8xf32>) dimensions = [1]
  %d = linalg.sub ins(%x, %ss : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %p = linalg.matmul ins(%d, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%ze : tensor<8x8xf32>) -> tensor<8x8xf32>
  %q = linalg.mul ins(%d, %p : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = linalg.reduce { arith.addf } ins(%q : tensor<8x8xf32>) outs(%zeros : tensor<8xf32>) dimensions = [1]
  return %t : tensor<8xf32>
}

// -----

// Two dimensions, two groups: what is left over from one is a score of the other.
// CHECK-LABEL: func.func @both_ways
// CHECK:         %[[A:.*]] = weir.apply @raised_0(%{{.*}}) {{.*}} : (tensor<4x8xf32>) -> tensor<4x8xf32>
// CHECK:         %[[B:.*]] = weir.apply @raised_0(%[[A]]) {along = 0 : i64
// CHECK:         return %[[B]]
func.func @both_ways(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %z = linalg.softmax dimension(0) ins(%y : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}

// -----

// Names that are taken, a loop around the group, dimensions of size 1, an index of the element.
// CHECK:       func.func private @raised_0
// CHECK:       weir.formula private @raised_1(%[[X:.*]]: f32) -> f32
// CHECK:         weir.position
// CHECK-LABEL: func.func @loop
// CHECK:         scf.for
// CHECK:           weir.apply @raised_1(%{{.*}}) {{.*}} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
#full = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#one = affine_map<(d0, d1, d2) -> (0, d1)>
func.func private @raised_0()
func.func @loop(%x: tensor<1x4x8xf32>, %r: tensor<1x4xf32>, %n: index) -> tensor<1x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%v = %x) -> tensor<1x4x8xf32> {
    %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<1x4xf32>) -> tensor<1x4xf32>
    %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%v : tensor<1x4x8xf32>) outs(%zeros : tensor<1x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %at = linalg.index 2 : index
      %i32 = arith.index_cast %at : index to i32
      %f = arith.sitofp %i32 : i32 to f32
      %p = arith.mulf %in, %f : f32
      %a = arith.addf %p, %out : f32
      linalg.yield %a : f32
    } -> tensor<1x4xf32>
    %d = linalg.generic {indexing_maps = [#full, #one, #full], iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%v, %s : tensor<1x4x8xf32>, tensor<1x4xf32>) outs(%x : tensor<1x4x8xf32>) {
    ^bb0(%in: f32, %sum: f32, %out: f32):
      %a = arith.divf %in, %sum : f32
      linalg.yield %a : f32
    } -> tensor<1x4x8xf32>
    scf.yield %d : tensor<1x4x8xf32>
  }
  return %y : tensor<1x4x8xf32>
}
