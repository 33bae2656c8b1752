//===- ir-fuzz-main.cpp - ir-fuzz without libFuzzer ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// ir-fuzz SEEDS RUNS [SEED] [CRASH] feeds the entry of ir-fuzz.cpp first with
// each file of the folder SEEDS, then with RUNS changed ones. The same numbers
// give the same programs. Where coverage is not compiled in, libFuzzer would
// stay with its smallest seeds. When the compiler crashes, the program that did
// it is in the file CRASH.
//
//===----------------------------------------------------------------------===//

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <csignal>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed);

static std::mt19937 generator;
static std::string crashPath = "crash.mlir", current;
constexpr unsigned kSecondsPerRun = 60;

/// What libFuzzer offers to mutators: one byte becomes another.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t) {
  if (size)
    data[generator() % size] = static_cast<uint8_t>(generator());
  return size;
}

static void keepProgram(void *) {
  std::error_code code;
  llvm::raw_fd_ostream(crashPath, code) << current;
}

static void run(const std::string &text) {
  current = text;
  alarm(kSecondsPerRun);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(text.data()),
                         text.size());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  if (argc < 3) {
    llvm::errs() << "usage: ir-fuzz SEEDS RUNS [SEED] [CRASH]\n";
    return 2;
  }
  generator.seed(argc > 3 ? std::stoul(argv[3]) : 1);
  if (argc > 4)
    crashPath = argv[4];
  llvm::sys::AddSignalHandler(keepProgram, nullptr);
  std::signal(SIGALRM, [](int) { std::abort(); });
  std::vector<std::string> paths, seeds;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(argv[1], code), end;
       it != end && !code; it.increment(code))
    paths.push_back(it->path());
  std::sort(paths.begin(), paths.end());
  for (const std::string &path : paths)
    if (auto file = llvm::MemoryBuffer::getFile(path))
      seeds.push_back((*file)->getBuffer().str());
  if (seeds.empty()) {
    llvm::errs() << "ir-fuzz: no seeds in '" << argv[1] << "'\n";
    return 2;
  }
  for (const std::string &seed : seeds)
    run(seed);
  unsigned long runs = std::stoul(argv[2]);
  for (unsigned long i = 0; i < runs; ++i) {
    std::string text = seeds[generator() % seeds.size()];
    size_t size = text.size(), room = size + 1000;
    text.resize(room);
    text.resize(LLVMFuzzerCustomMutator(
        reinterpret_cast<uint8_t *>(text.data()), size, room, generator()));
    run(text);
  }
  llvm::outs() << "Done " << runs << " runs\n";
  return 0;
}
