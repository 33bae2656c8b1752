// RUN: weir-opt %s --weir-lower-threads -split-input-file -verify-diagnostics

func.func @step(%x: memref<?xf32>, %v: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error@+1 {{only loops from 0 in steps of 1 run on threads}}
  scf.parallel (%p) = (%c0) to (%n) step (%c2) {
    memref.store %v, %x[%p] : memref<?xf32>
    scf.reduce
  }
  return
}

// -----

func.func @two(%x: memref<?x?xf32>, %v: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{only loops from 0 in steps of 1 run on threads}}
  scf.parallel (%p, %q) = (%c0, %c0) to (%n, %n) step (%c1, %c1) {
    memref.store %v, %x[%p, %q] : memref<?x?xf32>
    scf.reduce
  }
  return
}
