//===- attention_decode.cpp - hand-written attention of one query ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query heads of a kv head go through its keys together, so that these are
// read once. Keys are split into parts of a fixed size, which threads share;
// what parts find is merged in order.
//
//===----------------------------------------------------------------------===//

#include "attention.h"
#include "short.h"
#include "tiles.h"

#include <cstring>

using namespace yardstick;

namespace {

constexpr size_t kPart = 1024;
/// Query heads of a kv head at most; missing ones are queries of zeros.
constexpr size_t kHeads = 16;

/// Memory is asked for so many bytes ahead of its use, a share of it with each
/// piece of work: left to itself the machine asks only while nothing else is
/// to be done.
constexpr size_t kAhead = 4096;

/// Asks for piece `part` of `parts` of these bytes.
inline void prefetch(const void *at, size_t bytes, size_t part, size_t parts) {
  for (size_t i = bytes / 64 * part / parts;
       i < bytes / 64 * (part + 1) / parts; ++i)
    _mm_prefetch(static_cast<const char *>(at) + kAhead + i * 64, _MM_HINT_T0);
}

/// What a part knows of each query: the maximum (base 2), the sum of weights,
/// and these times the values.
template <size_t D>
struct Found {
  float maxima[kHeads], sums[kHeads], outputs[kHeads * D];
};

template <size_t D>
void merge(const Found<D> *parts, size_t count, size_t head, __m512 *o) {
  float most = kLowest, sum = 0;
  for (size_t p = 0; p < count; ++p)
    most = std::max(most, parts[p].maxima[head]);
  for (size_t d = 0; d < D / kLanes; ++d)
    o[d] = _mm512_setzero_ps();
  for (size_t p = 0; p < count; ++p) {
    float factor = std::exp2(parts[p].maxima[head] - most);
    sum += factor * parts[p].sums[head];
    for (size_t d = 0; d < D / kLanes; ++d)
      o[d] = _mm512_fmadd_ps(
          splat(factor), load(parts[p].outputs + head * D + d * kLanes), o[d]);
  }
  for (size_t d = 0; d < D / kLanes; ++d)
    o[d] = _mm512_mul_ps(o[d], splat(1 / sum));
}

/// Does part(q, k, v, keys, found) for all parts and merges.
template <size_t D, typename T, typename Part>
void forParts(const AttentionSizes &s, const T *q, const T *k, const T *v, T *o,
              Part part) {
  size_t parts = (s.keys + kPart - 1) / kPart, all = s.batch * s.kvHeads;
  auto *found = scratch<Found<D>, 0>(all * parts);
  bench::inRanges(all * parts, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      size_t kv = i / parts, first = i % parts * kPart;
      size_t at = (kv * s.keys + first) * D;
      part(q + s.headOf(kv, 0) * D, k + at, v + at,
           std::min(kPart, s.keys - first), found[i]);
    }
  });
  for (size_t kv = 0; kv < all; ++kv)
    for (size_t head = 0; head < s.group(); ++head) {
      __m512 merged[D / kLanes];
      merge(found + kv * parts, parts, head, merged);
      for (size_t d = 0; d < D / kLanes; ++d)
        store(o + s.headOf(kv, head) * D + d * kLanes, merged[d]);
    }
}

//===----------------------------------------------------------------------===//
// f32: vectors along the columns
//===----------------------------------------------------------------------===//

/// Scores of 4 queries and 4 keys; line i of `scores`, at a pitch of kPart, is
/// query i's.
template <size_t D>
void scoreFour(const float *q, const float *k, float *scores) {
  __m512 c[16];
  for (__m512 &v : c)
    v = _mm512_setzero_ps();
#pragma unroll
  for (size_t d = 0; d < D; d += kLanes) {
    __m512 key[4];
#pragma unroll
    for (size_t j = 0; j < 4; ++j)
      key[j] = load(k + j * D + d);
#pragma unroll
    for (size_t i = 0; i < 4; ++i) {
      __m512 query = load(q + i * D + d);
#pragma unroll
      for (size_t j = 0; j < 4; ++j)
        c[i * 4 + j] = _mm512_fmadd_ps(query, key[j], c[i * 4 + j]);
    }
  }
  __m512 sums =
      reduceSixteen(c, [](__m512 a, __m512 b) { return _mm512_add_ps(a, b); });
  _mm_storeu_ps(scores, _mm512_extractf32x4_ps(sums, 0));
  _mm_storeu_ps(scores + kPart, _mm512_extractf32x4_ps(sums, 1));
  _mm_storeu_ps(scores + 2 * kPart, _mm512_extractf32x4_ps(sums, 2));
  _mm_storeu_ps(scores + 3 * kPart, _mm512_extractf32x4_ps(sums, 3));
}

/// A few queries' weights times values, in 24 vectors of results.
template <size_t D, size_t Queries>
void addValues(const float *weights, const float *v, size_t keys, size_t part,
               size_t parts, float *o) {
  constexpr size_t kVectors = D / kLanes;
  __m512 c[Queries][kVectors];
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      c[i][d] = load(o + i * D + d * kLanes);
  for (size_t j = 0; j < keys; ++j) {
    prefetch(v + j * D, D * sizeof(float), part, parts);
#pragma unroll
    for (size_t d = 0; d < kVectors; ++d) {
      __m512 value = load(v + j * D + d * kLanes);
#pragma unroll
      for (size_t i = 0; i < Queries; ++i)
        c[i][d] =
            _mm512_fmadd_ps(splat(weights[i * kPart + j]), value, c[i][d]);
    }
  }
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      store(o + i * D + d * kLanes, c[i][d]);
}

/// The same for all queries, a few at a time.
template <size_t D>
void addSets(const float *weights, const float *v, size_t keys, size_t heads,
             float *o) {
  constexpr size_t kSet = 24 / (D / kLanes);
  size_t i = 0, part = 0;
  size_t parts = heads / kSet + heads % kSet / 2 + heads % kSet % 2;
  for (; i + kSet <= heads; i += kSet)
    addValues<D, kSet>(weights + i * kPart, v, keys, part++, parts, o + i * D);
  for (; i + 2 <= heads; i += 2)
    addValues<D, 2>(weights + i * kPart, v, keys, part++, parts, o + i * D);
  for (; i < heads; ++i)
    addValues<D, 1>(weights + i * kPart, v, keys, part++, parts, o + i * D);
}

template <size_t D>
void partF32(const float *q, const float *k, const float *v, size_t keys,
             size_t heads, Found<D> &found) {
  constexpr size_t kNear = 32;
  alignas(64) static thread_local float queries[kHeads * D];
  alignas(64) static thread_local float scores[kHeads * kPart];
  __m512 scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
  std::memset(queries, 0, sizeof queries);
  for (size_t i = 0; i < heads * D; i += kLanes)
    store(queries + i, _mm512_mul_ps(load(q + i), scale));
  std::memset(found.outputs, 0, sizeof found.outputs);
  size_t whole = keys / 4 * 4;
  for (size_t j = 0; j < whole; j += 4)
    for (size_t i = 0; i < heads; i += 4) {
      prefetch(k + j * D, 4 * D * sizeof(float), i / 4, (heads + 3) / 4);
      scoreFour<D>(queries + i * D, k + j * D, scores + i * kPart + j);
    }
  for (size_t j = whole; j < keys; ++j)
    for (size_t i = 0; i < heads; ++i) {
      float sum = 0;
      for (size_t d = 0; d < D; ++d)
        sum += queries[i * D + d] * k[j * D + d];
      scores[i * kPart + j] = sum;
    }
  for (size_t i = 0; i < heads; ++i) {
    float *line = scores + i * kPart;
    __m512 most = splat(kLowest), sum = _mm512_setzero_ps();
    for (size_t j = 0; j < keys; j += kLanes)
      most =
          _mm512_max_ps(most, load(line + j, yardstick::first(keys - j), most));
    found.maxima[i] = _mm512_reduce_max_ps(most);
    most = splat(found.maxima[i]);
    for (size_t j = 0; j < keys; j += kLanes) {
      __mmask16 there = yardstick::first(keys - j);
      __m512 e = exp2Of<float>(
          _mm512_sub_ps(load(line + j, there, splat(kLowest)), most));
      e = _mm512_maskz_mov_ps(there, e);
      sum = _mm512_add_ps(sum, e);
      store(line + j, e);
    }
    found.sums[i] = _mm512_reduce_add_ps(sum);
  }
  for (size_t j = 0; j < keys; j += kNear)
    addSets<D>(scores + j, v + j * D, std::min(kNear, keys - j), heads,
               found.outputs);
}

//===----------------------------------------------------------------------===//
// bf16: keys are tiles as they lie in memory, queries the columns of scores
//===----------------------------------------------------------------------===//

/// Keys whose values are packed together.
constexpr size_t kNear = 128;

/// Queries as [D / 32] tiles of pairs of columns.
template <size_t D>
void packQueries(const Bf16 *q, size_t heads, uint32_t *tiles) {
  for (size_t d = 0; d < D; d += 32) {
    __m512i v[16];
    for (size_t i = 0; i < 16; ++i)
      v[i] = i < heads ? _mm512_loadu_si512(q + i * D + d)
                       : _mm512_setzero_si512();
    transpose(v);
    std::memcpy(tiles + d / 2 * 16, v, sizeof v);
  }
}

/// Pairs of keys of 32 columns as two tiles' rows; columns 8 i + j of the 32
/// are in the first tile where j < 4.
template <size_t D>
void packPairs(const Bf16 *v, size_t keys, uint32_t *tiles) {
  for (size_t j = 0; j < kNear; j += 2) {
    prefetch(v + j * D, 2 * D * sizeof(Bf16), 0, 1);
#pragma unroll
    for (size_t d = 0; d < D; d += 32) {
      __m512i a =
          j < keys ? _mm512_loadu_si512(v + j * D + d) : _mm512_setzero_si512();
      __m512i b = j + 1 < keys ? _mm512_loadu_si512(v + (j + 1) * D + d)
                               : _mm512_setzero_si512();
      uint32_t *row = tiles + (j / 32 * (D / 16) + d / 16) * 256 + j % 32 * 8;
      _mm512_store_si512(row, _mm512_unpacklo_epi16(a, b));
      _mm512_store_si512(row + 256, _mm512_unpackhi_epi16(a, b));
    }
  }
}

/// Scores [keys, 16] of 16 queries.
template <size_t D>
void scoreTiles(const uint32_t *q, const Bf16 *k, size_t keys, float *scores) {
  for (size_t j = 0; j + 16 <= keys; j += 16) {
    prefetch(k + j * D, 16 * D * sizeof(Bf16), 0, 1);
    _tile_zero(0);
#pragma unroll
    for (size_t x = 0; x < D / 32; ++x) {
      _tile_loadd(1, k + j * D + x * 32, D * 2);
      _tile_loadd(2, q + x * 256, 64);
      _tile_dpbf16ps(0, 1, 2);
    }
    _tile_stored(0, scores + j * 16, 64);
  }
  if (size_t left = keys % 16) {
    alignas(64) Bf16 last[16 * D] = {};
    std::memcpy(last, k + (keys - left) * D, left * D * sizeof(Bf16));
    scoreTiles<D>(q, last, 16, scores + (keys - left) * 16);
  }
}

/// Weights of keys [begin, begin + 32) as a tile [16 queries, 32], and their
/// sum added to `sum`.
void weighTile(const float *scores, size_t begin, size_t keys, __m512 scale,
               __m512 shift, __m512 &sum, uint32_t *tile) {
  __m512i pairs[16];
  auto weigh = [&](size_t j) {
    return j < keys ? exp2Of<Bf16>(
                          _mm512_fmadd_ps(load(scores + j * 16), scale, shift))
                    : _mm512_setzero_ps();
  };
#pragma unroll
  for (size_t p = 0; p < 16; ++p) {
    __m512 a = weigh(begin + 2 * p), b = weigh(begin + 2 * p + 1);
    sum = _mm512_add_ps(sum, _mm512_add_ps(a, b));
    // Rounded to even, as a pair in each lane.
    __m512i low = _mm512_cvtepu16_epi32(narrow(a));
    pairs[p] = _mm512_or_si512(
        low, _mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow(b)), 16));
  }
  transpose(pairs);
#pragma unroll
  for (size_t i = 0; i < 16; ++i)
    _mm512_store_si512(tile + i * 16, pairs[i]);
}

/// Adds the weights times 64 columns.
template <size_t D>
void addTiles(const uint32_t *weights, const uint32_t *v, float *o) {
  _tile_loadd(0, o, 64);
  _tile_loadd(1, o + 256, 64);
  _tile_loadd(2, o + 512, 64);
  _tile_loadd(3, o + 768, 64);
#pragma unroll
  for (size_t x = 0; x < kNear / 32; ++x) {
    const uint32_t *b = v + x * (D / 16) * 256;
    _tile_loadd(4, weights + x * 256, 64);
    _tile_loadd(5, b, 64);
    _tile_dpbf16ps(0, 4, 5);
    _tile_loadd(6, b + 256, 64);
    _tile_dpbf16ps(1, 4, 6);
    _tile_loadd(5, b + 512, 64);
    _tile_dpbf16ps(2, 4, 5);
    _tile_loadd(6, b + 768, 64);
    _tile_dpbf16ps(3, 4, 6);
  }
  _tile_stored(0, o, 64);
  _tile_stored(1, o + 256, 64);
  _tile_stored(2, o + 512, 64);
  _tile_stored(3, o + 768, 64);
}

/// Tiles of columns in packPairs' order as rows.
template <size_t D>
void unpackOutputs(const float *tiles, float *o) {
  for (size_t i = 0; i < kHeads; ++i)
    for (size_t d = 0; d < D; ++d)
      o[i * D + d] = tiles[(d / 32 * 2 + d / 4 % 2) * 256 + i * 16 +
                           d % 32 / 8 * 4 + d % 4];
}

template <size_t D>
void partBf16(const Bf16 *q, const Bf16 *k, const Bf16 *v, size_t keys,
              size_t heads, Found<D> &found) {
  alignas(64) static thread_local uint32_t queries[D / 2 * 16];
  alignas(64) static thread_local float scores[kPart * 16];
  alignas(64) static thread_local uint32_t packed[kNear * D / 2];
  alignas(64) static thread_local uint32_t weights[kNear / 2 * 16];
  alignas(64) static thread_local float outputs[kHeads * D];
  TileRegisters registers;
  packQueries<D>(q, heads, queries);
  scoreTiles<D>(queries, k, keys, scores);
  __m512 scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
  __m512 most = splat(kLowest), sum = _mm512_setzero_ps();
  for (size_t j = 0; j < keys; ++j)
    most = _mm512_max_ps(most, load(scores + j * 16));
  most = _mm512_mul_ps(most, scale);
  store(found.maxima, most);
  std::memset(outputs, 0, sizeof outputs);
  for (size_t j = 0; j < keys; j += kNear) {
    packPairs<D>(v + j * D, keys - j, packed);
    for (size_t x = 0; x < kNear; x += 32)
      weighTile(scores, j + x, keys, scale, _mm512_sub_ps(splat(0), most), sum,
                weights + x / 2 * 16);
    for (size_t d = 0; d < D; d += 64)
      addTiles<D>(weights, packed + d * 16, outputs + d * 16);
  }
  store(found.sums, sum);
  unpackOutputs<D>(outputs, found.outputs);
}

template <size_t D>
void decode(const float *q, const float *k, const float *v, float *o,
            const AttentionSizes &s) {
  forParts<D>(
      s, q, k, v, o,
      [&](const float *q, const float *k, const float *v, size_t keys,
          Found<D> &found) { partF32<D>(q, k, v, keys, s.group(), found); });
}

template <size_t D>
void decode(const Bf16 *q, const Bf16 *k, const Bf16 *v, Bf16 *o,
            const AttentionSizes &s) {
  forParts<D>(
      s, q, k, v, o,
      [&](const Bf16 *q, const Bf16 *k, const Bf16 *v, size_t keys,
          Found<D> &found) { partBf16<D>(q, k, v, keys, s.group(), found); });
}

template <typename T>
int32_t decodeAny(const T *q, const T *k, const T *v, T *o,
                  const AttentionSizes &s) {
  if (s.queries != 1 || s.group() > kHeads)
    return 1;
  if (s.depth == 64)
    decode<64>(q, k, v, o, s);
  else if (s.depth == 128)
    decode<128>(q, k, v, o, s);
  else
    return 1;
  return 0;
}

} // namespace

BENCH_EXPORT int32_t attention_decode_f32(const float *q, const float *k,
                                          const float *v, float *o,
                                          const AttentionSizes *s) {
  return decodeAny(q, k, v, o, *s);
}

BENCH_EXPORT int32_t attention_decode_bf16(const Bf16 *q, const Bf16 *k,
                                           const Bf16 *v, Bf16 *o,
                                           const AttentionSizes *s) {
  return mayUseTiles() ? decodeAny(q, k, v, o, *s) : 1;
}
