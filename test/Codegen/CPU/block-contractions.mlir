// RUN: weir-opt %s --weir-block-contractions | FileCheck %s
// RUN: weir-opt %s --weir-block-contractions=threads | FileCheck %s --check-prefix=THREADS

module attributes {weir.target = {features = "+avx512f,+avx512dq,+avx512bw,+avx512vl,+amx-tile,+amx-bf16", vector_bits = 512 : i64,
                                  caches = array<i64: 49152, 2097152, 33554432>}} {

// B is packed in strips of a tile's width. Of few rows it is read where it lies.
// CHECK-LABEL: func.func @plain
// CHECK:         %[[PANEL:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?x?x?x64xf32>
// CHECK:         %[[FEW:.*]] = arith.cmpi ule, %{{.*}}, %c16
// CHECK:         scf.if %[[FEW]] {
// CHECK-NOT:       weir_cpu.pack
// CHECK:           weir_cpu.product {{.*}} {accumulate, prefetch}
// CHECK:         } else {
// CHECK:           scf.for %{{.*}} step %c512
// CHECK:             scf.for %{{.*}} step %c512
// CHECK:               scf.for %{{.*}} step %c64
// CHECK:                 weir_cpu.pack ins(%{{.*}} : memref<?x?xf32, strided<[?, 1], offset: ?>>) outs(%{{.*}} : memref<?x?xf32, strided<[64, 1], offset: ?>>){{$}}
// CHECK:               scf.for %{{.*}} step %c96
// CHECK:                 scf.for %{{.*}} step %c64
// CHECK:                   weir_cpu.product {{.*}} {accumulate, prefetch}
// CHECK:         memref.dealloc %[[PANEL]]
// THREADS-LABEL: func.func @plain
// THREADS:       %[[PARTS:.*]] = weir_cpu.parts
// THREADS:       memref.alloc(%[[PARTS]],
// THREADS:       scf.parallel (%{{.*}}) = (%c0{{.*}}) to (%[[PARTS]])
func.func @plain(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>) outs(%c : memref<?x?xf32>)
  return
}

// Tiles take pairs.
// CHECK-LABEL: func.func @tiles
// CHECK:         memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?x?x?x32x2xbf16>
// CHECK:         memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?x?x?x528x2xbf16>
// Few rows meet panels that are wide and low.
// CHECK:         scf.if
// CHECK:           weir_cpu.pack ins(%{{.*}} : memref<?x?xbf16, {{.*}}) outs(%{{.*}} : memref<?x?x2xbf16, strided<[1056, 2, 1], offset: ?>>) {transpose}
// CHECK:           weir_cpu.product ins(%{{.*}}, %{{.*}} : memref<?x?xbf16, {{.*}}, memref<?x?x512x2xbf16, {{.*}}) outs(%{{.*}} : memref<?x?xf32,
// CHECK:         } else {
// CHECK:           weir_cpu.pack ins(%{{.*}} : memref<?x?xbf16, {{.*}}) outs(%{{.*}} : memref<?x?x2xbf16, strided<[64, 2, 1], offset: ?>>) {transpose}
// Rows of A are packed where many strips meet them.
// CHECK:           %[[MANY:.*]] = arith.cmpi uge, %{{.*}}, %c256
// CHECK:           %[[ROWS:.*]] = scf.if %[[MANY]]
// CHECK:             weir_cpu.pack ins(%{{.*}} : memref<?x?xbf16, {{.*}}) outs(%{{.*}} : memref<?x?xbf16,
// CHECK:           weir_cpu.product ins(%[[ROWS]], %{{.*}} : memref<?x?xbf16, {{.*}}, memref<?x?x32x2xbf16, {{.*}}) outs(%{{.*}} : memref<?x?xf32,
func.func @tiles(%a: memref<8x64x96xbf16>, %b: memref<8x128x96xbf16>, %c: memref<8x64x128xf32>) {
  linalg.batch_matmul indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>,
                                       affine_map<(b, m, n, k) -> (b, m, n)>]
    ins(%a, %b : memref<8x64x96xbf16>, memref<8x128x96xbf16>) outs(%c : memref<8x64x128xf32>)
  return
}

// Very few rows meet B where it lies, in vectors, with the sums that tiles would have.
// CHECK-LABEL: func.func @rows
// CHECK:         %[[VERY:.*]] = arith.cmpi ule, %{{.*}}, %c6
// CHECK:         scf.if %[[VERY]] {
// CHECK:           scf.for %{{.*}} step %c32
// CHECK:             weir_cpu.pack ins(%{{.*}} : memref<?x?xbf16, {{.*}}) outs(%{{.*}} : memref<?x?xf32,
// CHECK:             weir_cpu.product ins(%{{.*}}, %{{.*}} : memref<?x?xf32, {{.*}}, memref<?x?xbf16, {{.*}} {accumulate, prefetch, tile_order}
// CHECK:         } else {
// CHECK:           arith.cmpi ule, %{{.*}}, %c16
func.func @rows(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x?xbf16>, memref<?x?xbf16>) outs(%c : memref<?x?xf32>)
  return
}

// A is packed where it lies transposed. Sums of f16 are f32 and rounded at their end.
// CHECK-LABEL: func.func @narrow
// CHECK:         %[[SUMS:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?x?xf32>
// CHECK:         linalg.generic {{.*}} outs(%[[SUMS]] : memref<?x?xf32>)
// CHECK:         weir_cpu.pack {{.*}} : memref<?x?xf16
// CHECK:         weir_cpu.pack {{.*}} : memref<?x?xf16{{.*}} {transpose}
// CHECK:         weir_cpu.product
// CHECK:         linalg.generic {{.*}} ins(%[[SUMS]] : memref<?x?xf32>)
// CHECK:           arith.truncf
func.func @narrow(%a: memref<?x?xf16>, %b: memref<?x?xf16>, %c: memref<?x?xf16>) {
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%a, %b : memref<?x?xf16>, memref<?x?xf16>) outs(%c : memref<?x?xf16>)
  return
}

// Left as they are: integers, gaps between columns, more than products in the sum.
// CHECK-LABEL: func.func @others
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
// CHECK-NOT:     weir_cpu
func.func @others(%a: memref<?x?xi32>, %b: memref<?x?xi32>, %c: memref<?x?xi32>, %x: memref<?x?xf32, strided<[?, 2]>>, %y: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x?xi32>, memref<?x?xi32>) outs(%c : memref<?x?xi32>)
  linalg.matmul ins(%x, %y : memref<?x?xf32, strided<[?, 2]>>, memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]} ins(%y, %y : memref<?x?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %e = math.exp %p : f32
    %t = arith.mulf %e, %q : f32
    %u = arith.addf %s, %t : f32
    linalg.yield %u : f32
  }
  return
}
}
