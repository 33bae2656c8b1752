//===- Output.h - files that weirc writes ----------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TARGET_OUTPUT_H
#define WEIR_TARGET_OUTPUT_H

#include "weir/Target/Machine.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace weir {

/// Writes a file beside `path` and renames it when `write` has succeeded, so
/// that no half of a file is ever seen under the name.
llvm::Error
writeFile(llvm::StringRef path,
          llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write);

/// Translates a module in the LLVM dialect and optimises it for `machine`.
llvm::Expected<std::unique_ptr<llvm::Module>>
makeLLVMModule(mlir::ModuleOp module, llvm::LLVMContext &context,
               llvm::TargetMachine &machine);

/// Writes `module` as an object file or as assembly.
llvm::Error emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                            bool assembly, llvm::raw_pwrite_stream &os);

/// Links the files `objects` and the runtime archive into the shared
/// library `path`. With `threads` it needs libomp.so.5, whichever the loader
/// finds; fails when there is none to link against.
llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> objects,
                              llvm::StringRef runtime, bool threads,
                              llvm::StringRef path);

} // namespace weir

#endif // WEIR_TARGET_OUTPUT_H
