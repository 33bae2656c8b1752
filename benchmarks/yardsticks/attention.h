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
#include <type_traits>

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

/// Calls attend(D) for the D of the case, as a constant; fails where no kernel
/// has it.
template <typename Attend>
int32_t byDepth(size_t depth, Attend attend) {
  if (depth == 64)
    attend(std::integral_constant<size_t, 64>());
  else if (depth == 128)
    attend(std::integral_constant<size_t, 128>());
  else
    return 1;
  return 0;
}

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

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ATTENTION_H
