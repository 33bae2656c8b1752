// Pages visited in turn, and shares of threads that begin inside a row.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @cheap(%x: f32) -> f32 {
  %y = arith.mulf %x, %x : f32
  weir.yield %y : f32
}
weir.formula @sum(%x: f32) -> (f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  weir.yield %s : f32
}
weir.formula @first_largest(%x: f32) -> (index {weir.uniform}) {
  %m, %p = weir.reduce max %x : f32, index
  weir.yield %p : index
}

// Blocks of 8 pages of 1024 elements; in the last one, if it is not whole, the page is what is left. Four vectors of each page in turn.
// CHECK-LABEL: func.func @copy
// CHECK:         %[[GROUPS:.*]] = arith.subi
// CHECK:         scf.for %[[BLOCK:.*]] = %c0 to %[[GROUPS]] step %c8192 {
// CHECK:           %[[LEFT:.*]] = arith.subi %[[GROUPS]], %[[BLOCK]]
// CHECK:           %[[WHOLE:.*]] = arith.cmpi uge, %[[LEFT]], %c8192
// CHECK:           %[[SPAN:.*]] = arith.select %[[WHOLE]], %c1024, %[[LEFT]]
// CHECK:           %[[REACH:.*]] = arith.select %[[WHOLE]], %c8192, %c1024
// CHECK:           %[[TO:.*]] = arith.addi %[[BLOCK]], %[[SPAN]]
// CHECK:           scf.for %[[STEP:.*]] = %[[BLOCK]] to %[[TO]] step %c64 {
// CHECK:             %[[BEYOND:.*]] = arith.addi %[[STEP]], %[[REACH]]
// CHECK:             scf.for %[[AT:.*]] = %[[STEP]] to %[[BEYOND]] step %c1024 {
// CHECK:               vector.load %{{.*}}[%[[AT]]]
// CHECK-COUNT-3:       vector.load
// CHECK-COUNT-4:       vector.store
// CHECK:         scf.for {{.*}} = %[[GROUPS]] to
// CHECK:           vector.maskedstore
func.func @copy(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @cheap ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<elementwise>, pages = 8 : i64}
  return
}

// A page has twice as many scores of 16 bits.
// CHECK-LABEL: func.func @half
// CHECK:         scf.for {{.*}} step %c4096 {
// CHECK:             scf.for {{.*}} step %c2048 {
func.func @half(%x: memref<?xbf16>, %y: memref<?xbf16>) {
  weir.rows @cheap ins(%x : memref<?xbf16>) outs(%y : memref<?xbf16>) {form = #weir.form<elementwise>, pages = 2 : i64}
  return
}

// Accumulators go through the pages of a block, and are folded at its end: what the addition loses goes into the next one. In each page memory is
// asked for half a KiB ahead.
// CHECK-LABEL: func.func @total
// CHECK:         scf.for {{.*}} iter_args(%[[TOTAL:.*]] = %{{.*}}, %[[LOSS:.*]] = %{{.*}}) -> (vector<16xf32>, vector<16xf32>) {
// CHECK:           %[[SUMS:.*]]:8 = scf.for
// CHECK:             scf.for %[[AT:.*]] = {{.*}} step %c1024 iter_args
// CHECK-DAG:           %[[AHEAD:.*]] = arith.addi %[[AT]], %c128
// CHECK-DAG:           memref.prefetch %{{.*}}[%[[AHEAD]]], read
// CHECK-COUNT-7:       memref.prefetch
// CHECK-NOT:           memref.prefetch
// CHECK:           arith.addf %{{.*}}#0, %{{.*}}#1
// CHECK:           %[[REST:.*]] = arith.subf %{{.*}}, %[[LOSS]]
// CHECK:           %[[NEXT:.*]] = arith.addf %[[TOTAL]], %[[REST]]
// CHECK:           scf.yield %[[NEXT]], %{{.*}} : vector<16xf32>, vector<16xf32>
func.func @total(%x: memref<?xf32>, %s: memref<f32>) {
  weir.rows @sum ins(%x : memref<?xf32>) outs(%s : memref<f32>) {form = #weir.form<recompute>, pages = 8 : i64}
  return
}

// The lowest index wins: the row is visited from front to back.
// CHECK-LABEL: func.func @winner
// CHECK-NOT:     step %c1024
// CHECK:         return
func.func @winner(%x: memref<?xf32>, %p: memref<index>) {
  weir.rows @first_largest ins(%x : memref<?xf32>) outs(%p : memref<index>) {form = #weir.form<recompute>, pages = 8 : i64}
  return
}

// Long rows have pieces, of which a thread takes consecutive ones: the end of a row and the beginning of another.
// CHECK-LABEL: func.func @pieces
// CHECK-SAME:    (%[[X:.*]]: memref<?x?xf32>,
// CHECK:         %[[LONG:.*]] = arith.cmpi uge, %[[N:.*]], %c32768
// CHECK:         %[[COUNT:.*]] = arith.ceildivui %[[N]], %c16384
// CHECK:         %[[PER:.*]] = arith.select %[[LONG]], %[[COUNT]], %c1
// CHECK:         %[[LENGTH:.*]] = arith.select %[[LONG]], %c16384, %[[N]]
// CHECK:         weir_cpu.parts
// CHECK:         scf.parallel
// CHECK:           %[[FIRST:.*]] = arith.divui %{{.*}}, %[[PER]]
// CHECK:           %[[LAST:.*]] = arith.ceildivui %{{.*}}, %[[PER]]
// CHECK:           scf.for %[[ROW:.*]] = %[[FIRST]] to %[[LAST]]
// CHECK:             %[[OWN:.*]] = arith.muli %[[ROW]], %[[PER]]
// CHECK:             %[[A:.*]] = arith.subi %{{.*}}, %[[OWN]]
// CHECK:             %[[BEGIN:.*]] = arith.muli %[[A]], %[[LENGTH]]
// CHECK:             %[[END:.*]] = arith.minui %{{.*}}, %[[N]]
// CHECK:             memref.subview %[[X]][%[[ROW]], 0]
// CHECK:             scf.for {{.*}} = %[[BEGIN]] to
// CHECK:             scf.for {{.*}} to %[[END]]
func.func @pieces(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @cheap ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {form = #weir.form<elementwise>, thread_grain = 32768 : i64}
  return
}

// A single row too.
// CHECK-LABEL: func.func @single
// CHECK:         scf.parallel
func.func @single(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @cheap ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<elementwise>, thread_grain = 32768 : i64}
  return
}

// The last step of a formula with reductions: its maximum anchors the exponential, small weights are flushed, and a quotient is
// a product with the reciprocal of the sum.
weir.formula private @weights(%x: f32, %m: f32 {weir.extremum, weir.uniform}, %s: f32 {weir.uniform}) -> f32
  attributes {weir.after_sweeps} {
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: func.func @last_step
// CHECK:         weir_cpu.flush_denormals
// CHECK-NOT:       arith.divf {{.*}} vector
// CHECK:           weir_cpu.exp_shifted
// CHECK:           weir_cpu.exp fast
// CHECK:         return
func.func @last_step(%x: memref<?xf32>, %m: memref<f32>, %s: memref<f32>, %y: memref<?xf32>) {
  weir.rows @weights ins(%x, %m, %s : memref<?xf32>, memref<f32>, memref<f32>) outs(%y : memref<?xf32>) {form = #weir.form<elementwise>}
  return
}
}
