//===- decode_by_heads.h - scores with query heads in the lanes -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector holds a column of as many queries as it has lanes, and is multiplied
// with that column of a key: no lanes are summed up, nor searched for a
// maximum. Eight heads that share keys, as is usual, fill the lanes of AVX2.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_HEADS_H
#define WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_HEADS_H

#include "attention_decode.h"

#include <cstring>

namespace yardstick {

template <size_t D>
class ByHeads {
public:
  /// How far the weights of a head, and those of a key, are from the next.
  static constexpr size_t kHeadPitch = 1, kKeyPitch = kLanes;
  /// Heads whose weights lie so.
  static constexpr size_t kGroup = kLanes;

  /// Of the first head of a group.
  float *weightsOf(size_t head) { return scores + head * kPart; }

  template <typename T>
  void score(const T *q, const T *k, size_t keys, size_t heads) {
    pack(q, heads);
    size_t j = 0;
    auto add = [&](auto count) {
      for (; j + count <= keys; j += count) {
        const float *near = widened(k + j * D, count * D, wide);
        for (size_t i = 0; i < heads; i += kLanes)
          scoreKeys<count>(queries + i * D, near, i == 0 ? k + j * D : nullptr,
                           weightsOf(i) + j * kLanes);
      }
    };
    add(std::integral_constant<size_t, kKeys>());
    add(std::integral_constant<size_t, 1>());
  }

  /// Scores become weights.
  template <typename T>
  void weigh(size_t keys, size_t heads, Found<D> &found) {
    for (size_t i = 0; i < heads; i += kLanes) {
      float *s = weightsOf(i);
      Vector most = splat(kLowest), sum = splat(0);
      for (size_t j = 0; j < keys; ++j)
        most = max(most, load(s + j * kLanes));
      for (size_t j = 0; j < keys; ++j) {
        Vector e = exp2Of<T>(load(s + j * kLanes) - most);
        sum += e;
        store(s + j * kLanes, e);
      }
      store(found.maxima + i, most);
      store(found.sums + i, sum);
    }
  }

private:
  /// Keys that are multiplied together.
  static constexpr size_t kKeys = kSums;

  /// Groups of heads as [D, kLanes], the missing ones 0.
  template <typename T>
  void pack(const T *q, size_t heads) {
    Vector scale = splat(kLog2e / std::sqrt(static_cast<float>(D)));
    for (size_t i = 0; i < heads; i += kLanes)
      for (size_t d = 0; d < D; d += kLanes) {
        Vector v[kLanes];
        for (size_t r = 0; r < kLanes; ++r)
          v[r] = i + r < heads ? load(q + (i + r) * D + d) * scale : splat(0);
        transpose(v);
        for (size_t r = 0; r < kLanes; ++r)
          store(queries + i * D + (d + r) * kLanes, v[r]);
      }
  }

  /// Scores of a group and some keys, [Keys, kLanes]. What lies ahead of
  /// `memory` is asked for bit by bit.
  template <size_t Keys, typename T>
  static void scoreKeys(const float *q, const float *k, const T *memory,
                        float *to) {
    constexpr size_t kStep = 16, kLines = Keys * kStep * sizeof(T) / kLineBytes;
    // A column is of all keys: what is asked for lies behind them.
    constexpr size_t kMore =
        std::max(kAhead, Keys * D * sizeof(T)) / kLineBytes -
        kAhead / kLineBytes;
    Vector c[Keys];
    for (Vector &v : c)
      v = splat(0);
    for (size_t d = 0; d < D; d += kStep) {
      if (memory)
        prefetch(memory, kMore + d / kStep * kLines,
                 kMore + (d / kStep + 1) * kLines);
      // Two columns at a time would need more registers than there are.
#pragma clang loop unroll(disable)
      for (size_t x = d; x < d + kStep; ++x) {
        Vector query = load(q + x * kLanes);
#pragma unroll
        for (size_t j = 0; j < Keys; ++j)
          c[j] = fma(splat(k[j * D + x]), query, c[j]);
      }
    }
    for (size_t j = 0; j < Keys; ++j)
      store(to + j * kLanes, c[j]);
  }

  alignas(64) float queries[kHeads * D];
  alignas(64) float scores[kHeads * kPart];
  alignas(64) float wide[kKeys * D];
};

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_DECODE_BY_HEADS_H
