//===- SharedLibrary.cpp - object and runtime to a shared library ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Output.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace weir;

/// The linker: LLVM's own, from its package's directory or the search path.
static llvm::ErrorOr<std::string> findLinker() {
  for (const char *name : {"ld.lld-22", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return found;
  return llvm::sys::findProgramByName("ld.lld", {"/usr/lib/llvm-22/bin"});
}

/// A library as the loader names it; linking against it needs no -dev package.
/// Empty when there is none.
static std::string findSystemLibrary(llvm::StringRef name) {
  for (llvm::StringRef directory :
       {"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib64/",
        "/usr/lib64/"})
    if (llvm::sys::fs::exists(directory + name))
      return (directory + name).str();
  return "";
}

/// The C and mathematics libraries, the loader with its thread-local storage,
/// and OpenMP's for code with threads. Its
/// name stands for one interface in all versions of LLVM, and two libraries
/// that need it share one.
static llvm::Expected<std::vector<std::string>>
findSystemLibraries(bool threads) {
  std::vector<std::string> found;
  for (const char *name : {"libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"})
    if (std::string path = findSystemLibrary(name); !path.empty())
      found.push_back(path);
  if (!threads)
    return found;
  found.push_back(findSystemLibrary("libomp.so.5"));
  if (found.back().empty())
    return llvm::createStringError(
        "no OpenMP runtime libomp.so.5 for --threads=omp: install libomp5-14, "
        "or compile with --threads=none");
  return found;
}

/// The linker's own errors from what it printed, without a dump of its stack
/// when it was stopped by a signal.
static std::string getErrors(llvm::StringRef log) {
  std::string errors;
  llvm::SmallVector<llvm::StringRef> lines;
  log.split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (line.contains("error:") || line.starts_with(">>>"))
      errors += (errors.empty() ? "" : "\n") + line.str();
  return errors;
}

llvm::Error weir::linkSharedLibrary(llvm::ArrayRef<std::string> objects,
                                    llvm::StringRef runtime, bool threads,
                                    llvm::StringRef soname,
                                    llvm::StringRef path) {
  auto linker = findLinker();
  if (!linker)
    return llvm::createStringError(
        "no linker: install lld-22, or put ld.lld on the search path");
  auto libraries = findSystemLibraries(threads);
  if (!libraries)
    return libraries.takeError();
  llvm::SmallString<128> messages;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("weirc", "log", messages))
    return llvm::createStringError(code, "cannot make a temporary file");
  // Symbols without a definition are an error here rather than for whoever
  // loads the library; and without a mapped output a full disk is a message and
  // no signal.
  std::vector<std::string> words = {*linker,
                                    "-shared",
                                    "--gc-sections",
                                    "--exclude-libs=ALL",
                                    "--build-id=none",
                                    "--no-mmap-output-file",
                                    "-z",
                                    "noexecstack",
                                    "-z",
                                    "defs",
                                    "-soname",
                                    soname.str(),
                                    "-o",
                                    path.str(),
                                    runtime.str(),
                                    "--as-needed"};
  words.insert(words.end() - 1, objects.begin(), objects.end());
  words.insert(words.end(), libraries->begin(), libraries->end());
  std::vector<llvm::StringRef> arguments(words.begin(), words.end());
  std::string error;
  int status = llvm::sys::ExecuteAndWait(
      *linker, arguments, std::nullopt,
      {llvm::StringRef(), messages.str(), messages.str()}, 0, 0, &error);
  auto log = llvm::MemoryBuffer::getFile(messages);
  std::string said = log ? getErrors((*log)->getBuffer()) : std::string();
  llvm::sys::fs::remove(messages);
  if (status == 0)
    return llvm::Error::success();
  if (said.empty())
    said = error.empty()
               ? "the linker was stopped with status " +
                     std::to_string(status) + "; is there room for the file?"
               : error;
  return llvm::createStringError("linking failed: " + said);
}
