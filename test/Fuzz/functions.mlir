// What abi-fuzz calls. abi-fuzz.cpp lists the same functions with what it may hand to each.

weir.formula @clip(%x: f32, %lo: f32 {weir.uniform}, %n: i32) -> (f32, i32 {weir.uniform}) {
  %y = arith.maximumf %x, %lo : f32
  %m = weir.reduce max %n : i32
  weir.yield %y, %m : f32, i32
}

func.func @rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func @fixed(%x: tensor<3x8xf64>, %g: tensor<8xf64>, %e: f64) -> tensor<3x8xf64> {
  %y = weir.apply @rms_norm(%x, %g, %e) : (tensor<3x8xf64>, tensor<8xf64>, f64) -> tensor<3x8xf64>
  return %y : tensor<3x8xf64>
}

func.func @masked(%x: tensor<?x?x?xbf16>, %m: tensor<?x?xi1>) -> (tensor<?x?x?xbf16>, tensor<?x?xf32>) {
  %y:2 = weir.apply @softmax_lse(%x) mask(%m : tensor<?x?xi1>)
    : (tensor<?x?x?xbf16>) -> (tensor<?x?x?xbf16>, tensor<?x?xf32>)
  return %y#0, %y#1 : tensor<?x?x?xbf16>, tensor<?x?xf32>
}

func.func @columns(%x: tensor<?x?x?xf16>) -> tensor<?x?x?xf16> {
  %y = weir.apply @log_softmax(%x) {along = 0, form = #weir.form<online>} : (tensor<?x?x?xf16>) -> tensor<?x?x?xf16>
  return %y : tensor<?x?x?xf16>
}

func.func @clipped(%x: tensor<?xf32>, %lo: f32, %n: tensor<?xi32>) -> (tensor<?xf32>, tensor<i32>) {
  %y:2 = weir.apply @clip(%x, %lo, %n) : (tensor<?xf32>, f32, tensor<?xi32>) -> (tensor<?xf32>, tensor<i32>)
  return %y#0, %y#1 : tensor<?xf32>, tensor<i32>
}

func.func @product(%a: tensor<?x?xf32>, %b: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x?xf32>
  %e = tensor.empty(%n) : tensor<?x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x5xf32>) -> tensor<?x5xf32>
  %r = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x5xf32>) outs(%i : tensor<?x5xf32>) -> tensor<?x5xf32>
  %s = weir.apply @silu(%r) : (tensor<?x5xf32>) -> tensor<?x5xf32>
  return %s : tensor<?x5xf32>
}

func.func @attend(%q: tensor<?x2x?x4xf32>, %k: tensor<?x1x?x4xf32>, %v: tensor<?x1x?x4xf32>) -> tensor<?x2x?x4xf32> {
  %o = weir.attention @softmax(%q, %k, %v) {causal, window_left = 2 : i64}
    : (tensor<?x2x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

func.func @ragged(%q: tensor<?x2x4xf32>, %k: tensor<?x1x4xf32>, %v: tensor<?x1x4xf32>, %qs: tensor<?xi32>, %ks: tensor<?xi32>) -> tensor<?x2x4xf32> {
  %o = weir.attention @softmax(%q, %k, %v) packed(%qs, %ks : tensor<?xi32>, tensor<?xi32>) {causal, layout = #weir.attention_layout<blhd>}
    : (tensor<?x2x4xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>) -> tensor<?x2x4xf32>
  return %o : tensor<?x2x4xf32>
}

func.func @part(%q: tensor<?x2x?x4xf32>, %k: tensor<?x1x?x4xf32>, %v: tensor<?x1x?x4xf32>, %first: index, %all: index)
    -> (tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>) {
  %s:3 = weir.attention_stats @softmax(%q, %k, %v) keys(%first of %all) {causal}
    : (tensor<?x2x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>) -> (tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>)
  return %s#0, %s#1, %s#2 : tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>
}

func.func @join(%m: tensor<?x2x?xf32>, %s: tensor<?x2x?xf32>, %o: tensor<?x2x?x4xf32>, %n: tensor<?x2x?xf32>, %t: tensor<?x2x?xf32>,
                %p: tensor<?x2x?x4xf32>) -> (tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>) {
  %a:3 = weir.attention_merge @softmax(%m, %s, %o) and(%n, %t, %p) : tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>
  return %a#0, %a#1, %a#2 : tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>
}

func.func @end(%m: tensor<?x2x?xf32>, %s: tensor<?x2x?xf32>, %o: tensor<?x2x?x4xf32>) -> (tensor<?x2x?x4xf32>) {
  %y = weir.attention_finish @softmax(%m, %s, %o) : (tensor<?x2x?xf32>, tensor<?x2x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  return %y : tensor<?x2x?x4xf32>
}

func.func @pass(%x: tensor<?x?xi64>, %b: tensor<?xi1>) -> (tensor<?x?xi64>, tensor<?xi1>) {
  return %x, %b : tensor<?x?xi64>, tensor<?xi1>
}
