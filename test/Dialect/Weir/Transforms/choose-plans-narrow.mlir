// RUN: weir-opt %s --weir-choose-form | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: sed 's/vector_bits = 256 : i64/vector_bits = 256 : i64, unit_bits = 128 : i64/' %s | weir-opt --weir-choose-form | FileCheck %s --check-prefixes=CHECK,HALF
// Vectors of 256 bits: a second exponential is not worth reading a row of the last cache once less. Where units take vectors of 256 bits in two
// turns it is not worth it from memory either, unless the row is far longer than that cache. Pages are not visited in turn.

module attributes {weir.target = {features = "+avx2,+fma", vector_bits = 256 : i64}} {
// CHECK-LABEL: func.func @long_rows
func.func @long_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // WHOLE: @softmax({{.*}}#weir.plan<form = stored, max_elements = 131072>, #weir.plan<form = stored, max_elements = 4194304>,
  // WHOLE-SAME: #weir.plan<form = stored, max_length = 65536, stream_bytes = 16777216>, #weir.plan<form = online, stream_bytes = 16777216>]
  // HALF: @softmax({{.*}}#weir.plan<form = stored, max_elements = 4194304>,
  // HALF-SAME: #weir.plan<form = stored, max_length = 65536, stream_bytes = 16777216>,
  // HALF-SAME: #weir.plan<form = stored, max_length = 8388608>, #weir.plan<form = online, stream_bytes = 16777216>]
  %a = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %a : tensor<?x?xf32>
}
// What is not dear: the running form takes more arithmetic than it spares. Nothing that is kept has to stay in the caches.
// CHECK-LABEL: func.func @cheap_long_rows
func.func @cheap_long_rows(%x: tensor<?x?xf32>, %g: tensor<?xf32>, %b: tensor<?xf32>, %e: f32) -> tensor<?x?xf32> {
  // WHOLE: @layer_norm({{.*}}#weir.plan<form = online, max_elements =
  // HALF: @layer_norm(
  // HALF-NOT: form = online, max
  // HALF-SAME: #weir.plan<form = recompute, max_length = {{[0-9]+}}, stream_bytes = {{[0-9]+}}>, #weir.plan<form = online, stream_bytes = {{[0-9]+}}>]
  %a = weir.apply @layer_norm(%x, %g, %b, %e) : (tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>, f32) -> tensor<?x?xf32>
  return %a : tensor<?x?xf32>
}
}
