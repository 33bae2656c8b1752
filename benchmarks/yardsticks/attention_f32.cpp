//===- attention_f32.cpp - hand-written attention in f32 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of 6 rows with panels of 64 columns hold 24 vectors in registers.
// Scores become weights there: their maximum is guessed from the first keys,
// so that no later one is looked for, and the block is done again with the
// true maximum where the guess was far too low.
//
//===----------------------------------------------------------------------===//

#include "attention.h"

#include <cstring>

using namespace yardstick;

namespace {

constexpr size_t kRows = 6, kColumns = 64, kVectors = kColumns / kLanes;
/// Queries and keys of a block: weights stay in the second-level cache, the
/// panel in use in the first.
constexpr size_t kQueries = 32 * kRows, kKeys = 2 * kColumns;

using Tile = __m512[kRows][kVectors];

/// c += a b, with a [6, count] at `pitch` and the panel b [count, 64].
__attribute__((always_inline)) inline void
multiply(const float *a, size_t pitch, const float *b, size_t count, Tile &c) {
#pragma clang loop unroll_count(4)
  for (size_t k = 0; k < count; ++k) {
    __m512 row[kVectors];
#pragma unroll
    for (size_t j = 0; j < kVectors; ++j)
      row[j] = load(b + k * kColumns + j * kLanes);
#pragma unroll
    for (size_t i = 0; i < kRows; ++i) {
      __m512 x = splat(a[i * pitch + k]);
#pragma unroll
      for (size_t j = 0; j < kVectors; ++j)
        c[i][j] = _mm512_fmadd_ps(x, row[j], c[i][j]);
    }
  }
}

/// What kv heads are packed into: keys as panels of 64 keys, [D, 64] each,
/// values as panels of 64 columns, [keys, 64] each.
struct Packed {
  float *keys, *values;
};

size_t roundUp(size_t n, size_t step) { return (n + step - 1) / step * step; }

/// Panel of keys, the missing ones 0.
template <size_t D>
void packPanel(const float *k, size_t count, float *panel) {
  for (size_t i = 0; i < kColumns; i += kLanes)
    for (size_t d = 0; d < D; d += kLanes) {
      __m512i v[16];
      for (size_t r = 0; r < 16; ++r)
        v[r] = i + r < count ? _mm512_loadu_si512(k + (i + r) * D + d)
                             : _mm512_setzero_si512();
      transpose(v);
      for (size_t r = 0; r < 16; ++r)
        _mm512_storeu_si512(panel + (d + r) * kColumns + i, v[r]);
    }
}

template <size_t D>
void packPanels(const AttentionSizes &s, const float *k, const float *v,
                Packed packed, size_t part, size_t parts) {
  size_t panels = (s.keys + kColumns - 1) / kColumns;
  size_t end = panels * (part + 1) / parts;
  for (size_t p = panels * part / parts; p < end; ++p) {
    size_t first = p * kColumns, count = std::min(kColumns, s.keys - first);
    packPanel<D>(k + first * D, count, packed.keys + first * D);
    for (size_t d = 0; d < D; d += kColumns)
      for (size_t i = first; i < first + count; ++i)
        std::memcpy(packed.values + (d * s.keys + i * kColumns), v + i * D + d,
                    kColumns * sizeof(float));
  }
}

/// A block of queries of one head.
template <size_t D>
class Block {
public:
  Block(const AttentionSizes &s, const float *q, size_t first, Packed packed)
      : s(s), packed(packed), first(first),
        rows(std::min(kQueries, s.queries - first)),
        memory(scratch<float, 1>(kQueries * (2 * D + kKeys + kLanes + 1))) {
    queries = memory, outputs = queries + kQueries * D;
    weights = outputs + kQueries * D, sums = weights + kQueries * kKeys;
    maxima = sums + kQueries * kLanes;
    __m512 scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
    for (size_t i = 0; i < rows * D; i += kLanes)
      store(queries + i, _mm512_mul_ps(load(q + first * D + i), scale));
    std::memset(queries + rows * D, 0, (kQueries - rows) * D * sizeof(float));
  }

  void run(float *o) {
    for (size_t r = 0; r < kQueries; ++r)
      maxima[r] = kLowest;
    attend(true);
    if (tooLarge()) {
      for (size_t p = 0; p * kColumns < s.seen(first + rows - 1); ++p)
        scores(p, true);
      attend(false);
    }
    finish(o);
  }

private:
  /// How many keys of a panel some rows see; rows beyond the last as it does.
  size_t seenOf(size_t row, size_t panel) const {
    size_t seen = s.seen(first + std::min(row, rows - 1));
    return std::min(kColumns, seen - std::min(seen, panel * kColumns));
  }

  float *weightsOf(size_t row, size_t panel) {
    return weights + row * kKeys + panel * kColumns % kKeys;
  }

  void attend(bool guess) {
    std::memset(outputs, 0, kQueries * D * sizeof(float));
    std::memset(sums, 0, kQueries * kLanes * sizeof(float));
    size_t seen = s.seen(first + rows - 1);
    for (size_t key = 0; key < seen; key += kKeys) {
      size_t panel = key / kColumns;
      size_t end =
          std::min(panel + kKeys / kColumns, (seen + kColumns - 1) / kColumns);
      for (size_t p = panel; p < end; ++p)
        scores(p, guess && p == 0);
      for (size_t p = panel; p < end; ++p)
        for (size_t d = 0; d < D; d += kColumns)
          values(p, d);
    }
  }

  /// Weights of a panel; `first` scores only, whose maxima are taken, and
  /// weights then.
  void scores(size_t panel, bool learn) {
    for (size_t row = 0; row < rows; row += kRows) {
      size_t most = seenOf(row + kRows - 1, panel);
      if (most == 0)
        continue;
      Tile c;
      for (auto &line : c)
        for (__m512 &v : line)
          v = _mm512_setzero_ps();
      multiply(queries + row * D, D, packed.keys + panel * kColumns * D, D, c);
      if (learn)
        learnMaxima(row, panel, c);
      else if (seenOf(row, panel) == kColumns)
        exponentials<true>(row, panel, c);
      else
        exponentials<false>(row, panel, c);
    }
  }

  void learnMaxima(size_t row, size_t panel, const Tile &c) {
    Tile kept;
    std::memcpy(kept, c, sizeof(Tile));
    for (size_t i = 0; i < kRows; ++i) {
      size_t seen = seenOf(row + i, panel);
      __m512 most = splat(maxima[row + i]);
      for (size_t j = 0; j < kVectors; ++j)
        most = _mm512_mask_max_ps(most, first16(seen, j), most, kept[i][j]);
      maxima[row + i] = _mm512_reduce_max_ps(most);
    }
    exponentials<false>(row, panel, kept);
  }

  static __mmask16 first16(size_t seen, size_t j) {
    return yardstick::first(seen - std::min(seen, j * kLanes));
  }

  template <bool All>
  __attribute__((always_inline)) inline void
  exponentials(size_t row, size_t panel, const Tile &c) {
#pragma unroll
    for (size_t i = 0; i < kRows; ++i) {
      __m512 most = splat(maxima[row + i]);
      __m512 sum = load(sums + (row + i) * kLanes);
      size_t seen = All ? kColumns : seenOf(row + i, panel);
#pragma unroll
      for (size_t j = 0; j < kVectors; ++j) {
        __m512 e = exp2Of<float>(_mm512_sub_ps(c[i][j], most));
        if (!All)
          e = _mm512_maskz_mov_ps(first16(seen, j), e);
        sum = _mm512_add_ps(sum, e);
        store(weightsOf(row + i, panel) + j * kLanes, e);
      }
      store(sums + (row + i) * kLanes, sum);
    }
  }

  /// Adds a panel's weights times 64 columns of its values.
  void values(size_t panel, size_t d) {
    const float *v = packed.values + d * s.keys + panel * kColumns * kColumns;
    for (size_t row = 0; row < rows; row += kRows) {
      size_t seen = seenOf(row + kRows - 1, panel);
      if (seen == 0)
        continue;
      Tile c;
      float *o = outputs + row * D + d;
#pragma unroll
      for (size_t i = 0; i < kRows; ++i)
#pragma unroll
        for (size_t j = 0; j < kVectors; ++j)
          c[i][j] = load(o + i * D + j * kLanes);
      multiply(weightsOf(row, panel), kKeys, v, seen, c);
#pragma unroll
      for (size_t i = 0; i < kRows; ++i)
#pragma unroll
        for (size_t j = 0; j < kVectors; ++j)
          store(o + i * D + j * kLanes, c[i][j]);
    }
  }

  bool tooLarge() const {
    bool found = false;
    for (size_t r = 0; r < rows; ++r)
      found |= !(_mm512_reduce_add_ps(load(sums + r * kLanes)) < kMostMass);
    return found;
  }

  void finish(float *o) const {
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
  float *memory, *queries, *outputs, *weights, *sums, *maxima;
};

template <size_t D>
void attend(const float *q, const float *k, const float *v, float *o,
            const AttentionSizes &s) {
  size_t padded = roundUp(s.keys, kColumns);
  auto split = [&](float *packed) {
    return Packed{packed, packed + padded * D};
  };
  forBlocks<float>(
      s, kQueries, padded * D + s.keys * D,
      [&](size_t kv, float *packed, size_t part, size_t parts) {
        packPanels<D>(s, k + kv * s.keys * D, v + kv * s.keys * D,
                      split(packed), part, parts);
      },
      [&](size_t kv, size_t head, size_t first, float *packed) {
        size_t at = s.headOf(kv, head) * s.queries * D;
        Block<D>(s, q + at, first, split(packed)).run(o + at);
      });
}

} // namespace

BENCH_EXPORT int32_t attention_f32(const float *q, const float *k,
                                   const float *v, float *o,
                                   const AttentionSizes *s) {
  if (s->depth == 64)
    attend<64>(q, k, v, o, *s);
  else if (s->depth == 128)
    attend<128>(q, k, v, o, *s);
  else
    return 1;
  return 0;
}
