//===- matmul.cpp - hand-written matrix products on vectors ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row-major C = A B with C in f32, blocked for the caches, in register tiles of
// 6 rows. bf16 is widened while it is packed. Columns must be a multiple of a
// tile's, rows of 2.
//
//===----------------------------------------------------------------------===//

#include "matmul.h"
#include "vectors.h"

#include <type_traits>

using namespace yardstick;

namespace {

constexpr size_t kRows = 6, kVectors = kSums / kRows,
                 kStrip = kLanes * kVectors;

/// A block of A has kBlock rows of kDepth terms and lies in the second-level
/// cache, a strip of B in the first, kPanel of its columns in the last.
/// Processors with AVX2 only have smaller ones, which rows of A at the distance
/// that they have in memory would not share well: these are packed too.
#ifdef __AVX512F__
constexpr size_t kDepth = 512, kBlock = 480, kPanel = 2048;
constexpr bool kPacksRows = false;
#else
constexpr size_t kDepth = 256, kBlock = 192, kPanel = 2048;
constexpr bool kPacksRows = true;
#endif

/// `rows` rows of C, a strip wide, from a packed strip of B. What is in C
/// counts unless `first`.
template <size_t rows>
void multiplyTile(const float *a, size_t pitchA, const float *strip, float *c,
                  size_t pitchC, size_t depth, bool first) {
  Vector sums[rows][kVectors];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      sums[i][j] = first ? splat(0) : load(c + i * pitchC + kLanes * j);
  for (size_t k = 0; k < depth; ++k) {
    Vector row[kVectors];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      row[j] = load(strip + k * kStrip + kLanes * j);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      Vector factor = splat(a[i * pitchA + k]);
#pragma clang loop unroll(full)
      for (size_t j = 0; j < kVectors; ++j)
        sums[i][j] = fma(factor, row[j], sums[i][j]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      store(c + i * pitchC + kLanes * j, sums[i][j]);
}

template <typename T>
constexpr bool kPacks = kPacksRows || sizeof(T) == 2;

/// A block of A as f32 and the distance of its rows: as it lies in memory, or
/// in `packed`.
template <typename T>
std::pair<const float *, size_t> rowsOf(const T *a, size_t pitch, size_t rows,
                                        size_t depth, float *packed) {
  if constexpr (kPacks<T>) {
    for (size_t i = 0; i < rows; ++i)
      for (size_t k = 0; k < depth; k += kLanes)
        store(packed + i * kDepth + k, load(a + i * pitch + k));
    return {packed, kDepth};
  } else {
    return {a, pitch};
  }
}

/// The strips from `begin` to `end` of columns.
template <typename T>
void multiply(const T *a, const T *b, float *c, size_t m, size_t n, size_t k,
              size_t begin, size_t end) {
  Buffer<float> panel = allocate<float>(kDepth * std::min(kPanel, end - begin));
  Buffer<float> packed(kPacks<T> ? allocate<float>(kDepth * std::min(kBlock, m))
                                 : nullptr);
  for (size_t column = begin; column < end; column += kPanel) {
    size_t width = std::min(kPanel, end - column);
    for (size_t sum = 0; sum < k; sum += kDepth) {
      size_t depth = std::min(kDepth, k - sum);
      for (size_t s = 0; s < width; s += kStrip)
        for (size_t r = 0; r < depth; ++r)
          for (size_t j = 0; j < kStrip; j += kLanes)
            store(&panel[s * depth + r * kStrip + j],
                  load(b + (sum + r) * n + column + s + j));
      for (size_t block = 0; block < m; block += kBlock) {
        size_t last = std::min(m, block + kBlock);
        auto [rowsA, pitchA] =
            rowsOf(a + block * k + sum, k, last - block, depth, packed.get());
        for (size_t s = 0; s < width; s += kStrip) {
          size_t row = block;
          auto tile = [&, rowsA = rowsA, pitchA = pitchA](auto rows) {
            for (; row + rows <= last; row += rows)
              multiplyTile<rows>(rowsA + (row - block) * pitchA, pitchA,
                                 &panel[s * depth], c + row * n + column + s, n,
                                 depth, sum == 0);
          };
          tile(std::integral_constant<size_t, kRows>());
          tile(std::integral_constant<size_t, 4>());
          tile(std::integral_constant<size_t, 2>());
        }
      }
    }
  }
}

template <typename T>
int32_t multiplyAll(const T *a, const T *b, float *c, size_t m, size_t n,
                    size_t k) {
  bench::inRanges(n, kStrip, [&](size_t begin, size_t end) {
    multiply(a, b, c, m, n, k, begin, end);
  });
  return 0;
}

} // namespace

BENCH_EXPORT int32_t matmul_f32(const float *a, const float *b, float *c,
                                size_t m, size_t n, size_t k) {
  return multiplyAll(a, b, c, m, n, k);
}

BENCH_EXPORT int32_t matmul_widened_bf16(const Bf16 *a, const Bf16 *b, float *c,
                                         size_t m, size_t n, size_t k) {
  return multiplyAll(a, b, c, m, n, k);
}

/// So many multiply-adds with all operands in registers.
BENCH_EXPORT int32_t limit_multiply_f32(size_t count, size_t) {
  bench::inRanges(count, 1 << 16, [&](size_t begin, size_t end) {
    Vector sums[kSums], factor = splat(0.999f);
    for (Vector &sum : sums)
      sum = splat(1);
    for (size_t i = begin; i < end; i += kSums * kLanes)
#pragma clang loop unroll(full)
      for (Vector &sum : sums) {
        sum = fma(sum, factor, factor);
        asm volatile("" : "+v"(sum));
      }
  });
  return 0;
}
