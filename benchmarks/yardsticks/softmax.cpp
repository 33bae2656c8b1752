//===- softmax.cpp - hand-written softmax, f32 and bf16 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What generated code is held against. Every function works on contiguous rows;
// threads share rows, or the parts of one row where there are too few.
//
//===----------------------------------------------------------------------===//

#include "../harness/harness.h"
#include "online.h"
#include "short.h"
#include "stored.h"

#include <mutex>
#include <vector>

using namespace yardstick;

/// f32 scratch of this thread.
static float *getScratch(size_t count) {
  constexpr size_t kLine = kLineBytes / sizeof(float);
  static thread_local std::vector<float> memory;
  if (memory.size() < count + kLine)
    memory.resize(count + kLine);
  auto address = reinterpret_cast<uintptr_t>(memory.data());
  return reinterpret_cast<float *>((address + kLineBytes - 1) / kLineBytes *
                                   kLineBytes);
}

/// Less work than this is not worth a second thread.
static size_t rowsWorthAThread(size_t n, size_t multiple) {
  constexpr size_t kElements = 32768;
  return (kElements / n + multiple) / multiple * multiple;
}

/// Rows whose input and output no L2 holds come from further away, so that the
/// next one is fetched ahead.
constexpr size_t kNear = size_t(2) << 20;

template <typename T, template <typename> class Score, typename... Rest>
static void storedRows(const T *x, T *y, size_t rows, size_t n, Rest... rest) {
  bool ahead = 2 * rows * n * sizeof(T) > kNear;
  bench::inRanges(rows, rowsWorthAThread(n, 1), [&](size_t begin, size_t end) {
    float *scratch = sizeof(T) == 4 ? nullptr : getScratch(n);
    for (size_t r = begin; r < end; ++r) {
      Score<T> score{x + r * n, rest...};
      float *kept = keptIn(y + r * n, scratch);
      float sum = keepExponentials<T>(score, kept, n, rowMax(score, n));
      scaleRow(kept, y + r * n, n, 1 / sum,
               ahead && r + 1 < end ? x + (r + 1) * n : nullptr);
    }
  });
}

/// Exponentials stay in a near cache and results go past all, so that what they
/// overwrite is never read.
template <typename T, template <typename> class Score, typename... Rest>
static void keptRows(const T *x, T *y, size_t rows, size_t n, Rest... rest) {
  bool canStream =
      reinterpret_cast<uintptr_t>(y) % 64 == 0 && n * sizeof(T) % 64 == 0;
  bench::inRanges(rows, rowsWorthAThread(n, 1), [&](size_t begin, size_t end) {
    float *kept = getScratch(n);
    for (size_t r = begin; r < end; ++r) {
      Score<T> score{x + r * n, rest...};
      float sum = keepExponentials<T>(score, kept, n, rowMax(score, n));
      if (canStream)
        scaleRowStreamed(kept, y + r * n, n, 1 / sum);
      else
        scaleRow<T>(kept, y + r * n, n, 1 / sum);
    }
    _mm_sfence();
  });
}

template <typename T>
static void shortRows(const T *x, T *y, size_t rows, size_t n) {
  size_t pitch = (n + kLanes - 1) / kLanes * kLanes;
  bench::inRanges(
      rows, rowsWorthAThread(n, kLanes), [&](size_t begin, size_t end) {
        bool inPlace = sizeof(T) == 4;
        float *scratch = getScratch(kLanes * pitch);
        size_t r = begin;
        for (; r + kLanes <= end; r += kLanes)
          softmaxRows(x + r * n, y + r * n, n, keptIn(y + r * n, scratch),
                      inPlace ? n : pitch);
        for (; r < end; ++r) {
          Plain<T> score{x + r * n};
          float *kept = keptIn(y + r * n, scratch);
          float sum = keepExponentials<T>(score, kept, n, rowMax(score, n));
          scaleRow<T>(kept, y + r * n, n, 1 / sum);
        }
      });
}

/// A row in one part for each thread: statistics of the parts, then all
/// weights.
template <typename T, bool Pages, bool Streamed>
static void onlineParts(const T *x, T *y, size_t n) {
  constexpr size_t kStep = 8 * kPageBytes / sizeof(T);
  Statistics whole;
  std::mutex mutex;
  bench::inRanges(n, kStep, [&](size_t begin, size_t end) {
    Statistics part = getStatistics<T, Pages>(x + begin, end - begin);
    std::lock_guard<std::mutex> lock(mutex);
    whole = whole.merged(part);
  });
  bench::inRanges(n, kStep, [&](size_t begin, size_t end) {
    writeWeights<T, Pages, Streamed>(x + begin, y + begin, end - begin, whole);
    if (Streamed)
      _mm_sfence();
  });
}

template <typename T, bool Pages, bool Streamed>
static void onlineRows(const T *x, T *y, size_t rows, size_t n) {
  if (rows < static_cast<size_t>(bench::threads) &&
      n >= static_cast<size_t>(bench::threads) * kBlock) {
    for (size_t r = 0; r < rows; ++r)
      onlineParts<T, Pages, Streamed>(x + r * n, y + r * n, n);
    return;
  }
  bench::inRanges(rows, rowsWorthAThread(n, 1), [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r)
      writeWeights<T, Pages, Streamed>(x + r * n, y + r * n, n,
                                       getStatistics<T, Pages>(x + r * n, n));
    if (Streamed)
      _mm_sfence();
  });
}

/// Past the caches only whole lines can go.
template <typename T>
static void streamRows(const T *x, T *y, size_t rows, size_t n) {
  if (reinterpret_cast<uintptr_t>(y) % 64 == 0 && n * sizeof(T) % 64 == 0)
    onlineRows<T, true, true>(x, y, rows, n);
  else
    onlineRows<T, true, false>(x, y, rows, n);
}

#define SOFTMAX(NAME, T)                                                       \
  BENCH_EXPORT int32_t softmax_stored_##NAME(const T *x, T *y, size_t rows,    \
                                             size_t n) {                       \
    storedRows<T, Plain>(x, y, rows, n);                                       \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t softmax_kept_##NAME(const T *x, T *y, size_t rows,      \
                                           size_t n) {                         \
    keptRows<T, Plain>(x, y, rows, n);                                         \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t softmax_short_##NAME(const T *x, T *y, size_t rows,     \
                                            size_t n) {                        \
    shortRows(x, y, rows, n);                                                  \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t softmax_online_##NAME(const T *x, T *y, size_t rows,    \
                                             size_t n) {                       \
    onlineRows<T, false, false>(x, y, rows, n);                                \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t softmax_stream_##NAME(const T *x, T *y, size_t rows,    \
                                             size_t n) {                       \
    streamRows(x, y, rows, n);                                                 \
    return 0;                                                                  \
  }                                                                            \
  /* softmax(x / 2 + bias) */                                                  \
  BENCH_EXPORT int32_t scale_bias_softmax_stored_##NAME(                       \
      const T *x, const T *bias, T *y, size_t rows, size_t n) {                \
    storedRows<T, ScaledBiased>(x, y, rows, n, bias, 0.5f);                    \
    return 0;                                                                  \
  }                                                                            \
  BENCH_EXPORT int32_t scale_bias_softmax_kept_##NAME(                         \
      const T *x, const T *bias, T *y, size_t rows, size_t n) {                \
    keptRows<T, ScaledBiased>(x, y, rows, n, bias, 0.5f);                      \
    return 0;                                                                  \
  }

SOFTMAX(f32, float)
SOFTMAX(bf16, Bf16)
