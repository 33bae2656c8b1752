// RUN: weir-opt %s --weir-lower-products --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: sed 's/+avx512f.*512 : i64/+avx2,+fma", vector_bits = 256 : i64/' %s | weir-opt --weir-lower-products --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: sed 's/+avx512f.*512 : i64/+sse2", vector_bits = 128 : i64/' %s | weir-opt --weir-lower-products --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,SSE

module attributes {weir.target = {features = "+avx512f,+avx512dq,+avx512bw,+avx512vl", vector_bits = 512 : i64}} {

// A tile stays in registers while its sums are formed.
// CHECK-LABEL: func.func @tile
// AVX512-NOT:    scf.for
// AVX512:        %[[SUMS:.*]]:24 = scf.for %[[K:.*]] = %{{.*}} iter_args
// AVX512-COUNT-4:  vector.load %{{.*}}[%[[K]], %{{.*}}] : memref<?x64xf32>, vector<16xf32>
// AVX512:          %[[A:.*]] = memref.load %{{.*}}[%c0, %[[K]]]
// AVX512:          vector.broadcast %[[A]] : f32 to vector<16xf32>
// AVX512-COUNT-24: math.fma
// AVX512:          scf.yield
// AVX512-COUNT-24: vector.store %[[SUMS]]
// Half the registers, half the width: columns are a loop.
// AVX2:          scf.for %{{.*}} = %c0 to %c64 step %c16
// AVX2:            scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// A fused multiply-add that is none is a call.
// SSE-NOT:       math.fma
// SSE:           arith.mulf %{{.*}} : vector<4xf32>
// SSE-NEXT:      arith.addf %{{.*}} : vector<4xf32>
func.func @tile(%a: memref<6x?xf32>, %b: memref<?x64xf32>, %c: memref<6x64xf32>) {
  weir_cpu.product ins(%a, %b : memref<6x?xf32>, memref<?x64xf32>) outs(%c : memref<6x64xf32>)
  return
}

// B of 16 bits is widened as it is read.
// CHECK-LABEL: func.func @widened
// AVX512-COUNT-4:  arith.extf %{{.*}} : vector<16xbf16> to vector<16xf32>
// AVX512-COUNT-4:  math.fma
func.func @widened(%a: memref<1x?xf32>, %b: memref<?x64xbf16>, %c: memref<1x64xf32>) {
  weir_cpu.product ins(%a, %b : memref<1x?xf32>, memref<?x64xbf16>) outs(%c : memref<1x64xf32>)
  return
}

// The sums of a tile register: even and odd k apart, 32 at a time.
// CHECK-LABEL: func.func @tile_order
// AVX512:        scf.for %[[FIRST:.*]] = %c0 to %{{.*}} step %c32
// AVX512:          %[[SUMS:.*]]:4 = scf.for %{{.*}} = %[[FIRST]] to %{{.*}} step %c2
// AVX512:          scf.for %{{.*}} step %c1
// AVX512-COUNT-2:  arith.addf %{{.*}} : vector<16xf32>
func.func @tile_order(%a: memref<1x?xf32>, %b: memref<?x32xbf16>, %c: memref<1x32xf32>) {
  weir_cpu.product ins(%a, %b : memref<1x?xf32>, memref<?x32xbf16>) outs(%c : memref<1x32xf32>) {tile_order}
  return
}

// A product with a transposed B is a function of its own.
// CHECK-LABEL: func.func @turned(
// CHECK-NEXT:    call @[[TURNED:weir.product[_0-9]*]](%arg0, %arg1, %arg2)
func.func @turned(%a: memref<2x64xf32>, %b: memref<32x64xf32>, %c: memref<2x32xf32>) {
  weir_cpu.product ins(%a, %b : memref<2x64xf32>, memref<32x64xf32>) outs(%c : memref<2x32xf32>) {transpose_b, prefetch}
  return
}

// CHECK-LABEL: func.func @turned_tile_order(
// CHECK-NEXT:    call @[[ORDERED:weir.product[_0-9]*]](%arg0, %arg1, %arg2)
func.func @turned_tile_order(%a: memref<1x?xf32>, %b: memref<32x?xbf16>, %c: memref<1x32xf32>) {
  weir_cpu.product ins(%a, %b : memref<1x?xf32>, memref<32x?xbf16>) outs(%c : memref<1x32xf32>) {tile_order, transpose_b}
  return
}

// More rows than registers, and no more than lanes.
// CHECK-LABEL: func.func @row_lanes(
// CHECK-NEXT:    call @[[LANES:weir.product[_0-9]*]](%arg0, %arg1, %arg2)
func.func @row_lanes(%a: memref<7x64xf32>, %b: memref<?x64xbf16>, %c: memref<7x?xf32>) {
  weir_cpu.product ins(%a, %b : memref<7x64xf32>, memref<?x64xbf16>) outs(%c : memref<7x?xf32>) {transpose_b, prefetch}
  return
}

// CHECK-LABEL: func.func @any_rows(
// CHECK-NEXT:    call @[[ANY:weir.product[_0-9]*]](%arg0, %arg1, %arg2)
func.func @any_rows(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  weir_cpu.product ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>) outs(%c : memref<?x?xf32>) {transpose_b, accumulate}
  return
}

// Rows are taken in steps of much the same size.
// CHECK-LABEL: func.func @rows
// AVX512:        scf.for %{{.*}} = %c0 to %c8 step %c4 {
// AVX512:          scf.for {{.*}} iter_args
// AVX512-NOT:    scf.for
func.func @rows(%a: memref<8x32xf32>, %b: memref<32x64xf32>, %c: memref<8x64xf32>) {
  weir_cpu.product ins(%a, %b : memref<8x32xf32>, memref<32x64xf32>) outs(%c : memref<8x64xf32>)
  return
}

// What is added to is loaded before the loop. Of two whole vectors, then five columns.
// CHECK-LABEL: func.func @columns
// AVX512-COUNT-2:  vector.load %[[C:.*]][%c0, %{{.*}}] : memref<1x37xf32>, vector<16xf32>
// AVX512:          scf.for
// AVX512-COUNT-2:  vector.store %{{.*}} : memref<1x37xf32>, vector<16xf32>
// AVX512:          %[[MASK:.*]] = vector.constant_mask [5] : vector<16xi1>
// AVX512:          vector.maskedload %{{.*}}[%c0, %c32], %[[MASK]]
// AVX512:          scf.for
// AVX512:            vector.maskedload %{{.*}}, %[[MASK]]
// AVX512:          vector.maskedstore %{{.*}}[%c0, %c32], %[[MASK]]
// AVX2-NOT:        vector.maskedload
// AVX2:            scf.for %{{.*}} = %c32 to %c37 step %c1
// AVX2:              vector<1xf32>
// AVX2-NOT:        vector.maskedload
func.func @columns(%a: memref<1x?xf32>, %b: memref<?x37xf32>, %c: memref<1x37xf32>) {
  weir_cpu.product ins(%a, %b : memref<1x?xf32>, memref<?x37xf32>) outs(%c : memref<1x37xf32>) {accumulate}
  return
}

// Rows of a size that nobody knows: six, then four, two and one.
// CHECK-LABEL: func.func @dynamic
// AVX512-COUNT-24: math.fma {{.*}} : vector<8xf64>
// AVX512:          scf.yield
// AVX512-COUNT-16: math.fma
// AVX512:          scf.yield
// AVX512-COUNT-8:  math.fma
// AVX512:          scf.yield
// AVX512-COUNT-4:  math.fma
// AVX512:          scf.yield
// AVX512-NOT:      math.fma
func.func @dynamic(%a: memref<?x?xf64>, %b: memref<?x32xf64>, %c: memref<?x32xf64>) {
  weir_cpu.product ins(%a, %b : memref<?x?xf64>, memref<?x32xf64>) outs(%c : memref<?x32xf64>)
  return
}

// 16-bit floats are loaded as integers. The square is transposed in registers; the rest of the rows is 0.
// CHECK-LABEL: func.func @keys
// AVX512-COUNT-16: llvm.load %{{.*}} : !llvm.ptr -> vector<16xi16>
// AVX512-COUNT-64: vector.shuffle
// AVX512-NOT:      vector.shuffle
// AVX512-COUNT-16: vector.store %{{.*}} : memref<16x128xf32>, vector<16xf32>
// AVX512:          vector.store %cst{{.*}} : memref<16x128xf32>
// AVX2-COUNT-24:   vector.shuffle %{{.*}} : vector<8xf32>, vector<8xf32>
// AVX2-NOT:        vector.shuffle
// SSE-COUNT-8:     vector.shuffle %{{.*}} : vector<4xf32>, vector<4xf32>
// SSE-NOT:         vector.shuffle
func.func @keys(%k: memref<16x16xbf16, strided<[?, 1]>>, %packed: memref<16x128xf32>) {
  weir_cpu.pack ins(%k : memref<16x16xbf16, strided<[?, 1]>>) outs(%packed : memref<16x128xf32>) {transpose}
  return
}

// CHECK-LABEL: func.func @values
// AVX512:        scf.for
// AVX512:          arith.extf %{{.*}} : vector<16xf16> to vector<16xf32>
// AVX512-NOT:      vector.shuffle
// AVX512:          vector.maskedstore
func.func @values(%v: memref<?x?xf16, strided<[?, 1]>>, %packed: memref<?x?xf32>) {
  weir_cpu.pack ins(%v : memref<?x?xf16, strided<[?, 1]>>) outs(%packed : memref<?x?xf32>)
  return
}

// Rows of B that lie along k are turned, a square of vectors at a time; later rows are asked for meanwhile.
// CHECK:       func.func private @[[TURNED]](
// AVX512-NOT:    memref.alloca
// AVX512:        scf.for %{{.*}} = %c0 to %c32 step %c16
// AVX512:          %[[SUMS:.*]]:2 = scf.for %[[K:.*]] = %c0 to %c64 step %c16
// AVX512:            vector.load %{{.*}}, %[[K]]] : memref<32x64xf32>, vector<16xf32>
// AVX512:            memref.prefetch
// AVX512-COUNT-64:   vector.shuffle
// AVX512-COUNT-32:   math.fma
// AVX512:          vector.store %[[SUMS]]#0
// AVX2:            scf.for %{{.*}} = %c0 to %c64 step %c8

// In the order of tiles pairs are turned and then split. What is left of k goes through one buffer, outside of all loops.
// CHECK:       func.func private @[[ORDERED]](
// AVX512:        memref.alloca() {alignment = 64 : i64} : memref<32x16xf32>
// AVX512:        scf.for %{{.*}} step %c16
// AVX512:        scf.for %{{.*}} step %c32
// AVX512-COUNT-64: vector.shuffle
// AVX512:          arith.shli %{{.*}} : vector<16xi32>
// AVX512-COUNT-32: math.fma
// AVX512-COUNT-2:  arith.addf %{{.*}} : vector<16xf32>
// AVX512-NOT:    memref.alloca

// Seven rows lie in the lanes, the last one twice. A is turned once, B widened a few rows at a time, and C turned back.
// CHECK:       func.func private @[[LANES]](
// AVX512:        vector.shuffle %{{.*}} : vector<16xf32>, vector<16xf32>
// AVX2-DAG:      %[[A:.*]] = memref.alloca() {alignment = 64 : i64} : memref<512x8xf32>
// AVX2-DAG:      %[[B:.*]] = memref.alloca() {alignment = 64 : i64} : memref<8x528xf32>
// AVX2:          scf.for %{{.*}} = %c0 to %c64 step %c8
// AVX2-COUNT-7:    vector.load %arg0[
// AVX2-NOT:        vector.load %arg0[
// AVX2-COUNT-24:   vector.shuffle
// AVX2:          scf.for
// AVX2:            scf.for %{{.*}} = %c0 to %c64 step %c8
// AVX2:              memref.prefetch
// AVX2:              arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// AVX2:            scf.for %[[K:.*]] = %c0 to %c64 step %c1
// AVX2:              vector.load %[[A]][%[[K]], %c0]
// AVX2-COUNT-8:      math.fma
// AVX2-NOT:          math.fma
// AVX2:            scf.yield
// AVX2:            vector.shuffle
// AVX2-COUNT-7:    vector.maskedstore
// AVX2-NOT:        vector.maskedstore
// SSE-NOT:       memref<512x4xf32>

// A choice of the two. Sums of more terms than the turned A holds are kept in C.
// CHECK:       func.func private @[[ANY]](
// AVX512-NOT:    scf.if
// AVX512:        scf.for
// AVX2:          %[[ROWS:.*]] = memref.dim %arg2, %c0
// AVX2:          %[[BEYOND:.*]] = arith.subi %[[ROWS]], %c5
// AVX2:          arith.cmpi ult, %[[BEYOND]], %c4
// AVX2:          scf.if
// AVX2:            scf.for %{{.*}} step %c512
}
