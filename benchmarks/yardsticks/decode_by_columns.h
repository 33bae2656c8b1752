//===- decode_by_columns.h - scores with columns in the lanes ---*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors of columns of queries and keys are multiplied, and sums of their
// lanes are scores: every lane is of use, however few heads share keys.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_COLUMNS_H
#define WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_COLUMNS_H

#include "attention_decode.h"

#include <cstring>

namespace yardstick {

template <size_t D>
class ByColumns {
public:
  /// How far the weights of a head, and those of a key, are from the next.
  static constexpr size_t kHeadPitch = kPart, kKeyPitch = 1;
  /// Heads whose weights lie so.
  static constexpr size_t kGroup = kHeads;

  float *weightsOf(size_t head) { return scores + head * kPart; }

  template <typename T>
  void score(const T *q, const T *k, size_t keys, size_t heads) {
    Vector scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
    std::memset(queries, 0, sizeof queries);
    for (size_t i = 0; i < heads * D; i += kLanes)
      store(queries + i, load(q + i) * scale);
    Shares<kHeads> shares(4 * D * sizeof(T), (heads + kQueries - 1) / kQueries);
    size_t whole = keys / 4 * 4;
    for (size_t j = 0; j < whole; j += 4) {
      const float *four = widened(k + j * D, 4 * D, wide);
      for (size_t i = 0; i < heads; i += kQueries) {
        shares.prefetch(k + j * D, i / kQueries);
        scoreFour(queries + i * D, four, scores + i * kPart + j);
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
  }

  /// Scores become weights.
  template <typename T>
  void weigh(size_t keys, size_t heads, Found<D> &found) {
    for (size_t i = 0; i < heads; ++i) {
      float *line = scores + i * kPart;
      Vector most = splat(kLowest), sum = splat(0);
      for (size_t j = 0; j < keys; j += kLanes)
        most = max(most, load(line + j, first(keys - j), most));
      found.maxima[i] = maxOf(most);
      most = splat(found.maxima[i]);
      for (size_t j = 0; j < keys; j += kLanes) {
        Mask there = first(keys - j);
        Vector e = exp2Of<T>(load(line + j, there, splat(kLowest)) - most);
        e = keep(there, e);
        sum += e;
        store(line + j, e);
      }
      found.sums[i] = sumOf(sum);
    }
  }

private:
  /// Queries whose scores of 4 keys fill the lanes of a vector.
  static constexpr size_t kQueries = kLanes / 4;

  /// Scores of some queries and 4 keys; line i of `to` is query i's.
  static void scoreFour(const float *q, const float *k, float *to) {
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
    storeFours(to, kPart,
               reduceRows(c, [](Vector a, Vector b) { return a + b; }));
  }

  alignas(64) float queries[kHeads * D];
  alignas(64) float scores[kHeads * kPart];
  alignas(64) float wide[4 * D];
};

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_COLUMNS_H
