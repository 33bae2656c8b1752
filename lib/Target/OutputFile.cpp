//===- OutputFile.cpp - files written whole or not at all ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Output.h"

#include "llvm/Support/FileSystem.h"

using namespace weir;

llvm::Error weir::writeFile(
    llvm::StringRef path,
    llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write) {
  auto named = [&](std::error_code code) {
    return llvm::createStringError(code, "cannot write '" + path +
                                             "': " + code.message());
  };
  auto file = llvm::sys::fs::TempFile::create(
      path + ".tmp-%%%%%%", llvm::sys::fs::all_read | llvm::sys::fs::all_write |
                                llvm::sys::fs::all_exe);
  if (!file)
    return named(llvm::errorToErrorCode(file.takeError()));
  llvm::Error error = llvm::Error::success();
  {
    llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    error = write(os);
    os.flush();
    if (!error && os.has_error())
      error = named(os.error());
    os.clear_error();
  }
  if (error) {
    llvm::consumeError(file->discard());
    return error;
  }
  if (llvm::Error kept = file->keep(path))
    return named(llvm::errorToErrorCode(std::move(kept)));
  return llvm::Error::success();
}
