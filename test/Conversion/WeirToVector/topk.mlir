// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s

module attributes {weir.target = {features = "+avx512f", vector_bits = 512 : i64}} {

// Four vectors are compared at a time, and the lanes that pass are inserted one by one. Nothing is allocated.
// CHECK-LABEL: func.func @insert
// CHECK-NOT:     memref.alloc
// CHECK:         scf.for
// CHECK:           scf.for %{{.*}} iter_args(%[[V:.*]] = %{{.*}}, %[[I:.*]] = %{{.*}}, %[[LAST:.*]] = %{{.*}}) -> (vector<16xf32>, vector<16xi32>, vector<16xf32>)
// CHECK-COUNT-4:     arith.cmpf ogt, %{{.*}}, %[[LAST]] : vector<16xf32>
// CHECK:             vector.reduction <or>
// CHECK:             scf.if
// CHECK:               vector.bitcast %{{.*}} : vector<16xi1> to vector<1xi16>
// CHECK:               scf.while
// CHECK:                 math.cttz
// CHECK:                 vector.shuffle
// CHECK:                 arith.cmpf oge
// CHECK:               vector.extract %{{.*}}[4] : f32 from vector<16xf32>
// CHECK:           vector.maskedstore
func.func @insert(%x: memref<?x?xf32>, %v: memref<?x5xf32>, %i: memref<?x5xi32>, %n: memref<?xi32>) {
  weir.topk_rows ins(%x : memref<?x?xf32>) outs(%v, %i, %n : memref<?x5xf32>, memref<?x5xi32>, memref<?xi32>)
    {k = 5 : i64, form = #weir.topk_form<insert>}
  return
}

// The list is as long as a power of two, and a mask is read where the scores are.
// CHECK-LABEL: func.func @long_list
// CHECK:         scf.for %{{.*}} -> (vector<64xf32>, vector<64xi32>, vector<16xf32>)
// CHECK:           arith.andi %{{.*}} : vector<16xi1>
// CHECK:           vector.extract %{{.*}}[39] : f32 from vector<64xf32>
func.func @long_list(%x: memref<?xf32>, %m: memref<?xi1>, %v: memref<40xf32>, %i: memref<40xi32>, %n: memref<i32>) {
  weir.topk_rows ins(%x : memref<?xf32>) mask(%m : memref<?xi1>)
    outs(%v, %i, %n : memref<40xf32>, memref<40xi32>, memref<i32>) {k = 40 : i64, form = #weir.topk_form<insert>}
  return
}

// The key of the k-th largest is built two bits a sweep; indices are sorted between their row and a scratch row for each part, half a KiB apart.
// CHECK-LABEL: func.func @select
// CHECK:         memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?x240xi32>
// CHECK:         scf.parallel
// CHECK:           scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (i32, i32)
// CHECK:             arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK:           arith.cmpf ogt, %{{.*}} : vector<16xf32>
// CHECK:           arith.cmpf oeq, %{{.*}} : vector<16xf32>
// CHECK:           math.cttz
// CHECK:           scf.while
// CHECK:             arith.cmpf ogt, %{{.*}} : f32
// CHECK:         memref.dealloc
// CHECK-NOT:     weir.formula
func.func @select(%x: memref<?x?xbf16>, %v: memref<?x100xbf16>, %i: memref<?x100xi32>, %n: memref<?xi32>) {
  weir.topk_rows ins(%x : memref<?x?xbf16>) outs(%v, %i, %n : memref<?x100xbf16>, memref<?x100xi32>, memref<?xi32>)
    {k = 100 : i64, form = #weir.topk_form<select>, thread_grain = 4096 : i64}
  return
}

// The row's sum is one of f64, in blocks; the prefix is cut where it reaches the share.
// CHECK-LABEL: func.func @mass
// CHECK:         scf.for %{{.*}} -> (vector<8xf64>)
// CHECK:           scf.for %{{.*}} -> (vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>)
// CHECK:         vector.reduction <add>
// CHECK:         scf.while
// CHECK:           arith.cmpf olt
func.func @mass(%x: memref<?xf64>, %v: memref<3xf64>, %i: memref<3xi32>, %n: memref<i32>) {
  weir.topk_rows ins(%x : memref<?xf64>) outs(%v, %i, %n : memref<3xf64>, memref<3xi32>, memref<i32>)
    {k = 3 : i64, mode = #weir.topk_mode<mass>, non_negative, thr = 0.5 : f64, form = #weir.topk_form<insert>}
  return
}

// CHECK-LABEL: func.func @gap
// CHECK:         scf.while
// CHECK:           arith.subf
// CHECK:           arith.cmpf ole, %{{.*}}, %{{.*}} : f32
func.func @gap(%x: memref<?xf32>, %t: f32, %v: memref<3xf32>, %i: memref<3xi32>, %n: memref<i32>) {
  weir.topk_rows ins(%x : memref<?xf32>) thr(%t : f32) outs(%v, %i, %n : memref<3xf32>, memref<3xi32>, memref<i32>)
    {k = 3 : i64, mode = #weir.topk_mode<gap>, form = #weir.topk_form<insert>}
  return
}

}
