// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @types(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf64>) {
  // expected-error@+1 {{C1: operands of f32 (b of 16 bits, too), of f64, or of bf16, bf16 in pairs or transposed in the order of tiles, and f32, but found 'memref<4x8xf32>', 'memref<8x16xf32>' and 'memref<4x16xf64>'}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf64>)
  return
}

// -----

func.func @stride(%a: memref<4x8xf32, strided<[1, 4]>>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C2: the last dimension of 'memref<4x8xf32, strided<[1, 4]>>' must be of stride 1, and pairs of stride 2}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32, strided<[1, 4]>>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @rows(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<5x16xf32>) {
  // expected-error@+1 {{C3: a has 4 rows and c 5}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<5x16xf32>)
  return
}

// -----

func.func @terms(%a: memref<4x8xf32>, %b: memref<9x16xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C3: a has 8 columns and b 9 rows}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<9x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @columns(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x15xf32>) {
  // expected-error@+1 {{C3: b has 16 columns and c 15}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x15xf32>)
  return
}

// -----

func.func @transposed_columns(%a: memref<4x8xf32>, %b: memref<16x9xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C3: a has 8 columns and b 9 columns}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<16x9xf32>) outs(%c : memref<4x16xf32>) {transpose_b}
  return
}

// -----

func.func @transposed_rows(%a: memref<4x8xf32>, %b: memref<16x8xf32>, %c: memref<4x15xf32>) {
  // expected-error@+1 {{C3: b has 16 rows and c 15}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<16x8xf32>) outs(%c : memref<4x15xf32>) {transpose_b}
  return
}

// -----

func.func @transposed_pairs(%a: memref<4x8xbf16>, %b: memref<4x4x2xbf16>, %c: memref<4x4xf32>) {
  // expected-error@+1 {{C4: b in pairs is neither transposed nor prefetched}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<4x4x2xbf16>) outs(%c : memref<4x4xf32>) {prefetch}
  return
}

// -----

func.func @transposed_order(%a: memref<4x8xf32>, %b: memref<16x8xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C4: a transposed b in the order of tiles is bf16, but found 'memref<16x8xf32>'}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<16x8xf32>) outs(%c : memref<4x16xf32>) {tile_order, transpose_b}
  return
}

// -----

func.func @strip_width(%a: memref<4x8xbf16>, %b: memref<2x4x16x2xbf16>, %c: memref<4x32xf32>) {
  // expected-error@+1 {{C5: a strip has a known multiple of 32 columns, but found 'memref<2x4x16x2xbf16>'}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<2x4x16x2xbf16>) outs(%c : memref<4x32xf32>)
  return
}

// -----

func.func @strip_columns(%a: memref<4x8xbf16>, %b: memref<2x4x32x2xbf16>, %c: memref<4x65xf32>) {
  // expected-error@+1 {{C3: b has 64 columns and c 65}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<2x4x32x2xbf16>) outs(%c : memref<4x65xf32>)
  return
}

// -----

func.func @strip_terms(%a: memref<4x9xbf16>, %b: memref<2x4x32x2xbf16>, %c: memref<4x64xf32>) {
  // expected-error@+1 {{C3: a has 9 columns and b 4 pairs of rows}}
  weir_cpu.product ins(%a, %b : memref<4x9xbf16>, memref<2x4x32x2xbf16>) outs(%c : memref<4x64xf32>)
  return
}

// -----

func.func @packed_turned(%a: memref<4x8xbf16>, %b: memref<8x4xbf16>) {
  // expected-error@+1 {{C1: f64 is packed as f64, bf16 as f32, in pairs of bf16 or, not transposed, as it is}}
  weir_cpu.pack ins(%a : memref<4x8xbf16>) outs(%b : memref<8x4xbf16>) {transpose}
  return
}

// -----

func.func @packed_types(%a: memref<4x8xbf16>, %b: memref<4x8xf64>) {
  // expected-error@+1 {{C1: f64 is packed as f64, bf16 as f32, in pairs of bf16 or, not transposed, as it is, everything else as f32, but found 'memref<4x8xbf16>' and 'memref<4x8xf64>'}}
  weir_cpu.pack ins(%a : memref<4x8xbf16>) outs(%b : memref<4x8xf64>)
  return
}

// -----

func.func @packed_stride(%a: memref<4x8xf32>, %b: memref<4x8xf32, strided<[16, 2]>>) {
  // expected-error@+1 {{C2: the last dimension of 'memref<4x8xf32, strided<[16, 2]>>' must be of stride 1, and pairs of stride 2}}
  weir_cpu.pack ins(%a : memref<4x8xf32>) outs(%b : memref<4x8xf32, strided<[16, 2]>>)
  return
}

// -----

func.func @packed_size(%a: memref<4x8xf32>, %b: memref<8x3xf32>) {
  // expected-error@+1 {{C3: dimension 1 of dst holds 3 of 4 elements}}
  weir_cpu.pack ins(%a : memref<4x8xf32>) outs(%b : memref<8x3xf32>) {transpose}
  return
}

// -----

func.func @not_in_pairs(%a: memref<4x8xbf16>, %b: memref<8x16xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C1: operands of f32 (b of 16 bits, too), of f64, or of bf16, bf16 in pairs or transposed in the order of tiles, and f32}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<8x16xbf16>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @pair_stride(%a: memref<4x8xbf16>, %b: memref<4x16x2xbf16, strided<[64, 4, 1]>>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{must be of stride 1, and pairs of stride 2}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<4x16x2xbf16, strided<[64, 4, 1]>>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @pair_terms(%a: memref<4x9xbf16>, %b: memref<4x16x2xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C3: a has 9 columns and b 4 pairs of rows}}
  weir_cpu.product ins(%a, %b : memref<4x9xbf16>, memref<4x16x2xbf16>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @packed_pairs(%a: memref<9x16xf16>, %b: memref<5x16x2xbf16>) {
  // expected-error@+1 {{C1: f64 is packed as f64, bf16 as f32, in pairs of bf16}}
  weir_cpu.pack ins(%a : memref<9x16xf16>) outs(%b : memref<5x16x2xbf16>)
  return
}

// -----

func.func @packed_pairs_size(%a: memref<9x16xbf16>, %b: memref<4x16x2xbf16>) {
  // expected-error@+1 {{C3: dimension 0 of dst holds 4 of 5 elements}}
  weir_cpu.pack ins(%a : memref<9x16xbf16>) outs(%b : memref<4x16x2xbf16>)
  return
}

// -----

func.func @turned_sum(%a: memref<4x8xbf16>, %b: memref<16x8xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C6: a of bf16 and a transposed b are not accumulated, and have a known number of columns, but a is 'memref<4x8xbf16>'}}
  weir_cpu.product ins(%a, %b : memref<4x8xbf16>, memref<16x8xbf16>) outs(%c : memref<4x16xf32>) {accumulate, tile_order, transpose_b}
  return
}

// -----

func.func @turned_depth(%a: memref<4x?xbf16>, %b: memref<16x?xbf16>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C6: a of bf16 and a transposed b are not accumulated, and have a known number of columns, but a is 'memref<4x?xbf16>'}}
  weir_cpu.product ins(%a, %b : memref<4x?xbf16>, memref<16x?xbf16>) outs(%c : memref<4x16xf32>) {tile_order, transpose_b}
  return
}
