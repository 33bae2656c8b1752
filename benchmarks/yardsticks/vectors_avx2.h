//===- vectors_avx2.h - vectors of 8 f32 ------------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX2_H
#define WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX2_H

#include <cstring>

namespace yardstick {

constexpr size_t kLanes = 8;
/// Sums that registers hold beside what is multiplied.
constexpr size_t kSums = 12;
using Vector = __m256;

/// The first lanes. There are no registers of masks, and masked stores are slow
/// on some processors: parts of vectors are stored in pieces.
struct Mask {
  size_t count;

  bool all() const { return count >= kLanes; }
  Vector bits() const {
    alignas(64) static constexpr int32_t kBits[2 * kLanes] = {-1, -1, -1, -1,
                                                              -1, -1, -1, -1};
    return _mm256_loadu_ps(
        reinterpret_cast<const float *>(kBits + kLanes - count));
  }
};

inline Vector splat(float v) { return _mm256_set1_ps(v); }
inline Mask first(size_t count) { return {count < kLanes ? count : kLanes}; }
inline bool any(Mask k) { return k.count != 0; }

inline Vector load(const float *x) { return _mm256_loadu_ps(x); }
inline Vector load(const float *x, Mask k, Vector rest) {
  if (k.all())
    return load(x);
  Vector bits = k.bits();
  return _mm256_blendv_ps(
      rest, _mm256_maskload_ps(x, _mm256_castps_si256(bits)), bits);
}
inline void store(float *y, Vector v) { _mm256_storeu_ps(y, v); }
inline void store(float *y, Mask k, Vector v) {
  if (k.all())
    return store(y, v);
  __m128 left = _mm256_castps256_ps128(v);
  if (k.count & 4) {
    _mm_storeu_ps(y, left);
    left = _mm256_extractf128_ps(v, 1);
    y += 4;
  }
  if (k.count & 2) {
    _mm_storel_pi(reinterpret_cast<__m64 *>(y), left);
    left = _mm_movehl_ps(left, left);
    y += 2;
  }
  if (k.count & 1)
    _mm_store_ss(y, left);
}
/// Fours of lanes at a distance of `pitch`.
inline void storeFours(float *y, size_t pitch, Vector v) {
  _mm_storeu_ps(y, _mm256_castps256_ps128(v));
  _mm_storeu_ps(y + pitch, _mm256_extractf128_ps(v, 1));
}
/// One vector past the caches.
inline void stream(float *y, Vector v) { _mm256_stream_ps(y, v); }
/// Two are one whole cache line.
inline void stream(float *y, Vector a, Vector b) {
  stream(y, a);
  stream(y + kLanes, b);
}

inline Vector widen(__m128i bits) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
inline Vector load(const Bf16 *x) {
  return widen(_mm_loadu_si128(reinterpret_cast<const __m128i *>(x)));
}
inline Vector load(const Bf16 *x, Mask k, Vector rest) {
  if (k.all())
    return load(x);
  uint64_t half[2] = {0, 0};
  size_t at = 0;
  if (k.count & 4)
    std::memcpy(&half[0], x, 8), at = 4;
  uint32_t pair = 0;
  if (k.count & 2)
    std::memcpy(&pair, x + at, 4), at += 2;
  uint64_t left = pair;
  if (k.count & 1)
    left |= uint64_t(x[at].bits) << (k.count & 2 ? 32 : 0);
  half[k.count / 4] = left;
  return _mm256_blendv_ps(rest,
                          widen(_mm_set_epi64x(static_cast<int64_t>(half[1]),
                                               static_cast<int64_t>(half[0]))),
                          k.bits());
}
/// bf16, rounded to even, in the upper halves of lanes. NaN is not looked for.
inline __m256i rounded(Vector v) {
  __m256i bits = _mm256_castps_si256(v);
  __m256i odd =
      _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  bits = _mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff));
  return _mm256_add_epi32(bits, odd);
}
inline __m128i narrow(Vector v) {
  __m256i bits = _mm256_srli_epi32(rounded(v), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(bits),
                          _mm256_extracti128_si256(bits, 1));
}
inline void store(Bf16 *y, Vector v) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(y), narrow(v));
}
inline void store(Bf16 *y, Mask k, Vector v) {
  if (k.all())
    return store(y, v);
  __m128i left = narrow(v);
  if (k.count & 4) {
    _mm_storel_epi64(reinterpret_cast<__m128i *>(y), left);
    left = _mm_srli_si128(left, 8);
    y += 4;
  }
  if (k.count & 2) {
    _mm_storeu_si32(y, left);
    left = _mm_srli_si128(left, 4);
    y += 2;
  }
  if (k.count & 1)
    y->bits = static_cast<uint16_t>(_mm_extract_epi16(left, 0));
}
/// Whether a pair of vectors is read in another order than that of memory: the
/// lower halves of 32 bits and the upper ones, which costs half of what it
/// takes to widen what is adjacent.
template <typename T>
constexpr bool kOwnOrder = sizeof(T) == 2;
inline void loadHalves(const Bf16 *x, Vector &a, Vector &b) {
  __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(x));
  a = _mm256_castsi256_ps(_mm256_slli_epi32(v, 16));
  b = _mm256_castsi256_ps(_mm256_and_si256(v, _mm256_set1_epi32(-0x10000)));
}
inline __m256i joined(Vector a, Vector b) {
  return _mm256_blend_epi16(_mm256_srli_epi32(rounded(a), 16), rounded(b),
                            0xaa);
}
inline void storeHalves(Bf16 *y, Vector a, Vector b) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(y), joined(a, b));
}
/// A pair past the caches.
inline void stream(Bf16 *y, Vector a, Vector b) {
  _mm256_stream_si256(reinterpret_cast<__m256i *>(y), joined(a, b));
}

inline Vector fma(Vector a, Vector b, Vector c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vector abs(Vector v) { return _mm256_andnot_ps(splat(-0.0f), v); }
inline Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
/// a in the other lanes.
inline Vector max(Mask k, Vector a, Vector b) {
  return _mm256_blendv_ps(a, max(a, b), k.bits());
}
/// 0 in the other lanes.
inline Vector keep(Mask k, Vector v) { return _mm256_and_ps(k.bits(), v); }
/// x < 0 ? a : b; -0 counts as less.
inline Vector bySign(Vector x, Vector a, Vector b) {
  return _mm256_blendv_ps(b, a, x);
}
inline bool anyAbove(Vector a, Vector b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)) != 0;
}

template <typename Op>
inline float reduce(Vector v, Op op) {
  __m128 a = op(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  a = op(a, _mm_movehl_ps(a, a));
  return _mm_cvtss_f32(op(a, _mm_movehdup_ps(a)));
}
inline float sumOf(Vector v) {
  return reduce(v, [](__m128 a, __m128 b) { return a + b; });
}
inline float maxOf(Vector v) {
  return reduce(v, [](__m128 a, __m128 b) { return _mm_max_ps(a, b); });
}

/// 2^t for t up to 128, where it is infinite. Adding 1.5 * 2^23 rounds t to an
/// integer, and 127 more makes the sum's last bits the exponent of 2^integer,
/// which is 0 from -127 down. The polynomial is for [-1/2, 1/2] and 1 at 0.
template <typename T>
inline Vector exp2Of(Vector t) {
  const Vector kRound = splat(0x1.8p23f + 127);
  t = max(splat(-127), t);
  Vector shifted = t + kRound, f = t - (shifted - kRound), p;
  if constexpr (sizeof(T) == 4) {
    p = fma(splat(0x1.5bba14p-10f), f, splat(0x1.3cea88p-7f));
    p = fma(p, f, splat(0x1.c6b752p-5f));
    p = fma(p, f, splat(0x1.ebf9bcp-3f));
    p = fma(p, f, splat(0x1.62e42ap-1f));
  } else { // An error of 2^-13 is below what bf16 can say.
    p = fma(splat(0x1.c2a216p-5f), f, splat(0x1.f00c4cp-3f));
    p = fma(p, f, splat(0x1.62f5fap-1f));
  }
  p = fma(p, f, splat(1));
  return p * _mm256_castsi256_ps(
                 _mm256_slli_epi32(_mm256_castps_si256(shifted), 23));
}
/// What exp2Of can take.
inline Vector notTooLarge(Vector t) { return _mm256_min_ps(splat(128), t); }

/// Transposes 8 vectors.
inline void transpose(Vector (&v)[8]) {
  Vector t[8];
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    v[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    v[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    v[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    v[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    Vector a = v[i], b = v[i + 4];
    v[i] = _mm256_permute2f128_ps(a, b, 0x20);
    v[i + 4] = _mm256_permute2f128_ps(a, b, 0x31);
  }
}

/// Lane r of the result is vector r reduced by a tree that transposes as it
/// goes, across halves last, since that is what processors are slow at.
template <typename Op>
inline Vector reduceRows(const Vector (&rows)[8], Op op) {
  auto both = [&](Vector a, Vector b) {
    return _mm256_castps_pd(
        op(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)));
  };
  auto four = [&](const Vector *r) {
    __m256d a = both(r[0], r[1]), b = both(r[2], r[3]);
    return op(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)),
              _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
  };
  Vector low = four(rows), high = four(rows + 4);
  return op(_mm256_blend_ps(low, high, 0xf0),
            _mm256_permute2f128_ps(low, high, 0x21));
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_VECTORS_AVX2_H
