// RUN: weir-opt %s -split-input-file -verify-diagnostics

func.func @types(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf64>) {
  // expected-error@+1 {{C1: operands of one type, f32 or f64, but found 'f32', 'f32' and 'f64'}}
  weir_cpu.product ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf64>)
  return
}

// -----

func.func @stride(%a: memref<4x8xf32, strided<[1, 4]>>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{C2: the last dimension of 'memref<4x8xf32, strided<[1, 4]>>' must be of stride 1}}
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

func.func @packed_types(%a: memref<4x8xbf16>, %b: memref<4x8xf64>) {
  // expected-error@+1 {{C1: f64 is packed as f64 and everything else as f32, but found 'bf16' and 'f64'}}
  weir_cpu.pack ins(%a : memref<4x8xbf16>) outs(%b : memref<4x8xf64>)
  return
}

// -----

func.func @packed_stride(%a: memref<4x8xf32>, %b: memref<4x8xf32, strided<[16, 2]>>) {
  // expected-error@+1 {{C2: the last dimension of 'memref<4x8xf32, strided<[16, 2]>>' must be of stride 1}}
  weir_cpu.pack ins(%a : memref<4x8xf32>) outs(%b : memref<4x8xf32, strided<[16, 2]>>)
  return
}

// -----

func.func @packed_size(%a: memref<4x8xf32>, %b: memref<8x3xf32>) {
  // expected-error@+1 {{C3: dimension 1 of dst holds 3 of 4 elements}}
  weir_cpu.pack ins(%a : memref<4x8xf32>) outs(%b : memref<8x3xf32>) {transpose}
  return
}
