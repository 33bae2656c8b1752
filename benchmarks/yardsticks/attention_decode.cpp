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

#include "decode_by_columns.h"
#include "decode_by_heads.h"

#include <cstring>
#include <type_traits>

using namespace yardstick;

namespace {

template <size_t D>
using Scores = std::conditional_t<kLanes == 16, ByColumns<D>, ByHeads<D>>;

/// Values for which memory is asked together.
constexpr size_t kRows = 4;
/// Values that are near while all queries take them. AVX2 takes them in so many
/// passes that the next ones come near meanwhile.
template <size_t D>
constexpr size_t kNear = kLanes == 16 ? 32 : 2048 / D;
template <size_t D, typename T>
constexpr size_t kAheadOfValues =
    kLanes == 16 ? kAhead : std::max(kAhead, kNear<D> * D * sizeof(T));

/// Vectors of columns of which a few queries' results stay in registers.
template <size_t D>
constexpr size_t kVectors = std::min(D / kLanes, kSums / 3);
template <size_t D>
constexpr size_t kSet = kSums / kVectors<D>;

/// Passes in which the values are added to so many heads.
template <size_t D>
size_t passesOf(size_t heads) {
  size_t left = heads % kSet<D>;
  return (heads / kSet<D> + left / 2 + left % 2) * (D / kLanes / kVectors<D>);
}
template <size_t D>
using ValueShares = Shares<kHeads *(D / kLanes / kVectors<D>)>;

/// A few queries' weights times some columns of values. The pass's share of
/// what lies ahead of `memory`, where the values come from, is asked for.
template <size_t D, size_t Queries, typename T>
void addValues(const float *weights, const float *v, const T *memory,
               size_t keys, const ValueShares<D> &shares, size_t pass,
               float *o) {
  constexpr size_t kVectors = ::kVectors<D>;
  Vector c[Queries][kVectors];
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      c[i][d] = load(o + i * D + d * kLanes);
  auto add = [&](size_t j) {
#pragma unroll
    for (size_t d = 0; d < kVectors; ++d) {
      Vector value = load(v + j * D + d * kLanes);
#pragma unroll
      for (size_t i = 0; i < Queries; ++i)
        c[i][d] = fma(
            splat(
                weights[i * Scores<D>::kHeadPitch + j * Scores<D>::kKeyPitch]),
            value, c[i][d]);
    }
  };
  size_t j = 0;
  for (; j + kRows <= keys; j += kRows) {
    shares.prefetch(
        memory + j * D + (kAheadOfValues<D, T> - kAhead) / sizeof(T), pass);
#pragma unroll
    for (size_t r = 0; r < kRows; ++r)
      add(j + r);
  }
  for (; j < keys; ++j)
    add(j);
  for (size_t i = 0; i < Queries; ++i)
    for (size_t d = 0; d < kVectors; ++d)
      store(o + i * D + d * kLanes, c[i][d]);
}

/// The same for all queries and columns, a few at a time.
template <size_t D, typename T>
void addSets(const float *weights, const float *v, const T *memory, size_t keys,
             const ValueShares<D> &shares, size_t &pass, size_t heads,
             float *o) {
  constexpr size_t kColumns = kVectors<D> * kLanes;
  size_t i = 0;
  auto add = [&](auto queries) {
    for (; i + queries <= heads; i += queries)
      for (size_t d = 0; d < D; d += kColumns)
        addValues<D, queries>(weights + i * Scores<D>::kHeadPitch, v + d,
                              memory, keys, shares, pass++, o + i * D + d);
  };
  add(std::integral_constant<size_t, kSet<D>>());
  add(std::integral_constant<size_t, 2>());
  add(std::integral_constant<size_t, 1>());
}

template <size_t D, typename T>
void decodePart(const T *q, const T *k, const T *v, size_t keys, size_t heads,
                Found<D> &found) {
  static thread_local Scores<D> scores;
  alignas(64) static thread_local float wide[kNear<D> * D];
  std::memset(found.outputs, 0, sizeof found.outputs);
  scores.score(q, k, keys, heads);
  scores.template weigh<T>(keys, heads, found);
  constexpr size_t kGroup = Scores<D>::kGroup;
  size_t passes = 0;
  for (size_t i = 0; i < heads; i += kGroup)
    passes += passesOf<D>(std::min(kGroup, heads - i));
  ValueShares<D> shares(kRows * D * sizeof(T), passes);
  for (size_t j = 0; j < keys; j += kNear<D>) {
    size_t count = std::min(kNear<D>, keys - j), pass = 0;
    const float *near = widened(v + j * D, count * D, wide);
    for (size_t i = 0; i < heads; i += kGroup)
      addSets<D>(scores.weightsOf(i) + j * Scores<D>::kKeyPitch, near,
                 v + j * D, count, shares, pass, std::min(kGroup, heads - i),
                 found.outputs + i * D);
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
