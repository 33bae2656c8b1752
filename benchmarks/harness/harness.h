//===- harness.h - timing and threads of the benchmarks ---------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the driver in Python cannot do itself: call a C function many times with
// nothing between the calls, and share work among threads.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_HARNESS_HARNESS_H
#define WEIR_BENCHMARKS_HARNESS_HARNESS_H

#include <cstddef>
#include <cstdint>
#include <functional>

#define BENCH_EXPORT extern "C" __attribute__((visibility("default")))

/// A function with its arguments. Pointers and integers travel in the same
/// registers, so that one description serves weir's functions, the yardsticks
/// and C libraries.
struct BenchCall {
  void *function;
  uint64_t count;
  uint64_t arguments[8];
};

/// The seconds that `repeats` calls take, or -1 when one returns other than 0.
BENCH_EXPORT double bench_time(const BenchCall *call, uint64_t repeats);
/// The clock in GHz.
BENCH_EXPORT double bench_clock();
/// Denormals become 0 on this thread and those it starts.
BENCH_EXPORT void bench_flush_denormals();
/// How many threads what follows may use, the caller's included.
BENCH_EXPORT void bench_set_threads(int threads);

namespace bench {
int getThreads();
/// Runs work(part) for each part on a thread of its own.
void inParallel(int parts, const std::function<void(int)> &work);
/// Cuts [0, count) into a range for each thread, at multiples of `step`.
void inRanges(size_t count, size_t step,
              const std::function<void(size_t, size_t)> &work);
} // namespace bench

#endif // WEIR_BENCHMARKS_HARNESS_HARNESS_H
