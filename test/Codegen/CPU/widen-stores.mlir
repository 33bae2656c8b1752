// RUN: weir-opt %s --weir-widen-stores --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @neighbours
// CHECK-SAME:    (%[[P:.*]]: index, %[[I:.*]]: index, %[[A:.*]]: vector<16xf32>, %[[B:.*]]: vector<16xf32>)
// CHECK-NOT:     cvtneps2bf16
// CHECK:         %[[TO:.*]] = llvm.inttoptr
// CHECK:         %[[BOTH:.*]] = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"(%[[B]], %[[A]]) : (vector<16xf32>, vector<16xf32>) -> vector<32xbf16>
// CHECK:         %[[BITS:.*]] = arith.bitcast %[[BOTH]] : vector<32xbf16> to vector<32xi16>
// CHECK:         llvm.store %[[BITS]], %[[TO]] {alignment = 2 : i64}
// CHECK-NOT:     llvm.store
func.func @neighbours(%p: index, %i: index, %a: vector<16xf32>, %b: vector<16xf32>) {
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %0 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%a) : (vector<16xf32>) -> vector<16xbf16>
  %1 = arith.bitcast %0 : vector<16xbf16> to vector<16xi16>
  %2 = arith.muli %i, %c2 : index
  %3 = arith.addi %p, %2 : index
  %4 = arith.index_cast %3 : index to i64
  %5 = llvm.inttoptr %4 : i64 to !llvm.ptr
  llvm.store %1, %5 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  %6 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%b) : (vector<16xf32>) -> vector<16xbf16>
  %7 = arith.bitcast %6 : vector<16xbf16> to vector<16xi16>
  %8 = arith.addi %i, %c16 : index
  %9 = arith.muli %8, %c2 : index
  %10 = arith.addi %p, %9 : index
  %11 = arith.index_cast %10 : index to i64
  %12 = llvm.inttoptr %11 : i64 to !llvm.ptr
  llvm.store %7, %12 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  return
}

// -----

// Other distances, other bases, and what lies between.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-4: cvtneps2bf16
// CHECK-NOT:   cvtne2ps2bf16
func.func @others(%p: index, %q: index, %m: memref<4xf32>, %a: vector<16xf32>) -> f32 {
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c0 = arith.constant 0 : index
  %0 = arith.index_cast %p : index to i64
  %1 = llvm.inttoptr %0 : i64 to !llvm.ptr
  %2 = arith.addi %p, %c16 : index
  %3 = arith.index_cast %2 : index to i64
  %4 = llvm.inttoptr %3 : i64 to !llvm.ptr
  %5 = arith.addi %q, %c32 : index
  %6 = arith.index_cast %5 : index to i64
  %7 = llvm.inttoptr %6 : i64 to !llvm.ptr
  %8 = arith.addi %q, %c64 : index
  %9 = arith.index_cast %8 : index to i64
  %10 = llvm.inttoptr %9 : i64 to !llvm.ptr
  %11 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%a) : (vector<16xf32>) -> vector<16xbf16>
  %12 = arith.bitcast %11 : vector<16xbf16> to vector<16xi16>
  llvm.store %12, %1 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  %13 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%a) : (vector<16xf32>) -> vector<16xbf16>
  %14 = arith.bitcast %13 : vector<16xbf16> to vector<16xi16>
  llvm.store %14, %4 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  %15 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%a) : (vector<16xf32>) -> vector<16xbf16>
  %16 = arith.bitcast %15 : vector<16xbf16> to vector<16xi16>
  llvm.store %16, %7 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  %17 = memref.load %m[%c0] : memref<4xf32>
  %18 = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%a) : (vector<16xf32>) -> vector<16xbf16>
  %19 = arith.bitcast %18 : vector<16xbf16> to vector<16xi16>
  llvm.store %19, %10 {alignment = 2 : i64} : vector<16xi16>, !llvm.ptr
  return %17 : f32
}

// -----

// Where denormal numbers count the instruction is not enough: vectors that hold one are rounded again. One look serves all stores of a run, past the
// caches too, and what is left over beside them.
module attributes {weir.target = {features = "+avx512f,+avx512dq,+avx512bf16", vector_bits = 512 : i64}} {
  // CHECK-LABEL: func.func @run
  // CHECK-SAME:    i64, %[[A:.*]]: vector<16xf32>, %[[B:.*]]: vector<16xf32>, %[[C:.*]]: vector<16xf32>)
  // CHECK:         %[[PAIR:.*]] = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"(%[[B]], %[[A]])
  // CHECK:         %[[TWO:.*]] = arith.bitcast %[[PAIR]] : vector<32xbf16> to vector<32xi16>
  // CHECK:         %[[LAST:.*]] = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"(%[[C]])
  // CHECK:         %[[ONE:.*]] = arith.bitcast %[[LAST]] : vector<16xbf16> to vector<16xi16>
  // CHECK-COUNT-3: llvm.call_intrinsic "llvm.x86.avx512.fpclass.ps.512"
  // CHECK:         %[[ANY:.*]] = arith.cmpi ne
  // CHECK:         %[[BITS:.*]]:2 = scf.if %[[ANY]] -> (vector<32xi16>, vector<16xi16>) {
  // CHECK:           arith.truncf %[[A]]
  // CHECK:           arith.truncf %[[B]]
  // CHECK:           vector.shuffle
  // CHECK:           arith.truncf %[[C]]
  // CHECK:         } else {
  // CHECK:           scf.yield %[[TWO]], %[[ONE]]
  // CHECK:         %[[HIDDEN:.*]] = llvm.inline_asm{{.*}} %[[BITS]]#0 : (vector<32xi16>) -> vector<32xi16>
  // CHECK:         llvm.store %[[HIDDEN]], %{{.*}} {alignment = 32 : i64, nontemporal}
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 32 : i64, nontemporal} : vector<16xi16>
  // CHECK-NOT:     llvm.store
  func.func @run(%p: i64, %a: vector<16xf32>, %b: vector<16xf32>, %c: vector<16xf32>) {
    %c32 = arith.constant 32 : i64
    %c64 = arith.constant 64 : i64
    %0 = arith.truncf %a : vector<16xf32> to vector<16xbf16>
    %1 = arith.bitcast %0 : vector<16xbf16> to vector<16xi16>
    %2 = llvm.inline_asm asm_dialect = att "", "=v,0" %1 : (vector<16xi16>) -> vector<16xi16>
    %3 = llvm.inttoptr %p : i64 to !llvm.ptr
    llvm.store %2, %3 {alignment = 32 : i64, nontemporal} : vector<16xi16>, !llvm.ptr
    %4 = arith.truncf %b : vector<16xf32> to vector<16xbf16>
    %5 = arith.bitcast %4 : vector<16xbf16> to vector<16xi16>
    %6 = llvm.inline_asm asm_dialect = att "", "=v,0" %5 : (vector<16xi16>) -> vector<16xi16>
    %7 = arith.addi %p, %c32 : i64
    %8 = llvm.inttoptr %7 : i64 to !llvm.ptr
    llvm.store %6, %8 {alignment = 32 : i64, nontemporal} : vector<16xi16>, !llvm.ptr
    %9 = arith.truncf %c : vector<16xf32> to vector<16xbf16>
    %10 = arith.bitcast %9 : vector<16xbf16> to vector<16xi16>
    %11 = llvm.inline_asm asm_dialect = att "", "=v,0" %10 : (vector<16xi16>) -> vector<16xi16>
    %12 = arith.addi %p, %c64 : i64
    %13 = llvm.inttoptr %12 : i64 to !llvm.ptr
    llvm.store %11, %13 {alignment = 32 : i64, nontemporal} : vector<16xi16>, !llvm.ptr
    return
  }

  // CHECK-LABEL: func.func @elsewhere
  // CHECK:         %[[ROUNDED:.*]] = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"
  // CHECK:         %[[BITS:.*]] = arith.bitcast %[[ROUNDED]]
  // CHECK:         %[[MENDED:.*]] = scf.if
  // CHECK:           arith.truncf
  // CHECK:         } else {
  // CHECK:           scf.yield %[[BITS]]
  // CHECK:         %[[RESULT:.*]] = arith.bitcast %[[MENDED]] : vector<16xi16> to vector<16xbf16>
  // CHECK:         return %[[RESULT]]
  func.func @elsewhere(%x: vector<16xf32>) -> vector<16xbf16> {
    %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
    return %0 : vector<16xbf16>
  }
}

// -----

// Without the instruction a rounding stays what it is.
module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
  // CHECK-LABEL: func.func @without
  // CHECK-NEXT:    arith.truncf
  // CHECK-NEXT:    return
  func.func @without(%x: vector<16xf32>) -> vector<16xbf16> {
    %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
    return %0 : vector<16xbf16>
  }
}
