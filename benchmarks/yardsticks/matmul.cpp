//===- matmul.cpp - hand-written matrix products, f32 and bf16 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row-major C = A B, blocked for the caches. f32 in register tiles of 6 rows by
// 4 vectors, bf16 in 2 by 2 tiles of AMX with C in f32. Sizes must be multiples
// of 96 rows (32 of bf16), 64 columns (32) and 32 terms.
//
//===----------------------------------------------------------------------===//

#include "../harness/harness.h"
#include "vectors.h"

#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {
struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
template <typename T>
using Buffer = std::unique_ptr<T[], Free>;

template <typename T>
Buffer<T> allocate(size_t count) {
  size_t bytes = (count * sizeof(T) + 4095) / 4096 * 4096;
  return Buffer<T>(static_cast<T *>(std::aligned_alloc(4096, bytes)));
}

//===----------------------------------------------------------------------===//
// f32
//===----------------------------------------------------------------------===//

constexpr size_t kRows = 6, kVectors = 4, kStrip = 16 * kVectors;
constexpr size_t kDepth = 512, kBlock = 480, kPanel = 2048;

/// `rows` rows of C, a strip wide, from a packed strip of B. What is in C
/// counts unless `first`.
template <size_t rows>
void multiplyTile(const float *a, size_t pitchA, const float *strip, float *c,
                  size_t pitchC, size_t depth, bool first) {
  __m512 sums[rows][kVectors];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      sums[i][j] = first ? _mm512_setzero_ps()
                         : _mm512_loadu_ps(c + i * pitchC + 16 * j);
  for (size_t k = 0; k < depth; ++k) {
    __m512 row[kVectors];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      row[j] = _mm512_load_ps(strip + k * kStrip + 16 * j);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      __m512 factor = _mm512_set1_ps(a[i * pitchA + k]);
#pragma clang loop unroll(full)
      for (size_t j = 0; j < kVectors; ++j)
        sums[i][j] = _mm512_fmadd_ps(factor, row[j], sums[i][j]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kVectors; ++j)
      _mm512_storeu_ps(c + i * pitchC + 16 * j, sums[i][j]);
}

/// The strips from `begin` to `end` of columns.
void multiply(const float *a, const float *b, float *c, size_t m, size_t n,
              size_t k, size_t begin, size_t end) {
  Buffer<float> panel = allocate<float>(kDepth * std::min(kPanel, end - begin));
  for (size_t column = begin; column < end; column += kPanel) {
    size_t width = std::min(kPanel, end - column);
    for (size_t sum = 0; sum < k; sum += kDepth) {
      size_t depth = std::min(kDepth, k - sum);
      for (size_t s = 0; s < width; s += kStrip)
        for (size_t r = 0; r < depth; ++r)
          for (size_t j = 0; j < kStrip; j += 16)
            _mm512_store_ps(
                &panel[s * depth + r * kStrip + j],
                _mm512_loadu_ps(b + (sum + r) * n + column + s + j));
      for (size_t block = 0; block < m; block += kBlock)
        for (size_t s = 0; s < width; s += kStrip) {
          size_t row = block, last = std::min(m, block + kBlock);
          auto tile = [&](auto multiplyRows, size_t rows) {
            for (; row + rows <= last; row += rows)
              multiplyRows(a + row * k + sum, k, &panel[s * depth],
                           c + row * n + column + s, n, depth, sum == 0);
          };
          tile(multiplyTile<kRows>, kRows);
          tile(multiplyTile<4>, 4);
          tile(multiplyTile<2>, 2);
        }
    }
  }
}

//===----------------------------------------------------------------------===//
// bf16
//===----------------------------------------------------------------------===//

using Bf16 = uint16_t;
constexpr size_t kTile = 16, kTileDepth = 32, kTileElements = 512;

struct __attribute__((packed)) TileShapes {
  uint8_t palette, start, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};

void configureTiles() {
  alignas(64) TileShapes shapes;
  std::memset(&shapes, 0, sizeof shapes);
  shapes.palette = 1;
  for (int i = 0; i < 8; ++i) {
    shapes.bytes[i] = 64;
    shapes.rows[i] = kTile;
  }
  _tile_loadconfig(&shapes);
}

/// Asks the system once.
bool mayUseTiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  static const bool permitted =
      syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return permitted;
}

/// Rows [begin, end) of A as tiles, one after the other along a row of tiles.
void packTilesA(const Bf16 *a, Bf16 *tiles, size_t k, size_t begin,
                size_t end) {
  for (size_t row = begin; row < end; row += kTile)
    for (size_t sum = 0; sum < k; sum += kTileDepth, tiles += kTileElements)
      for (size_t i = 0; i < kTile; ++i)
        _mm512_store_si512(tiles + i * kTileDepth,
                           _mm512_loadu_si512(a + (row + i) * k + sum));
}

/// Columns [begin, end) of B as tiles of pairs of rows, one after the other
/// down a column of tiles.
void packTilesB(const Bf16 *b, Bf16 *tiles, size_t n, size_t k, size_t begin,
                size_t end) {
  for (size_t column = begin; column < end; column += kTile)
    for (size_t sum = 0; sum < k; sum += 2, tiles += kTileDepth) {
      auto widen = [&](size_t row) {
        return _mm512_cvtepu16_epi32(_mm256_loadu_si256(
            reinterpret_cast<const __m256i *>(b + row * n + column)));
      };
      __m512i pairs =
          _mm512_or_si512(widen(sum), _mm512_slli_epi32(widen(sum + 1), 16));
      _mm512_store_si512(tiles, pairs);
    }
}

/// 32 by 32 of C from two rows and two columns of tiles.
void multiplyTiles(const Bf16 *a, const Bf16 *b, float *c, size_t n, size_t k) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const Bf16 *a1 = a + kTile * k, *b1 = b + kTile * k;
  for (size_t at = 0; at < kTile * k; at += kTileElements) {
    _tile_loadd(4, a + at, 64);
    _tile_loadd(6, b + at, 64);
    _tile_loadd(5, a1 + at, 64);
    _tile_loadd(7, b1 + at, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  size_t pitch = n * sizeof(float);
  _tile_stored(0, c, pitch);
  _tile_stored(1, c + kTile, pitch);
  _tile_stored(2, c + kTile * n, pitch);
  _tile_stored(3, c + kTile * n + kTile, pitch);
}

void multiply(const Bf16 *a, const Bf16 *b, float *c, size_t m, size_t n,
              size_t k, size_t begin, size_t end) {
  constexpr size_t kRowsOfA = 256;
  configureTiles();
  Buffer<Bf16> blockA = allocate<Bf16>(kRowsOfA * k),
               panelB = allocate<Bf16>((end - begin) * k);
  packTilesB(b, panelB.get(), n, k, begin, end);
  for (size_t block = 0; block < m; block += kRowsOfA) {
    size_t last = std::min(m, block + kRowsOfA);
    packTilesA(a, blockA.get(), k, block, last);
    for (size_t column = begin; column < end; column += 2 * kTile)
      for (size_t row = block; row < last; row += 2 * kTile)
        multiplyTiles(&blockA[(row - block) * k], &panelB[(column - begin) * k],
                      c + row * n + column, n, k);
  }
  _tile_release();
}
} // namespace

BENCH_EXPORT int32_t matmul_f32(const float *a, const float *b, float *c,
                                size_t m, size_t n, size_t k) {
  bench::inRanges(n, kStrip, [&](size_t begin, size_t end) {
    multiply(a, b, c, m, n, k, begin, end);
  });
  return 0;
}

/// So many multiply-adds with all operands in registers.
BENCH_EXPORT int32_t limit_multiply_f32(size_t count, size_t) {
  bench::inRanges(count, 1 << 16, [&](size_t begin, size_t end) {
    constexpr size_t kChains = 24;
    __m512 sums[kChains], factor = yardstick::splat(0.999f);
    for (__m512 &sum : sums)
      sum = yardstick::splat(1);
    for (size_t i = begin; i < end; i += kChains * yardstick::kLanes)
#pragma clang loop unroll(full)
      for (__m512 &sum : sums) {
        sum = _mm512_fmadd_ps(sum, factor, factor);
        asm volatile("" : "+v"(sum));
      }
  });
  return 0;
}

BENCH_EXPORT int32_t limit_multiply_bf16(size_t count, size_t) {
  if (!mayUseTiles())
    return 1;
  bench::inRanges(count, 1 << 16, [&](size_t begin, size_t end) {
    configureTiles();
    for (size_t i = begin; i < end; i += 4 * kTile * kTileElements) {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
  });
  return 0;
}

/// Fails where the system does not permit the use of tiles.
BENCH_EXPORT int32_t matmul_bf16(const Bf16 *a, const Bf16 *b, float *c,
                                 size_t m, size_t n, size_t k) {
  if (!mayUseTiles())
    return 1;
  bench::inRanges(n, 2 * kTile, [&](size_t begin, size_t end) {
    multiply(a, b, c, m, n, k, begin, end);
  });
  return 0;
}
