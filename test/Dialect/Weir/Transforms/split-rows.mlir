// Few and long rows are split; sizes alone say when, where and how the states are merged.
// RUN: weir-opt %s --weir-split-rows --canonicalize --cse | FileCheck %s
// RUN: weir-opt %s --weir-split-rows --weir-lower-states --convert-weir-to-vector | FileCheck %s --check-prefix=CODE

// CODE-NOT: weir.rows
// CODE-NOT: weir.merge

weir.formula @soft(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[X:.*]]: memref<?x?xf32>, %[[Y:.*]]: memref<?x?xf32>)
// CHECK-DAG:   %[[ROWS:.*]] = memref.dim %{{.*}}, %c0
// CHECK-DAG:   %[[N:.*]] = memref.dim %{{.*}}, %c1
// CHECK-DAG:   %[[FEW:.*]] = arith.cmpi ult, %[[ROWS]], %c8
// CHECK-DAG:   %[[LONG:.*]] = arith.cmpi uge, %[[N]], %c16384
// CHECK:       %[[SPLIT:.*]] = arith.andi %[[FEW]], %[[LONG]]
// CHECK:       scf.if %[[SPLIT]] {
// CHECK:         %[[PARTS:.*]] = arith.ceildivui %[[N]], %c4096
// CHECK:         %[[MAXES:.*]] = memref.alloc(%[[PARTS]], %[[ROWS]])
// CHECK:         %[[SUMS:.*]] = memref.alloc(%[[PARTS]], %[[ROWS]])
// CHECK:         scf.parallel (%[[P:.*]]) = (%c0) to (%[[PARTS]]) step (%c1) {
// CHECK:           %[[FROM:.*]] = arith.muli %[[P]], %c4096
// CHECK:           %[[LEFT:.*]] = arith.subi %[[N]], %[[FROM]]
// CHECK:           %[[SIZE:.*]] = arith.minui %[[LEFT]], %c4096
// CHECK-DAG:       memref.subview %[[X]][0, %[[FROM]]] [%[[ROWS]], %[[SIZE]]]
// CHECK-DAG:       memref.subview %[[MAXES]][%[[P]], 0] [1, %[[ROWS]]]
// CHECK:           weir.rows @soft.stats1 {{.*}} {form = #weir.form<stored>, free_anchor, lossy_maxima, pages = 8 : i64}
// CHECK:         scf.while (%[[STEP:.*]] = %c1)
// CHECK:           arith.cmpi ult, %[[STEP]], %[[PARTS]]
// CHECK:         do
// CHECK:           scf.for
// CHECK:             weir.merge @soft sweep(1)
// CHECK:         weir.finish @soft sweep(1)
// CHECK:         weir.rows @soft.weights ins(%[[X]], {{.*}}) outs(%[[Y]] : {{.*}}) {form = #weir.form<elementwise>, pages = 8 : i64, stream_bytes = 5 : i64, thread_grain = 1024 : i64}
// CHECK:         memref.dealloc
// CHECK:       } else {
// CHECK:         weir.rows @soft ins(%[[X]] {{.*}} {form = #weir.form<recompute>, pages = 8 : i64, stream_bytes = 5 : i64, thread_grain = 1024 : i64}
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  weir.rows @soft ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    {form = #weir.form<recompute>, thread_grain = 1024 : i64, thread_part = 4096 : i64, pages = 8 : i64, stream_bytes = 5 : i64}
  return
}

// Static sizes leave nothing to ask.
// CHECK-LABEL: func.func @known
// CHECK-NOT:   scf.if
// CHECK:       scf.parallel
// CHECK:       weir.rows @soft.weights
// CHECK-NOT:   weir.rows @soft ins
// CHECK:       return
func.func @known(%x: memref<4x33000xf32>, %y: memref<4x33000xf32>) {
  weir.rows @soft ins(%x : memref<4x33000xf32>) outs(%y : memref<4x33000xf32>) {form = #weir.form<online>, thread_part = 4096 : i64}
  return
}

// What would stay in the cache whole stays there in parts: the terms of each lie in the result, and its own factor scales them.
// CHECK-LABEL: func.func @kept
// CHECK-SAME:  (%[[X:.*]]: memref<1x33000xf32>, %[[Y:.*]]: memref<1x33000xf32>)
// CHECK:       scf.parallel
// CHECK:         %[[TERMS:.*]] = memref.subview %[[Y]]
// CHECK:         weir.rows @soft.terms ins(%{{[^,]*}} : {{.*}}) outs(%[[TERMS]], %{{.*}}) {form = #weir.form<stored>, free_anchor, in_cache, lossy_maxima}
// CHECK:       memref.copy
// CHECK:       weir.merge
// CHECK:       weir.finish
// CHECK:       scf.parallel
// CHECK:         %[[PART:.*]] = memref.subview %[[Y]]
// CHECK:         weir.rows @soft.kept ins(%[[PART]], {{.*}}) outs(%[[PART]] : {{.*}}) {form = #weir.form<elementwise>}
func.func @kept(%x: memref<1x33000xf32>, %y: memref<1x33000xf32>) {
  weir.rows @soft ins(%x : memref<1x33000xf32>) outs(%y : memref<1x33000xf32>) {form = #weir.form<stored>, thread_part = 4096 : i64}
  return
}

// A result of 16 bits has no room for terms, and sums need no more digits than it has.
// CHECK-LABEL: func.func @narrow
// CHECK-DAG:   %[[TERMS:.*]] = memref.alloc() : memref<1x33000xf32>
// CHECK:       weir.rows @soft.terms {{.*}} narrow_ratios
func.func @narrow(%x: memref<1x33000xbf16>, %y: memref<1x33000xbf16>) {
  weir.rows @soft ins(%x : memref<1x33000xbf16>) outs(%y : memref<1x33000xbf16>) {form = #weir.form<stored>, thread_part = 4096 : i64}
  return
}

// Plans say up to how many elements rows are stored.
// CHECK-LABEL: func.func @planned
// CHECK:       scf.if
// CHECK:         %[[STAY:.*]] = arith.cmpi ule, %{{.*}}, %c262144
// CHECK:         scf.if %[[STAY]] {
// CHECK:           weir.rows @soft.terms
// CHECK:           weir.rows @soft.kept
// CHECK:         } else {
// CHECK:           weir.rows @soft.stats1
// CHECK:           weir.rows @soft.weights
func.func @planned(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @soft ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {thread_part = 4096 : i64, plans = [
    #weir.plan<form = stored, max_elements = 262144>, #weir.plan<form = online>]}
  return
}

// CHECK-LABEL: func.func @short
// CHECK-NEXT:  weir.rows @soft {{.*}} {form = #weir.form<stored>}
func.func @short(%x: memref<4x16383xf32>, %y: memref<4x16383xf32>) {
  weir.rows @soft ins(%x : memref<4x16383xf32>) outs(%y : memref<4x16383xf32>) {form = #weir.form<stored>, thread_part = 4096 : i64}
  return
}

// CHECK-LABEL: func.func @many
// CHECK-NEXT:  weir.rows @soft {{.*}} {form = #weir.form<stored>}
func.func @many(%x: memref<8x?xf32>, %y: memref<8x?xf32>) {
  weir.rows @soft ins(%x : memref<8x?xf32>) outs(%y : memref<8x?xf32>) {form = #weir.form<stored>, thread_part = 4096 : i64}
  return
}

// CHECK-LABEL: func.func @never
// CHECK-NEXT:  weir.rows @soft {{.*}} {form = #weir.form<stored>}
func.func @never(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @soft ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<stored>, thread_part = 0 : i64}
  return
}

// Positions go on from part to part. A single row has states without dimensions.
weir.formula @pick(%x: f32, %t: index {weir.uniform}) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %p = weir.position : index
  %is = arith.cmpi eq, %p, %t : index
  %v = arith.select %is, %x, %zero : f32
  %s = weir.reduce add %v : f32
  weir.yield %s : f32
}
// CHECK-LABEL: func.func @position
// CHECK-SAME:  (%[[X:.*]]: memref<?xf32>, %[[T:.*]]: index, %[[R:.*]]: memref<f32>)
// CHECK:         memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK:         scf.parallel
// CHECK:           %[[FROM:.*]] = arith.muli
// CHECK:           weir.rows @pick.stats1 {{.*}} column(%[[FROM]]) outs(%{{.*}} : memref<f32, strided<[], offset: ?>>
// The result is written last: it may be the memory of an argument.
// CHECK:         weir.finish @pick
// CHECK:         memref.copy %{{.*}}, %[[R]]
func.func @position(%x: memref<?xf32>, %t: index, %r: memref<f32>) {
  weir.rows @pick ins(%x, %t : memref<?xf32>, index) outs(%r : memref<f32>) {form = #weir.form<recompute>, thread_part = 4096 : i64}
  return
}

// What is masked is counted first, in parts as well; the second sweep knows what the first found.
weir.formula @spread(%x: f32) -> (f32 {weir.uniform}) {
  %l = weir.length : index
  %i = arith.index_cast %l : index to i32
  %n = arith.sitofp %i : i32 to f32
  %s = weir.reduce add %x : f32
  %mean = arith.divf %s, %n : f32
  %d = arith.subf %x, %mean : f32
  %a = math.absf %d : f32
  %r = weir.reduce add %a : f32
  weir.yield %r : f32
}
// CHECK-LABEL: func.func @masked
// CHECK:         scf.parallel
// CHECK:           weir.rows @spread.length.stats1 ins(%[[PART:.*]], %{{.*}} : memref<2x?xi1,
// CHECK:         weir.finish @spread.length
// CHECK:         scf.parallel
// CHECK:           weir.rows @spread.stats1 ins(%{{.*}}, %{{.*}}) mask(
// CHECK:         weir.finish @spread sweep(1)
// CHECK:         scf.parallel
// CHECK:           weir.rows @spread.stats2
// CHECK:         weir.finish @spread sweep(2)
func.func @masked(%x: memref<2x40000xf32>, %m: memref<2x40000xi1>, %r: memref<2xf32>) {
  weir.rows @spread ins(%x : memref<2x40000xf32>) mask(%m : memref<2x40000xi1>) outs(%r : memref<2xf32>)
    {form = #weir.form<recompute>, thread_part = 4096 : i64}
  return
}
