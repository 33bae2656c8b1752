//===- stored.h - softmax that keeps its exponentials -----------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Maximum; exponentials stored and summed; scaled. One exp for each element,
// three traversals, of which a row in L1 or L2 pays arithmetic only.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_STORED_H
#define WEIR_BENCHMARKS_YARDSTICKS_STORED_H

#include "vectors.h"

#include <algorithm>

namespace yardstick {

/// Scores as they lie in memory.
template <typename T>
struct Plain {
  const T *x;
  Vector at(size_t i) const { return load(x + i); }
  void pair(size_t i, Vector &a, Vector &b) const { loadPair(x + i, a, b); }
  Vector at(size_t i, Mask k) const { return load(x + i, k, splat(-INFINITY)); }
};

/// x * scale + bias.
template <typename T>
struct ScaledBiased {
  const T *x, *bias;
  float scale;
  Vector at(size_t i) const {
    return fma(load(x + i), splat(scale), load(bias + i));
  }
  void pair(size_t i, Vector &a, Vector &b) const {
    Vector biasA, biasB;
    loadPair(x + i, a, b);
    loadPair(bias + i, biasA, biasB);
    a = fma(a, splat(scale), biasA);
    b = fma(b, splat(scale), biasB);
  }
  Vector at(size_t i, Mask k) const {
    return fma(load(x + i, k, splat(-INFINITY)), splat(scale),
               load(bias + i, k, splat(0)));
  }
};

template <typename Score>
float rowMax(Score x, size_t n) {
  Vector m[8];
  std::fill(m, m + 8, splat(-INFINITY));
  size_t i = 0;
  for (; i + 8 * kLanes <= n; i += 8 * kLanes)
    for (size_t k = 0; k < 8; k += 2) {
      Vector a, b;
      x.pair(i + k * kLanes, a, b);
      m[k] = max(m[k], a);
      m[k + 1] = max(m[k + 1], b);
    }
  for (; i + kLanes <= n; i += kLanes)
    m[0] = max(m[0], x.at(i));
  if (i < n)
    m[0] = max(m[0], x.at(i, first(n - i)));
  for (size_t k = 1; k < 8; ++k)
    m[0] = max(m[0], m[k]);
  return maxOf(m[0]);
}

/// Keeps the exponentials in `kept`, pairs of vectors in their own order, and
/// returns their sum.
template <typename T, typename Score>
float keepExponentials(Score x, float *kept, size_t n, float max) {
  Vector shift = splat(-max * kLog2e), total = splat(0);
  Vector s[4] = {total, total, total, total};
  auto keepPair = [&](size_t i, Vector &sumA, Vector &sumB) {
    Vector a, b;
    x.pair(i, a, b);
    a = expShifted<T>(a, shift);
    store(kept + i, a);
    sumA += a;
    b = expShifted<T>(b, shift);
    store(kept + i + kLanes, b);
    sumB += b;
  };
  size_t i = 0;
  while (i + 4 * kLanes <= n) {
    size_t end = std::min(n, i + kBlock);
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
      for (size_t k = 0; k < 4; k += 2)
        keepPair(i + k * kLanes, s[k], s[k + 1]);
    for (Vector &part : s) {
      total += part;
      part = splat(0);
    }
  }
  for (; kOwnOrder<T> && i + 2 * kLanes <= n; i += 2 * kLanes)
    keepPair(i, total, total);
  for (; i < n; i += kLanes) {
    Mask k = first(n - i);
    Vector e = expShifted<T>(x.at(i, k), shift);
    store(kept + i, k, e);
    total += e;
  }
  return sumOf(total);
}

/// y = kept * factor. Meanwhile the next row is on its way into the caches.
template <typename T>
inline void scaleRow(const float *kept, T *y, size_t n, float factor,
                     const T *next = nullptr) {
  Vector c = splat(factor);
  auto scalePair = [&](size_t i) {
    storePair(y + i, load(kept + i) * c, load(kept + i + kLanes) * c);
  };
  size_t i = 0;
  for (; i + 8 * kLanes <= n; i += 8 * kLanes) {
    if (next)
      for (size_t k = 0; k < 8 * kLanes * sizeof(T); k += 64)
        _mm_prefetch(reinterpret_cast<const char *>(next + i) + k, _MM_HINT_T0);
    for (size_t k = 0; k < 8; k += 2)
      scalePair(i + k * kLanes);
  }
  for (; kOwnOrder<T> && i + 2 * kLanes <= n; i += 2 * kLanes)
    scalePair(i);
  for (; i < n; i += kLanes) {
    Mask k = first(n - i);
    store(y + i, k, load(kept + i, k, splat(0)) * c);
  }
}

/// y = kept * factor, past the caches. y is at the start of a cache line.
template <typename T>
void scaleRowStreamed(const float *kept, T *y, size_t n, float factor) {
  Vector c = splat(factor);
  size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes)
    stream(y + i, load(kept + i) * c, load(kept + i + kLanes) * c);
  for (; i < n; i += kLanes) {
    Mask k = first(n - i);
    store(y + i, k, load(kept + i, k, splat(0)) * c);
  }
}

/// Where the exponentials of a row of results in f32 lie: in the result.
inline float *keptIn(float *y, float *) { return y; }
inline float *keptIn(Bf16 *, float *scratch) { return scratch; }

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_STORED_H
