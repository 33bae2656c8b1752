// RUN: weir-opt %s -split-input-file --convert-linalg-to-weir=explain -verify-diagnostics | FileCheck %s

// What is refused stays as it is, with the reason.
// CHECK-NOT: weir.apply

func.func @two_dimensions(%x: tensor<4x8x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: it reduces 2 dimensions; a row is one}}
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1, 2]
  return %s : tensor<4xf32>
}

// -----

func.func @product_of_elements(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: its result 0 is not combined by addition, maximum or minimum alone}}
  %s = linalg.reduce { arith.mulf } ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1]
  return %s : tensor<4xf32>
}

// -----

// The sum leans on itself.
func.func @recurrence(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: its result 0 is not combined by addition, maximum or minimum alone}}
  %s = linalg.reduce ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %h = arith.mulf %acc, %in : f32
    %a = arith.addf %acc, %h : f32
    linalg.yield %a : f32
  }
  return %s : tensor<4xf32>
}

// -----

func.func @body(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: its body has arith.remf, which no formula may contain}}
  %s = linalg.reduce ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %h = arith.remf %in, %in : f32
    %a = arith.addf %acc, %h : f32
    linalg.yield %a : f32
  }
  return %s : tensor<4xf32>
}

// -----

func.func @narrow(%x: tensor<4x8xf8E4M3FN>, %r: tensor<4xf8E4M3FN>) -> tensor<4xf8E4M3FN> {
  // expected-remark@+1 {{not raised: it works on elements of type f8E4M3FN}}
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf8E4M3FN>) outs(%r : tensor<4xf8E4M3FN>) dimensions = [1]
  return %s : tensor<4xf8E4M3FN>
}

// -----

func.func @of_one(%x: tensor<4x1xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: its rows have one element}}
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x1xf32>) outs(%r : tensor<4xf32>) dimensions = [1]
  return %s : tensor<4xf32>
}

// -----

// A maximum of numbers alone: 1 for a row of NaN and 1, where a formula gives NaN.
func.func @numbers(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: a maximum or minimum drops a NaN that no result shows}}
  %s = linalg.reduce { arith.maxnumf } ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1]
  return %s : tensor<4xf32>
}

// -----

// In f64 on f32, which would set the accumulator.
func.func @doubles(%x: tensor<4x8xf32>, %r: tensor<4xf64>) -> tensor<4xf64> {
  // expected-remark@+1 {{not raised: it computes in f64 on narrower elements, which set the accumulator's type}}
  %s = linalg.reduce ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf64>) dimensions = [1] (%in: f32, %acc: f64) {
    %w = arith.extf %in : f32 to f64
    %a = arith.addf %acc, %w : f64
    linalg.yield %a : f64
  }
  return %s : tensor<4xf64>
}

// -----

func.func @doubles_inside(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{not raised: it computes in f64 on narrower elements, which set the accumulator's type}}
  %s = linalg.reduce ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %w = arith.extf %in : f32 to f64
    %e = math.exp %w : f64
    %n = arith.truncf %e : f64 to f32
    %a = arith.addf %acc, %n : f32
    linalg.yield %a : f32
  }
  return %s : tensor<4xf32>
}

// -----

func.func @integers(%x: tensor<4x8xi32>, %r: tensor<4xi32>) -> tensor<4xi32> {
  // expected-remark@+1 {{not raised: no operand from outside has a number for each element of the row}}
  %s = linalg.reduce { arith.addi } ins(%x : tensor<4x8xi32>) outs(%r : tensor<4xi32>) dimensions = [1]
  return %s : tensor<4xi32>
}

// -----

// A result is used by a call before all of them are there.
func.func private @look(tensor<4xf32>)
func.func @call_between(%x: tensor<4x8xf32>, %r: tensor<4xf32>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{not raised: something with effects on memory uses a result before the others are computed}}
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1]
  func.call @look(%s) : (tensor<4xf32>) -> ()
  %b = linalg.broadcast ins(%s : tensor<4xf32>) outs(%e : tensor<4x8xf32>) dimensions = [1]
  %y = linalg.sub ins(%x, %b : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// Dimensions out of order would have to be copied.
#full = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#turned = affine_map<(d0, d1, d2) -> (d1, d0, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @permuted(%x: tensor<2x4x8xf32>, %y: tensor<4x2x8xf32>, %r: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-remark@+1 {{not raised: its operands are permuted or have other dimensions than its row}}
  %s = linalg.generic {indexing_maps = [#full, #turned, #row], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<2x4x8xf32>, tensor<4x2x8xf32>) outs(%r : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.maximumf %a, %b : f32
    %t = arith.addf %m, %out : f32
    linalg.yield %t : f32
  } -> tensor<2x4xf32>
  return %s : tensor<2x4xf32>
}

// -----

// Products and ops without a reduction beside them are none of its business: no remark.
func.func @product(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %p = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e = linalg.exp ins(%p : tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %e : tensor<4x4xf32>
}

// -----

// What nobody uses is left to others.
func.func @dead(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>, %r: tensor<4xf32>) {
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%r : tensor<4xf32>) dimensions = [1]
  %b = linalg.broadcast ins(%s : tensor<4xf32>) outs(%e : tensor<4x8xf32>) dimensions = [1]
  return
}

// -----

// On memory nothing is raised, nor decomposed.
func.func @memory(%x: memref<4x8xf32>, %y: memref<4x8xf32>, %r: memref<4xf32>) {
  linalg.reduce { arith.addf } ins(%x : memref<4x8xf32>) outs(%r : memref<4xf32>) dimensions = [1]
  linalg.softmax dimension(1) ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>)
  return
}

// -----

func.func @whole_numbers(%x: tensor<4x8xi32>, %e: tensor<4x8xi32>) -> tensor<4x8xi32> {
  // expected-error@+1 {{'linalg.softmax' op has elements of 'i32', but a softmax is of floating-point numbers}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x8xi32>) outs(%e : tensor<4x8xi32>) -> tensor<4x8xi32>
  return %y : tensor<4x8xi32>
}

// -----

func.func @dynamic_tiles(%x: tensor<?x?xf32>, %e: tensor<?x?x?x?xf32>, %t: index) -> tensor<?x?x?x?xf32> {
  // expected-error@+1 {{'linalg.pack' op has tiles of a dynamic size; weir packs into tiles of static sizes only}}
  %y = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [%t, %t] into %e : tensor<?x?xf32> -> tensor<?x?x?x?xf32>
  return %y : tensor<?x?x?x?xf32>
}
