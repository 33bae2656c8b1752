//===- bench_topk.cpp - the largest elements beside a plain read ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   bench_topk topk.so [rows [columns]]
//
// One core, f32 of a standard normal distribution, 4096 x 32768 by default.
// Every function alternates with a read of the same tensor that does nothing
// but compare; medians of 7 after an untimed call. The last column is the
// function's speed over that of the read.
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

using Function = int32_t (*)(const DLTensor *, DLTensor *, DLTensor *,
                             DLTensor *);

/// The largest element, by four accumulators.
static float readAll(const float *x, size_t count) {
  __m512 largest[4];
  for (__m512 &value : largest)
    value = _mm512_set1_ps(-1e30f);
  for (size_t i = 0; i + 64 <= count; i += 64)
    for (size_t v = 0; v < 4; ++v)
      largest[v] = _mm512_max_ps(largest[v], _mm512_loadu_ps(x + i + 16 * v));
  return _mm512_reduce_max_ps(
      _mm512_max_ps(_mm512_max_ps(largest[0], largest[1]),
                    _mm512_max_ps(largest[2], largest[3])));
}

template <typename Work>
static double seconds(Work work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

static double median(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

namespace {
struct Tensor {
  Tensor(void *data, uint8_t code, std::vector<int64_t> sizes)
      : shape(std::move(sizes)) {
    tensor = {data,
              {kDLCPU, 0},
              static_cast<int32_t>(shape.size()),
              {code, 32, 1},
              shape.data(),
              nullptr,
              0};
  }
  std::vector<int64_t> shape;
  DLTensor tensor;
};
} // namespace

static void measure(const char *name, Function function, const float *x,
                    int64_t rows, int64_t n, int64_t k) {
  std::vector<float> values(rows * k);
  std::vector<int32_t> indices(rows * k), counts(rows);
  Tensor scores(const_cast<float *>(x), kDLFloat, {rows, n}),
      v(values.data(), kDLFloat, {rows, k}),
      i(indices.data(), kDLInt, {rows, k}), c(counts.data(), kDLInt, {rows});
  size_t count = rows * n;
  volatile float sink;
  auto run = [&] {
    if (function(&scores.tensor, &v.tensor, &i.tensor, &c.tensor)) {
      std::fprintf(stderr, "%s failed\n", name);
      std::exit(1);
    }
  };
  auto read = [&] { sink = readAll(x, count); };
  run();
  read();
  std::vector<double> own, plain;
  for (int sample = 0; sample < 7; ++sample) {
    own.push_back(seconds(run));
    plain.push_back(seconds(read));
  }
  static_cast<void>(sink);
  double ours = median(own), theirs = median(plain);
  std::printf("%-10s %lldx%lld %10.2f GB/s %10.2f GB/s %6.2f\n", name,
              static_cast<long long>(rows), static_cast<long long>(n),
              4e-9 * count / ours, 4e-9 * count / theirs, theirs / ours);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s topk.so [rows [columns]]\n", argv[0]);
    return 2;
  }
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  sched_setaffinity(0, sizeof core, &core);
  int64_t rows = argc > 2 ? std::atoll(argv[2]) : 4096;
  int64_t n = argc > 3 ? std::atoll(argv[3]) : 32768;
  std::vector<float> x(rows * n);
  std::minstd_rand generator(1);
  std::normal_distribution<float> normal(0, 1);
  for (float &value : x)
    value = normal(generator);
  std::printf("%-10s %-10s %12s %14s %6s\n", "function", "shape", "weir",
              "plain read", "ratio");
  for (int64_t k : {5, 64, 2048}) {
    std::string name = "topk_" + std::to_string(k);
    auto function = reinterpret_cast<Function>(dlsym(library, name.c_str()));
    measure(name.c_str(), function, x.data(), rows, n, k);
  }
  return 0;
}
