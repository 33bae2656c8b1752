// RUN: weir-opt %s --weir-interleave-chains | FileCheck %s
// RUN: sed 's/vector_bits = 512/vector_bits = 256/' %s | weir-opt --weir-interleave-chains | FileCheck %s --check-prefix=SAME

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// Two chains of 14 multiplications, 56 cycles each. Loads stay in front of stores.
// CHECK-LABEL: func.func @long
// CHECK:         scf.for
// CHECK:           %[[A:.*]] = vector.load
// CHECK-NEXT:      %[[J:.*]] = arith.addi
// CHECK-NEXT:      %[[A1:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK-NEXT:      %[[B:.*]] = vector.load
// CHECK-NEXT:      %[[B1:.*]] = arith.mulf %[[B]], %[[B]]
// CHECK-NEXT:      %[[A2:.*]] = arith.mulf %[[A1]], %[[A1]]
// CHECK-NEXT:      %[[B2:.*]] = arith.mulf %[[B1]], %[[B1]]
// CHECK:           vector.store
// CHECK-NEXT:      vector.store
// SAME-LABEL: func.func @long
// SAME:         %[[A:.*]] = vector.load
// SAME-NEXT:    %[[A1:.*]] = arith.mulf %[[A]], %[[A]]
// SAME-NEXT:    %[[A2:.*]] = arith.mulf %[[A1]], %[[A1]]
func.func @long(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  scf.for %i = %c0 to %n step %c32 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.mulf %a1, %a1 : vector<16xf32>
    %a3 = arith.mulf %a2, %a2 : vector<16xf32>
    %a4 = arith.mulf %a3, %a3 : vector<16xf32>
    %a5 = arith.mulf %a4, %a4 : vector<16xf32>
    %a6 = arith.mulf %a5, %a5 : vector<16xf32>
    %a7 = arith.mulf %a6, %a6 : vector<16xf32>
    %a8 = arith.mulf %a7, %a7 : vector<16xf32>
    %a9 = arith.mulf %a8, %a8 : vector<16xf32>
    %a10 = arith.mulf %a9, %a9 : vector<16xf32>
    %a11 = arith.mulf %a10, %a10 : vector<16xf32>
    %a12 = arith.mulf %a11, %a11 : vector<16xf32>
    %a13 = arith.mulf %a12, %a12 : vector<16xf32>
    %a14 = arith.mulf %a13, %a13 : vector<16xf32>
    %j = arith.addi %i, %c16 : index
    %b = vector.load %x[%j] : memref<?xf32>, vector<16xf32>
    %b1 = arith.mulf %b, %b : vector<16xf32>
    %b2 = arith.mulf %b1, %b1 : vector<16xf32>
    %b3 = arith.mulf %b2, %b2 : vector<16xf32>
    %b4 = arith.mulf %b3, %b3 : vector<16xf32>
    %b5 = arith.mulf %b4, %b4 : vector<16xf32>
    %b6 = arith.mulf %b5, %b5 : vector<16xf32>
    %b7 = arith.mulf %b6, %b6 : vector<16xf32>
    %b8 = arith.mulf %b7, %b7 : vector<16xf32>
    %b9 = arith.mulf %b8, %b8 : vector<16xf32>
    %b10 = arith.mulf %b9, %b9 : vector<16xf32>
    %b11 = arith.mulf %b10, %b10 : vector<16xf32>
    %b12 = arith.mulf %b11, %b11 : vector<16xf32>
    %b13 = arith.mulf %b12, %b12 : vector<16xf32>
    %b14 = arith.mulf %b13, %b13 : vector<16xf32>
    vector.store %a14, %y[%i] : memref<?xf32>, vector<16xf32>
    vector.store %b14, %y[%j] : memref<?xf32>, vector<16xf32>
  }
  return
}

// A branch at the end does not keep the chains before it apart, and comes behind what it uses.
// CHECK-LABEL: func.func @branch
// CHECK:         scf.for
// CHECK:           %[[A:.*]] = vector.load
// CHECK-NEXT:      %[[B:.*]] = vector.load
// CHECK-NEXT:      %[[A1:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK-NEXT:      %[[B1:.*]] = arith.mulf %[[B]], %[[B]]
// CHECK-NEXT:      %[[A2:.*]] = arith.mulf %[[A1]], %[[A1]]
// CHECK:           scf.if
// CHECK:           vector.store
func.func @branch(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %rare: i1) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  scf.for %i = %c0 to %n step %c32 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.mulf %a1, %a1 : vector<16xf32>
    %a3 = arith.mulf %a2, %a2 : vector<16xf32>
    %a4 = arith.mulf %a3, %a3 : vector<16xf32>
    %a5 = arith.mulf %a4, %a4 : vector<16xf32>
    %a6 = arith.mulf %a5, %a5 : vector<16xf32>
    %a7 = arith.mulf %a6, %a6 : vector<16xf32>
    %a8 = arith.mulf %a7, %a7 : vector<16xf32>
    %a9 = arith.mulf %a8, %a8 : vector<16xf32>
    %a10 = arith.mulf %a9, %a9 : vector<16xf32>
    %a11 = arith.mulf %a10, %a10 : vector<16xf32>
    %a12 = arith.mulf %a11, %a11 : vector<16xf32>
    %a13 = arith.mulf %a12, %a12 : vector<16xf32>
    %a14 = arith.mulf %a13, %a13 : vector<16xf32>
    %b = vector.load %y[%i] : memref<?xf32>, vector<16xf32>
    %b1 = arith.mulf %b, %b : vector<16xf32>
    %b2 = arith.mulf %b1, %b1 : vector<16xf32>
    %b3 = arith.mulf %b2, %b2 : vector<16xf32>
    %b4 = arith.mulf %b3, %b3 : vector<16xf32>
    %b5 = arith.mulf %b4, %b4 : vector<16xf32>
    %b6 = arith.mulf %b5, %b5 : vector<16xf32>
    %b7 = arith.mulf %b6, %b6 : vector<16xf32>
    %b8 = arith.mulf %b7, %b7 : vector<16xf32>
    %b9 = arith.mulf %b8, %b8 : vector<16xf32>
    %b10 = arith.mulf %b9, %b9 : vector<16xf32>
    %b11 = arith.mulf %b10, %b10 : vector<16xf32>
    %b12 = arith.mulf %b11, %b11 : vector<16xf32>
    %b13 = arith.mulf %b12, %b12 : vector<16xf32>
    %b14 = arith.mulf %b13, %b13 : vector<16xf32>
    %c = scf.if %rare -> vector<16xf32> {
      %d = arith.addf %a14, %b14 : vector<16xf32>
      scf.yield %d : vector<16xf32>
    } else {
      scf.yield %a14 : vector<16xf32>
    }
    vector.store %c, %y[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}

// Short chains are bridged by the processor.
// CHECK-LABEL: func.func @short
// CHECK:         %[[A:.*]] = vector.load
// CHECK-NEXT:    %[[A1:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK-NEXT:    arith.mulf %[[A1]], %[[A1]]
func.func @short(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  scf.for %i = %c0 to %n step %c32 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.mulf %a, %a : vector<16xf32>
    %a2 = arith.mulf %a1, %a1 : vector<16xf32>
    %j = arith.addi %i, %c16 : index
    %b = vector.load %x[%j] : memref<?xf32>, vector<16xf32>
    %b1 = arith.mulf %b, %b : vector<16xf32>
    vector.store %a2, %y[%i] : memref<?xf32>, vector<16xf32>
    vector.store %b1, %y[%j] : memref<?xf32>, vector<16xf32>
  }
  return
}

// Four divisions in a row keep the divider busy all the time.
// CHECK-LABEL: func.func @divisions
// CHECK:         %[[A:.*]] = vector.load
// CHECK-NEXT:    %[[A1:.*]] = arith.divf %[[A]], %[[A]]
// CHECK-NEXT:    arith.divf %[[A1]], %[[A]]
func.func @divisions(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  scf.for %i = %c0 to %n step %c32 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %a1 = arith.divf %a, %a : vector<16xf32>
    %a2 = arith.divf %a1, %a : vector<16xf32>
    %a3 = arith.divf %a2, %a : vector<16xf32>
    %a4 = arith.divf %a3, %a : vector<16xf32>
    %j = arith.addi %i, %c16 : index
    %b = vector.load %x[%j] : memref<?xf32>, vector<16xf32>
    %b1 = arith.mulf %b, %b : vector<16xf32>
    vector.store %a4, %y[%i] : memref<?xf32>, vector<16xf32>
    vector.store %b1, %y[%j] : memref<?xf32>, vector<16xf32>
  }
  return
}
}
