// RUN: weir-opt %s --weir-emit-abi -split-input-file -verify-diagnostics

// expected-error@+1 {{has no C interface that fits its 'weir.abi'}}
llvm.func @f() attributes {weir.abi = {name = "f", table = array<i64: 0, 0, 0>}} {
  llvm.return
}

// -----

llvm.func @_mlir_ciface_f(!llvm.ptr)
// expected-error@+1 {{has no C interface that fits its 'weir.abi'}}
llvm.func @f() attributes {weir.abi = {name = "f", table = array<i64: 0, 0, 0>}} {
  llvm.return
}
