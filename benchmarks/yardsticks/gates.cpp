//===- gates.cpp - hand-written gates and norms, f32 and bf16 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../harness/harness.h"
#include "sums.h"

#include <algorithm>

using namespace yardstick;

/// x / (1 + exp(-x)), by the exponential of -|x|, which never overflows.
template <typename T>
static Vector silu(Vector x) {
  Vector t = exp2Of<T>(abs(x) * splat(-kLog2e));
  Vector numerator = bySign(x, x * t, x);
  return numerator / (splat(1) + t);
}

template <typename T>
static void gated(const T *gate, const T *value, T *y, size_t count) {
  bench::inRanges(count, 32768, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kLanes) {
      Mask k = first(end - i);
      Vector g = load(gate + i, k, splat(0)), v = load(value + i, k, splat(0));
      store(y + i, k, silu<T>(g) * v);
    }
  });
}

/// x / rms(x) * gain * silu(pre).
template <typename T>
static void gatedNorm(const T *x, const T *pre, const T *gain, T *y,
                      size_t rows, size_t n) {
  bench::inRanges(rows, 32768 / n + 1, [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const T *row = x + r * n, *gate = pre + r * n;
      Vector factor = splat(1 / std::sqrt(sumOfSquares(row, n) / n + 1e-6f));
      for (size_t i = 0; i < n; i += kLanes) {
        Mask k = first(n - i);
        Vector scaled = load(row + i, k, splat(0)) * factor;
        Vector v = scaled * load(gain + i, k, splat(0));
        store(y + r * n + i, k, v * silu<T>(load(gate + i, k, splat(0))));
      }
    }
  });
}

#define GATES(NAME, T)                                                         \
  BENCH_EXPORT int32_t swiglu_##NAME(const T *gate, const T *value, T *y,      \
                                     size_t rows, size_t n) {                  \
    gated(gate, value, y, rows * n);                                           \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t norm_gate_##NAME(                                       \
      const T *x, const T *pre, const T *gain, T *y, size_t rows, size_t n) {  \
    gatedNorm(x, pre, gain, y, rows, n);                                       \
    return 0;                                                                  \
  }

GATES(f32, float)
GATES(bf16, Bf16)
