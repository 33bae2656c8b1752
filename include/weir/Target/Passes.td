//===- Passes.td - the C ABI as passes ------------------*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TARGET_PASSES_TD
#define WEIR_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def WeirPrepareABI : Pass<"weir-prepare-abi", "::mlir::ModuleOp"> {
  let summary = "Turn public functions on tensors into kernels on the caller's memory";
  let description = [{
    A public function gets a memref argument per tensor argument and per result, in place of tensors, and no results. Which sizes must
    be equal follows from its body and is recorded, with the types, in the attribute `weir.abi`.

    Before: `func.func @f(%x: tensor<?x8xf32>) -> tensor<?x8xf32>`.
    After: `func.func @f.kernel(%x: memref<?x8xf32, strided<[?, 1]>>, %y: memref<?x8xf32, strided<[?, 1]>>) attributes {weir.abi = ...}`.
  }];
  let options = [
    Option<"library", "library", "std::string", "\"\"", "name of the library, whose own functions no other may be called like">,
    Option<"prefix", "prefix", "std::string", "\"\"", "goes before every exported name">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def WeirEmitABI : Pass<"weir-emit-abi", "::mlir::ModuleOp"> {
  let summary = "Write the C functions around the kernels";
  let description = [{
    For every function with `weir.abi`, now in the LLVM dialect, writes the C function a user calls: it stores its arguments in an array
    and hands them, with a table of what to check, to the runtime. Of a library with several variants, one module each, the first
    module has these functions, and the others have kernels under names of their own.

    Before: `llvm.func @f.kernel(...) attributes {weir.abi = ...}`. After: also `llvm.func @f(!llvm.ptr, !llvm.ptr) -> i32`.
  }];
  let options = [
    Option<"library", "library", "std::string", "\"\"", "name of the library, for NAME_last_error and NAME_set_threads">,
    Option<"prefix", "prefix", "std::string", "\"\"", "goes before every exported name">,
    Option<"threads", "threads", "bool", "false", "the runtime is asked how many threads calls may use">,
    ListOption<"variants", "variants", "std::string", "names of the library's variants, each followed by the features it needs">,
    Option<"variant", "variant", "int64_t", "0", "which of them this module is; the first has the C functions of all">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // WEIR_TARGET_PASSES_TD
