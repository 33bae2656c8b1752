//===- online.h - softmax with a running maximum ----------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Running maximum and sum in every lane; then exponentials again, scaled. Two
// exps for each element and two traversals, for rows that no cache near the
// core holds. Pages > 1 walks over so many adjacent pages in turn, which keeps
// more of the memory's banks and prefetchers at work; Streamed writes past the
// caches.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_ONLINE_H
#define WEIR_BENCHMARKS_YARDSTICKS_ONLINE_H

#include "vectors.h"

namespace yardstick {

constexpr size_t kPageBytes = 4096;

/// A maximum and a sum of exponentials relative to it.
struct Statistics {
  float max = kLowest, sum = 0;

  Statistics merged(Statistics other) const {
    float m = std::fmax(max, other.max);
    return {m, sum * std::exp(max - m) + other.sum * std::exp(other.max - m)};
  }
};

template <typename T>
struct Running {
  __m512 max = splat(kLowest), shift = splat(-kLowest * kLog2e * 0.5f),
         total = splat(0), s[2] = {splat(0), splat(0)};
  size_t taken = 0;

  void raise(__m512 newMax) {
    __m512 newShift = _mm512_mul_ps(newMax, splat(-kLog2e));
    __m512 factor = expShifted<float>(max, newShift);
    s[0] = _mm512_mul_ps(s[0], factor);
    s[1] = _mm512_mul_ps(s[1], factor);
    total = _mm512_mul_ps(total, factor);
    max = newMax;
    shift = newShift;
  }

  /// Eight vectors: seldom does one of them raise a lane's maximum.
  void take(const __m512 (&a)[8]) {
    __m512 g = _mm512_max_ps(
        _mm512_max_ps(_mm512_max_ps(a[0], a[1]), _mm512_max_ps(a[2], a[3])),
        _mm512_max_ps(_mm512_max_ps(a[4], a[5]), _mm512_max_ps(a[6], a[7])));
    if (__builtin_expect(_mm512_cmp_ps_mask(g, max, _CMP_GT_OQ) != 0, 0))
      raise(_mm512_max_ps(max, g));
    for (size_t k = 0; k < 8; ++k)
      s[k & 1] = _mm512_add_ps(s[k & 1], expShifted<T>(a[k], shift));
    taken += 8 * kLanes;
    if (taken >= kBlock)
      flush();
  }

  void takeOne(__m512 a) {
    raise(_mm512_max_ps(max, a));
    total = _mm512_add_ps(total, expShifted<T>(a, shift));
  }

  void flush() {
    total = _mm512_add_ps(total, _mm512_add_ps(s[0], s[1]));
    s[0] = s[1] = splat(0);
    taken = 0;
  }

  Statistics finish() {
    flush();
    float m = _mm512_reduce_max_ps(max);
    __m512 factor = expShifted<float>(max, splat(-m * kLog2e));
    return {m, _mm512_reduce_add_ps(_mm512_mul_ps(total, factor))};
  }
};

/// Two vectors of each of eight pages in turn, or eight in a line.
template <typename T, bool Pages>
Statistics getStatistics(const T *x, size_t n) {
  constexpr size_t kPage = kPageBytes / sizeof(T);
  Running<T> state;
  size_t i = 0;
  __m512 a[8];
  if constexpr (Pages)
    for (; i + 8 * kPage <= n; i += 8 * kPage)
      for (size_t j = 0; j < kPage; j += 2 * kLanes)
        for (size_t half = 0; half < 2; ++half) {
          for (size_t p = 0; p < 4; ++p) {
            const T *at = x + i + (4 * half + p) * kPage + j;
            a[2 * p] = load(at);
            a[2 * p + 1] = load(at + kLanes);
          }
          state.take(a);
        }
  for (; i + 8 * kLanes <= n; i += 8 * kLanes) {
    for (size_t k = 0; k < 8; ++k)
      a[k] = load(x + i + k * kLanes);
    state.take(a);
  }
  for (; i < n; i += kLanes)
    state.takeOne(load(x + i, first(n - i), splat(-INFINITY)));
  return state.finish();
}

template <typename T, bool Streamed>
void writePair(const T *x, T *y, __m512 shift, __m512 factor) {
  __m512 a = _mm512_mul_ps(expShifted<T>(load(x), shift), factor);
  __m512 b = _mm512_mul_ps(expShifted<T>(load(x + kLanes), shift), factor);
  if constexpr (Streamed) {
    stream(y, a, b);
  } else {
    store(y, a);
    store(y + kLanes, b);
  }
}

/// exp(x - max) / sum. `Streamed` wants y at the start of a cache line.
template <typename T, bool Pages, bool Streamed>
void writeWeights(const T *x, T *y, size_t n, Statistics known) {
  constexpr size_t kPage = kPageBytes / sizeof(T), kPair = 2 * kLanes;
  __m512 shift = splat(-known.max * kLog2e), factor = splat(1 / known.sum);
  size_t i = 0;
  if constexpr (Pages)
    for (; i + 8 * kPage <= n; i += 8 * kPage)
      for (size_t j = 0; j < kPage; j += kPair)
        for (size_t p = 0; p < 8; ++p) {
          size_t at = i + p * kPage + j;
          writePair<T, Streamed>(x + at, y + at, shift, factor);
        }
  for (; i + 2 * kPair <= n; i += 2 * kPair)
    for (size_t k = 0; k < 2; ++k)
      writePair<T, Streamed>(x + i + k * kPair, y + i + k * kPair, shift,
                             factor);
  for (; i < n; i += kLanes) {
    __mmask16 k = first(n - i);
    store(y + i, k,
          _mm512_mul_ps(expShifted<T>(load(x + i, k, splat(-INFINITY)), shift),
                        factor));
  }
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ONLINE_H
