// What tiles are made of, and the formulas that run on their scores.
// RUN: weir-opt %s --convert-attention-to-rows --canonicalize --cse --split-input-file | FileCheck %s

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// One term, e^(x - m) with the maximum m so far, or the one that the row holds; the maximum and the sum so far; what older sums of values are
// multiplied by.
// CHECK-LABEL: weir.formula private @softmax.carry1
// CHECK-SAME:    (%[[X:.*]]: f32, %[[OLD:.*]]: f32 {weir.uniform}, %[[SUM:.*]]: f32 {weir.uniform}, %[[HOLD:.*]]: f32 {weir.uniform})
// CHECK-SAME:    -> (f32, f32 {weir.uniform}, f32 {weir.uniform}, f32 {weir.uniform})
// CHECK:         %[[HOLDS:.*]] = arith.cmpf une, %[[HOLD]]
// CHECK:         %[[M:.*]] = weir.reduce max %[[X]] : f32
// CHECK:         %[[BEST:.*]] = arith.maximumf %[[OLD]], %[[M]] : f32
// CHECK:         %[[NEW:.*]] = arith.select %[[HOLDS]], %[[OLD]], %[[BEST]] : f32
// CHECK:         %[[TERM:.*]] = math.exp
// CHECK:         %[[PART:.*]] = weir.reduce add %[[TERM]] : f32
// CHECK:         %[[MOVED:.*]] = math.exp
// CHECK:         %[[ALL:.*]] = arith.addf %{{.*}}, %[[PART]] : f32
// CHECK:         %[[FACTOR:.*]] = arith.select %{{.*}}, %[[MOVED]], %{{.*}} : f32
// CHECK:         weir.yield %[[TERM]], %[[NEW]], %[[ALL]], %[[FACTOR]] : f32, f32, f32, f32

// Where all rows hold their maximum, nothing is looked for and nothing moves.
// CHECK-LABEL: weir.formula private @softmax.held1
// CHECK-SAME:    (%[[X:.*]]: f32, %[[OLD:.*]]: f32 {weir.extremum, weir.uniform}, %[[SUM:.*]]: f32 {weir.uniform})
// CHECK-SAME:    -> (f32, f32 {weir.uniform}, f32 {weir.uniform})
// CHECK:         %[[D:.*]] = arith.subf %[[X]], %[[OLD]] : f32
// CHECK:         %[[TERM:.*]] = math.exp %[[D]] : f32
// CHECK:         %[[PART:.*]] = weir.reduce add %[[TERM]] : f32
// CHECK:         %[[ALL:.*]] = arith.addf %[[SUM]], %[[PART]] : f32
// CHECK:         weir.yield %[[TERM]], %[[OLD]], %[[ALL]] : f32, f32, f32

// Keys are packed once ahead of the tiles where several of these share them; values of f32 are used where they lie.
// CHECK-LABEL: func.func @one_pass
// CHECK-SAME:    (%[[Q:.*]]: memref<2x4x?x64xf32>, %[[K:.*]]: memref<2x2x?x64xf32>, %[[V:.*]]: memref<2x2x?x32xf32>, %[[O:.*]]: memref<2x4x?x32xf32>)
// CHECK:         scf.if
// CHECK:           scf.for
// CHECK:             %[[KEYS:.*]] = memref.subview %[[K]]
// CHECK:             weir_cpu.pack ins(%[[KEYS]] : {{.*}}) outs({{.*}}) {transpose}
// CHECK-NOT:         weir_cpu.pack
// CHECK:         scf.for
// The queries of a tile, scaled.
// CHECK:             %[[QUERIES:.*]] = memref.subview %[[Q]]
// CHECK:             weir_cpu.pack ins(%[[QUERIES]]
// CHECK:           weir.rows @softmax.scale
// A block of keys: scores, -inf where some query does not see a key, terms in their place, sums of values.
// CHECK:           scf.for
// CHECK:             weir_cpu.product
// CHECK-NOT:         accumulate
// CHECK:             scf.if
// CHECK:               scf.for
// CHECK:                 memref.store %{{.*}}, %[[SCORES:.*]][
// Do all rows hold their maximum?
// CHECK:             %[[ALL:.*]] = scf.for {{.*}} iter_args
// CHECK:               arith.cmpf une
// CHECK:             scf.if %[[ALL]]
// CHECK:               weir.rows @softmax.held1 ins({{.*}} : memref<?x128xf32, {{.*}}>, memref<?xf32, {{.*}}>, memref<?xf32, {{.*}}>)
// CHECK-SAME:            {form = #weir.form<transposed>, in_cache, nan = #weir.nan<arithmetic>, neg_inf = #weir.neg_inf<ordinary>{{.*}}}
// CHECK:             } else {
// CHECK:               weir.rows @softmax.carry1 ins({{.*}} : memref<?x128xf32, {{.*}}>, memref<?xf32, {{.*}}>, memref<?xf32, {{.*}}>, memref<?xf32, {{.*}}>)
// CHECK-SAME:            {form = #weir.form<transposed>, in_cache{{.*}}}
// CHECK:               arith.cmpf une
// CHECK:               arith.mulf
// Those whose maximum is moderate hold it from here on.
// CHECK:               math.absf
// CHECK:               memref.store
// CHECK:             %[[VALUES:.*]] = memref.subview %[[V]]
// CHECK:             weir_cpu.product ins(%{{.*}}, %[[VALUES]] : {{.*}}) outs({{.*}}) {accumulate}
// Once more if a sum says that a guess was bad.
// CHECK:           arith.cmpf ugt
// CHECK:           scf.condition
// One over the sum, times the sums of values.
// CHECK:           weir.rows @softmax.carried1
// CHECK:             %[[OUT:.*]] = memref.subview %[[O]]
// CHECK:             weir.rows @softmax.output1 ins({{.*}}) outs(%[[OUT]] :
// CHECK-NOT:     weir.attention_rows
func.func @one_pass(%q: memref<2x4x?x64xf32>, %k: memref<2x2x?x64xf32>, %v: memref<2x2x?x32xf32>, %o: memref<2x4x?x32xf32>) {
  weir.attention_rows @softmax ins(%q, %k, %v : memref<2x4x?x64xf32>, memref<2x2x?x64xf32>, memref<2x2x?x32xf32>)
    outs(%o : memref<2x4x?x32xf32>) {causal, form = #weir.attention_form<one_pass>}
  return
}

// The whole formula on whole rows of scores, with the policies; the weights as they are.
// CHECK-LABEL: func.func @blocks
// CHECK:           scf.for
// CHECK:             weir_cpu.product
// CHECK-NOT:         accumulate
// CHECK:           weir.rows @softmax ins(%[[ROW:.*]] : {{.*}}) outs(%[[ROW]] : {{.*}}) {empty_row = #weir.empty_row<nan>, form = #weir.form<stored>, in_cache, nan = #weir.nan<ignore>}
// CHECK:           scf.for
// CHECK:             weir_cpu.product {{.*}} {accumulate}
// CHECK:           weir.rows @softmax.output0
// CHECK-NOT:     weir.attention_rows
func.func @blocks(%q: memref<?x4x?x64xf32>, %o: memref<?x4x?x64xf32>) {
  weir.attention_rows @softmax ins(%q, %q, %q : memref<?x4x?x64xf32>, memref<?x4x?x64xf32>, memref<?x4x?x64xf32>)
    outs(%o : memref<?x4x?x64xf32>) {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, form = #weir.attention_form<blocks>}
  return
}

// -----

// Weights that take two products: x e^(x - m) / s - t e^(x - m) / s.
weir.formula @leaning(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %xe = arith.mulf %x, %e : f32
  %t = weir.reduce add %xe : f32
  %mean = arith.divf %t, %s : f32
  %a = arith.subf %x, %mean : f32
  %b = arith.mulf %a, %e : f32
  %w = arith.divf %b, %s : f32
  weir.yield %w : f32
}
// CHECK-LABEL: weir.formula private @leaning.output2(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32 {weir.uniform}, %{{.*}}: f32 {weir.uniform}) -> f32
// CHECK-LABEL: weir.formula private @leaning.carried1
// CHECK-SAME:    -> (f32, f32)
// CHECK-LABEL: weir.formula private @leaning.carry1
// CHECK-SAME:    -> (f32, f32, f32 {weir.uniform}, f32 {weir.uniform}, f32 {weir.uniform}, f32 {weir.uniform}, f32 {weir.uniform})
// CHECK-LABEL: func.func @rank_two
// CHECK:         weir_cpu.product
// CHECK:         weir.rows @leaning.carry1
// CHECK:         weir_cpu.product {{.*}} {accumulate}
// CHECK:         weir_cpu.product {{.*}} {accumulate}
// CHECK:         weir.rows @leaning.output2
func.func @rank_two(%q: memref<1x4x?x64xf32>, %o: memref<1x4x?x64xf32>) {
  weir.attention_rows @leaning ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%o : memref<1x4x?x64xf32>) {form = #weir.attention_form<one_pass>}
  return
}

// -----

// The mean is known after one pass, the weights after another. The number of keys that the query sees is told.
weir.formula @above_mean(%x: f32) -> (f32, f32 {weir.uniform}) {
  %s = weir.reduce add %x : f32
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %m = arith.divf %s, %f : f32
  %d = arith.subf %x, %m : f32
  %zero = arith.constant 0.0 : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w, %m : f32, f32
}
// CHECK-LABEL: func.func @two_pass
// CHECK-SAME:    %[[S:[^:]*]]: memref<1x4x?xf32>)
// CHECK:           weir_cpu.product
// CHECK:           weir.rows @above_mean.attended.step1
// CHECK-NOT:       accumulate
// CHECK:         weir.rows @above_mean.attended.finish1
// CHECK:           weir_cpu.product
// CHECK:           weir.rows @above_mean.attended.weights {{.*}} {form = #weir.form<elementwise>, in_cache}
// CHECK:           weir_cpu.product {{.*}} {accumulate}
// CHECK:         weir.rows @above_mean.output0
// CHECK:         memref.store %{{.*}}, %[[S]]
func.func @two_pass(%q: memref<1x4x?x64xf32>, %o: memref<1x4x?x64xf32>, %s: memref<1x4x?xf32>) {
  weir.attention_rows @above_mean ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    outs(%o, %s : memref<1x4x?x64xf32>, memref<1x4x?xf32>) {form = #weir.attention_form<two_pass>}
  return
}

// -----

// Without a reduction nothing is excluded, but the weight of a key that is not seen is 0. What a tile does not know is told: how many keys the
// query sees, here those that the mask leaves, how many there are, the query's index. Positions go on from the block's first key.
weir.formula @placed(%x: f32) -> f32 {
  %n = weir.length : index
  %e = weir.extent : index
  %r = weir.row : index
  %p = weir.position : index
  %a = arith.addi %n, %e : index
  %b = arith.addi %r, %p : index
  %c = arith.addi %a, %b : index
  %i = arith.index_cast %c : index to i64
  %f = arith.sitofp %i : i64 to f32
  %w = arith.addf %x, %f : f32
  weir.yield %w : f32
}
// CHECK-LABEL: weir.formula private @placed.prepare(%{{.*}}: f32, %{{.*}}: i1) -> f32
// CHECK-LABEL: weir.formula private @placed.attended(
// CHECK-SAME:    %[[X:.*]]: f32, %{{.*}}: index {weir.uniform}, %{{.*}}: index {weir.uniform}, %{{.*}}: index {weir.uniform}) -> f32
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:     %[[LOW:.*]] = arith.constant 0xFF800000 : f32
// CHECK-NOT:     weir.length
// CHECK-NOT:     weir.row
// CHECK:         weir.position
// CHECK:         %[[SEEN:.*]] = arith.cmpf une, %[[X]], %[[LOW]] : f32
// CHECK:         %[[W:.*]] = arith.select %[[SEEN]], %{{.*}}, %[[ZERO]] : f32
// CHECK:         weir.yield %[[W]]
// CHECK-LABEL: func.func @told
// CHECK-SAME:    %[[M:[^:]*]]: memref<?x?xi1>
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           memref.load {{.*}} : memref<?xi1
// CHECK:         weir.rows @placed.prepare
// CHECK:         weir.rows @placed.attended ins({{.*}} : memref<?x128xf32, {{.*}}>, memref<?xindex, {{.*}}>, index, memref<?xindex, {{.*}}>) column(
func.func @told(%q: memref<1x4x?x64xf32>, %m: memref<?x?xi1>, %o: memref<1x4x?x64xf32>) {
  weir.attention_rows @placed ins(%q, %q, %q : memref<1x4x?x64xf32>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    mask(%m : memref<?x?xi1>) outs(%o : memref<1x4x?x64xf32>) {form = #weir.attention_form<one_pass>}
  return
}

// -----

weir.formula @shifted(%x: f32, %y: f32, %a: f32 {weir.uniform}) -> f32 {
  %z = arith.addf %x, %y : f32
  %v = arith.addf %z, %a : f32
  %m = weir.reduce max %v : f32
  %d = arith.subf %v, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// Scale and cap, bias, mask, in this order. With a cap the scale waits for the scores.
// CHECK-LABEL: weir.formula private @shifted.prepare(
// CHECK-SAME:    %[[X:.*]]: f32, %[[B:.*]]: f32, %[[M:.*]]: i1) -> f32
// CHECK-DAG:     %[[CAP:.*]] = arith.constant 3.000000e+01 : f32
// CHECK-DAG:     %[[LOW:.*]] = arith.constant 0xFF800000 : f32
// CHECK:         %[[PART:.*]] = arith.mulf %[[X]], %{{.*}} : f32
// CHECK:         %[[TANH:.*]] = math.tanh %[[PART]] : f32
// CHECK:         %[[CAPPED:.*]] = arith.mulf %[[TANH]], %[[CAP]] : f32
// CHECK:         %[[BIASED:.*]] = arith.addf %[[CAPPED]], %[[B]] : f32
// CHECK:         arith.select %[[M]], %[[BIASED]], %[[LOW]] : f32

// Heads behind keys; values of f16 are packed too; lengths per batch; operands beside the scores, head by head; what rows have once in scratch; parts.
// CHECK-LABEL: func.func @all
// CHECK-SAME:    %[[N:[^:]*]]: memref<?xi32>
// CHECK-NOT:     @shifted.scale
// CHECK:         memref.transpose
// CHECK:         weir_cpu.parts
// CHECK:         scf.parallel
// CHECK:           weir_cpu.pack {{.*}} {transpose}
// CHECK:           weir_cpu.pack
// CHECK:         scf.parallel
// CHECK:           memref.load %[[N]]
// CHECK:           weir_cpu.product
// CHECK:           weir.rows @shifted.prepare ins({{.*}} : memref<?x?xf32, {{.*}}>, memref<?x?xf16, {{.*}}>, memref<1x?xi1, {{.*}}>)
// CHECK:           weir.rows @shifted.carry1 ins({{.*}} : memref<?x?xf32, {{.*}}>, memref<1x?xbf16, {{.*}}>, memref<?xf32, {{.*}}>,
// CHECK:           weir_cpu.product {{.*}} {accumulate}
// CHECK:           weir.rows @shifted.output1 {{.*}} outs({{.*}} : memref<?x32xbf16
func.func @all(%q: memref<?x?x8x64xf16>, %k: memref<?x?x2x64xf16>, %v: memref<?x?x2x32xf16>, %y: memref<8x1x?xbf16>, %a: memref<1x8x1xf32>,
               %m: memref<?x1x1x?xi1>, %b: memref<?x?xf16>, %n: memref<?xi32>, %o: memref<?x?x8x32xbf16>) {
  weir.attention_rows @shifted ins(%q, %k, %v : memref<?x?x8x64xf16>, memref<?x?x2x64xf16>, memref<?x?x2x32xf16>)
    operands(%y, %a : memref<8x1x?xbf16>, memref<1x8x1xf32>) mask(%m : memref<?x1x1x?xi1>) bias(%b : memref<?x?xf16>) lengths(%n : memref<?xi32>)
    outs(%o : memref<?x?x8x32xbf16>)
    {causal, window_left = 100 : i64, scale = 0.5 : f64, soft_cap = 30.0 : f64, layout = #weir.attention_layout<blhd>,
     form = #weir.attention_form<one_pass>, thread_grain = 4096 : i64}
  return
}

// -----

// What scores are multiplied by belongs to the op: two of one formula share nothing but what is the same.
weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
// CHECK-DAG:     weir.formula private @[[SECOND:softmax.scale_.*]](%{{.*}}: f32)
// CHECK-DAG:     weir.formula private @softmax.scale(%{{.*}}: f32)
// CHECK-DAG:     arith.constant 2.500000e-01 : f32
// CHECK-DAG:     arith.constant 5.000000e-01 : f32
// CHECK-LABEL: func.func @two_scales
// CHECK:         weir.rows @softmax.scale ins
// CHECK:         weir.rows @softmax.carry1 ins
// CHECK:         weir.rows @[[SECOND]] ins
// CHECK:         weir.rows @softmax.carry1 ins
func.func @two_scales(%q: memref<1x1x?x4xf32>, %o: memref<1x1x?x4xf32>) {
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x1x?x4xf32>, memref<1x1x?x4xf32>, memref<1x1x?x4xf32>)
    outs(%o : memref<1x1x?x4xf32>) {scale = 0.5 : f64, form = #weir.attention_form<one_pass>}
  weir.attention_rows @softmax ins(%q, %q, %q : memref<1x1x?x4xf32>, memref<1x1x?x4xf32>, memref<1x1x?x4xf32>)
    outs(%o : memref<1x1x?x4xf32>) {scale = 0.25 : f64, form = #weir.attention_form<one_pass>}
  return
}

// -----

// Where the target multiplies bf16 in pairs, keys and values are packed so, and queries and weights stay bf16. The scale is then part of the formula.
module attributes {weir.target = {features = "+avx512f,+amx-tile,+amx-bf16", vector_bits = 512 : i64}} {
  weir.formula @softmax(%x: f32) -> f32 {
    %m = weir.reduce max %x : f32
    %d = arith.subf %x, %m : f32
    %e = math.exp %d : f32
    %s = weir.reduce add %e : f32
    %w = arith.divf %e, %s : f32
    weir.yield %w : f32
  }
  // CHECK-LABEL: weir.formula private @softmax.attended(
  // CHECK:         arith.constant 1.250000e-01 : f32
  // CHECK-LABEL: func.func @pairs
  // CHECK:         weir_cpu.pack {{.*}} outs({{.*}} : memref<32x{{[0-9]+}}x2xbf16, {{.*}}>) {transpose}
  // A few queries meet keys where these lie.
  // CHECK:         weir_cpu.product ins({{.*}} : memref<?x64xbf16, {{.*}}>, memref<?x64xbf16, {{.*}}>) outs({{.*}} : memref<?x?xf32, {{.*}}>) {prefetch, tile_order, transpose_b}
  // CHECK:         linalg.fill
  // CHECK:         weir_cpu.product ins({{.*}} : memref<?x64xbf16, {{.*}}>, memref<32x{{[0-9]+}}x2xbf16, {{.*}}>) outs({{.*}} : memref<?x{{[0-9]+}}xf32, {{.*}}>)
  // CHECK:         weir.rows @softmax.attended.carry1
  // CHECK:         weir_cpu.product ins({{.*}} : memref<?x{{[0-9]+}}xbf16, {{.*}}>, memref<{{[0-9]+}}x64x2xbf16, {{.*}}>) outs({{.*}} : memref<?x64xf32, {{.*}}>) {accumulate}
  // CHECK:         weir.rows @softmax.output1
  func.func @pairs(%q: memref<1x2x?x64xbf16>, %k: memref<1x2x?x64xbf16>, %o: memref<1x2x?x64xbf16>) {
    weir.attention_rows @softmax ins(%q, %k, %k : memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>)
      outs(%o : memref<1x2x?x64xbf16>) {form = #weir.attention_form<one_pass>}
    return
  }
}
