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

#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace weir {

/// Files that appear together or not at all. Each is written beside its place
/// and moved there by `commit`; what has not been moved is removed when this
/// goes. Devices, pipes and "-" (standard output) are written by `commit`
/// itself.
class StagedFiles {
public:
  StagedFiles() = default;
  StagedFiles(const StagedFiles &) = delete;
  ~StagedFiles();

  /// Stages `bytes` for `path`. Fails, naming the path, where it cannot be
  /// written.
  llvm::Error add(llvm::StringRef path, llvm::StringRef bytes);
  /// Stages `path` for someone else to write: returns the name of an empty
  /// file.
  llvm::Expected<std::string> reserve(llvm::StringRef path);
  /// Puts every file in its place.
  llvm::Error commit();

private:
  struct File {
    std::string path, temporary;
  };
  struct Stream {
    std::string path, bytes;
  };
  std::vector<File> files;
  std::vector<Stream> streams;
};

/// Writes `path` once `write` has succeeded, so that no half of a file is ever
/// seen under the name.
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

/// Links the files `objects` and the runtime archive into the shared library
/// `path`, which calls itself `soname`. With `threads` it needs libomp.so.5,
/// whichever the loader finds; fails when there is none to link against.
llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> objects,
                              llvm::StringRef runtime, bool threads,
                              llvm::StringRef soname, llvm::StringRef path);

} // namespace weir

#endif // WEIR_TARGET_OUTPUT_H
