// RUN: weir-opt %s --weir-choose-form -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{form elementwise does not fit @softmax, which has a reduction}}
  %a = weir.apply @softmax(%x) {form = #weir.form<elementwise>} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{form online does not fit @silu, which is elementwise}}
  %a = weir.apply @silu(%x) {form = #weir.form<online>} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

weir.formula @winner(%x: f32) -> (f32, index {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w, %i : f32, index
}
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<index>) {
  // expected-error@+1 {{form online does not fit @winner: the winner of a maximum has no running form beside sums}}
  %a:2 = weir.apply @winner(%x) {form = #weir.form<online>} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<index>)
  return %a#0, %a#1 : tensor<4xf32>, tensor<index>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{attribute 'stream_bytes' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %a = weir.apply @silu(%x) {stream_bytes = -1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4x?xf32>, %b: tensor<?xf32>) -> tensor<4x?xf32> {
  // expected-error@+1 {{stream_bytes does not fit lanes across rows: only whole rows are written past the caches}}
  %a = weir.apply @swish(%x, %b) {along = 0, stream_bytes = 4096 : i64} : (tensor<4x?xf32>, tensor<?xf32>) -> tensor<4x?xf32>
  return %a : tensor<4x?xf32>
}

// -----

func.func @f(%x: tensor<4x?xf32>, %b: tensor<?xf32>) -> tensor<4x?xf32> {
  // expected-error@+1 {{pages does not fit lanes across rows: only pages of one row are visited in turn}}
  %a = weir.apply @swish(%x, %b) {along = 0, pages = 8 : i64} : (tensor<4x?xf32>, tensor<?xf32>) -> tensor<4x?xf32>
  return %a : tensor<4x?xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{attribute 'pages' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive whose maximum value is 16}}
  %a = weir.apply @silu(%x) {pages = 17 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{form online does not fit @silu, which is elementwise}}
  %a = weir.apply @silu(%x) {plans = [#weir.plan<form = elementwise, min_rows = 2>, #weir.plan<form = online>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C14: plan 0 fits all sizes, so no later one is ever taken}}
  %a = weir.apply @softmax(%x) {plans = [#weir.plan<form = stored>, #weir.plan<form = online>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C14: plan 0 is the last and must fit all sizes}}
  %a = weir.apply @softmax(%x) {plans = [#weir.plan<form = stored, max_length = 8>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C14: there must be a plan that fits all sizes}}
  %a = weir.apply @softmax(%x) {plans = []} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C14: plans stand in place of a form, of stream_bytes and of pages}}
  %a = weir.apply @softmax(%x) {form = #weir.form<stored>, plans = [#weir.plan<form = stored>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{a plan's bound is negative: -1}}
  %a = weir.apply @softmax(%x) {plans = [#weir.plan<form = stored, min_rows = -1>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{attribute 'pages' failed to satisfy constraint}}
  %a = weir.apply @silu(%x) {pages = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error@+1 {{form transposed does not fit @silu, which is elementwise}}
  %a = weir.apply @silu(%x) {form = #weir.form<transposed>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %a : tensor<8x4xf32>
}

// -----

func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %k = arith.constant 2 : index
  // expected-error@+1 {{form transposed does not fit @sparse_softmax: a selection goes its own way in every row}}
  %a = weir.apply @sparse_softmax(%x, %k) {form = #weir.form<transposed>} : (tensor<8x4xf32>, index) -> tensor<8x4xf32>
  return %a : tensor<8x4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{form transposed does not fit @softmax: there is only one row}}
  %a = weir.apply @softmax(%x) {form = #weir.form<transposed>} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error@+1 {{form transposed does not fit @softmax: neighbouring rows have a lane each already}}
  %a = weir.apply @softmax(%x) {along = 0, lanes = #weir.lanes<across>, form = #weir.form<transposed>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %a : tensor<8x4xf32>
}

// -----

func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error@+1 {{stream_bytes does not fit the form transposed: its rows are short and stay in the caches}}
  %a = weir.apply @softmax(%x) {stream_bytes = 4096 : i64, form = #weir.form<transposed>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %a : tensor<8x4xf32>
}

// -----

weir.formula @entropy_here(%x: f32) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  // expected-note@+1 {{this value: %2 = arith.mulf %1, %0 : f32}}
  %p = arith.mulf %e, %d : f32
  %t = weir.reduce add %p : f32
  %q = arith.divf %t, %s : f32
  %l = math.log %s : f32
  %h = arith.subf %l, %q : f32
  weir.yield %h : f32
}
func.func @f(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error@+1 {{form two_pass does not fit @entropy_here: an exponential is multiplied by its distance from the maximum, which is not known in time}}
  %a = weir.apply @entropy_here(%x) {form = #weir.form<two_pass>} : (tensor<4xf32>) -> tensor<f32>
  return %a : tensor<f32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{form two_pass does not fit @stablemax: no sum of exponentials in it leans on a maximum}}
  %a = weir.apply @stablemax(%x) {plans = [#weir.plan<form = two_pass>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{C11: neg_inf = ordinary does not go with the form two_pass, which excludes scores}}
  %a = weir.apply @softmax(%x) {form = #weir.form<two_pass>, neg_inf = #weir.neg_inf<ordinary>} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}
