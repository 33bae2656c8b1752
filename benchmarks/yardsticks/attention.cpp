//===- attention.cpp - hand-written attention on vectors ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of 6 rows with panels of columns fill the registers with sums, 24
// vectors of AVX-512 and 12 of AVX2. Scores become weights there: their maximum
// is guessed from the first keys, so that no later one is looked for, and the
// block is done again with the true maximum where the guess was far too low.
// bf16 is widened while it is packed, where a processor multiplies f32 only.
//
//===----------------------------------------------------------------------===//

#include "attention.h"

#include <cstring>

using namespace yardstick;

namespace {

constexpr size_t kRows = 6, kVectors = kSums / kRows,
                 kColumns = kVectors * kLanes;
/// Queries and keys of a block: weights stay in the second-level cache, the
/// panel in use in the first.
constexpr size_t kQueries = 32 * kRows, kKeys = 128;
/// Keys whose weights are multiplied with their values in one go.
constexpr size_t kDepth = std::max<size_t>(kColumns, 1024 / kColumns);
static_assert(kKeys % kDepth == 0 && kDepth % kColumns == 0);

using Tile = Vector[kRows][kVectors];

/// c += a b, with a [6, count] at `pitch` and the panel b [count, kColumns].
__attribute__((always_inline)) inline void
multiply(const float *a, size_t pitch, const float *b, size_t count, Tile &c) {
#pragma clang loop unroll_count(4)
  for (size_t k = 0; k < count; ++k) {
    Vector row[kVectors];
#pragma unroll
    for (size_t j = 0; j < kVectors; ++j)
      row[j] = load(b + k * kColumns + j * kLanes);
#pragma unroll
    for (size_t i = 0; i < kRows; ++i) {
      Vector x = splat(a[i * pitch + k]);
#pragma unroll
      for (size_t j = 0; j < kVectors; ++j)
        c[i][j] = fma(x, row[j], c[i][j]);
    }
  }
}

/// What kv heads are packed into: keys as panels of kColumns keys, [D,
/// kColumns] each, values as panels of kColumns columns, [keys, kColumns] each.
struct Packed {
  float *keys, *values;
};

size_t roundUp(size_t n, size_t step) { return (n + step - 1) / step * step; }

/// Panel of keys, the missing ones 0.
template <size_t D, typename T>
void packPanel(const T *k, size_t count, float *panel) {
  for (size_t i = 0; i < kColumns; i += kLanes)
    for (size_t d = 0; d < D; d += kLanes) {
      Vector v[kLanes];
      for (size_t r = 0; r < kLanes; ++r)
        v[r] = i + r < count ? load(k + (i + r) * D + d) : splat(0);
      transpose(v);
      for (size_t r = 0; r < kLanes; ++r)
        store(panel + (d + r) * kColumns + i, v[r]);
    }
}

template <size_t D, typename T>
void packPanels(const AttentionSizes &s, const T *k, const T *v, Packed packed,
                size_t part, size_t parts) {
  size_t panels = (s.keys + kColumns - 1) / kColumns;
  size_t end = panels * (part + 1) / parts;
  for (size_t p = panels * part / parts; p < end; ++p) {
    size_t first = p * kColumns, count = std::min(kColumns, s.keys - first);
    packPanel<D>(k + first * D, count, packed.keys + first * D);
    for (size_t d = 0; d < D; d += kColumns)
      for (size_t i = first; i < first + count; ++i)
        for (size_t j = 0; j < kColumns; j += kLanes)
          store(packed.values + d * s.keys + i * kColumns + j,
                load(v + i * D + d + j));
  }
}

/// A block of queries of one head.
template <size_t D, typename T>
class Block {
public:
  Block(const AttentionSizes &s, const T *q, size_t first, Packed packed)
      : s(s), packed(packed), first(first),
        rows(std::min(kQueries, s.queries - first)),
        memory(scratch<float, 1>(kQueries * (2 * D + kKeys + kLanes + 1))) {
    queries = memory, outputs = queries + kQueries * D;
    weights = outputs + kQueries * D, sums = weights + kQueries * kKeys;
    maxima = sums + kQueries * kLanes;
    Vector scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
    for (size_t i = 0; i < rows * D; i += kLanes)
      store(queries + i, load(q + first * D + i) * scale);
    std::memset(queries + rows * D, 0, (kQueries - rows) * D * sizeof(float));
  }

  void run(T *o) {
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
  /// How many of `count` keys from `key` on a row sees; rows beyond the last as
  /// it does.
  size_t seenOf(size_t row, size_t key, size_t count) const {
    size_t seen = s.seen(first + std::min(row, rows - 1));
    return std::min(count, seen - std::min(seen, key));
  }
  size_t seenOf(size_t row, size_t panel) const {
    return seenOf(row, panel * kColumns, kColumns);
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
      for (size_t k = key; k < std::min(seen, key + kKeys); k += kDepth)
        for (size_t d = 0; d < D; d += kColumns)
          values(k, d);
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
        for (Vector &v : line)
          v = splat(0);
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
      Vector most = splat(maxima[row + i]);
      for (size_t j = 0; j < kVectors; ++j)
        most = max(firstIn(seen, j), most, kept[i][j]);
      maxima[row + i] = maxOf(most);
    }
    exponentials<false>(row, panel, kept);
  }

  static Mask firstIn(size_t seen, size_t j) {
    return yardstick::first(seen - std::min(seen, j * kLanes));
  }

  template <bool All>
  __attribute__((always_inline)) inline void
  exponentials(size_t row, size_t panel, const Tile &c) {
#pragma unroll
    for (size_t i = 0; i < kRows; ++i) {
      Vector most = splat(maxima[row + i]);
      Vector sum = load(sums + (row + i) * kLanes);
      size_t seen = All ? kColumns : seenOf(row + i, panel);
#pragma unroll
      for (size_t j = 0; j < kVectors; ++j) {
        Vector e = exp2Of<T>(notTooLarge(c[i][j] - most));
        if (!All)
          e = keep(firstIn(seen, j), e);
        sum = sum + e;
        store(weightsOf(row + i, panel) + j * kLanes, e);
      }
      store(sums + (row + i) * kLanes, sum);
    }
  }

  /// Adds the weights of kDepth keys times a panel of their values.
  void values(size_t key, size_t d) {
    const float *v = packed.values + d * s.keys + key * kColumns;
    for (size_t row = 0; row < rows; row += kRows) {
      size_t seen = seenOf(row + kRows - 1, key, kDepth);
      if (seen == 0)
        continue;
      Tile c;
      float *o = outputs + row * D + d;
#pragma unroll
      for (size_t i = 0; i < kRows; ++i)
#pragma unroll
        for (size_t j = 0; j < kVectors; ++j)
          c[i][j] = load(o + i * D + j * kLanes);
      multiply(weightsOf(row, key / kColumns), kKeys, v, seen, c);
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
      found |= !(sumOf(load(sums + r * kLanes)) < kMostMass);
    return found;
  }

  void finish(T *o) const {
    for (size_t r = 0; r < rows; ++r) {
      Vector inverse = splat(1 / sumOf(load(sums + r * kLanes)));
      for (size_t d = 0; d < D; d += kLanes)
        store(o + (first + r) * D + d, load(outputs + r * D + d) * inverse);
    }
  }

  const AttentionSizes &s;
  Packed packed;
  size_t first, rows;
  float *memory, *queries, *outputs, *weights, *sums, *maxima;
};

template <size_t D, typename T>
void attend(const T *q, const T *k, const T *v, T *o, const AttentionSizes &s) {
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
        Block<D, T>(s, q + at, first, split(packed)).run(o + at);
      });
}

} // namespace

BENCH_EXPORT int32_t attention_f32(const float *q, const float *k,
                                   const float *v, float *o,
                                   const AttentionSizes *s) {
  return byDepth(s->depth, [&](auto D) { attend<D>(q, k, v, o, *s); });
}

BENCH_EXPORT int32_t attention_widened_bf16(const Bf16 *q, const Bf16 *k,
                                            const Bf16 *v, Bf16 *o,
                                            const AttentionSizes *s) {
  return byDepth(s->depth, [&](auto D) { attend<D>(q, k, v, o, *s); });
}
