// RUN: weir-opt %s --weir-spread-prefetches | FileCheck %s
// RUN: sed 's/vector_bits = 512/vector_bits = 256/' %s | weir-opt --weir-spread-prefetches | FileCheck %s --check-prefix=NARROW

// What takes several registers goes through no piece of assembly.
// NARROW-NOT: llvm.inline_asm

module attributes {weir.target = {features = "+avx512f", vector_bits = 512 : i64}} {

// Two prefetches and three places in chains: a prefetch at the first and at the third. The product and the sum in front may become one instruction.
// CHECK-LABEL: func.func @spread
// CHECK:         scf.for
// CHECK:           %[[A:.*]] = vector.load
// CHECK-NEXT:      %[[A1:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK-NEXT:      %[[A2:.*]] = arith.addf %[[A1]], %[[A]]
// CHECK-NEXT:      memref.prefetch
// CHECK-NEXT:      %[[HELD:.*]] = llvm.inline_asm has_side_effects {{.*}} "", "=v,0" %[[A2]]
// CHECK-NEXT:      %[[A3:.*]] = math.fma %[[HELD]], %[[A]], %[[A]]
// CHECK-NEXT:      %[[A4:.*]] = arith.mulf %[[A3]], %[[A3]]
// CHECK-NEXT:      memref.prefetch
// CHECK-NEXT:      %[[HELD:.*]] = llvm.inline_asm has_side_effects {{.*}} "", "=v,0" %[[A4]]
// CHECK-NEXT:      %[[A5:.*]] = arith.mulf %[[HELD]], %[[A4]]
// CHECK-NEXT:      vector.store %[[A5]]
func.func @spread(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c512 = arith.constant 512 : index
  %c528 = arith.constant 528 : index
  scf.for %i = %c0 to %n step %c16 {
    %p = arith.addi %i, %c512 : index
    memref.prefetch %x[%p], read, locality<3>, data : memref<?xf32>
    %q = arith.addi %i, %c528 : index
    memref.prefetch %x[%q], read, locality<3>, data : memref<?xf32>
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.addf %a1, %a : vector<16xf32>
    %a3 = math.fma %a2, %a, %a : vector<16xf32>
    %a4 = arith.mulf %a3, %a3 : vector<16xf32>
    %a5 = arith.mulf %a4, %a4 : vector<16xf32>
    vector.store %a5, %y[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}

// Too little arithmetic to stand among, and a load that one instruction takes together with its user.
// CHECK-LABEL: func.func @short
// CHECK:         scf.for
// CHECK-NEXT:      arith.addi
// CHECK-NEXT:      memref.prefetch
// CHECK-NOT:       llvm.inline_asm
func.func @short(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c512 = arith.constant 512 : index
  scf.for %i = %c0 to %n step %c16 {
    %p = arith.addi %i, %c512 : index
    memref.prefetch %x[%p], read, locality<3>, data : memref<?xf32>
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    vector.store %a1, %y[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}

// Places in front of a prefetch, or behind a store, are none.
// CHECK-LABEL: func.func @between
// CHECK:         scf.for
// CHECK:           memref.prefetch
// CHECK-NEXT:      vector.store
// CHECK-NOT:       llvm.inline_asm
func.func @between(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c512 = arith.constant 512 : index
  scf.for %i = %c0 to %n step %c16 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.mulf %a1, %a1 : vector<16xf32>
    %p = arith.addi %i, %c512 : index
    memref.prefetch %x[%p], read, locality<3>, data : memref<?xf32>
    vector.store %a2, %y[%i] : memref<?xf32>, vector<16xf32>
    %a3 = arith.mulf %a2, %a2 : vector<16xf32>
    %a4 = arith.mulf %a3, %a3 : vector<16xf32>
    vector.store %a4, %y[%p] : memref<?xf32>, vector<16xf32>
  }
  return
}

// Nothing waits where nothing is stored. One lane is no register.
// CHECK-LABEL: func.func @sum
// CHECK-NOT:     llvm.inline_asm
// CHECK:         return
func.func @sum(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %s: vector<16xf32>) -> vector<16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c512 = arith.constant 512 : index
  %sum = scf.for %i = %c0 to %n step %c16 iter_args(%before = %s) -> vector<16xf32> {
    %p = arith.addi %i, %c512 : index
    memref.prefetch %x[%p], read, locality<3>, data : memref<?xf32>
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.addf %a1, %before : vector<16xf32>
    scf.yield %a2 : vector<16xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    %p = arith.addi %i, %c512 : index
    memref.prefetch %x[%p], read, locality<3>, data : memref<?xf32>
    %a = vector.load %x[%i] : memref<?xf32>, vector<1xf32>
    %a1 = arith.mulf %a, %a : vector<1xf32>
    %a2 = arith.addf %a1, %a1 : vector<1xf32>
    vector.store %a2, %y[%i] : memref<?xf32>, vector<1xf32>
  }
  return %sum : vector<16xf32>
}
}
