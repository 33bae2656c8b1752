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

#include <algorithm>

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
  Vector most = splat(kLowest), shift = splat(-kLowest * kLog2e * 0.5f),
         total = splat(0), s[2] = {splat(0), splat(0)};
  size_t taken = 0;

  void raise(Vector newMost) {
    Vector newShift = newMost * splat(-kLog2e);
    Vector factor = expShifted<float>(most, newShift);
    s[0] *= factor;
    s[1] *= factor;
    total *= factor;
    most = newMost;
    shift = newShift;
  }

  /// Eight vectors: seldom does one of them raise a lane's maximum.
  void take(const Vector (&a)[8]) {
    Vector g = max(max(max(a[0], a[1]), max(a[2], a[3])),
                   max(max(a[4], a[5]), max(a[6], a[7])));
    if (__builtin_expect(anyAbove(g, most), 0))
      raise(max(most, g));
    for (size_t k = 0; k < 8; ++k)
      s[k & 1] += expShifted<T>(a[k], shift);
    taken += 8 * kLanes;
    if (taken >= kBlock)
      flush();
  }

  void takeOne(Vector a) {
    raise(max(most, a));
    total += expShifted<T>(a, shift);
  }

  void flush() {
    total += s[0] + s[1];
    s[0] = s[1] = splat(0);
    taken = 0;
  }

  Statistics finish() {
    flush();
    float m = maxOf(most);
    Vector factor = expShifted<float>(most, splat(-m * kLog2e));
    return {m, sumOf(total * factor)};
  }
};

/// Two vectors of each of eight pages in turn, or eight in a line.
template <typename T, bool Pages>
Statistics getStatistics(const T *x, size_t n) {
  constexpr size_t kPage = kPageBytes / sizeof(T);
  Running<T> state;
  size_t i = 0;
  Vector a[8];
  if constexpr (Pages)
    for (; i + 8 * kPage <= n; i += 8 * kPage)
      for (size_t j = 0; j < kPage; j += 2 * kLanes)
        for (size_t half = 0; half < 2; ++half) {
          for (size_t p = 0; p < 4; ++p) {
            const T *at = x + i + (4 * half + p) * kPage + j;
            loadPair(at, a[2 * p], a[2 * p + 1]);
          }
          state.take(a);
        }
  for (; i + 8 * kLanes <= n; i += 8 * kLanes) {
    for (size_t k = 0; k < 8; k += 2)
      loadPair(x + i + k * kLanes, a[k], a[k + 1]);
    state.take(a);
  }
  for (; i < n; i += kLanes)
    state.takeOne(load(x + i, first(n - i), splat(-INFINITY)));
  return state.finish();
}

template <typename T, bool Streamed>
void writePair(const T *x, T *y, Vector shift, Vector factor) {
  Vector a, b;
  loadPair(x, a, b);
  a = expShifted<T>(a, shift) * factor;
  b = expShifted<T>(b, shift) * factor;
  if constexpr (Streamed)
    stream(y, a, b);
  else
    storePair(y, a, b);
}

/// exp(x - max) / sum. `Streamed` wants y at the start of a cache line.
template <typename T, bool Pages, bool Streamed>
void writeWeights(const T *x, T *y, size_t n, Statistics known) {
  constexpr size_t kPage = kPageBytes / sizeof(T), kPair = 2 * kLanes;
  constexpr size_t kVisit = std::max(kPair, kLineBytes / sizeof(T));
  Vector shift = splat(-known.max * kLog2e), factor = splat(1 / known.sum);
  size_t i = 0;
  if constexpr (Pages)
    for (; i + 8 * kPage <= n; i += 8 * kPage)
      for (size_t j = 0; j < kPage; j += kVisit)
        for (size_t p = 0; p < 8; ++p)
          for (size_t k = 0; k < kVisit; k += kPair) {
            size_t at = i + p * kPage + j + k;
            writePair<T, Streamed>(x + at, y + at, shift, factor);
          }
  for (; i + 2 * kPair <= n; i += 2 * kPair)
    for (size_t k = 0; k < 2; ++k)
      writePair<T, Streamed>(x + i + k * kPair, y + i + k * kPair, shift,
                             factor);
  for (; i < n; i += kLanes) {
    Mask k = first(n - i);
    store(y + i, k,
          expShifted<T>(load(x + i, k, splat(-INFINITY)), shift) * factor);
  }
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ONLINE_H
