//===- vectors.h - what the yardsticks are written in -----------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors of 16 f32 read from and written to rows of f32 or bf16, exponentials,
// and sums in two levels.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H
#define WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

namespace yardstick {

constexpr size_t kLanes = 16;
/// Sums are flushed into a second level this often, so that their error does
/// not grow with the row.
constexpr size_t kBlock = 8192;
constexpr float kLog2e = 0x1.715476p+0f;
constexpr float kLowest = -3.0e38f;

struct Bf16 {
  uint16_t bits;
};

inline __m512 splat(float v) { return _mm512_set1_ps(v); }
inline __mmask16 first(size_t count) {
  return count >= kLanes ? 0xffff : static_cast<__mmask16>((1u << count) - 1);
}

inline __m512 load(const float *x) { return _mm512_loadu_ps(x); }
inline __m512 load(const float *x, __mmask16 k, __m512 rest) {
  return _mm512_mask_loadu_ps(rest, k, x);
}
inline void store(float *y, __m512 v) { _mm512_storeu_ps(y, v); }
inline void store(float *y, __mmask16 k, __m512 v) {
  _mm512_mask_storeu_ps(y, k, v);
}
/// Two vectors past the caches.
inline void stream(float *y, __m512 a, __m512 b) {
  _mm512_stream_ps(y, a);
  _mm512_stream_ps(y + kLanes, b);
}

inline __m512 widen(__m256i bits) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
inline __m512 load(const Bf16 *x) {
  return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(x)));
}
inline __m512 load(const Bf16 *x, __mmask16 k, __m512 rest) {
  return _mm512_mask_blend_ps(k, rest, widen(_mm256_maskz_loadu_epi16(k, x)));
}
inline __m256i narrow(__m512 v) {
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
}
inline void store(Bf16 *y, __m512 v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(y), narrow(v));
}
inline void store(Bf16 *y, __mmask16 k, __m512 v) {
  _mm256_mask_storeu_epi16(y, k, narrow(v));
}
/// Two vectors are one whole cache line.
inline void stream(Bf16 *y, __m512 a, __m512 b) {
  _mm512_stream_si512(reinterpret_cast<__m512i *>(y),
                      reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a)));
}

/// 2^t by the fraction's polynomial on [0, 1]; vscalefps floors t itself, so
/// that no exponent is ever formed as an integer and -inf gives 0.
template <typename T>
inline __m512 exp2Of(__m512 t) {
  __m512 f = _mm512_reduce_ps(t, 1), p;
  if constexpr (sizeof(T) == 4) {
    p = _mm512_fmadd_ps(splat(0x1.ebaafp-10f), f, splat(0x1.26bce2p-7f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.c9498ep-5f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.ebd6c4p-3f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.62e4eap-1f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.fffffep-1f));
  } else { // An error of 2^-13 is below what bf16 can say.
    p = _mm512_fmadd_ps(splat(0x1.3f96eap-4f), f, splat(0x1.cefc12p-3f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.644452p-1f));
    p = _mm512_fmadd_ps(p, f, splat(0x1.fff632p-1f));
  }
  return _mm512_scalef_ps(p, t);
}

/// exp(x - m), given -m log2(e) in `shift`: one fused multiply-add.
template <typename T>
inline __m512 expShifted(__m512 x, __m512 shift) {
  return exp2Of<T>(_mm512_fmadd_ps(x, splat(kLog2e), shift));
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H
