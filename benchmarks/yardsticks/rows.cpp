//===- rows.cpp - hand-written row kernels ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "rows.h"

#include <algorithm>
#include <cmath>
#include <immintrin.h>

namespace {

constexpr size_t kLanes = 16;
/// Sums are flushed into a second level this often, so that their error does
/// not grow with the row.
constexpr size_t kBlock = 8192;
constexpr float kLog2e = 0x1.715476p+0f;

inline __m512 splat(float v) { return _mm512_set1_ps(v); }
inline __mmask16 tail(size_t left) {
  return static_cast<__mmask16>((1u << left) - 1);
}

/// 2^t by the fraction's polynomial on [0, 1]; vscalefps floors t itself.
inline __m512 exp2Fast(__m512 t) {
  __m512 f = _mm512_reduce_ps(t, 1);
  __m512 p = splat(0x1.ebaafp-10f);
  p = _mm512_fmadd_ps(p, f, splat(0x1.26bce2p-7f));
  p = _mm512_fmadd_ps(p, f, splat(0x1.c9498ep-5f));
  p = _mm512_fmadd_ps(p, f, splat(0x1.ebd6c4p-3f));
  p = _mm512_fmadd_ps(p, f, splat(0x1.62e4eap-1f));
  p = _mm512_fmadd_ps(p, f, splat(0x1.fffffep-1f));
  return _mm512_scalef_ps(p, t);
}

/// exp(x - m), given -m log2(e) in `shift`: one fused multiply-add.
inline __m512 expShifted(__m512 x, __m512 shift) {
  return exp2Fast(_mm512_fmadd_ps(x, splat(kLog2e), shift));
}

float rowMax(const float *x, size_t n) {
  __m512 m[8];
  std::fill(m, m + 8, splat(-INFINITY));
  size_t i = 0;
  for (; i + 8 * kLanes <= n; i += 8 * kLanes)
    for (size_t k = 0; k < 8; ++k)
      m[k] = _mm512_max_ps(m[k], _mm512_loadu_ps(x + i + k * kLanes));
  for (; i + kLanes <= n; i += kLanes)
    m[0] = _mm512_max_ps(m[0], _mm512_loadu_ps(x + i));
  if (i < n)
    m[0] = _mm512_max_ps(
        m[0], _mm512_mask_loadu_ps(splat(-INFINITY), tail(n - i), x + i));
  for (size_t k = 1; k < 8; ++k)
    m[0] = _mm512_max_ps(m[0], m[k]);
  return _mm512_reduce_max_ps(m[0]);
}

float storeExponentials(const float *x, float *y, size_t n, float max) {
  __m512 shift = splat(-max * kLog2e), total = splat(0),
         s[4] = {splat(0), splat(0), splat(0), splat(0)};
  size_t i = 0;
  while (i + 4 * kLanes <= n) {
    size_t end = std::min(n, i + kBlock);
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
      for (size_t k = 0; k < 4; ++k) {
        __m512 e = expShifted(_mm512_loadu_ps(x + i + k * kLanes), shift);
        _mm512_storeu_ps(y + i + k * kLanes, e);
        s[k] = _mm512_add_ps(s[k], e);
      }
    for (__m512 &part : s) {
      total = _mm512_add_ps(total, part);
      part = splat(0);
    }
  }
  for (; i < n; i += kLanes) {
    __mmask16 k = n - i >= kLanes ? 0xffff : tail(n - i);
    __m512 e =
        expShifted(_mm512_mask_loadu_ps(splat(-INFINITY), k, x + i), shift);
    _mm512_mask_storeu_ps(y + i, k, e);
    total = _mm512_add_ps(total, e);
  }
  return _mm512_reduce_add_ps(total);
}

void scaleRow(float *y, size_t n, float factor) {
  __m512 c = splat(factor);
  size_t i = 0;
  for (; i + 8 * kLanes <= n; i += 8 * kLanes)
    for (size_t k = 0; k < 8; ++k)
      _mm512_storeu_ps(y + i + k * kLanes,
                       _mm512_mul_ps(_mm512_loadu_ps(y + i + k * kLanes), c));
  for (; i < n; i += kLanes) {
    __mmask16 k = n - i >= kLanes ? 0xffff : tail(n - i);
    _mm512_mask_storeu_ps(y + i, k,
                          _mm512_mul_ps(_mm512_maskz_loadu_ps(k, y + i), c));
  }
}

/// Running maxima and sums of one row, a pair per lane.
struct Running {
  __m512 max = splat(-3.0e38f), shift = splat(3.0e38f * kLog2e * 0.5f),
         total = splat(0), s[2] = {splat(0), splat(0)};

  void raise(__m512 newMax) {
    __m512 newShift = _mm512_mul_ps(newMax, splat(-kLog2e));
    __m512 factor = expShifted(max, newShift);
    s[0] = _mm512_mul_ps(s[0], factor);
    s[1] = _mm512_mul_ps(s[1], factor);
    total = _mm512_mul_ps(total, factor);
    max = newMax;
    shift = newShift;
  }

  void take(const __m512 *a) {
    __m512 g[8];
    std::copy(a, a + 8, g);
    for (size_t width = 4; width; width /= 2)
      for (size_t k = 0; k < width; ++k)
        g[k] = _mm512_max_ps(g[k], g[k + width]);
    if (__builtin_expect(_mm512_cmp_ps_mask(g[0], max, _CMP_GT_OQ) != 0, 0))
      raise(_mm512_max_ps(max, g[0]));
    for (size_t k = 0; k < 8; ++k)
      s[k & 1] = _mm512_add_ps(s[k & 1], expShifted(a[k], shift));
  }

  void flush() {
    total = _mm512_add_ps(total, _mm512_add_ps(s[0], s[1]));
    s[0] = s[1] = splat(0);
  }
};

void onlineStatistics(const float *x, size_t n, float &max, float &sum) {
  Running state;
  size_t i = 0;
  while (i + 8 * kLanes <= n) {
    size_t end = std::min(n, i + kBlock);
    for (; i + 8 * kLanes <= end; i += 8 * kLanes) {
      __m512 a[8];
      for (size_t k = 0; k < 8; ++k)
        a[k] = _mm512_loadu_ps(x + i + k * kLanes);
      state.take(a);
    }
    state.flush();
  }
  for (; i < n; i += kLanes) {
    __m512 a = _mm512_mask_loadu_ps(
        splat(-INFINITY), n - i >= kLanes ? 0xffff : tail(n - i), x + i);
    state.raise(_mm512_max_ps(state.max, a));
    state.total = _mm512_add_ps(state.total, expShifted(a, state.shift));
  }
  max = _mm512_reduce_max_ps(state.max);
  __m512 factor = expShifted(state.max, splat(-max * kLog2e));
  sum = _mm512_reduce_add_ps(_mm512_mul_ps(state.total, factor));
}

void writeWeights(const float *x, float *y, size_t n, float max,
                  float inverse) {
  __m512 shift = splat(-max * kLog2e), c = splat(inverse);
  size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
    for (size_t k = 0; k < 4; ++k)
      _mm512_storeu_ps(
          y + i + k * kLanes,
          _mm512_mul_ps(expShifted(_mm512_loadu_ps(x + i + k * kLanes), shift),
                        c));
  for (; i < n; i += kLanes) {
    __mmask16 k = n - i >= kLanes ? 0xffff : tail(n - i);
    _mm512_mask_storeu_ps(
        y + i, k,
        _mm512_mul_ps(expShifted(_mm512_maskz_loadu_ps(k, x + i), shift), c));
  }
}

} // namespace

void yardstick::softmaxStored(const float *x, float *y, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; ++r, x += n, y += n)
    scaleRow(y, n, 1 / storeExponentials(x, y, n, rowMax(x, n)));
}

void yardstick::softmaxOnline(const float *x, float *y, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; ++r, x += n, y += n) {
    float max, sum;
    onlineStatistics(x, n, max, sum);
    writeWeights(x, y, n, max, 1 / sum);
  }
}

void yardstick::swiglu(const float *gate, const float *value, float *y,
                       size_t count) {
  __m512 one = splat(1);
  for (size_t i = 0; i < count; i += kLanes) {
    __mmask16 k = count - i >= kLanes ? 0xffff : tail(count - i);
    __m512 g = _mm512_maskz_loadu_ps(k, gate + i),
           v = _mm512_maskz_loadu_ps(k, value + i);
    __m512 t = exp2Fast(_mm512_mul_ps(_mm512_abs_ps(g), splat(-kLog2e)));
    __m512 numerator = _mm512_mask_mul_ps(
        g, _mm512_cmp_ps_mask(g, splat(0), _CMP_LT_OQ), g, t);
    _mm512_mask_storeu_ps(
        y + i, k,
        _mm512_mul_ps(_mm512_div_ps(numerator, _mm512_add_ps(one, t)), v));
  }
}

void yardstick::addStreams(const float *a, const float *b, float *y,
                           size_t count) {
  for (size_t i = 0; i + kLanes <= count; i += kLanes)
    _mm512_storeu_ps(
        y + i, _mm512_add_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i)));
}

void yardstick::copyStream(const float *x, float *y, size_t count) {
  for (size_t i = 0; i + kLanes <= count; i += kLanes)
    _mm512_storeu_ps(y + i, _mm512_loadu_ps(x + i));
}
