//===- tiles.h - AMX's tile registers ---------------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_TILES_H
#define WEIR_BENCHMARKS_YARDSTICKS_TILES_H

#include <cstddef>
#include <cstdint>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace yardstick {

/// Rows of a tile, and pairs of bf16 in one of its rows.
constexpr size_t kTileRows = 16, kPairs = 16;

/// Asks the system once for the right to use tiles; false where there are none.
inline bool mayUseTiles() {
  constexpr long kAskPermission = 0x1023, kTileData = 18;
  static const bool granted =
      syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
  return granted;
}

/// While it lives, this thread's eight tiles are 16 rows of 64 bytes each.
class TileRegisters {
public:
  TileRegisters() {
    alignas(64) struct {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } configuration;
    _tile_loadconfig(&configuration);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters &) = delete;
};

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_TILES_H
