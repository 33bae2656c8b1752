//===- vectors.h - what the yardsticks are written in -----------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors of kLanes f32 read from and written to rows of f32 or bf16. What one
// processor does unlike another is in a header for each: AVX-512 with 16 lanes,
// AVX2 with 8. Sums and products are operators.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H
#define WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

namespace yardstick {

/// Sums are flushed into a second level this often, so that their error does
/// not grow with the row.
constexpr size_t kBlock = 8192;
constexpr size_t kLineBytes = 64;
constexpr float kLog2e = 0x1.715476p+0f;
constexpr float kLowest = -3.0e38f;

struct Bf16 {
  uint16_t bits;
};

} // namespace yardstick

#ifdef __AVX512F__
#include "vectors_avx512.h"
#else
#include "vectors_avx2.h"
#endif

namespace yardstick {

/// Two adjacent vectors; what lies where in them is known to storePair and to
/// stream only, which undo it.
template <typename T>
inline void loadPair(const T *x, Vector &a, Vector &b) {
  if constexpr (kOwnOrder<T>) {
    loadHalves(x, a, b);
  } else {
    a = load(x);
    b = load(x + kLanes);
  }
}
template <typename T>
inline void storePair(T *y, Vector a, Vector b) {
  if constexpr (kOwnOrder<T>) {
    storeHalves(y, a, b);
  } else {
    store(y, a);
    store(y + kLanes, b);
  }
}

/// exp(x - m), given -m log2(e) in `shift`: one fused multiply-add.
template <typename T>
inline Vector expShifted(Vector x, Vector shift) {
  return exp2Of<T>(fma(x, splat(kLog2e), shift));
}

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_VECTORS_H
