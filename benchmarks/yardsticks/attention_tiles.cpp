//===- attention_tiles.cpp - hand-written attention in bf16 on AMX ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products on AMX tiles of 16 rows by 64 bytes. Scores of 32 queries and a
// chunk of keys go to memory as tiles, become weights there, and the weights
// are tiles again. As in f32 their maximum is guessed from the first keys.
//
//===----------------------------------------------------------------------===//

#include "attention.h"
#include "tiles.h"

#include <cstring>

using namespace yardstick;

namespace {

/// Queries whose scores are in the works together, queries of a block, and
/// keys of a chunk.
constexpr size_t kStrip = 2 * kTileRows, kQueries = 4 * kStrip, kKeys = 128;
/// Two tiles of scores, one below the other.
constexpr size_t kPitch = kStrip * 16;

/// What kv heads are packed into: keys by 16 as [D / 32] tiles of pairs of
/// columns, values by 32 keys as [D / 16] tiles of pairs of keys.
struct Packed {
  uint32_t *keys, *values;
};

/// 16 keys, the missing ones 0.
template <size_t D>
void packKeys(const Bf16 *k, size_t count, uint32_t *tiles) {
  for (size_t d = 0; d < D; d += kPairs * 2) {
    __m512i v[kTileRows];
    for (size_t r = 0; r < kTileRows; ++r)
      v[r] = r < count ? _mm512_loadu_si512(k + r * D + d)
                       : _mm512_setzero_si512();
    transpose(v);
    for (size_t r = 0; r < kTileRows; ++r)
      _mm512_store_si512(tiles + d / 2 * kTileRows + r * kPairs, v[r]);
  }
}

/// 32 keys' values, the missing ones 0: zero weights must not meet NaN.
template <size_t D>
void packValues(const Bf16 *v, size_t count, uint32_t *tiles) {
  auto half = [&](size_t key, size_t d) {
    return key < count
               ? _mm512_cvtepu16_epi32(_mm256_loadu_si256(
                     reinterpret_cast<const __m256i *>(v + key * D + d)))
               : _mm512_setzero_si512();
  };
  for (size_t d = 0; d < D; d += kTileRows)
    for (size_t p = 0; p < kPairs; ++p)
      _mm512_store_si512(
          tiles + d * kPairs + p * kTileRows,
          _mm512_or_si512(half(2 * p, d),
                          _mm512_slli_epi32(half(2 * p + 1, d), 16)));
}

template <size_t D>
void packHead(const AttentionSizes &s, const Bf16 *k, const Bf16 *v,
              Packed packed, size_t part, size_t parts) {
  size_t steps = (s.keys + 31) / 32, end = steps * (part + 1) / parts;
  for (size_t step = steps * part / parts; step < end; ++step) {
    size_t first = step * 32, count = std::min<size_t>(32, s.keys - first);
    for (size_t i = 0; i < 32; i += kTileRows)
      packKeys<D>(k + (first + i) * D, count - std::min(count, i),
                  packed.keys + (first + i) * D / 2);
    packValues<D>(v + first * D, count, packed.values + first * D / 2);
  }
}

/// A block of queries of one head.
template <size_t D>
class Block {
public:
  Block(const AttentionSizes &s, const Bf16 *q, size_t first, Packed packed)
      : s(s), packed(packed), first(first),
        rows(std::min(kQueries, s.queries - first)) {
    char *memory = scratch<char, 1>(kQueries * (D * 6 + (kLanes + 1) * 4) +
                                    kPitch * kKeys / 4);
    auto take = [&](auto *&array, size_t count) {
      array =
          reinterpret_cast<std::remove_reference_t<decltype(array)>>(memory);
      memory += count * sizeof(*array);
    };
    take(queries, kQueries * D), take(outputs, kQueries * D);
    take(sums, kQueries * kLanes), take(maxima, kQueries);
    take(scores, kPitch * kKeys / 16);
    std::memcpy(queries, q + first * D, rows * D * sizeof(Bf16));
    std::memset(queries + rows * D, 0, (kQueries - rows) * D * sizeof(Bf16));
  }

  void run(Bf16 *o) {
    for (size_t r = 0; r < kQueries; ++r)
      maxima[r] = kLowest;
    attend(true);
    if (tooLarge()) {
      forChunks([&](size_t strip, size_t key, size_t steps) {
        products(strip, key, steps);
        learnMaxima(strip, key, steps);
      });
      attend(false);
    }
    finish(o);
  }

private:
  /// Calls step(strip, key, steps of 32 keys) for the chunks that a strip sees.
  template <typename Step>
  void forChunks(Step step) {
    for (size_t key = 0; key < s.seen(first + rows - 1); key += kKeys)
      for (size_t strip = 0; strip < rows; strip += kStrip)
        if (size_t seen = seenOf(strip + kStrip - 1, key))
          step(strip, key, (seen + 31) / 32);
  }

  /// How many keys from `key` on a row sees, at most a chunk; rows beyond the
  /// last as it does.
  size_t seenOf(size_t row, size_t key) const {
    size_t seen = s.seen(first + std::min(row, rows - 1));
    return std::min(kKeys, seen - std::min(seen, key));
  }

  void attend(bool guess) {
    std::memset(outputs, 0, kQueries * D * sizeof(float));
    std::memset(sums, 0, kQueries * kLanes * sizeof(float));
    forChunks([&](size_t strip, size_t key, size_t steps) {
      products(strip, key, steps);
      if (guess && key == 0)
        learnMaxima(strip, key, steps);
      if (seenOf(strip, key) == steps * 32)
        exponentials<true>(strip, key, steps);
      else
        exponentials<false>(strip, key, steps);
      for (size_t d = 0; d < D; d += 32)
        values(strip, key, steps, d);
    });
  }

  /// Scores of a strip, as tiles [keys / 16, 32, 16].
  void products(size_t strip, size_t key, size_t steps) {
    const Bf16 *q = queries + strip * D;
    const uint32_t *k = packed.keys + key * D / 2;
    if constexpr (D == 64)
      productsHeld(q, k, 2 * steps);
    else
      for (size_t step = 0; step < steps; ++step)
        multiplyTiles<D / 32, D * 2, kTileRows * D * 2>(
            q, k + step * 16 * D, 32, 8 * D, scores + step * 2 * kPitch);
  }

  /// Queries of two times two tiles stay in registers.
  void productsHeld(const Bf16 *q, const uint32_t *k, size_t tiles) {
    _tile_loadd(2, q, D * 2);
    _tile_loadd(3, q + 32, D * 2);
    _tile_loadd(4, q + kTileRows * D, D * 2);
    _tile_loadd(5, q + kTileRows * D + 32, D * 2);
    for (size_t n = 0; n < tiles; ++n) {
      const uint32_t *b = k + n * 512;
      float *c = scores + n * kPitch;
      _tile_zero(0);
      _tile_zero(1);
      _tile_loadd(6, b, 64);
      _tile_dpbf16ps(0, 2, 6);
      _tile_dpbf16ps(1, 4, 6);
      _tile_loadd(7, b + 256, 64);
      _tile_dpbf16ps(0, 3, 7);
      _tile_dpbf16ps(1, 5, 7);
      _tile_stored(0, c, 64);
      _tile_stored(1, c + 256, 64);
    }
  }

  template <size_t Steps, size_t Pitch, size_t Lower>
  static void multiplyTiles(const Bf16 *q, const uint32_t *k, size_t,
                            size_t next, float *c) {
    const char *a = reinterpret_cast<const char *>(q);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
#pragma unroll
    for (size_t x = 0; x < Steps; ++x) {
      _tile_loadd(4, a + x * 64, Pitch);
      _tile_loadd(6, k + x * 256, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, k + next + x * 256, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, a + Lower + x * 64, Pitch);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, 64);
    _tile_stored(1, c + kPitch, 64);
    _tile_stored(2, c + 256, 64);
    _tile_stored(3, c + kPitch + 256, 64);
  }

  const float *scoreTile(size_t row, size_t tile) const {
    return scores + tile * kPitch + row * 16;
  }

  void learnMaxima(size_t strip, size_t key, size_t steps) {
    for (size_t r = 0; r < kStrip; ++r) {
      size_t seen = seenOf(strip + r, key);
      __m512 most = splat(maxima[strip + r]);
      for (size_t tile = 0; tile < 2 * steps; ++tile)
        most = _mm512_mask_max_ps(most, seenIn(seen, tile), most,
                                  load(scoreTile(r, tile)));
      maxima[strip + r] = _mm512_reduce_max_ps(most);
    }
  }

  static __mmask16 seenIn(size_t seen, size_t tile) {
    return yardstick::first(seen - std::min(seen, tile * 16));
  }

  /// Weights of a strip, as tiles [keys / 32, 32, 32], each in place of the
  /// first of the two tiles of scores it is made of.
  template <bool All>
  void exponentials(size_t strip, size_t key, size_t steps) {
    const __m512 scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
    for (size_t r = 0; r < kStrip; ++r) {
      size_t seen = seenOf(strip + r, key);
      float *sum = sums + (strip + r) * kLanes;
      __m512 shift = _mm512_mul_ps(splat(-maxima[strip + r]), scale);
      __m512 sumA = load(sum), sumB = _mm512_setzero_ps();
      for (size_t step = 0; step < steps; ++step) {
        auto weigh = [&](size_t tile) {
          __m512 e = exp2Of<Bf16>(
              _mm512_fmadd_ps(load(scoreTile(r, tile)), scale, shift));
          return All ? e : _mm512_maskz_mov_ps(seenIn(seen, tile), e);
        };
        __m512 a = weigh(2 * step), b = weigh(2 * step + 1);
        sumA = _mm512_add_ps(sumA, a);
        sumB = _mm512_add_ps(sumB, b);
        _mm512_store_si512(
            scores + step * 2 * kPitch + r * 16,
            reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a)));
      }
      store(sum, _mm512_add_ps(sumA, sumB));
    }
  }

  /// Adds the weights of a strip times 32 columns of the values.
  void values(size_t strip, size_t key, size_t steps, size_t d) {
    float *c = outputs + strip * D + d, *low = c + kTileRows * D;
    _tile_loadd(0, c, D * 4);
    _tile_loadd(1, c + 16, D * 4);
    _tile_loadd(2, low, D * 4);
    _tile_loadd(3, low + 16, D * 4);
    const uint32_t *v = packed.values + key * D / 2 + d * kPairs;
    const float *w = scores;
    for (size_t step = 0; step < steps; ++step, v += 16 * D, w += 2 * kPitch) {
      _tile_loadd(4, w, 64);
      _tile_loadd(6, v, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, v + 256, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, w + kTileRows * 16, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, D * 4);
    _tile_stored(1, c + 16, D * 4);
    _tile_stored(2, low, D * 4);
    _tile_stored(3, low + 16, D * 4);
  }

  bool tooLarge() const {
    bool found = false;
    for (size_t r = 0; r < rows; ++r)
      found |= !(_mm512_reduce_add_ps(load(sums + r * kLanes)) < kMostMass);
    return found;
  }

  void finish(Bf16 *o) const {
    for (size_t r = 0; r < rows; ++r) {
      __m512 inverse = splat(1 / _mm512_reduce_add_ps(load(sums + r * kLanes)));
      for (size_t d = 0; d < D; d += kLanes)
        store(o + (first + r) * D + d,
              _mm512_mul_ps(load(outputs + r * D + d), inverse));
    }
  }

  const AttentionSizes &s;
  Packed packed;
  size_t first, rows;
  Bf16 *queries;
  float *outputs, *sums, *maxima, *scores;
};

template <size_t D>
void attend(const Bf16 *q, const Bf16 *k, const Bf16 *v, Bf16 *o,
            const AttentionSizes &s) {
  size_t padded = (s.keys + 31) / 32 * 32;
  auto split = [&](uint32_t *packed) {
    return Packed{packed, packed + padded * D / 2};
  };
  forBlocks<uint32_t>(
      s, kQueries, padded * D,
      [&](size_t kv, uint32_t *packed, size_t part, size_t parts) {
        packHead<D>(s, k + kv * s.keys * D, v + kv * s.keys * D, split(packed),
                    part, parts);
      },
      [&](size_t kv, size_t head, size_t first, uint32_t *packed) {
        size_t at = s.headOf(kv, head) * s.queries * D;
        TileRegisters registers;
        Block<D>(s, q + at, first, split(packed)).run(o + at);
      });
}

} // namespace

BENCH_EXPORT int32_t attention_bf16(const Bf16 *q, const Bf16 *k, const Bf16 *v,
                                    Bf16 *o, const AttentionSizes *s) {
  if (!mayUseTiles())
    return 1;
  return byDepth(s->depth, [&](auto D) { attend<D>(q, k, v, o, *s); });
}
