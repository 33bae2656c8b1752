//===- vectors_avx512.h - vectors of 16 f32 ---------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX512_H
#define WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX512_H

namespace yardstick {

constexpr size_t kLanes = 16;
/// Sums that registers hold beside what is multiplied.
constexpr size_t kSums = 24;
using Vector = __m512;
/// The first lanes.
using Mask = __mmask16;

inline Vector splat(float v) { return _mm512_set1_ps(v); }
inline Mask first(size_t count) {
  return count >= kLanes ? 0xffff : static_cast<Mask>((1u << count) - 1);
}
inline bool any(Mask k) { return k != 0; }

inline Vector load(const float *x) { return _mm512_loadu_ps(x); }
inline Vector load(const float *x, Mask k, Vector rest) {
  return _mm512_mask_loadu_ps(rest, k, x);
}
inline void store(float *y, Vector v) { _mm512_storeu_ps(y, v); }
inline void store(float *y, Mask k, Vector v) {
  _mm512_mask_storeu_ps(y, k, v);
}
/// Fours of lanes at a distance of `pitch`.
inline void storeFours(float *y, size_t pitch, Vector v) {
  _mm_storeu_ps(y, _mm512_extractf32x4_ps(v, 0));
  _mm_storeu_ps(y + pitch, _mm512_extractf32x4_ps(v, 1));
  _mm_storeu_ps(y + 2 * pitch, _mm512_extractf32x4_ps(v, 2));
  _mm_storeu_ps(y + 3 * pitch, _mm512_extractf32x4_ps(v, 3));
}
/// One vector past the caches.
inline void stream(float *y, Vector v) { _mm512_stream_ps(y, v); }
/// Two of them.
inline void stream(float *y, Vector a, Vector b) {
  stream(y, a);
  stream(y + kLanes, b);
}

inline Vector widen(__m256i bits) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
inline Vector load(const Bf16 *x) {
  return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(x)));
}
inline Vector load(const Bf16 *x, Mask k, Vector rest) {
  return _mm512_mask_blend_ps(k, rest, widen(_mm256_maskz_loadu_epi16(k, x)));
}
inline __m256i narrow(Vector v) {
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
}
inline void store(Bf16 *y, Vector v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(y), narrow(v));
}
inline void store(Bf16 *y, Mask k, Vector v) {
  _mm256_mask_storeu_epi16(y, k, narrow(v));
}
/// Two vectors are one whole cache line.
inline void stream(Bf16 *y, Vector a, Vector b) {
  _mm512_stream_si512(reinterpret_cast<__m512i *>(y),
                      reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a)));
}

/// Whether a pair of vectors is read in another order than that of memory.
template <typename T>
constexpr bool kOwnOrder = false;

inline Vector fma(Vector a, Vector b, Vector c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Vector abs(Vector v) { return _mm512_abs_ps(v); }
inline Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
/// a in the other lanes.
inline Vector max(Mask k, Vector a, Vector b) {
  return _mm512_mask_max_ps(a, k, a, b);
}
/// 0 in the other lanes.
inline Vector keep(Mask k, Vector v) { return _mm512_maskz_mov_ps(k, v); }
/// x < 0 ? a : b.
inline Vector bySign(Vector x, Vector a, Vector b) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, splat(0), _CMP_LT_OQ), b,
                              a);
}
inline bool anyAbove(Vector a, Vector b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) != 0;
}
inline float sumOf(Vector v) { return _mm512_reduce_add_ps(v); }
inline float maxOf(Vector v) { return _mm512_reduce_max_ps(v); }

/// 2^t by the fraction's polynomial on [0, 1]; vscalefps floors t itself, so
/// that no exponent is ever formed as an integer and -inf gives 0.
template <typename T>
inline Vector exp2Of(Vector t) {
  Vector f = _mm512_reduce_ps(t, 1), p;
  if constexpr (sizeof(T) == 4) {
    p = fma(splat(0x1.ebaafp-10f), f, splat(0x1.26bce2p-7f));
    p = fma(p, f, splat(0x1.c9498ep-5f));
    p = fma(p, f, splat(0x1.ebd6c4p-3f));
    p = fma(p, f, splat(0x1.62e4eap-1f));
    p = fma(p, f, splat(0x1.fffffep-1f));
  } else { // An error of 2^-13 is below what bf16 can say.
    p = fma(splat(0x1.3f96eap-4f), f, splat(0x1.cefc12p-3f));
    p = fma(p, f, splat(0x1.644452p-1f));
    p = fma(p, f, splat(0x1.fff632p-1f));
  }
  return _mm512_scalef_ps(p, t);
}
/// exp2Of takes any t.
inline Vector notTooLarge(Vector t) { return t; }

/// Transposes 16 vectors of 16 elements of 32 bits.
inline void transpose(__m512i (&v)[16]) {
  __m512i t[16];
#pragma unroll
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}
inline void transpose(Vector (&v)[16]) {
  __m512i bits[16];
  for (int i = 0; i < 16; ++i)
    bits[i] = _mm512_castps_si512(v[i]);
  transpose(bits);
  for (int i = 0; i < 16; ++i)
    v[i] = _mm512_castsi512_ps(bits[i]);
}

/// Lane r of the result is vector r reduced by a tree that transposes as it
/// goes. It brings vector kOrder[r] to lane r, so row r goes there first.
template <typename Op>
inline Vector reduceRows(const Vector (&rows)[16], Op op) {
  constexpr int kOrder[16] = {0, 2, 1, 3, 8,  10, 9,  11,
                              4, 6, 5, 7, 12, 14, 13, 15};
  Vector a[16];
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

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX512_H
