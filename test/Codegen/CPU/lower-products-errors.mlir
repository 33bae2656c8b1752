// RUN: weir-opt %s --weir-lower-products -split-input-file -verify-diagnostics

module attributes {weir.target = {features = "+avx512f,+avx512bw,+avx512vl,+avx512bf16", vector_bits = 512 : i64}} {
func.func @product(%a: memref<4x8xbf16>, %b: memref<4x16x2xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{works in tiles, for which the module's target must have amx-tile, amx-bf16, avx512bw and avx512vl}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<4x16x2xbf16>) outs(%c : memref<4x16xf32>)
  return
}
}

// -----

func.func @pack(%a: memref<8x16xbf16>, %b: memref<4x16x2xbf16>) {
  // expected-error@+1 {{works in tiles}}
  weir_cpu.pack ins(%a : memref<8x16xbf16>) outs(%b : memref<4x16x2xbf16>)
  return
}

// -----

func.func @turned(%a: memref<4x32xbf16>, %b: memref<16x32xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{works in tiles}}
  weir_cpu.product ins(%a, %b : memref<4x32xbf16>, memref<16x32xbf16>) outs(%c : memref<4x16xf32>) {transpose_b, tile_order}
  return
}
