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

#include <algorithm>
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
/// What bench_set_threads said.
extern int threads;
/// Runs work(part) for each part on a thread of its own.
void inParallel(int parts, const std::function<void(int)> &work);

/// Cuts [0, count) into a range for each thread, at multiples of `step`. On one
/// thread it costs nothing, as short calls want it.
template <typename Work>
void inRanges(size_t count, size_t step, Work work) {
  size_t steps = (count + step - 1) / step;
  size_t parts = std::min<size_t>(threads, steps);
  if (parts <= 1)
    return work(0, count);
  inParallel(static_cast<int>(parts), [&](int part) {
    work(std::min(count, steps * part / parts * step),
         std::min(count, steps * (part + 1) / parts * step));
  });
}
} // namespace bench

#endif // WEIR_BENCHMARKS_HARNESS_HARNESS_H
