//===- sums.h - sums over rows ----------------------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_SUMS_H
#define WEIR_BENCHMARKS_YARDSTICKS_SUMS_H

#include "vectors.h"

#include <algorithm>

namespace yardstick {

/// The sum of what `add(v, sum)` adds to a sum for the vectors v of a row. What
/// it makes of `rest` is 0.
template <typename T, typename Add>
inline float sumOver(const T *x, size_t n, Vector rest, Add add) {
  Vector total = splat(0), s[4] = {total, total, total, total};
  for (size_t begin = 0; begin < n; begin += kBlock) {
    size_t end = std::min(n, begin + kBlock), i = begin;
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
      for (size_t k = 0; k < 4; ++k)
        s[k] = add(load(x + i + k * kLanes), s[k]);
    for (; i < end; i += kLanes)
      s[0] = add(load(x + i, first(end - i), rest), s[0]);
    for (Vector &part : s) {
      total += part;
      part = splat(0);
    }
  }
  return sumOf(total);
}

template <typename T>
inline float sumOfSquares(const T *x, size_t n) {
  return sumOver(x, n, splat(0),
                 [](Vector v, Vector s) { return fma(v, v, s); });
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_SUMS_H
