// RUN: weir-opt %s --weir-prepare-abi=library=lib -split-input-file -verify-diagnostics

// expected-error@+1 {{no argument fixes the size of result 0 in dimension 0; return a tensor of a fixed capacity and a count}}
func.func @unknown(%n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  return %e : tensor<?xf32>
}

// -----

// expected-error@+1 {{result 0 has type 'f32'; a public function returns ranked tensors}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error@+1 {{argument 0 has type 'tensor<*xf32>'}}
func.func @unranked(%x: tensor<*xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  return %y : tensor<2xf32>
}

// -----

// expected-error@+1 {{argument 0 has element type 'i7', which the C ABI cannot carry}}
func.func @odd(%x: tensor<2xi7>) -> tensor<2xi7> {
  return %x : tensor<2xi7>
}

// -----

// expected-error@+1 {{the name 'a-b' cannot be exported: it is not a C identifier; rename the function or give a prefix}}
func.func @"a-b"(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'class' cannot be exported: it is a keyword of C or C++}}
func.func @class(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'memcpy' cannot be exported: it is a function of the C library}}
func.func @memcpy(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'exp' cannot be exported: it is a function of the C library}}
func.func @exp(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name '_f' cannot be exported: it begins with an underscore}}
func.func @_f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'weir_rt_call' cannot be exported: it begins with 'weir_'}}
func.func @weir_rt_call(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'int32_t' cannot be exported: it is declared by the headers}}
func.func @int32_t(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'main' cannot be exported: it is where a program starts}}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{the name 'lib_last_error' cannot be exported: it is the name of the library's own function}}
func.func @lib_last_error(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{has no result, so that a call would do nothing}}
func.func @nothing(%x: tensor<2xf32>) {
  return
}

// -----

// expected-error@+1 {{argument 0 has type 'memref<2xf32>'; a public function takes ranked tensors}}
func.func @buffer(%x: memref<2xf32>) -> tensor<2xf32> {
  %y = bufferization.to_tensor %x restrict : memref<2xf32> to tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// expected-error@+1 {{a public function must have one block}}
func.func @branches(%x: tensor<2xf32>) -> tensor<2xf32> {
  cf.br ^end
^end:
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{argument 0 has type 'tensor<2xf32, "dense">'; the C ABI carries dense tensors only}}
func.func @encoded(%x: tensor<2xf32, "dense">, %y: tensor<2xf32>) -> tensor<2xf32> {
  return %y : tensor<2xf32>
}

// -----

func.func @again(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{calls @again, which could not be inlined (it calls itself, or is marked no_inline)}}
  %y = func.call @again(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @elsewhere(%x: tensor<2xf32>) -> tensor<2xf32>
func.func @calls(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{calls @elsewhere, which has no body; a library contains all it calls}}
  %y = func.call @elsewhere(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
// expected-error@+1 {{is a module within the module}}
module @inner {
}

// -----

// expected-error@+1 {{has been prepared already: it carries 'weir.abi'}}
func.func private @done() attributes {weir.abi = {name = "f", table = array<i64: 0, 0, 0>}}

// -----

func.func @softmax_on_memory(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = bufferization.to_buffer %x : tensor<4x8xf32> to memref<4x8xf32>
  %y = memref.alloc() : memref<4x8xf32>
  // expected-error@+1 {{'linalg.softmax' op works on memrefs, where weir does not compile it; write it on tensors}}
  linalg.softmax dimension(1) ins(%m : memref<4x8xf32>) outs(%y : memref<4x8xf32>)
  %t = bufferization.to_tensor %y restrict : memref<4x8xf32> to tensor<4x8xf32>
  return %t : tensor<4x8xf32>
}

// -----

// expected-error@+1 {{argument 0 has type 'memref<4x8xf32>'; a public function takes ranked tensors}}
func.func @on_memory(%x: memref<4x8xf32>) {
  return
}
