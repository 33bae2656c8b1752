//===- attention_decode.h - attention of one query --------------*- C++ -*-===//
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

#ifndef WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_DECODE_H
#define WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_DECODE_H

#include "attention.h"

namespace yardstick {

constexpr size_t kPart = 1024;
/// Query heads of a kv head at most; missing ones are queries of zeros.
constexpr size_t kHeads = 16;

/// Memory is asked for so many bytes ahead of its use, a share of it with each
/// piece of work: left to itself the machine asks only while nothing else is
/// to be done.
constexpr size_t kAhead = 4096;

/// Asks for these of the cache lines that lie ahead of `at`.
inline void prefetch(const void *at, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i)
    _mm_prefetch(static_cast<const char *>(at) + kAhead + i * kLineBytes,
                 _MM_HINT_T0);
}

/// Bytes as whole cache lines, dealt to pieces of work. A division takes as
/// long as a piece may, so that all are made once.
template <size_t Most>
class Shares {
public:
  Shares(size_t bytes, size_t parts) {
    for (size_t part = 0; part <= parts; ++part)
      from[part] = bytes / kLineBytes * part / parts;
  }
  void prefetch(const void *at, size_t part) const {
    yardstick::prefetch(at, from[part], from[part + 1]);
  }

private:
  size_t from[Most + 1];
};

/// Elements as f32: where they lie, or widened into `wide`.
inline const float *widened(const float *x, size_t, float *) { return x; }
inline const float *widened(const Bf16 *x, size_t count, float *wide) {
  for (size_t i = 0; i < count; i += kLanes)
    store(wide + i, load(x + i));
  return wide;
}

/// What a part knows of each query: the maximum (base 2), the sum of weights,
/// and these times the values.
template <size_t D>
struct Found {
  float maxima[kHeads], sums[kHeads], outputs[kHeads * D];
};

template <size_t D>
void merge(const Found<D> *parts, size_t count, size_t head, Vector *o) {
  float most = kLowest, sum = 0;
  for (size_t p = 0; p < count; ++p)
    most = std::max(most, parts[p].maxima[head]);
  for (size_t d = 0; d < D / kLanes; ++d)
    o[d] = splat(0);
  for (size_t p = 0; p < count; ++p) {
    float factor = std::exp2(parts[p].maxima[head] - most);
    sum += factor * parts[p].sums[head];
    for (size_t d = 0; d < D / kLanes; ++d)
      o[d] = fma(splat(factor), load(parts[p].outputs + head * D + d * kLanes),
                 o[d]);
  }
  for (size_t d = 0; d < D / kLanes; ++d)
    o[d] *= splat(1 / sum);
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
      Vector merged[D / kLanes];
      merge(found + kv * parts, parts, head, merged);
      for (size_t d = 0; d < D / kLanes; ++d)
        store(o + s.headOf(kv, head) * D + d * kLanes, merged[d]);
    }
}

/// Whether forParts can do it.
inline bool canDecode(const AttentionSizes &s) {
  return s.queries == 1 && s.group() <= kHeads;
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_DECODE_H
