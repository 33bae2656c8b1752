//===- attention.h - what hand-written attention shares ---------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes, memory, and how heads and blocks of queries are shared among threads.
// A block is computed by one thread from beginning to end, so that results do
// not depend on how many there are.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_H
#define WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_H

#include "../harness/harness.h"
#include "vectors.h"

#include <atomic>
#include <memory>

namespace yardstick {

/// q [batch, heads, queries, D], k and v [batch, kvHeads, keys, D]. A query of
/// causal attention sees the keys up to its own, the last query all of them.
struct AttentionSizes {
  size_t batch, heads, kvHeads, queries, keys, depth, causal;

  size_t group() const { return heads / kvHeads; }
  /// How many keys a query sees.
  size_t seen(size_t query) const {
    return causal ? std::min(keys, query + 1 + keys - queries) : keys;
  }
  /// Query head `head` of kv head `kv`, counted over the batch.
  size_t headOf(size_t kv, size_t head) const { return kv * group() + head; }
};

/// Weights may grow to 2^100 where a later score is above the maximum that was
/// guessed from the first keys: far from what f32 and bf16 hold.
constexpr float kMostMass = 0x1p+100f;

/// Memory of this thread at the start of a cache line; `Tag` tells the uses
/// apart.
template <typename T, int Tag>
T *scratch(size_t count) {
  struct Free {
    void operator()(T *p) const { std::free(p); }
  };
  static thread_local std::unique_ptr<T, Free> memory;
  static thread_local size_t held = 0;
  if (held < count) {
    size_t bytes = (count * sizeof(T) + 4095) / 4096 * 4096;
    memory.reset(static_cast<T *>(std::aligned_alloc(4096, bytes)));
    held = count;
  }
  return memory.get();
}

/// Does pack(kv, packed, part, parts) and then block(kv, head, first query,
/// packed) for all heads and blocks. Threads take whole kv heads where these
/// can be dealt evenly; else they share one at a time.
template <typename T, typename Pack, typename Block>
void forBlocks(const AttentionSizes &s, size_t blockRows, size_t packedCount,
               Pack pack, Block block) {
  size_t all = s.batch * s.kvHeads;
  size_t blocks = (s.queries + blockRows - 1) / blockRows;
  auto serve = [&](size_t kv, T *packed, size_t item) {
    // The last queries first, whose blocks take longest.
    block(kv, item % s.group(), (blocks - 1 - item / s.group()) * blockRows,
          packed);
  };
  if (all % bench::threads == 0) {
    bench::inRanges(all, 1, [&](size_t begin, size_t end) {
      T *packed = scratch<T, 0>(packedCount);
      for (size_t kv = begin; kv < end; ++kv) {
        pack(kv, packed, 0, 1);
        for (size_t item = 0; item < blocks * s.group(); ++item)
          serve(kv, packed, item);
      }
    });
    return;
  }
  T *packed = scratch<T, 0>(packedCount);
  for (size_t kv = 0; kv < all; ++kv) {
    bench::inParallel(bench::threads, [&](int part) {
      pack(kv, packed, part, bench::threads);
    });
    std::atomic<size_t> next{0};
    bench::inParallel(bench::threads, [&](int) {
      for (size_t item; (item = next++) < blocks * s.group();)
        serve(kv, packed, item);
    });
  }
}

/// Transposes 16 vectors of 16 elements of 32 bits.
inline void transpose(__m512i (&v)[16]) {
  __m512i t[16];
#pragma unroll
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_H
