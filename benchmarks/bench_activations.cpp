//===- bench_activations.cpp - generated activations beside copying ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   bench_activations [rows [columns [samples [function...]]]]
//
// Every elementwise formula of the library, or those named, on one core in f32.
// First in cache: 4096 elements, the best of many calls, in ns and in cycles
// for 16 elements; cycles are counted by a chain of dependent multiplications.
// Then on 8192 x 8192 elements, alternating with a loop that reads as many
// tensors and writes one by ordinary vector stores, and with one by
// non-temporal stores; medians after an untimed call. "ratio" is the speed over
// that of the first loop, "ratio nt" over that of the second.
//
//===----------------------------------------------------------------------===//

#include "libelementwise.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <immintrin.h>
#include <random>
#include <sched.h>
#include <string>
#include <vector>

namespace {
struct Case {
  const char *name;
  int inputs;
  int32_t (*call)(const DLTensor *in, DLTensor *out);
};
} // namespace

static const Case kCases[] = {
#define ELEMENTWISE(NAME, INPUTS, CALL)                                        \
  {#NAME, INPUTS, [](const DLTensor *in, DLTensor *out) { return CALL; }},
#include "elementwise.inc"
#undef ELEMENTWISE
};

/// Reads `inputs` tensors and writes their sum: a copy where there is one.
template <bool NonTemporal>
static void copy(int inputs, float *const *x, float *y, size_t count) {
  for (size_t i = 0; i + 16 <= count; i += 16) {
    __m512 v = _mm512_loadu_ps(x[0] + i);
    for (int k = 1; k < inputs; ++k)
      v = _mm512_add_ps(v, _mm512_loadu_ps(x[k] + i));
    if (NonTemporal)
      _mm512_stream_ps(y + i, v);
    else
      _mm512_storeu_ps(y + i, v);
  }
  if (NonTemporal)
    _mm_sfence();
}

template <typename Work>
static double seconds(Work work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

static double median(std::vector<double> &times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// The clock in GHz, from a chain of dependent multiplications of 3 cycles
/// each.
static double clockRate() {
  constexpr int kLinks = 20000;
  double best = 1;
  for (int sample = 0; sample < 500; ++sample) {
    int64_t v = 1;
    best = std::min(best, seconds([&] {
                      for (int i = 0; i < kLinks; ++i)
                        asm volatile("imul $3, %0, %0" : "+r"(v));
                    }));
  }
  return kLinks * 3 / best / 1e9;
}

/// The best time of a call on one row of `count` elements.
static double inCache(const Case &c, DLTensor *in, DLTensor &out,
                      int64_t count) {
  int64_t shape[] = {1, count};
  std::vector<DLTensor> small(in, in + 3);
  for (DLTensor &tensor : small)
    tensor.shape = shape;
  DLTensor result = out;
  result.shape = shape;
  double best = 1;
  for (int sample = 0; sample < 400; ++sample)
    best = std::min(best, seconds([&] {
                            for (int i = 0; i < 8; ++i)
                              c.call(small.data(), &result);
                          }) / 8);
  return best;
}

int main(int argc, char **argv) {
  int64_t rows = argc > 1 ? std::atoll(argv[1]) : 8192;
  int64_t columns = argc > 2 ? std::atoll(argv[2]) : 8192;
  int samples = argc > 3 ? std::atoi(argv[3]) : 7;
  size_t count = rows * columns;
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  sched_setaffinity(0, sizeof core, &core);
  float *x[3], *y;
  int64_t shape[] = {rows, columns};
  DLTensor in[3];
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 2);
  for (int k = 0; k < 3; ++k) {
    x[k] = static_cast<float *>(std::aligned_alloc(64, (count + 16) * 4));
    for (size_t i = 0; i < count; ++i)
      x[k][i] = i < 65536 ? normal(generator) : x[k][i - 65536];
    in[k] = {x[k], {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, nullptr, 0};
  }
  y = static_cast<float *>(std::aligned_alloc(64, (count + 16) * 4));
  DLTensor out = in[0];
  out.data = y;
  copy<false>(1, x, y, count);
  double clock = clockRate();
  std::printf("%.2f GHz\n%-16s %8s %8s  %8s %8s %8s %6s %9s\n", clock,
              "function", "ns/16", "cycles", "Ge/s", "copy", "copy nt", "ratio",
              "ratio nt");
  for (const Case &c : kCases) {
    if (argc > 4 &&
        std::find(argv + 4, argv + argc, std::string(c.name)) == argv + argc)
      continue;
    if (c.call(in, &out) != 0) {
      std::fprintf(stderr, "%s failed: %s\n", c.name,
                   libelementwise_last_error());
      return 1;
    }
    int64_t few = std::min<int64_t>(count, 4096);
    double ns = inCache(c, in, out, few) / few * 16e9;
    // Ratios are taken in each round, since the machine's pace changes.
    std::vector<double> own, copied, streamed, ratio, streamedRatio;
    for (int sample = 0; sample < samples; ++sample) {
      own.push_back(seconds([&] { c.call(in, &out); }));
      copied.push_back(seconds([&] { copy<false>(c.inputs, x, y, count); }));
      streamed.push_back(seconds([&] { copy<true>(c.inputs, x, y, count); }));
      ratio.push_back(copied.back() / own.back());
      streamedRatio.push_back(streamed.back() / own.back());
    }
    std::printf("%-16s %8.2f %8.1f  %8.2f %8.2f %8.2f %6.2f %9.2f\n", c.name,
                ns, ns * clock, count / median(own) / 1e9,
                count / median(copied) / 1e9, count / median(streamed) / 1e9,
                median(ratio), median(streamedRatio));
    std::fflush(stdout);
  }
  for (float *tensor : {x[0], x[1], x[2], y})
    std::free(tensor);
  return 0;
}
