//===- matmul_tiles.cpp - hand-written products of bf16 on AMX ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row-major C = A B, C in f32, in 2 by 2 tiles. Sizes must be multiples of 32.
//
//===----------------------------------------------------------------------===//

#include "matmul.h"

#include <cstring>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace yardstick;

namespace {

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
