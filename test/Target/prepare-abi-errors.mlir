// RUN: weir-opt %s --weir-prepare-abi -split-input-file -verify-diagnostics

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

// expected-error@+1 {{the name of a public function must be a C identifier}}
func.func @"a-b"(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
