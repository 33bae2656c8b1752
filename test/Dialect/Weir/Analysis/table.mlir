// What follows from the formulas of the library, from textual variants of them, and from some that nobody has seen. Every formula is
// checked twice: as it is, and with its name taken away.
// RUN: weir-opt %s -split-input-file --weir-print-analysis -o /dev/null 2>/dev/null | FileCheck %s
// RUN: sed 's/weir.formula @[a-z0-9_]*/weir.formula @f/' %s > %t.mlir
// RUN: weir-opt %t.mlir -split-input-file --weir-print-analysis -o /dev/null 2>/dev/null | FileCheck %s
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softmax(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  weir.yield %v5 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softmax_scaled(%x: f32, %beta: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.mulf %x, %beta : f32
  %v2 = weir.reduce max %v1 : f32
  %v3 = arith.subf %v1, %v2 : f32
  %v4 = math.exp %v3 : f32
  %v5 = weir.reduce add %v4 : f32
  %v6 = arith.divf %v4, %v5 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @log_softmax(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.subf %x, %v1 : f32
  %v6 = math.log %v4 : f32
  %v7 = arith.subf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @logsumexp(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = math.log %v4 : f32
  %v6 = arith.addf %v1, %v5 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_product(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = math.exp %x : f32
  %v3 = arith.negf %v1 : f32
  %v4 = math.exp %v3 : f32
  %v5 = arith.mulf %v2, %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 3 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp, pulled)
weir.formula @sm_divbefore(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_exp2(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %c2 = arith.constant 1.442695000e+00 : f32
  %v3 = arith.mulf %x, %c2 : f32
  %c4 = arith.constant 1.442695000e+00 : f32
  %v5 = arith.mulf %v1, %c4 : f32
  %v6 = arith.subf %v3, %v5 : f32
  %v7 = math.exp2 %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_logspace(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = math.log %v4 : f32
  %v6 = arith.addf %v1, %v5 : f32
  %v7 = arith.subf %x, %v6 : f32
  %v8 = math.exp %v7 : f32
  weir.yield %v8 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (exp, own anchor)
weir.formula @sm_nomax(%x: f32) -> (f32) {
  %v1 = math.exp %x : f32
  %v2 = weir.reduce add %v1 : f32
  %v3 = arith.divf %v1, %v2 : f32
  weir.yield %v3 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_recip(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %c5 = arith.constant 1.000000000e+00 : f32
  %v6 = arith.divf %c5, %v4 : f32
  %v7 = arith.mulf %v3, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_ratio(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = math.log %v4 : f32
  %v6 = arith.addf %v1, %v5 : f32
  %v7 = math.exp %x : f32
  %v8 = math.exp %v6 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @sm_guard(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %c2 = arith.constant -1.000000000e+30 : f32
  %v3 = arith.cmpf ogt, %v1, %c2 : f32
  %c4 = arith.constant 0.000000000e+00 : f32
  %v5 = arith.select %v3, %c4, %v1 : f32
  %v6 = arith.subf %x, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %c9 = arith.constant 0.000000000e+00 : f32
  %v10 = arith.cmpf ogt, %v8, %c9 : f32
  %c11 = arith.constant 1.000000000e+00 : f32
  %v12 = arith.select %v10, %c11, %v8 : f32
  %v13 = arith.divf %v7, %v12 : f32
  weir.yield %v13 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softmax_sink(%x: f32, %a: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.maximumf %v1, %a : f32
  %v3 = arith.subf %x, %v2 : f32
  %v4 = math.exp %v3 : f32
  %v5 = weir.reduce add %v4 : f32
  %v6 = arith.subf %a, %v2 : f32
  %v7 = math.exp %v6 : f32
  %v8 = arith.addf %v5, %v7 : f32
  %v9 = arith.divf %v4, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @ssmax(%x: f32, %s: f32 {weir.uniform}, %b: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = math.log %v3 : f32
  %v5 = arith.mulf %s, %v4 : f32
  %v6 = arith.addf %v5, %b : f32
  %v7 = arith.mulf %x, %v6 : f32
  %v8 = weir.reduce max %v7 : f32
  %v9 = arith.subf %v7, %v8 : f32
  %v10 = math.exp %v9 : f32
  %v11 = weir.reduce add %v10 : f32
  %v12 = arith.divf %v10, %v11 : f32
  weir.yield %v12 : f32
}
// -----
// CHECK: : sweeps 3 -> 2, reads 3, attention 2/1
// CHECK-NEXT: sweep 1: add (plain)
// CHECK-NEXT: sweep 2: max (plain) add (exp)
weir.formula @ssmax_maskcount(%x: f32, %mask: f32, %s: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.reduce add %mask : f32
  %v2 = math.log %v1 : f32
  %v3 = arith.mulf %s, %v2 : f32
  %v4 = arith.mulf %x, %v3 : f32
  %v5 = weir.reduce max %v4 : f32
  %v6 = arith.subf %v4, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @self_adjust(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = arith.mulf %x, %v5 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp) min (plain)
weir.formula @self_adjust_norm(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = weir.reduce min %x : f32
  %c6 = arith.constant 0.000000000e+00 : f32
  %v7 = arith.minimumf %v5, %c6 : f32
  %c8 = arith.constant 0.000000000e+00 : f32
  %v9 = arith.maximumf %v1, %c8 : f32
  %v10 = arith.subf %x, %v7 : f32
  %v11 = arith.subf %v9, %v7 : f32
  %v12 = arith.divf %v10, %v11 : f32
  %v13 = arith.divf %v3, %v4 : f32
  %v14 = arith.mulf %v12, %v13 : f32
  weir.yield %v14 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp)
weir.formula @boltzmann(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.mulf %x, %v3 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v6, %v4 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 3 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp, pulled)
weir.formula @boltzmann_naive(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = arith.mulf %x, %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softpick_diff(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %c2 = arith.constant 0.000000000e+00 : f32
  %v3 = arith.maximumf %v1, %c2 : f32
  %v4 = arith.subf %x, %v3 : f32
  %v5 = math.exp %v4 : f32
  %v6 = arith.negf %v3 : f32
  %v7 = math.exp %v6 : f32
  %v8 = arith.subf %v5, %v7 : f32
  %v9 = math.absf %v8 : f32
  %v10 = weir.reduce add %v9 : f32
  %c11 = arith.constant 0.000000000e+00 : f32
  %v12 = arith.maximumf %v8, %c11 : f32
  %c13 = arith.constant 1.000000000e-08 : f32
  %v14 = arith.addf %v10, %c13 : f32
  %v15 = arith.divf %v12, %v14 : f32
  weir.yield %v15 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softpick_stable(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %c2 = arith.constant 0.000000000e+00 : f32
  %v3 = arith.maximumf %v1, %c2 : f32
  %v4 = arith.negf %v3 : f32
  %v5 = math.exp %v4 : f32
  %c6 = arith.constant 1.000000000e+00 : f32
  %v7 = arith.cmpf ogt, %x, %c6 : f32
  %v8 = arith.subf %x, %v3 : f32
  %v9 = math.exp %v8 : f32
  %v10 = arith.subf %v9, %v5 : f32
  %v11 = math.expm1 %x : f32
  %v12 = arith.mulf %v5, %v11 : f32
  %v13 = arith.select %v7, %v10, %v12 : f32
  %v14 = math.absf %v13 : f32
  %v15 = weir.reduce add %v14 : f32
  %c16 = arith.constant 0.000000000e+00 : f32
  %v17 = arith.maximumf %v13, %c16 : f32
  %c18 = arith.constant 1.000000000e-08 : f32
  %v19 = arith.addf %v15, %c18 : f32
  %v20 = arith.divf %v17, %v19 : f32
  weir.yield %v20 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @softpick_cmpdiff(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %c2 = arith.constant 0.000000000e+00 : f32
  %v3 = arith.maximumf %v1, %c2 : f32
  %v4 = arith.subf %x, %v3 : f32
  %v5 = math.exp %v4 : f32
  %v6 = arith.negf %v3 : f32
  %v7 = math.exp %v6 : f32
  %v8 = arith.subf %v5, %v7 : f32
  %c9 = arith.constant 0.000000000e+00 : f32
  %v10 = arith.cmpf ogt, %v8, %c9 : f32
  %v11 = arith.negf %v8 : f32
  %v12 = arith.select %v10, %v8, %v11 : f32
  %v13 = weir.reduce add %v12 : f32
  %c14 = arith.constant 0.000000000e+00 : f32
  %v15 = arith.cmpf ogt, %v8, %c14 : f32
  %c16 = arith.constant 0.000000000e+00 : f32
  %v17 = arith.select %v15, %v8, %c16 : f32
  %v18 = arith.divf %v17, %v13 : f32
  weir.yield %v18 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @stablemax(%x: f32) -> (f32) {
  %c1 = arith.constant 0.000000000e+00 : f32
  %v2 = arith.cmpf ogt, %x, %c1 : f32
  %c3 = arith.constant 1.000000000e+00 : f32
  %v4 = arith.addf %x, %c3 : f32
  %c5 = arith.constant 1.000000000e+00 : f32
  %v6 = arith.subf %c5, %x : f32
  %c7 = arith.constant 1.000000000e+00 : f32
  %v8 = arith.divf %c7, %v6 : f32
  %v9 = arith.select %v2, %v4, %v8 : f32
  %v10 = weir.reduce add %v9 : f32
  %v11 = arith.divf %v9, %v10 : f32
  weir.yield %v11 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 2/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @clipped(%x: f32, %gamma: f32 {weir.uniform}, %eta: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.subf %eta, %gamma : f32
  %v6 = arith.divf %v3, %v4 : f32
  %v7 = arith.mulf %v5, %v6 : f32
  %v8 = arith.addf %v7, %gamma : f32
  %c9 = arith.constant 0.000000000e+00 : f32
  %v10 = arith.maximumf %v8, %c9 : f32
  %c11 = arith.constant 1.000000000e+00 : f32
  %v12 = arith.minimumf %v10, %c11 : f32
  weir.yield %v12 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 2/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @quantized(%x: f32, %scale: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = arith.divf %v5, %scale : f32
  %v7 = math.roundeven %v6 : f32
  %v8 = arith.mulf %v7, %scale : f32
  weir.yield %v8 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @gumbel(%x: f32, %g: f32, %tau: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.addf %x, %g : f32
  %v2 = arith.divf %v1, %tau : f32
  %v3 = weir.reduce max %v2 : f32
  %v4 = arith.subf %v2, %v3 : f32
  %v5 = math.exp %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v5, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : elementwise, reads 1, attention 1/1
weir.formula @sigmoid_weights(%x: f32, %b: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.addf %x, %b : f32
  %v2 = arith.negf %v1 : f32
  %v3 = math.exp %v2 : f32
  %c4 = arith.constant 1.000000000e+00 : f32
  %v5 = arith.addf %c4, %v3 : f32
  %v6 = arith.divf %c4, %v5 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @lssa(%x: f32) -> (f32) {
  %v1 = math.exp %x : f32
  %v2 = math.log1p %v1 : f32
  %v3 = weir.reduce add %v2 : f32
  %c4 = arith.constant 1.000000000e-08 : f32
  %v5 = arith.addf %v3, %c4 : f32
  %v6 = arith.divf %v2, %v5 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 2 -> 2, reads 3, attention 2/1
// CHECK-NEXT: sweep 1: add (plain) max (plain)
// CHECK-NEXT: sweep 2: add (plain)
weir.formula @lssar(%x: f32, %o: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = math.exp %x : f32
  %v5 = math.log1p %v4 : f32
  %v6 = weir.reduce add %v5 : f32
  %c7 = arith.constant 1.000000000e-08 : f32
  %v8 = arith.addf %v6, %c7 : f32
  %v9 = weir.reduce max %x : f32
  %v10 = arith.mulf %v3, %v5 : f32
  %v11 = arith.divf %v10, %v8 : f32
  %v12 = arith.subf %v11, %o : f32
  %c13 = arith.constant 0.000000000e+00 : f32
  %v14 = arith.maximumf %v12, %c13 : f32
  %v15 = math.exp %v9 : f32
  %v16 = math.log1p %v15 : f32
  %v17 = arith.mulf %v3, %v16 : f32
  %v18 = arith.divf %v17, %v8 : f32
  %v19 = arith.subf %v18, %o : f32
  %c20 = arith.constant 0.000000000e+00 : f32
  %v21 = arith.maximumf %v19, %c20 : f32
  %v22 = arith.divf %v14, %v21 : f32
  %c23 = arith.constant 1.500000000e+01 : f32
  %v24 = math.powf %v22, %c23 : f32
  %v25 = weir.reduce add %v24 : f32
  %v26 = arith.divf %v24, %v25 : f32
  weir.yield %v26 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @two_quad(%x: f32, %c: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.addf %x, %c : f32
  %v2 = arith.mulf %v1, %v1 : f32
  %v3 = weir.reduce add %v2 : f32
  %v4 = arith.divf %v2, %v3 : f32
  weir.yield %v4 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @taylor(%x: f32) -> (f32) {
  %c1 = arith.constant 1.000000000e+00 : f32
  %v2 = arith.addf %c1, %x : f32
  %v3 = arith.mulf %x, %x : f32
  %c4 = arith.constant 5.000000000e-01 : f32
  %v5 = arith.mulf %c4, %v3 : f32
  %v6 = arith.addf %v2, %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  %v8 = arith.divf %v6, %v7 : f32
  weir.yield %v8 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp)
weir.formula @split_softmax(%x: f32, %inset: f32, %k: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.mulf %v3, %inset : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v6, %v4 : f32
  %c8 = arith.constant 1.000000000e+00 : f32
  %v9 = arith.subf %k, %c8 : f32
  %v10 = math.powf %v7, %v9 : f32
  %v11 = math.powf %v7, %k : f32
  %c12 = arith.constant 1.000000000e+00 : f32
  %v13 = arith.subf %c12, %v11 : f32
  %c14 = arith.constant 1.000000000e+00 : f32
  %v15 = arith.subf %c14, %v7 : f32
  %v16 = arith.divf %v13, %v15 : f32
  %v17 = arith.divf %v3, %v4 : f32
  %c18 = arith.constant 0.000000000e+00 : f32
  %v19 = arith.cmpf ogt, %inset, %c18 : f32
  %v20 = arith.select %v19, %v10, %v16 : f32
  %v21 = arith.mulf %v17, %v20 : f32
  weir.yield %v21 : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @rms_norm(%x: f32, %g: f32, %eps: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = arith.mulf %x, %g : f32
  %v5 = arith.mulf %x, %x : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = arith.divf %v6, %v3 : f32
  %v8 = arith.addf %v7, %eps : f32
  %v9 = math.rsqrt %v8 : f32
  %v10 = arith.mulf %v4, %v9 : f32
  weir.yield %v10 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/3
// CHECK-NEXT: sweep 1: add (plain) add (recentre)
weir.formula @layer_norm(%x: f32, %g: f32, %b: f32, %eps: f32 {weir.uniform}) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce add %x : f32
  %v5 = arith.divf %v4, %v3 : f32
  %v6 = arith.subf %x, %v5 : f32
  %v7 = arith.mulf %v6, %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v8, %v3 : f32
  %v10 = arith.addf %v9, %eps : f32
  %v11 = math.rsqrt %v10 : f32
  %v12 = arith.mulf %v6, %v11 : f32
  %v13 = arith.mulf %v12, %g : f32
  %v14 = arith.addf %v13, %b : f32
  weir.yield %v14 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (plain)
weir.formula @cross_entropy(%x: f32, %t: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %v1 = weir.position : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce max %x : f32
  %v5 = arith.subf %x, %v4 : f32
  %v6 = math.exp %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  %v8 = arith.cmpf ogt, %v3, %t : f32
  %c9 = arith.constant 0.000000000e+00 : f32
  %v10 = arith.select %v8, %x, %c9 : f32
  %v11 = weir.reduce add %v10 : f32
  %v12 = math.log %v7 : f32
  %v13 = arith.addf %v4, %v12 : f32
  %v14 = arith.subf %v13, %v11 : f32
  weir.yield %v14 : f32
}
// -----
// CHECK: : sweeps 3 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp x polynomial, pulled)
weir.formula @ce_from_log_w(%x: f32, %t: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %v1 = weir.position : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce max %x : f32
  %v5 = arith.subf %x, %v4 : f32
  %v6 = math.exp %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  %v8 = arith.divf %v6, %v7 : f32
  %v9 = math.log %v8 : f32
  %v10 = arith.cmpf ogt, %v3, %t : f32
  %c11 = arith.constant 0.000000000e+00 : f32
  %v12 = arith.select %v10, %v9, %c11 : f32
  %v13 = weir.reduce add %v12 : f32
  %v14 = arith.negf %v13 : f32
  weir.yield %v14 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (plain) add (plain)
weir.formula @label_smoothing(%x: f32, %t: f32 {weir.uniform}, %a: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %v1 = weir.position : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.length : index
  %v5 = arith.index_cast %v4 : index to i64
  %v6 = arith.sitofp %v5 : i64 to f32
  %v7 = weir.reduce max %x : f32
  %v8 = arith.subf %x, %v7 : f32
  %v9 = math.exp %v8 : f32
  %v10 = weir.reduce add %v9 : f32
  %v11 = arith.cmpf ogt, %v3, %t : f32
  %c12 = arith.constant 0.000000000e+00 : f32
  %v13 = arith.select %v11, %x, %c12 : f32
  %v14 = weir.reduce add %v13 : f32
  %v15 = weir.reduce add %x : f32
  %v16 = arith.divf %v15, %v6 : f32
  %v17 = math.log %v10 : f32
  %v18 = arith.addf %v7, %v17 : f32
  %v19 = arith.subf %v18, %v14 : f32
  %v20 = arith.subf %v14, %v16 : f32
  %v21 = arith.mulf %a, %v20 : f32
  %v22 = arith.addf %v19, %v21 : f32
  weir.yield %v22 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: add (plain) add (recentre) add (plain)
weir.formula @z_loss(%x: f32, %t: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %v1 = weir.position : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.length : index
  %v5 = arith.index_cast %v4 : index to i64
  %v6 = arith.sitofp %v5 : i64 to f32
  %v7 = weir.reduce add %x : f32
  %v8 = arith.divf %v7, %v6 : f32
  %v9 = arith.subf %x, %v8 : f32
  %v10 = arith.mulf %v9, %v9 : f32
  %v11 = weir.reduce add %v10 : f32
  %v12 = arith.divf %v11, %v6 : f32
  %v13 = arith.cmpf ogt, %v3, %t : f32
  %c14 = arith.constant 0.000000000e+00 : f32
  %v15 = arith.select %v13, %x, %c14 : f32
  %v16 = weir.reduce add %v15 : f32
  %v17 = arith.subf %v16, %v8 : f32
  %v18 = math.sqrt %v12 : f32
  %v19 = arith.divf %v17, %v18 : f32
  %v20 = math.exp %v19 : f32
  %v21 = math.log1p %v20 : f32
  weir.yield %v21 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp x polynomial)
weir.formula @entropy_stable(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.mulf %v3, %v2 : f32
  %v6 = weir.reduce add %v5 : f32
  %v7 = math.log %v4 : f32
  %v8 = arith.divf %v6, %v4 : f32
  %v9 = arith.subf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 3 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp x polynomial, pulled)
weir.formula @entropy_wlogw(%x: f32) -> (f32 {weir.uniform}) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = arith.divf %v3, %v4 : f32
  %v6 = math.log %v5 : f32
  %v7 = arith.mulf %v5, %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.negf %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : elementwise, reads 1, attention 1/1
weir.formula @swiglu(%g: f32, %v: f32) -> (f32) {
  %v1 = arith.negf %g : f32
  %v2 = math.exp %v1 : f32
  %c3 = arith.constant 1.000000000e+00 : f32
  %v4 = arith.addf %c3, %v2 : f32
  %v5 = arith.divf %c3, %v4 : f32
  %v6 = arith.mulf %g, %v5 : f32
  %v7 = arith.mulf %v6, %v : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 2, reads 3, attention 2/1
// CHECK-NEXT: sweep 1: kth (search) max (plain)
// CHECK-NEXT: sweep 2: add (plain)
weir.formula @sparse_softmax_topk(%x: f32, %k: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.constant 3 : index
  %v2, %p2 = weir.kth %v1, %x : index, f32
  %v3 = weir.reduce max %x : f32
  %v4 = arith.cmpf ogt, %x, %v2 : f32
  %v5 = arith.subf %x, %v3 : f32
  %v6 = math.exp %v5 : f32
  %c7 = arith.constant 0.000000000e+00 : f32
  %v8 = arith.select %v4, %v6, %c7 : f32
  %v9 = weir.reduce add %v8 : f32
  %v10 = arith.divf %v8, %v9 : f32
  weir.yield %v10 : f32
}
// -----
// CHECK: : sweeps 2 -> 2, reads 3, attention 3/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
// CHECK-NEXT: sweep 2: min (plain)
weir.formula @soft_wta(%x: f32, %t: f32 {weir.uniform}) -> (f32) {
  %v1 = arith.mulf %x, %t : f32
  %v2 = weir.position : index
  %v3 = arith.index_cast %v2 : index to i64
  %v4 = arith.sitofp %v3 : i64 to f32
  %v5 = weir.reduce max %v1 : f32
  %v6 = arith.subf %v1, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.cmpf ogt, %v1, %v5 : f32
  %c10 = arith.constant 1.000000000e+09 : f32
  %v11 = arith.select %v9, %v4, %c10 : f32
  %v12 = weir.reduce min %v11 : f32
  %v13 = arith.divf %v7, %v8 : f32
  %v14 = arith.cmpf ogt, %v4, %v12 : f32
  %v15 = arith.negf %v13 : f32
  %v16 = arith.select %v14, %v13, %v15 : f32
  weir.yield %v16 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 2/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @odd_softcap_after(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = weir.reduce add %v3 : f32
  %v5 = math.tanh %v3 : f32
  %v6 = arith.divf %v5, %v4 : f32
  weir.yield %v6 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain) add (exp, pulled, own anchor)
weir.formula @odd_mean_shift(%x: f32) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce add %x : f32
  %v5 = arith.divf %v4, %v3 : f32
  %v6 = arith.subf %x, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 4 -> 2, reads 3, attention 2/1
// CHECK-NEXT: sweep 1: add (plain) add (recentre) max (plain, pulled)
// CHECK-NEXT: sweep 2: add (plain)
weir.formula @odd_zscore_softmax(%x: f32) -> (f32) {
  %v1 = weir.length : index
  %v2 = arith.index_cast %v1 : index to i64
  %v3 = arith.sitofp %v2 : i64 to f32
  %v4 = weir.reduce add %x : f32
  %v5 = arith.divf %v4, %v3 : f32
  %v6 = arith.subf %x, %v5 : f32
  %v7 = arith.mulf %v6, %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v8, %v3 : f32
  %v10 = arith.subf %x, %v5 : f32
  %v11 = math.sqrt %v9 : f32
  %v12 = arith.divf %v10, %v11 : f32
  %v13 = weir.reduce max %v12 : f32
  %v14 = arith.subf %v12, %v13 : f32
  %v15 = math.exp %v14 : f32
  %v16 = weir.reduce add %v15 : f32
  %v17 = arith.divf %v15, %v16 : f32
  weir.yield %v17 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp, pulled)
weir.formula @odd_two_temp(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = arith.addf %v2, %v2 : f32
  %v5 = math.exp %v4 : f32
  %v6 = arith.addf %v3, %v5 : f32
  %v7 = weir.reduce add %v6 : f32
  %v8 = arith.divf %v6, %v7 : f32
  weir.yield %v8 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @odd_l2_softmax(%x: f32) -> (f32) {
  %v1 = weir.reduce max %x : f32
  %v2 = arith.subf %x, %v1 : f32
  %v3 = math.exp %v2 : f32
  %v4 = arith.mulf %v3, %v3 : f32
  %v5 = weir.reduce add %v4 : f32
  %v6 = math.sqrt %v5 : f32
  %v7 = arith.divf %v3, %v6 : f32
  weir.yield %v7 : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @odd_logsig(%x: f32) -> (f32) {
  %v1 = arith.negf %x : f32
  %v2 = math.exp %v1 : f32
  %v3 = math.log1p %v2 : f32
  %v4 = arith.negf %v3 : f32
  %v5 = weir.reduce max %v4 : f32
  %v6 = arith.subf %v4, %v5 : f32
  %v7 = math.exp %v6 : f32
  %v8 = weir.reduce add %v7 : f32
  %v9 = arith.divf %v7, %v8 : f32
  weir.yield %v9 : f32
}
// -----
// CHECK: : sweeps 2 -> 2, reads 3, attention 3/1
// CHECK-NEXT: sweep 1: max (plain)
// CHECK-NEXT: sweep 2: solve (search)
weir.formula @sparsemax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 32 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
// -----
// CHECK: : sweeps 3 -> 2, reads 3, attention 2/1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp x polynomial)
// CHECK-NEXT: sweep 2: add (plain)
weir.formula @adaptive(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %de = arith.mulf %d, %e : f32
  %t = weir.reduce add %de : f32
  %l = math.log %s : f32
  %q = arith.divf %t, %s : f32
  %h = arith.subf %l, %q : f32
  %sharp = arith.cmpf ogt, %h, %half : f32
  %hh = arith.mulf %h, %h : f32
  %b1 = arith.maximumf %hh, %one : f32
  %b = arith.select %sharp, %b1, %one : f32
  %z = arith.mulf %b, %d : f32
  %e2 = math.exp %z : f32
  %s2 = weir.reduce add %e2 : f32
  %w = arith.divf %e2, %s2 : f32
  weir.yield %w : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp)
weir.formula @shaped(%x: f32, %alpha: f32 {weir.uniform}, %delta: f32, %gamma: f32 {weir.uniform}) -> f32 {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %ad = arith.mulf %alpha, %delta : f32
  %gn = arith.divf %gamma, %f : f32
  %a = arith.addf %w, %ad : f32
  %y = arith.subf %a, %gn : f32
  weir.yield %y : f32
}
// -----
// CHECK: : sweeps 3 -> 1, reads 2, attention 1/2
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (exp, pulled)
weir.formula @softmax_vjp(%x: f32, %dy: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %wdy = arith.mulf %w, %dy : f32
  %u = weir.reduce add %wdy : f32
  %c = arith.subf %dy, %u : f32
  %dx = arith.mulf %w, %c : f32
  weir.yield %dx : f32
}
// -----
// CHECK: : elementwise, reads 1, attention 1/1
weir.formula @softmax_vjp_saved(%x: f32, %dy: f32, %lse: f32 {weir.uniform}, %delta: f32 {weir.uniform}) -> f32 {
  %d = arith.subf %x, %lse : f32
  %w = math.exp %d : f32
  %c = arith.subf %dy, %delta : f32
  %dx = arith.mulf %w, %c : f32
  weir.yield %dx : f32
}
// -----
// CHECK: : sweeps 2 -> 1, reads 1
// CHECK-NEXT: sweep 1: max (plain) add (exp) add (plain) add (plain)
weir.formula @maxsup(%x: f32, %t: index {weir.uniform}, %a: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %p = weir.position : index
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %is = arith.cmpi eq, %p, %t : index
  %y = arith.select %is, %x, %zero : f32
  %xt = weir.reduce add %y : f32
  %sum = weir.reduce add %x : f32
  %mean = arith.divf %sum, %f : f32
  %lse = arith.addf %m, %l : f32
  %ce = arith.subf %lse, %xt : f32
  %gap = arith.subf %m, %mean : f32
  %reg = arith.mulf %a, %gap : f32
  %loss = arith.addf %ce, %reg : f32
  weir.yield %loss : f32
}
// -----
// CHECK: : sweeps 1 -> 1, reads 2, attention 1/1
// CHECK-NEXT: sweep 1: add (plain)
weir.formula @relu_softmax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %p = arith.maximumf %x, %zero : f32
  %s = weir.reduce add %p : f32
  %t = arith.addf %s, %eps : f32
  %w = arith.divf %p, %t : f32
  weir.yield %w : f32
}
// -----
// CHECK: : elementwise, reads 1, attention 1/1
weir.formula @relu_weights(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %p = arith.maximumf %x, %zero : f32
  weir.yield %p : f32
}
