// RUN: weir-opt %s --weir-lower-products --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f,+avx512bw,+avx512vl,+amx-tile,+amx-bf16", vector_bits = 512 : i64}} {

// Products of one type share a function.
// CHECK-LABEL: func.func @twice
// CHECK-NEXT:    call @weir.product(%arg0, %arg1, %arg2)
// CHECK-NEXT:    call @weir.product(%arg0, %arg1, %arg3)
// CHECK-NEXT:    call @[[SUM:weir.product_[0-9]+]](%arg0, %arg1, %arg2)
func.func @twice(%a: memref<?x64xbf16>, %b: memref<32x?x2xbf16>, %c: memref<?x?xf32>, %d: memref<?x?xf32>) {
  weir_cpu.product ins(%a, %b : memref<?x64xbf16>, memref<32x?x2xbf16>) outs(%c : memref<?x?xf32>)
  weir_cpu.product ins(%a, %b : memref<?x64xbf16>, memref<32x?x2xbf16>) outs(%d : memref<?x?xf32>)
  weir_cpu.product ins(%a, %b : memref<?x64xbf16>, memref<32x?x2xbf16>) outs(%c : memref<?x?xf32>) {accumulate}
  return
}

// Rows are interleaved by a shift; the last of an odd number meets zeros.
// CHECK-LABEL: func.func @pairs
// CHECK:         %[[LOW:.*]] = arith.extui %{{.*}} : vector<16xi16> to vector<16xi32>
// CHECK:         llvm.intr.masked.load
// CHECK:         %[[HIGH:.*]] = arith.extui %{{.*}} : vector<16xi16> to vector<16xi32>
// CHECK:         %[[SHIFTED:.*]] = arith.shli %[[HIGH]]
// CHECK:         arith.ori %[[LOW]], %[[SHIFTED]]
func.func @pairs(%v: memref<?x64xbf16>, %packed: memref<?x64x2xbf16>) {
  weir_cpu.pack ins(%v : memref<?x64xbf16>) outs(%packed : memref<?x64x2xbf16>)
  return
}

// Rows that are pairs already: squares of 32-bit integers are transposed.
// CHECK-LABEL: func.func @keys
// CHECK-COUNT-16: vector.bitcast %{{.*}} : vector<32xbf16> to vector<16xi32>
// CHECK-COUNT-64: vector.shuffle %{{.*}} : vector<16xi32>, vector<16xi32>
// CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 2 : i64} : vector<16xi32>, !llvm.ptr
func.func @keys(%k: memref<?x64xbf16>, %packed: memref<32x256x2xbf16>) {
  weir_cpu.pack ins(%k : memref<?x64xbf16>) outs(%packed : memref<32x256x2xbf16>) {transpose}
  return
}

// bf16 as it is, 32 elements at a time.
// CHECK-LABEL: func.func @rows
// CHECK:         llvm.load %{{.*}} : !llvm.ptr -> vector<32xi16>
// CHECK:         vector.store %{{.*}} : memref<96x544xbf16>, vector<32xbf16>
func.func @rows(%a: memref<?x512xbf16, strided<[?, 1]>>, %packed: memref<96x544xbf16>) {
  weir_cpu.pack ins(%a : memref<?x512xbf16, strided<[?, 1]>>) outs(%packed : memref<96x544xbf16>)
  return
}

// Rows of A in the outer loop, the strips of B in the inner one.
// CHECK-LABEL: func.func @strips
// CHECK:         call @[[STRIPS:weir.product_[0-9]+]](
func.func @strips(%a: memref<64x512xbf16>, %b: memref<8x256x32x2xbf16>, %c: memref<64x256xf32>) {
  weir_cpu.product ins(%a, %b : memref<64x512xbf16>, memref<8x256x32x2xbf16>) outs(%c : memref<64x256xf32>)
  return
}

// Rows that fill no tile go to a function whose tiles of A and C have just so many.
// CHECK-LABEL: func.func private @weir.product(
// CHECK-SAME:      attributes {passthrough = ["alwaysinline"]}
// CHECK:         call @weir.product.whole(%arg0, %arg1, %arg2)
// CHECK:         call @weir.product.few(%{{.*}}, %arg1, %{{.*}}) : (memref<?x64xbf16, strided<[64, 1], offset: ?>>, memref<32x?x2xbf16>, memref<?x?xf32, strided<[?, 1], offset: ?>>)
// Two by two tiles stay in registers.
// CHECK-LABEL: func.func private @weir.product.whole(
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK:         scf.for {{.*}} -> (!llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx) {
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-NEXT:      scf.yield
// CHECK-LABEL: func.func private @weir.product.few(
// CHECK:         %[[ROWS:.*]] = arith.index_cast %{{.*}} : index to i16
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.tilezero.internal"(%[[ROWS]], %c64_i16)
// CHECK:         scf.for {{.*}} -> (!llvm.x86_amx, !llvm.x86_amx) {
// CHECK:           llvm.call_intrinsic "llvm.x86.tileloadd64.internal"(%[[ROWS]], %c64_i16
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"(%c16_i16, %c64_i16
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"(%[[ROWS]], %c64_i16
// CHECK:       func.func private @[[STRIPS]](
// CHECK:         call @[[WHOLE:weir.product.whole_[0-9]+]](%arg0, %arg1, %arg2)
// CHECK-NOT:     call
// CHECK:       func.func private @[[WHOLE]](
// CHECK:         scf.for %{{.*}} = %c0 to %c64 step %c32
// CHECK:           scf.for %[[N:.*]] = %c0 to %c256 step %c32
// CHECK:             arith.divui %[[N]], %c32
}
