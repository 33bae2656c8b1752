//===- attention_decode_tiles.cpp - one query, bf16 on AMX ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keys are tiles as they lie in memory, queries the columns of scores.
//
//===----------------------------------------------------------------------===//

#include "attention_decode.h"
#include "tiles.h"

#include <cstring>

using namespace yardstick;

namespace {

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
    prefetch(v + j * D, 0, 2 * D * sizeof(Bf16) / kLineBytes);
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
    prefetch(k + j * D, 0, 16 * D * sizeof(Bf16) / kLineBytes);
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
void weighTile(const float *scores, size_t begin, size_t keys, Vector scale,
               Vector shift, Vector &sum, uint32_t *tile) {
  __m512i pairs[16];
  auto weigh = [&](size_t j) {
    return j < keys ? exp2Of<Bf16>(fma(load(scores + j * 16), scale, shift))
                    : splat(0);
  };
#pragma unroll
  for (size_t p = 0; p < 16; ++p) {
    Vector a = weigh(begin + 2 * p), b = weigh(begin + 2 * p + 1);
    sum += a + b;
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
void decodePart(const Bf16 *q, const Bf16 *k, const Bf16 *v, size_t keys,
                size_t heads, Found<D> &found) {
  alignas(64) static thread_local uint32_t queries[D / 2 * 16];
  alignas(64) static thread_local float scores[kPart * 16];
  alignas(64) static thread_local uint32_t packed[kNear * D / 2];
  alignas(64) static thread_local uint32_t weights[kNear / 2 * 16];
  alignas(64) static thread_local float outputs[kHeads * D];
  TileRegisters registers;
  packQueries<D>(q, heads, queries);
  scoreTiles<D>(queries, k, keys, scores);
  Vector scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
  Vector most = splat(kLowest), sum = splat(0);
  for (size_t j = 0; j < keys; ++j)
    most = max(most, load(scores + j * 16));
  most = most * scale;
  store(found.maxima, most);
  std::memset(outputs, 0, sizeof outputs);
  for (size_t j = 0; j < keys; j += kNear) {
    packPairs<D>(v + j * D, keys - j, packed);
    for (size_t x = 0; x < kNear; x += 32)
      weighTile(scores, j + x, keys, scale, splat(0) - most, sum,
                weights + x / 2 * 16);
    for (size_t d = 0; d < D; d += 64)
      addTiles<D>(weights, packed + d * 16, outputs + d * 16);
  }
  store(found.sums, sum);
  unpackOutputs<D>(outputs, found.outputs);
}

} // namespace

BENCH_EXPORT int32_t attention_decode_bf16(const Bf16 *q, const Bf16 *k,
                                           const Bf16 *v, Bf16 *o,
                                           const AttentionSizes *s) {
  if (!mayUseTiles() || !canDecode(*s))
    return 1;
  return byDepth(s->depth, [&](auto D) {
    forParts<D>(*s, q, k, v, o,
                [&](const Bf16 *q, const Bf16 *k, const Bf16 *v, size_t keys,
                    Found<D> &found) {
                  decodePart<D>(q, k, v, keys, s->group(), found);
                });
  });
}
