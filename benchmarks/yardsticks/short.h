//===- short.h - softmax of sixteen short rows at a time --------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a short row most time goes into reducing a vector to a number. Sixteen
// rows share that: their vectors are reduced by a tree that transposes as it
// goes, with a row in each lane of the result.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_SHORT_H
#define WEIR_BENCHMARKS_YARDSTICKS_SHORT_H

#include "vectors.h"

namespace yardstick {

constexpr size_t kShortRow = 256;

/// Lane r of the result is vector r reduced. The tree brings vector kOrder[r]
/// to lane r, so row r goes there first.
template <typename Op>
inline __m512 reduceSixteen(const __m512 (&rows)[16], Op op) {
  constexpr int kOrder[16] = {0, 2, 1, 3, 8,  10, 9,  11,
                              4, 6, 5, 7, 12, 14, 13, 15};
  __m512 a[16];
  for (int i = 0; i < 16; ++i)
    a[kOrder[i]] = rows[i];
  for (int i = 0; i < 8; ++i)
    a[i] = op(_mm512_shuffle_f32x4(a[i], a[i + 8], 0x44),
              _mm512_shuffle_f32x4(a[i], a[i + 8], 0xee));
  for (int i = 0; i < 4; ++i)
    a[i] = op(_mm512_shuffle_f32x4(a[i], a[i + 4], 0x88),
              _mm512_shuffle_f32x4(a[i], a[i + 4], 0xdd));
  for (int i = 0; i < 2; ++i)
    a[i] = op(_mm512_unpacklo_ps(a[i], a[i + 2]),
              _mm512_unpackhi_ps(a[i], a[i + 2]));
  __m512d b = _mm512_castps_pd(a[0]), c = _mm512_castps_pd(a[1]);
  return op(_mm512_castpd_ps(_mm512_unpacklo_pd(b, c)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(b, c)));
}

/// Sixteen rows of at most kShortRow elements. `kept` holds exponentials, at a
/// distance of `pitch` from row to row.
template <typename T>
void softmaxSixteen(const T *x, T *y, size_t n, float *kept, size_t pitch) {
  __m512 part[16];
  size_t whole = n / kLanes * kLanes;
  __mmask16 rest = first(n - whole);
  for (size_t r = 0; r < 16; ++r) {
    const T *row = x + r * n;
    __m512 m = rest ? load(row + whole, rest, splat(kLowest)) : splat(kLowest);
    for (size_t i = 0; i < whole; i += kLanes)
      m = _mm512_max_ps(m, load(row + i));
    part[r] = m;
  }
  alignas(64) float number[16];
  store(number, _mm512_mul_ps(reduceSixteen(part,
                                            [](__m512 a, __m512 b) {
                                              return _mm512_max_ps(a, b);
                                            }),
                              splat(-kLog2e)));
  for (size_t r = 0; r < 16; ++r) {
    const T *row = x + r * n;
    float *e = kept + r * pitch;
    __m512 shift = splat(number[r]), s = splat(0);
    for (size_t i = 0; i < whole; i += kLanes) {
      __m512 v = expShifted<T>(load(row + i), shift);
      store(e + i, v);
      s = _mm512_add_ps(s, v);
    }
    if (rest) {
      __m512 v =
          expShifted<T>(load(row + whole, rest, splat(-INFINITY)), shift);
      store(e + whole, rest, v);
      s = _mm512_add_ps(s, v);
    }
    part[r] = s;
  }
  store(number,
        _mm512_div_ps(splat(1), reduceSixteen(part, [](__m512 a, __m512 b) {
                        return _mm512_add_ps(a, b);
                      })));
  for (size_t r = 0; r < 16; ++r) {
    const float *e = kept + r * pitch;
    __m512 factor = splat(number[r]);
    for (size_t i = 0; i < whole; i += kLanes)
      store(y + r * n + i, _mm512_mul_ps(load(e + i), factor));
    if (rest)
      store(y + r * n + whole, rest,
            _mm512_mul_ps(load(e + whole, rest, splat(0)), factor));
  }
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_SHORT_H
