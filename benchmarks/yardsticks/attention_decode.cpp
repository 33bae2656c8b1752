//===- attention_decode.cpp - one query, vectors along the columns ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// bf16 is widened a few keys at a time, where a processor multiplies f32 only.
//
//===----------------------------------------------------------------------===//

#include "attention_decode.h"

#include <cstring>

using namespace yardstick;

namespace {

/// Queries whose scores of 4 keys fill the lanes of a vector.
constexpr size_t kQueries = kLanes / 4;
/// Keys whose values are near while all queries take them.
constexpr size_t kNear = 32;

/// Elements as f32: where they lie, or widened into `wide`.
const float *widened(const float *x, size_t, float *) { return x; }
const float *widened(const Bf16 *x, size_t count, float *wide) {
  for (size_t i = 0; i < count; i += kLanes)
    store(wide + i, load(x + i));
  return wide;
}

/// Scores of some queries and 4 keys; line i of `scores`, at a pitch of kPart,
/// is query i's.
template <size_t D>
void scoreFour(const float *q, const float *k, float *scores) {
  Vector c[kLanes];
  for (Vector &v : c)
    v = splat(0);
#pragma unroll
  for (size_t d = 0; d < D; d += kLanes) {
    Vector key[4];
#pragma unroll
    for (size_t j = 0; j < 4; ++j)
      key[j] = load(k + j * D + d);
#pragma unroll
    for (size_t i = 0; i < kQueries; ++i) {
      Vector query = load(q + i * D + d);
#pragma unroll
      for (size_t j = 0; j < 4; ++j)
        c[i * 4 + j] = fma(query, key[j], c[i * 4 + j]);
    }
  }
  storeFours(scores, kPart,
             reduceRows(c, [](Vector a, Vector b) { return a + b; }));
}

/// Vectors of columns of which a few queries' results stay in registers.
template <size_t D>
constexpr size_t kVectors = std::min(D / kLanes, kSums / 3);

/// A few queries' weights times some columns of values. Piece `part` of `parts`
/// of what lies ahead of `memory`, where the values come from, is asked for.
template <size_t D, size_t Queries, typename T>
void addValues(const float *weights, const float *v, const T *memory,
               size_t keys, size_t part, size_t parts, float *o) {
  constexpr size_t kVectors = ::kVectors<D>;
  Vector c[Queries][kVectors];
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      c[i][d] = load(o + i * D + d * kLanes);
  for (size_t j = 0; j < keys; ++j) {
    prefetch(memory + j * D, D * sizeof(T), part, parts);
#pragma unroll
    for (size_t d = 0; d < kVectors; ++d) {
      Vector value = load(v + j * D + d * kLanes);
#pragma unroll
      for (size_t i = 0; i < Queries; ++i)
        c[i][d] = fma(splat(weights[i * kPart + j]), value, c[i][d]);
    }
  }
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      store(o + i * D + d * kLanes, c[i][d]);
}

/// The same for all queries and columns, a few at a time.
template <size_t D, typename T>
void addSets(const float *weights, const float *v, const T *memory, size_t keys,
             size_t heads, float *o) {
  constexpr size_t kSet = kSums / kVectors<D>, kColumns = kVectors<D> * kLanes;
  size_t i = 0, part = 0;
  size_t parts = heads / kSet + heads % kSet / 2 + heads % kSet % 2;
  parts *= D / kColumns;
  auto add = [&](auto queries) {
    for (; i + queries <= heads; i += queries)
      for (size_t d = 0; d < D; d += kColumns)
        addValues<D, queries>(weights + i * kPart, v + d, memory, keys, part++,
                              parts, o + i * D + d);
  };
  add(std::integral_constant<size_t, kSet>());
  add(std::integral_constant<size_t, 2>());
  add(std::integral_constant<size_t, 1>());
}

/// A query's scores become weights; returns their sum.
template <typename T>
float weigh(float *line, size_t keys, float &maximum) {
  Vector most = splat(kLowest), sum = splat(0);
  for (size_t j = 0; j < keys; j += kLanes)
    most = max(most, load(line + j, first(keys - j), most));
  maximum = maxOf(most);
  most = splat(maximum);
  for (size_t j = 0; j < keys; j += kLanes) {
    Mask there = first(keys - j);
    Vector e = exp2Of<T>(load(line + j, there, splat(kLowest)) - most);
    e = keep(there, e);
    sum += e;
    store(line + j, e);
  }
  return sumOf(sum);
}

template <size_t D, typename T>
void decodePart(const T *q, const T *k, const T *v, size_t keys, size_t heads,
                Found<D> &found) {
  alignas(64) static thread_local float queries[kHeads * D];
  alignas(64) static thread_local float scores[kHeads * kPart];
  alignas(64) static thread_local float wide[kNear * D];
  Vector scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
  std::memset(queries, 0, sizeof queries);
  for (size_t i = 0; i < heads * D; i += kLanes)
    store(queries + i, load(q + i) * scale);
  std::memset(found.outputs, 0, sizeof found.outputs);
  size_t whole = keys / 4 * 4;
  for (size_t j = 0; j < whole; j += 4) {
    const float *four = widened(k + j * D, 4 * D, wide);
    for (size_t i = 0; i < heads; i += kQueries) {
      prefetch(k + j * D, 4 * D * sizeof(T), i / kQueries,
               (heads + kQueries - 1) / kQueries);
      scoreFour<D>(queries + i * D, four, scores + i * kPart + j);
    }
  }
  for (size_t j = whole; j < keys; ++j) {
    const float *one = widened(k + j * D, D, wide);
    for (size_t i = 0; i < heads; ++i) {
      float sum = 0;
      for (size_t d = 0; d < D; ++d)
        sum += queries[i * D + d] * one[d];
      scores[i * kPart + j] = sum;
    }
  }
  for (size_t i = 0; i < heads; ++i)
    found.sums[i] = weigh<T>(scores + i * kPart, keys, found.maxima[i]);
  for (size_t j = 0; j < keys; j += kNear) {
    size_t count = std::min(kNear, keys - j);
    addSets<D>(scores + j, widened(v + j * D, count * D, wide), v + j * D,
               count, heads, found.outputs);
  }
}

template <typename T>
int32_t decode(const T *q, const T *k, const T *v, T *o,
               const AttentionSizes &s) {
  if (!canDecode(s))
    return 1;
  return byDepth(s.depth, [&](auto D) {
    forParts<D>(
        s, q, k, v, o,
        [&](const T *q, const T *k, const T *v, size_t keys, Found<D> &found) {
          decodePart<D>(q, k, v, keys, s.group(), found);
        });
  });
}

} // namespace

BENCH_EXPORT int32_t attention_decode_f32(const float *q, const float *k,
                                          const float *v, float *o,
                                          const AttentionSizes *s) {
  return decode(q, k, v, o, *s);
}

BENCH_EXPORT int32_t attention_decode_widened_bf16(const Bf16 *q, const Bf16 *k,
                                                   const Bf16 *v, Bf16 *o,
                                                   const AttentionSizes *s) {
  return decode(q, k, v, o, *s);
}
