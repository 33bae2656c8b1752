//===- limits.cpp - copies, reads and exponentials and nothing else ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What no row program over the same memory can be faster than. Sizes are bytes,
// read as vectors; what is left over is done by the C library.
//
//===----------------------------------------------------------------------===//

#include "../harness/harness.h"
#include "online.h"
#include "vectors.h"

#include <cstring>

using namespace yardstick;

namespace {

enum class Way { Plain, Streamed, StreamedPages };

constexpr size_t kVectorBytes = sizeof(Vector);

Vector loadBytes(const char *x) {
  return load(reinterpret_cast<const float *>(x));
}

/// The sum of the inputs as f32, which for one input is a copy. For other
/// element types the sums mean nothing but cost the same.
template <int Inputs>
Vector gather(const char *const *x, size_t at) {
  Vector v = loadBytes(x[0] + at);
  for (int k = 1; k < Inputs; ++k)
    v += loadBytes(x[k] + at);
  return v;
}

template <int Inputs, Way How>
void move(const char *const *x, char *y, size_t at) {
  Vector v = gather<Inputs>(x, at);
  if constexpr (How == Way::Plain)
    store(reinterpret_cast<float *>(y + at), v);
  else
    stream(reinterpret_cast<float *>(y + at), v);
}

template <int Inputs, Way How>
void copyRange(const char *const *x, char *y, size_t begin, size_t end) {
  size_t at = begin;
  if constexpr (How == Way::StreamedPages)
    for (; at + 8 * kPageBytes <= end; at += 8 * kPageBytes)
      for (size_t j = 0; j < kPageBytes; j += 128)
        for (size_t p = 0; p < 8; ++p)
          for (size_t k = 0; k < 128; k += kVectorBytes)
            move<Inputs, How>(x, y, at + p * kPageBytes + j + k);
  for (; at + 256 <= end; at += 256)
    for (size_t j = 0; j < 256; j += kVectorBytes)
      move<Inputs, How>(x, y, at + j);
  if (at < end)
    std::memmove(y + at, x[0] + at, end - at);
  if (How != Way::Plain)
    _mm_sfence();
}

template <int Inputs, Way How>
int32_t copyAll(const char *const *x, char *y, size_t bytes) {
  bench::inRanges(bytes, 8 * kPageBytes, [&](size_t begin, size_t end) {
    copyRange<Inputs, How>(x, y, begin, end);
  });
  return 0;
}

/// Eight vectors of each page in turn, or in a line.
template <bool Pages>
float readRange(const char *x, size_t begin, size_t end) {
  Vector m[8];
  for (Vector &v : m)
    v = splat(kLowest);
  auto take = [&](size_t at, size_t k) { m[k] = max(m[k], loadBytes(x + at)); };
  size_t at = begin;
  if constexpr (Pages)
    for (; at + 8 * kPageBytes <= end; at += 8 * kPageBytes)
      for (size_t j = 0; j < kPageBytes; j += kLineBytes)
        for (size_t p = 0; p < 8; ++p)
          for (size_t k = 0; k < kLineBytes; k += kVectorBytes)
            take(at + p * kPageBytes + j + k, p);
  for (; at + 8 * kVectorBytes <= end; at += 8 * kVectorBytes)
    for (size_t k = 0; k < 8; ++k)
      take(at + kVectorBytes * k, k);
  for (; at + kVectorBytes <= end; at += kVectorBytes)
    take(at, 0);
  for (size_t k = 1; k < 8; ++k)
    m[0] = max(m[0], m[k]);
  return maxOf(m[0]);
}

template <bool Pages>
int32_t readAll(const char *x, size_t bytes) {
  bench::inRanges(bytes, 8 * kPageBytes, [&](size_t begin, size_t end) {
    volatile float sink = readRange<Pages>(x, begin, end);
    static_cast<void>(sink);
  });
  return 0;
}

struct Exponents {
  Exponents() {
    for (size_t i = 0; i < 4096; ++i)
      x[i] = -0.002f * static_cast<float>(i);
  }
  alignas(64) float x[4096];
};

/// `count` exponentials, taken from 4096 numbers that stay in L1.
template <typename T>
void exponentials(size_t count) {
  static const Exponents exponents;
  const float *x = exponents.x;
  Vector s[4] = {splat(0), splat(0), splat(0), splat(0)};
  for (size_t done = 0; done < count; done += 4096) {
    size_t n = count - done < 4096 ? count - done : 4096;
    for (size_t i = 0; i + 4 * kLanes <= n; i += 4 * kLanes)
      for (size_t k = 0; k < 4; ++k)
        s[k] += expShifted<T>(load(x + i + k * kLanes), splat(0));
    // Memory may have changed: no pass is taken for another.
    asm volatile("" ::: "memory");
  }
  volatile float sink = sumOf(s[0] + s[1] + (s[2] + s[3]));
  static_cast<void>(sink);
}

template <typename T>
int32_t exponentialsOnAll(size_t count) {
  bench::inRanges(count, 4096, [&](size_t begin, size_t end) {
    exponentials<T>(end - begin);
  });
  return 0;
}

} // namespace

// y is at the start of a cache line.
#define COPY(INPUTS)                                                           \
  BENCH_EXPORT int32_t limit_copy##INPUTS(const char *const *x, char *y,       \
                                          size_t bytes) {                      \
    return copyAll<INPUTS, Way::Plain>(x, y, bytes);                           \
  }                                                                            \
  BENCH_EXPORT int32_t limit_stream##INPUTS(const char *const *x, char *y,     \
                                            size_t bytes) {                    \
    return copyAll<INPUTS, Way::Streamed>(x, y, bytes);                        \
  }                                                                            \
  BENCH_EXPORT int32_t limit_pages##INPUTS(const char *const *x, char *y,      \
                                           size_t bytes) {                     \
    return copyAll<INPUTS, Way::StreamedPages>(x, y, bytes);                   \
  }
COPY(1)
COPY(2)
COPY(3)
BENCH_EXPORT int32_t limit_read(const char *x, size_t bytes) {
  return readAll<false>(x, bytes);
}
BENCH_EXPORT int32_t limit_read_pages(const char *x, size_t bytes) {
  return readAll<true>(x, bytes);
}
/// The second argument is not used: all functions have at least two.
BENCH_EXPORT int32_t limit_exp_f32(size_t count, size_t) {
  return exponentialsOnAll<float>(count);
}
BENCH_EXPORT int32_t limit_exp_bf16(size_t count, size_t) {
  return exponentialsOnAll<Bf16>(count);
}
