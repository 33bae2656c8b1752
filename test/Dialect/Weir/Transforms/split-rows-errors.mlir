// RUN: weir-opt %s --weir-split-rows -split-input-file -verify-diagnostics

weir.formula @second(%x: f32) -> f32 {
  %k = arith.constant 2 : index
  // expected-note@+1 {{because of this weir.kth, which needs the whole row}}
  %v, %p = weir.kth %k, %x : index, f32
  %d = arith.subf %x, %v : f32
  weir.yield %d : f32
}
func.func @f(%x: memref<?xf32>, %y: memref<?xf32>) {
  // expected-error@+1 {{cannot be split: sweep 1 of @second has no state that could be merged}}
  weir.rows @second ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<recompute>, thread_part = 4096 : i64}
  return
}

// -----

func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error@+1 {{works on tensors; bufferize before weir-split-rows}}
  %z = weir.rows @softmax ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) {form = #weir.form<stored>, thread_part = 4096 : i64} -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

func.func @f(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error@+1 {{cannot be split: lanes run across rows}}
  weir.rows @softmax ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {along = 0, form = #weir.form<stored>, thread_part = 4096 : i64}
  return
}

// -----

func.func @f(%x: memref<?xf32>, %y: memref<?xf32>) {
  // expected-error@+1 {{attribute 'thread_part' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  weir.rows @softmax ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {form = #weir.form<stored>, thread_part = -1 : i64}
  return
}
