// Packed sequences: a table says where each lies and which tiles and panels are its; tiles are cut from each as if it were alone.
// RUN: weir-opt %s --convert-attention-to-rows --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @ragged
// CHECK-SAME:    (%[[Q:.*]]: memref<?x2x64xbf16>, %[[K:.*]]: memref<?x2x64xbf16>, %[[QS:.*]]: memref<?xi32>, %[[KS:.*]]: memref<?xi64>, %[[O:.*]]: memref<?x2x64xf32>, %[[L:.*]]: memref<2x?xf32>)
func.func @ragged(%q: memref<?x2x64xbf16>, %k: memref<?x2x64xbf16>, %qs: memref<?xi32>, %ks: memref<?xi64>, %o: memref<?x2x64xf32>, %l: memref<2x?xf32>) {
  // CHECK-DAG:   %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG:   %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG:   %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG:   %[[C3:.*]] = arith.constant 3 : index
  // All sequences are one batch.
  // CHECK-DAG:   memref.expand_shape %[[Q]] {{\[\[}}0, 1], [2], [3]] output_shape [1, %{{.*}}, 2, 64]
  // CHECK-DAG:   %[[NQ:.*]] = memref.dim %[[QS]], %[[C0]]
  // CHECK-DAG:   %[[NK:.*]] = memref.dim %[[KS]], %[[C0]]
  // CHECK:       %[[LAST:.*]] = arith.minsi %[[NQ]], %[[NK]] : index
  // CHECK:       %[[ROWS:.*]] = arith.addi %[[LAST]], %[[C2]] : index
  // CHECK:       %[[TABLE:.*]] = memref.alloc(%[[ROWS]]) {alignment = 64 : i64} : memref<?x4xindex>
  // A start lies between the one before it and the end of the tensor.
  // CHECK:       scf.for %[[B:.*]] = %[[C0]] to %[[LAST]] step %[[C1]] iter_args(%[[QUERY:.*]] = %[[C0]], %[[KEY:.*]] = %[[C0]], %{{.*}} = %[[C0]])
  // CHECK:         %[[NEXT:.*]] = arith.addi %[[B]], %[[C1]]
  // CHECK:         %[[QW:.*]] = memref.load %[[QS]][%[[B]]]
  // CHECK:         %[[QI:.*]] = arith.index_cast %[[QW]] : i32 to index
  // CHECK:         %[[QLOW:.*]] = arith.maxsi %[[QI]], %[[QUERY]]
  // CHECK:         %[[QSTART:.*]] = arith.minsi %[[QLOW]], %{{.*}}
  // CHECK:         memref.store %[[QSTART]], %[[TABLE]][%[[NEXT]], %[[C0]]]
  // CHECK:         %[[KW:.*]] = memref.load %[[KS]][%[[B]]]
  // CHECK:         memref.store %{{.*}}, %[[TABLE]][%[[NEXT]], %[[C1]]]
  // How many tiles and panels each has, behind those of the ones before it.
  // CHECK:       %[[TOTALS:.*]]:6 = scf.for %[[S:.*]] = %[[C0]] to
  // CHECK:         %[[FROM:.*]] = memref.load %[[TABLE]][%[[S]], %[[C0]]]
  // CHECK:         memref.store %{{.*}}, %[[TABLE]][%[[S]], %[[C2]]]
  // CHECK:         memref.store %{{.*}}, %[[TABLE]][%[[S]], %[[C3]]]
  // Keys are packed ahead for the sequences of several tiles.
  // CHECK:       scf.for %[[PANEL:.*]] = %[[C0]] to %[[TOTALS]]#1
  // CHECK:         scf.while
  // CHECK:           %[[FIRST:.*]] = memref.load %[[TABLE]][%{{.*}}, %[[C3]]]
  // CHECK:           arith.cmpi ugt, %[[FIRST]], %[[PANEL]]
  // CHECK:         weir_cpu.pack
  // The sequence of a tile is found, and its queries where they lie.
  // CHECK:       scf.for %[[TILE:.*]] = %[[C0]] to %[[TOTALS]]#0
  // CHECK:         %[[FOUND:.*]]:2 = scf.while
  // CHECK:           memref.load %[[TABLE]][%{{.*}}, %[[C2]]]
  // CHECK:         %[[OWN:.*]] = memref.load %[[TABLE]][%[[FOUND]]#0, %[[C0]]]
  // CHECK:         %[[AT:.*]] = arith.addi %{{.*}}, %[[OWN]] : index
  // CHECK:         memref.subview %{{.*}}[0, %{{.*}}, %[[AT]], 0]
  // Results of a row lie among those of all queries.
  // CHECK:         memref.store %{{.*}}, %[[L]][%{{.*}}, %{{.*}}] : memref<2x?xf32>
  // CHECK:       memref.dealloc %[[TABLE]]
  weir.attention_rows @softmax_lse ins(%q, %k, %k : memref<?x2x64xbf16>, memref<?x2x64xbf16>, memref<?x2x64xbf16>)
    packed(%qs, %ks : memref<?xi32>, memref<?xi64>) outs(%o, %l : memref<?x2x64xf32>, memref<2x?xf32>)
    {causal, layout = #weir.attention_layout<blhd>, form = #weir.attention_form<blocks>}
  return
}
