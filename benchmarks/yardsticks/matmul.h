//===- matmul.h - what hand-written products share --------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_MATMUL_H
#define WEIR_BENCHMARKS_YARDSTICKS_MATMUL_H

#include "../harness/harness.h"

#include <cstdlib>
#include <memory>

namespace yardstick {

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
template <typename T>
using Buffer = std::unique_ptr<T[], Free>;

template <typename T>
Buffer<T> allocate(size_t count) {
  size_t bytes = (count * sizeof(T) + 4095) / 4096 * 4096;
  return Buffer<T>(static_cast<T *>(std::aligned_alloc(4096, bytes)));
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_MATMUL_H
