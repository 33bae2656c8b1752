//===- short.h - softmax of short rows side by side -------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a short row most time goes into reducing a vector to a number. As many
// rows as a vector has lanes share that: their vectors are reduced by a tree
// that transposes as it goes, with a row in each lane of the result.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_SHORT_H
#define WEIR_BENCHMARKS_YARDSTICKS_SHORT_H

#include "vectors.h"

namespace yardstick {

constexpr size_t kShortRow = 256;

/// kLanes rows of at most kShortRow elements. `kept` holds exponentials, at a
/// distance of `pitch` from row to row.
template <typename T>
void softmaxRows(const T *x, T *y, size_t n, float *kept, size_t pitch) {
  Vector part[kLanes];
  size_t whole = n / kLanes * kLanes;
  Mask rest = first(n - whole);
  for (size_t r = 0; r < kLanes; ++r) {
    const T *row = x + r * n;
    Vector m =
        any(rest) ? load(row + whole, rest, splat(kLowest)) : splat(kLowest);
    for (size_t i = 0; i < whole; i += kLanes)
      m = max(m, load(row + i));
    part[r] = m;
  }
  alignas(64) float number[kLanes];
  store(number, reduceRows(part, [](Vector a, Vector b) { return max(a, b); }) *
                    splat(-kLog2e));
  for (size_t r = 0; r < kLanes; ++r) {
    const T *row = x + r * n;
    float *e = kept + r * pitch;
    Vector shift = splat(number[r]), s = splat(0);
    for (size_t i = 0; i < whole; i += kLanes) {
      Vector v = expShifted<T>(load(row + i), shift);
      store(e + i, v);
      s += v;
    }
    if (any(rest)) {
      Vector v =
          expShifted<T>(load(row + whole, rest, splat(-INFINITY)), shift);
      store(e + whole, rest, v);
      s += v;
    }
    part[r] = s;
  }
  store(number,
        splat(1) / reduceRows(part, [](Vector a, Vector b) { return a + b; }));
  for (size_t r = 0; r < kLanes; ++r) {
    const float *e = kept + r * pitch;
    Vector factor = splat(number[r]);
    for (size_t i = 0; i < whole; i += kLanes)
      store(y + r * n + i, load(e + i) * factor);
    if (any(rest))
      store(y + r * n + whole, rest, load(e + whole, rest, splat(0)) * factor);
  }
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_SHORT_H
