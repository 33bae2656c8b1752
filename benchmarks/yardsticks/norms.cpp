//===- norms.cpp - hand-written RMS and layer norm, f32 and bf16 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../harness/harness.h"
#include "sums.h"

using namespace yardstick;

static constexpr float kEpsilon = 1e-6f;

/// `row(r)` for all rows, a few thousand elements for a thread at least.
template <typename Row>
static void forRows(size_t rows, size_t n, Row row) {
  bench::inRanges(rows, 32768 / n + 1, [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r)
      row(r * n);
  });
}

/// What `at(get)` makes of the vectors that `get` reads at a place of rows.
template <typename T, typename At>
static void writeRow(T *y, size_t n, At at) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    store(y + i, at([&](const auto *x) { return load(x + i); }));
  Mask k = first(n - i);
  if (any(k))
    store(y + i, k,
          at([&](const auto *x) { return load(x + i, k, splat(0)); }));
}

/// x / rms(x) * gain.
template <typename T>
static void rmsNorm(const T *x, const T *gain, T *y, size_t rows, size_t n) {
  forRows(rows, n, [&](size_t at) {
    const T *row = x + at;
    Vector factor = splat(1 / std::sqrt(sumOfSquares(row, n) / n + kEpsilon));
    writeRow(y + at, n,
             [&](auto get) { return get(row) * factor * get(gain); });
  });
}

/// (x - mean(x)) / deviation(x) * gain + bias.
template <typename T>
static void layerNorm(const T *x, const T *gain, const T *bias, T *y,
                      size_t rows, size_t n) {
  forRows(rows, n, [&](size_t at) {
    const T *row = x + at;
    float sum =
        sumOver(row, n, splat(0), [](Vector v, Vector s) { return s + v; });
    Vector mean = splat(sum / n);
    float squares = sumOver(row, n, mean, [&](Vector v, Vector s) {
      Vector d = v - mean;
      return fma(d, d, s);
    });
    Vector factor = splat(1 / std::sqrt(squares / n + kEpsilon));
    writeRow(y + at, n, [&](auto get) {
      return fma((get(row) - mean) * factor, get(gain), get(bias));
    });
  });
}

#define NORMS(NAME, T)                                                         \
  BENCH_EXPORT int32_t rms_norm_##NAME(const T *x, const T *gain, T *y,        \
                                       size_t rows, size_t n) {                \
    rmsNorm(x, gain, y, rows, n);                                              \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t layer_norm_##NAME(                                      \
      const T *x, const T *gain, const T *bias, T *y, size_t rows, size_t n) { \
    layerNorm(x, gain, bias, y, rows, n);                                      \
    return 0;                                                                  \
  }

NORMS(f32, float)
NORMS(bf16, Bf16)
