// RUN: weir-opt %s --weir-compose-formulas --canonicalize | FileCheck %s
// RUN: weir-opt %s --weir-compose-formulas=enable=false | FileCheck %s --check-prefix=OFF
// OFF: weir.apply @half(
// OFF: weir.apply @softmax(

weir.formula @softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula private @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
weir.formula @affine(%x: f32, %s: f32 {weir.uniform}, %b: f32) -> f32 {
  %z = arith.mulf %x, %s : f32
  %y = arith.addf %z, %b : f32
  weir.yield %y : f32
}
weir.formula @times(%x: f32, %y: f32) -> f32 {
  %z = arith.mulf %x, %y : f32
  weir.yield %z : f32
}
weir.formula @noise(%x: f32, %seed: i64 {weir.uniform}) -> f32 {
  %u = weir.random %seed stream 0 : f32
  %y = arith.addf %x, %u : f32
  weir.yield %y : f32
}
weir.formula @lse(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %l = math.log %s : f32
  %r = arith.addf %l, %m : f32
  weir.yield %r : f32
}
weir.formula @minus(%x: f32, %u: f32 {weir.uniform}) -> f32 {
  %y = arith.subf %x, %u : f32
  weir.yield %y : f32
}
weir.formula @written(%x: f32) -> f32 attributes {weir.as_written} {
  %e = math.exp %x : f32
  %s = weir.reduce add %e : f32
  %y = arith.divf %e, %s : f32
  weir.yield %y : f32
}
// Once for both functions, and what nobody applies any more is gone.
// CHECK-NOT: @half(

// CHECK: weir.formula private @half.softmax(%[[X:.*]]: f32) -> f32 {
// CHECK: %[[H:.*]] = arith.mulf %[[X]]
// CHECK: weir.reduce max %[[H]]
// CHECK: %[[W:.*]] = arith.divf
// CHECK-NEXT: weir.yield %[[W]]
// CHECK-LABEL: func @scaled
func.func @scaled(%x: tensor<?x8xf32>, %valid: tensor<8xi1>) -> tensor<?x8xf32> {
  // CHECK: weir.apply @half.softmax(%{{.*}}) mask(%{{.*}} : tensor<8xi1>) {empty_row = #weir.empty_row<nan>}
  %h = weir.apply @half(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %w = weir.apply @softmax(%h) mask(%valid : tensor<8xi1>) {empty_row = #weir.empty_row<nan>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %w : tensor<?x8xf32>
}
// CHECK-NOT: weir.formula
// CHECK-LABEL: func @scaled_too
func.func @scaled_too(%x: tensor<3x8xbf16>) -> tensor<3x8xf32> {
  // CHECK: weir.apply @half.softmax(%{{.*}}) : (tensor<3x8xbf16>) -> tensor<3x8xf32>
  %h = weir.apply @half(%x) : (tensor<3x8xbf16>) -> tensor<3x8xbf16>
  %w = weir.apply @softmax(%h) : (tensor<3x8xbf16>) -> tensor<3x8xf32>
  return %w : tensor<3x8xf32>
}

// A bias may be -inf where the score is not: the formula leaves out what it was left out by, and rows of nothing else.
// CHECK: weir.formula private @affine.softmax(%[[X:.*]]: f32, %[[S:.*]]: f32 {weir.uniform}, %[[B:.*]]: f32) -> f32 attributes {weir.as_written}
// CHECK: %[[M:.*]] = weir.reduce max
// CHECK: %[[W:.*]] = arith.divf
// CHECK: %[[EMPTY:.*]] = arith.cmpf oeq, %[[M]]
// CHECK: %[[R:.*]] = arith.select %[[EMPTY]], %{{.*}}, %[[W]]
// CHECK: weir.yield %[[R]]
// CHECK-LABEL: func @biased
func.func @biased(%x: tensor<?x8xf32>, %s: tensor<?xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  // CHECK: weir.apply @affine.softmax(%{{.*}}) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x8xf32>, tensor<?xf32>, tensor<8xf32>)
  %h = weir.apply @affine(%x, %s, %b) : (tensor<?x8xf32>, tensor<?xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %w = weir.apply @softmax(%h) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %w : tensor<?x8xf32>
}

// What others use is stored.
// CHECK: weir.formula private @softmax.times(%[[X:.*]]: f32, %[[G:.*]]: f32) -> (f32, f32)
// CHECK-LABEL: func @both
func.func @both(%x: tensor<?x8xf32>, %g: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: %[[R:.*]]:2 = weir.apply @softmax.times
  // CHECK: return %[[R]]#0, %[[R]]#1
  %w = weir.apply @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = weir.apply @times(%w, %g) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %w, %y : tensor<?x8xf32>, tensor<?x8xf32>
}

// A number of the row becomes an operand of the elements; the same tensor is one argument.
// CHECK: weir.formula private @lse.minus(%[[X:[^,]*]]: f32) -> f32
// CHECK-LABEL: func @log_weights
func.func @log_weights(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: weir.apply @lse.minus(%{{[^,]*}}) {
  %l = weir.apply @lse(%x) : (tensor<?x8xf32>) -> tensor<?xf32>
  %y = weir.apply @minus(%x, %l) : (tensor<?x8xf32>, tensor<?xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Ops of linalg before and after, broadcasts among them; sizes are no use of a result.
// CHECK: weir.formula private @add.softmax.map(
// CHECK-LABEL: func @around
func.func @around(%x: tensor<?x8xf32>, %b: tensor<8xf32>, %u: tensor<?xf32>) -> tensor<?x8xf32> {
  // CHECK-NOT: linalg
  // CHECK: %[[Y:.*]] = weir.apply @add.softmax.map(
  // CHECK-NEXT: return %[[Y]]
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %wide = linalg.broadcast ins(%b : tensor<8xf32>) outs(%e : tensor<?x8xf32>) dimensions = [0]
  %z = linalg.add ins(%x, %wide : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %w = weir.apply @softmax(%z) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = tensor.dim %w, %c0 : tensor<?x8xf32>
  %f = tensor.empty(%m) : tensor<?x8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%w, %u : tensor<?x8xf32>, tensor<?xf32>) outs(%f : tensor<?x8xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %r = arith.mulf %a, %s : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @masked
func.func @masked(%x: tensor<4x8xf32>, %valid: tensor<4x8xi1>) -> tensor<4x8xf32> {
  // CHECK: weir.apply @select.softmax(%{{.*}}) mask(%{{.*}} : tensor<4x8xi1>) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %low = arith.constant dense<0xFF800000> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %z = linalg.select ins(%valid, %x, %low : tensor<4x8xi1>, tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %w = weir.apply @softmax(%z) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}

// Scores of -inf have their share of an empty row, what is masked has none.
// CHECK-LABEL: func @masked_uniform
func.func @masked_uniform(%x: tensor<4x8xf32>, %valid: tensor<4x8xi1>) -> tensor<4x8xf32> {
  // CHECK: linalg.select
  // CHECK: weir.apply @softmax(%{{.*}}) {empty_row = #weir.empty_row<uniform>}
  %low = arith.constant dense<0xFF800000> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %z = linalg.select ins(%valid, %x, %low : tensor<4x8xi1>, tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %w = weir.apply @softmax(%z) {empty_row = #weir.empty_row<uniform>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}

// Places in the row and the whole are those of both.
// CHECK-LABEL: func @placed
func.func @placed(%x: tensor<4x8xf32>, %g: tensor<4x8xf32>, %seed: i64, %r: index, %c: index) -> tensor<4x8xf32> {
  // CHECK: weir.apply @noise.times(%{{.*}}) row(%[[R:.*]] by %[[R]]) column(%{{.*}}) :
  %n = weir.apply @noise(%x, %seed) row(%r by %r) column(%c) : (tensor<4x8xf32>, i64) -> tensor<4x8xf32>
  %y = weir.apply @times(%n, %g) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The row of one is the row of both.
// CHECK-LABEL: func @along
func.func @along(%x: tensor<4x8xf32>, %u: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: weir.apply @half.minus(%{{.*}}) {along = 0 : i64}
  %h = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = weir.apply @minus(%h, %u) {along = 0} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// What is meant as it is written stays so.
// CHECK: weir.formula private @half.written({{.*}}) -> f32 attributes {weir.as_written}
// CHECK-LABEL: func @as_written
func.func @as_written(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %h = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: weir.apply @half.written
  %y = weir.apply @written(%h) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Other users follow.
// CHECK-LABEL: func @users
func.func @users(%x: tensor<4x8xf32>, %e: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<4x8xf32>) {
  // CHECK: %[[R:.*]]:2 = weir.apply @half.times
  // CHECK: linalg.transpose ins(%[[R]]#0
  %h = weir.apply @half(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = linalg.transpose ins(%h : tensor<4x8xf32>) outs(%e : tensor<8x4xf32>) permutation = [1, 0]
  %y = weir.apply @times(%h, %x) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %t, %y : tensor<8x4xf32>, tensor<4x8xf32>
}

// A formula after itself: the arguments of the one are not those of the other.
// CHECK: weir.formula private @times.times(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32) -> f32
// CHECK-NEXT: %[[AB:.*]] = arith.mulf %[[A]], %[[B]] : f32
// CHECK-NEXT: arith.mulf %[[AB]], %[[C]] : f32
// CHECK-LABEL: func @itself
func.func @itself(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: weir.apply @times.times(%{{.*}}, %{{.*}}, %{{.*}})
  %d = weir.apply @times(%x, %y) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %e = weir.apply @times(%d, %z) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %e : tensor<4x8xf32>
}
