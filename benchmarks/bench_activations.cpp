//===- bench_activations.cpp - generated activations beside copying ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   bench_activations activations.so [rows [columns]]
//
// One core, f32, 8192 x 8192 by default. Every function alternates with a copy
// of the same tensor by ordinary vector stores; medians of 7 after an untimed
// call. The last column is the function's speed over that of the copy.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <dlpack/dlpack.h>
#include <immintrin.h>
#include <random>
#include <sched.h>
#include <string>
#include <vector>

using Function = int32_t (*)(const DLTensor *, DLTensor *);

static void copy(const float *x, float *y, size_t count) {
  for (size_t i = 0; i + 16 <= count; i += 16)
    _mm512_storeu_ps(y + i, _mm512_loadu_ps(x + i));
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

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : nullptr;
  if (!library) {
    std::fprintf(stderr, "usage: %s activations.so [rows [columns]]\n%s\n",
                 argv[0], argc > 1 ? dlerror() : "");
    return 2;
  }
  int64_t rows = argc > 2 ? std::atoll(argv[2]) : 8192;
  int64_t columns = argc > 3 ? std::atoll(argv[3]) : 8192;
  size_t count = rows * columns;
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  sched_setaffinity(0, sizeof core, &core);
  auto *x = static_cast<float *>(std::aligned_alloc(64, (count + 16) * 4));
  auto *y = static_cast<float *>(std::aligned_alloc(64, (count + 16) * 4));
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 2);
  for (size_t i = 0; i < count; ++i)
    x[i] = i < 65536 ? normal(generator) : x[i - 65536];
  int64_t shape[] = {rows, columns};
  DLTensor in = {x, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, nullptr, 0};
  DLTensor out = in;
  out.data = y;
  copy(x, y, count);
  std::printf("%-12s %10s %10s  %s\n", "function", "Ge/s", "copy", "ratio");
  for (const char *name : {"silu", "sigmoid", "golu", "gelu", "gelu_tanh",
                           "atlu", "softplus", "tanh"}) {
    std::string symbol = std::string(name) + "_rows";
    auto function = reinterpret_cast<Function>(dlsym(library, symbol.c_str()));
    if (!function || function(&in, &out) != 0) {
      std::fprintf(stderr, "%s failed\n", symbol.c_str());
      return 1;
    }
    std::vector<double> own, copied;
    for (int sample = 0; sample < 7; ++sample) {
      own.push_back(seconds([&] { function(&in, &out); }));
      copied.push_back(seconds([&] { copy(x, y, count); }));
    }
    double t = median(own), c = median(copied);
    std::printf("%-12s %10.2f %10.2f  %.2f\n", name, count / t / 1e9,
                count / c / 1e9, c / t);
  }
  std::free(x);
  std::free(y);
  return 0;
}
