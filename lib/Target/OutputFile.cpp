//===- OutputFile.cpp - files written whole or not at all ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Output.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"

using namespace weir;
namespace fs = llvm::sys::fs;

static llvm::Error cannotWrite(llvm::StringRef path, std::error_code code) {
  return llvm::createStringError(code, "cannot write '" + path +
                                           "': " + code.message());
}

/// Devices, pipes and standard output are written to and never replaced.
static bool isStream(llvm::StringRef path) {
  fs::file_status status;
  return path == "-" ||
         (!fs::status(path, status) && !fs::is_regular_file(status) &&
          !fs::is_directory(status));
}

static llvm::Error writeAll(llvm::raw_fd_ostream &os, llvm::StringRef path,
                            llvm::StringRef bytes) {
  os << bytes;
  os.flush();
  if (!os.has_error())
    return llvm::Error::success();
  std::error_code code = os.error();
  os.clear_error();
  return cannotWrite(path, code);
}

StagedFiles::~StagedFiles() {
  for (const File &file : files) {
    fs::remove(file.temporary);
    llvm::sys::DontRemoveFileOnSignal(file.temporary);
  }
}

llvm::Expected<std::string> StagedFiles::reserve(llvm::StringRef path) {
  if (fs::is_directory(path))
    return cannotWrite(path, std::make_error_code(std::errc::is_a_directory));
  llvm::SmallString<128> temporary;
  int descriptor;
  if (std::error_code code =
          fs::createUniqueFile(path + ".tmp-%%%%%%", descriptor, temporary,
                               fs::OF_None, fs::all_read | fs::all_write))
    return cannotWrite(path, code);
  llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true).close();
  files.push_back({path.str(), temporary.str().str()});
  llvm::sys::RemoveFileOnSignal(temporary);
  return files.back().temporary;
}

llvm::Error StagedFiles::add(llvm::StringRef path, llvm::StringRef bytes) {
  if (isStream(path)) {
    streams.push_back({path.str(), bytes.str()});
    return llvm::Error::success();
  }
  auto temporary = reserve(path);
  if (!temporary)
    return temporary.takeError();
  std::error_code code;
  llvm::raw_fd_ostream os(*temporary, code);
  return code ? cannotWrite(path, code) : writeAll(os, path, bytes);
}

llvm::Error StagedFiles::commit() {
  for (const Stream &stream : streams) {
    std::error_code code;
    llvm::raw_fd_ostream os(stream.path, code);
    if (code)
      return cannotWrite(stream.path, code);
    if (llvm::Error error = writeAll(os, stream.path, stream.bytes))
      return error;
  }
  streams.clear();
  while (!files.empty()) {
    if (std::error_code code =
            fs::rename(files.back().temporary, files.back().path))
      return cannotWrite(files.back().path, code);
    llvm::sys::DontRemoveFileOnSignal(files.back().temporary);
    files.pop_back();
  }
  return llvm::Error::success();
}

llvm::Error weir::writeFile(
    llvm::StringRef path,
    llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (llvm::Error error = write(os))
    return error;
  StagedFiles files;
  if (llvm::Error error = files.add(path, os.str()))
    return error;
  return files.commit();
}
