// weir.attention and weir.attention_rows, with every clause and attribute, printed and parsed again.
// RUN: weir-opt %s | weir-opt | FileCheck %s --strict-whitespace
// RUN: weir-opt %s --mlir-print-op-generic | weir-opt | FileCheck %s
// RUN: weir-opt %s --emit-bytecode | weir-opt | FileCheck %s

// Scores, a number for each of them, one for each row, one for all; weights and a statistic.
weir.formula @tempered(%x: f32, %slope: f32, %beta: f32 {weir.uniform}, %shift: f32 {weir.uniform}, %skip: index {weir.uniform})
    -> (f32, f32 {weir.uniform}) {
  %p = weir.position : index
  %early = arith.cmpi ult, %p, %skip : index
  %b = arith.mulf %x, %beta : f32
  %z = arith.addf %b, %slope : f32
  %w = arith.addf %z, %shift : f32
  %m = weir.reduce max %w : f32
  %d = arith.subf %w, %m : f32
  %e = math.exp %d : f32
  %zero = arith.constant 0.0 : f32
  %k = arith.select %early, %zero, %e : f32
  %s = weir.reduce add %k : f32
  %y = arith.divf %k, %s : f32
  weir.yield %y, %s : f32, f32
}

// CHECK-LABEL: func.func @plain
func.func @plain(%q: tensor<1x4x8x16xf32>, %k: tensor<1x4x9x16xf32>, %v: tensor<1x4x9x24xf32>) -> tensor<1x4x8x24xf32> {
  // CHECK: %{{.*}} = weir.attention @softmax(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<1x4x8x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x24xf32>) -> tensor<1x4x8x24xf32>
  %o = weir.attention @softmax(%q, %k, %v)
    : (tensor<1x4x8x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x24xf32>) -> tensor<1x4x8x24xf32>
  return %o : tensor<1x4x8x24xf32>
}

// What is the default stays as it was written.
// CHECK-LABEL: func.func @explicit
func.func @explicit(%q: tensor<1x4x8x16xf32>, %k: tensor<1x4x9x16xf32>, %v: tensor<1x4x9x16xf32>) -> tensor<1x4x8x16xf32> {
  // CHECK: {empty_row = #weir.empty_row<zero>, layout = #weir.attention_layout<bhld>, scale = 2.500000e-01 : f64, thread_grain = 0 : i64}
  %o = weir.attention @softmax(%q, %k, %v)
    {layout = #weir.attention_layout<bhld>, scale = 0.25 : f64, empty_row = #weir.empty_row<zero>, thread_grain = 0 : i64}
    : (tensor<1x4x8x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>) -> tensor<1x4x8x16xf32>
  return %o : tensor<1x4x8x16xf32>
}

// Every clause, sizes that repeat, heads that share keys and values, another type for the output.
// CHECK-LABEL: func.func @all
func.func @all(%q: tensor<?x8x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x32xbf16>, %slope: tensor<8x1x?xf32>,
               %beta: tensor<1x8x1xf32>, %shift: f32, %skip: i64, %m: tensor<?x1x?x?xi1>, %b: tensor<?xf16>, %n: tensor<?xi32>)
    -> (tensor<?x8x?x32xf32>, tensor<?x8x?xf32>) {
  // CHECK: %{{.*}}:2 = weir.attention @tempered(%{{.*}}, %{{.*}}, %{{.*}}) operands(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<8x1x?xf32>, tensor<1x8x1xf32>, f32, i64) mask(%{{.*}} : tensor<?x1x?x?xi1>) bias(%{{.*}} : tensor<?xf16>) lengths(%{{.*}} : tensor<?xi32>) {causal, empty_row = #weir.empty_row<nan>, form = #weir.attention_form<blocks>, key_tile = 64 : i64, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>, query_tile = 48 : i64, scale = 1.250000e-01 : f64, soft_cap = 3.000000e+01 : f64, thread_grain = 1000 : i64, ties = #weir.ties<unspecified>, window_left = 128 : i64, window_right = 0 : i64} : (tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x32xbf16>) -> (tensor<?x8x?x32xf32>, tensor<?x8x?xf32>)
  %o, %s = weir.attention @tempered(%q, %k, %v)
    operands(%slope, %beta, %shift, %skip : tensor<8x1x?xf32>, tensor<1x8x1xf32>, f32, i64)
    mask(%m : tensor<?x1x?x?xi1>) bias(%b : tensor<?xf16>) lengths(%n : tensor<?xi32>)
    {causal, window_left = 128 : i64, window_right = 0 : i64, scale = 0.125 : f64, soft_cap = 30.0 : f64,
     empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>, pos_inf = #weir.pos_inf<share>, ties = #weir.ties<unspecified>,
     form = #weir.attention_form<blocks>, query_tile = 48 : i64, key_tile = 64 : i64, thread_grain = 1000 : i64}
    : (tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x32xbf16>) -> (tensor<?x8x?x32xf32>, tensor<?x8x?xf32>)
  return %o, %s : tensor<?x8x?x32xf32>, tensor<?x8x?xf32>
}

// Heads behind queries and keys; statistics keep their place. f64 throughout.
// CHECK-LABEL: func.func @heads_behind
func.func @heads_behind(%q: tensor<?x?x6x8xf64>, %k: tensor<?x?x?x8xf64>, %v: tensor<?x?x3x8xf64>, %n: tensor<?xi64>)
    -> (tensor<?x?x6x8xf64>, tensor<?x6x?xf64>) {
  // CHECK: weir.attention @softmax_lse(%{{.*}}, %{{.*}}, %{{.*}}) lengths(%{{.*}} : tensor<?xi64>) {form = #weir.attention_form<one_pass>, layout = #weir.attention_layout<blhd>} : (tensor<?x?x6x8xf64>, tensor<?x?x?x8xf64>, tensor<?x?x3x8xf64>) -> (tensor<?x?x6x8xf64>, tensor<?x6x?xf64>)
  %o, %s = weir.attention @softmax_lse(%q, %k, %v) lengths(%n : tensor<?xi64>)
    {layout = #weir.attention_layout<blhd>, form = #weir.attention_form<one_pass>}
    : (tensor<?x?x6x8xf64>, tensor<?x?x?x8xf64>, tensor<?x?x3x8xf64>) -> (tensor<?x?x6x8xf64>, tensor<?x6x?xf64>)
  return %o, %s : tensor<?x?x6x8xf64>, tensor<?x6x?xf64>
}

// A mask and a bias for all scores, one number each.
// CHECK-LABEL: func.func @scalars
func.func @scalars(%q: tensor<1x1x8x16xf16>, %m: tensor<i1>, %b: tensor<f32>) -> tensor<1x1x8x16xf16> {
  // CHECK: weir.attention @sigmoid_weights(%{{.*}}, %{{.*}}, %{{.*}}) operands(%{{.*}} : f32) mask(%{{.*}} : tensor<i1>) bias(%{{.*}} : tensor<f32>) : (
  %c = arith.constant -1.0 : f32
  %o = weir.attention @sigmoid_weights(%q, %q, %q) operands(%c : f32) mask(%m : tensor<i1>) bias(%b : tensor<f32>)
    : (tensor<1x1x8x16xf16>, tensor<1x1x8x16xf16>, tensor<1x1x8x16xf16>) -> tensor<1x1x8x16xf16>
  return %o : tensor<1x1x8x16xf16>
}

// CHECK-LABEL: func.func @rows
func.func @rows(%q: memref<1x4x?x64xf32, strided<[?, ?, ?, 1]>>, %k: memref<1x4x?x64xf32>, %a: f32, %m: memref<?x?xi1>, %b: memref<4x1x?xf32>,
                %n: memref<1xi32>, %o: memref<1x4x?x64xf32>, %t: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  // CHECK: weir.attention_rows @softmax_sink ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<1x4x?x64xf32, strided<[?, ?, ?, 1]>>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>) operands(%{{.*}} : f32) mask(%{{.*}} : memref<?x?xi1>) bias(%{{.*}} : memref<4x1x?xf32>) lengths(%{{.*}} : memref<1xi32>) outs(%{{.*}} : memref<1x4x?x64xf32>) {causal, form = #weir.attention_form<two_pass>, query_tile = 3 : i64}
  weir.attention_rows @softmax_sink ins(%q, %k, %k : memref<1x4x?x64xf32, strided<[?, ?, ?, 1]>>, memref<1x4x?x64xf32>, memref<1x4x?x64xf32>)
    operands(%a : f32) mask(%m : memref<?x?xi1>) bias(%b : memref<4x1x?xf32>) lengths(%n : memref<1xi32>)
    outs(%o : memref<1x4x?x64xf32>) {causal, query_tile = 3 : i64, form = #weir.attention_form<two_pass>}
  // CHECK: %{{.*}} = weir.attention_rows @softmax ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) outs(%{{.*}} : tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  %r = weir.attention_rows @softmax ins(%t, %t, %t : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>)
    outs(%t : tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %r : tensor<1x4x?x64xf32>
}
