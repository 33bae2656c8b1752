// RUN: weir-opt %s --weir-lower-threads | FileCheck %s

// CHECK: func.func private @weir_rt_parts(i64) -> i64
// CHECK: func.func private @f.part0(%[[P:.*]]: index
// CHECK:         memref.store %{{.*}}, %{{.*}}[%[[P]]]
// CHECK-LABEL: func.func @f(
// CHECK:         %[[ASKED:.*]] = call @weir_rt_parts
// CHECK:         %[[PARTS:.*]] = arith.index_cast %[[ASKED]] : i64 to index
// CHECK:         scf.if
// CHECK:           func.call @f.part0(
// CHECK:         } else {
// CHECK:           omp.parallel num_threads(%{{.*}} : i32) {
// CHECK:             omp.wsloop nowait schedule(static) {
// CHECK:               omp.loop_nest
// CHECK:                 func.call @f.part0(
// CHECK-NOT:     scf.parallel
func.func private @f.part()
func.func @f(%x: memref<?xf32>, %v: f32, %wanted: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %parts = weir_cpu.parts %wanted
  scf.parallel (%p) = (%c0) to (%parts) step (%c1) {
    memref.store %v, %x[%p] : memref<?xf32>
    scf.reduce
  }
  return
}

// A loop that does not say how many threads it wants has its iterations shared among those that there are.
// CHECK-LABEL: func.func @many(
// CHECK-SAME:    %[[COUNT:[a-z0-9]*]]: index)
// CHECK:         %[[WANTED:.*]] = arith.index_cast %[[COUNT]] : index to i64
// CHECK:         %[[ASKED:.*]] = call @weir_rt_parts(%[[WANTED]])
// CHECK:         %[[THREADS:.*]] = arith.index_cast %[[ASKED]] : i64 to index
// CHECK:         arith.cmpi ule, %[[THREADS]]
// CHECK:         scf.if
// CHECK:           scf.for %[[I:.*]] = %{{.*}} to %[[COUNT]]
// CHECK:             func.call @many.part(%[[I]]
// CHECK:         } else {
// CHECK-DAG:       %[[TEAM:.*]] = arith.index_cast %[[THREADS]] : index to i32
// CHECK-DAG:       %[[END:.*]] = arith.index_cast %[[COUNT]] : index to i64
// CHECK:           omp.parallel num_threads(%[[TEAM]] : i32) {
// CHECK:             omp.wsloop nowait schedule(static) {
// CHECK:               omp.loop_nest {{.*}} to (%[[END]])
func.func @many(%x: memref<?xf32>, %v: f32, %count: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%p) = (%c0) to (%count) step (%c1) {
    memref.store %v, %x[%p] : memref<?xf32>
    scf.reduce
  }
  return
}
