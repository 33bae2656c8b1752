//===- bench_rows.cpp - generated rows beside hand-written ones ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   bench_rows rows.so [filter]
//
// One core. The variants of a case are interleaved in one run; every sample
// follows an untimed call; medians of 15. FTZ and DAZ are set for all.
//
//===----------------------------------------------------------------------===//

#include "yardsticks/rows.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <dlpack/dlpack.h>
#include <fstream>
#include <functional>
#include <immintrin.h>
#include <random>
#include <sched.h>
#include <string>
#include <vector>

namespace {

struct Buffer {
  explicit Buffer(size_t count)
      : data(static_cast<float *>(
            std::aligned_alloc(64, (count * 4 + 63) / 64 * 64))) {
    std::memset(data, 0, count * 4);
  }
  ~Buffer() { std::free(data); }
  float *data;
};

struct Matrix {
  Matrix(float *data, int64_t rows, int64_t n) : shape{rows, n} {
    tensor = {data, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, nullptr, 0};
  }
  int64_t shape[2];
  DLTensor tensor;
};

struct Variant {
  std::string name;
  std::function<void()> run;
  std::vector<double> samples;
  double median() {
    std::sort(samples.begin(), samples.end());
    return samples[samples.size() / 2];
  }
};

double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void measure(std::vector<Variant> &variants) {
  constexpr int kSamples = 15;
  constexpr double kTarget = 0.008;
  std::vector<int> repeats;
  for (Variant &v : variants) {
    v.run();
    double start = now();
    v.run();
    repeats.push_back(
        std::max(1, static_cast<int>(kTarget / std::max(1e-9, now() - start))));
  }
  for (int sample = 0; sample < kSamples; ++sample)
    for (size_t i = 0; i < variants.size(); ++i) {
      variants[i].run();
      double start = now();
      for (int r = 0; r < repeats[i]; ++r)
        variants[i].run();
      variants[i].samples.push_back((now() - start) / repeats[i]);
    }
}

void report(const std::string &name, size_t elements,
            std::vector<Variant> &variants) {
  measure(variants);
  double reference = variants[1].median();
  for (Variant &v : variants)
    std::printf("%-28s %-12s %10.1f us %8.2f Ge/s  %5.2fx\n", name.c_str(),
                v.name.c_str(), v.median() * 1e6, elements / v.median() / 1e9,
                reference / v.median());
}

using Function1 = int32_t (*)(const DLTensor *, DLTensor *);
using Function2 = int32_t (*)(const DLTensor *, const DLTensor *, DLTensor *);
using Kernel = void (*)(const float *, float *, size_t, size_t);

void check(int32_t status) {
  if (status == 0)
    return;
  std::fprintf(stderr, "a weir function returned %d\n", status);
  std::exit(1);
}

void compare(const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (!(std::fabs(a[i] - b[i]) <= 1e-5f * std::fabs(b[i]) + 1e-30f)) {
      std::fprintf(stderr, "weir and the yardstick differ at %zu: %g, %g\n", i,
                   a[i], b[i]);
      std::exit(1);
    }
}

void benchSoftmax(const std::string &name, Function1 weir, Kernel hand,
                  size_t rows, size_t n) {
  size_t count = rows * n;
  Buffer x(count), y(count), z(count);
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 3);
  for (size_t i = 0; i < count; ++i)
    x.data[i] = normal(generator);
  Matrix mx(x.data, rows, n), my(y.data, rows, n);
  std::vector<Variant> variants = {
      {"weir", [&] { check(weir(&mx.tensor, &my.tensor)); }, {}},
      {"yardstick", [&] { hand(x.data, z.data, rows, n); }, {}},
      {"copy", [&] { yardstick::copyStream(x.data, z.data, count); }, {}},
  };
  variants[0].run();
  variants[1].run();
  compare(y.data, z.data, count);
  report(name + " " + std::to_string(rows) + "x" + std::to_string(n), count,
         variants);
}

void benchSwiglu(Function2 weir, size_t rows, size_t n) {
  size_t count = rows * n;
  Buffer g(count), v(count), y(count), z(count);
  std::mt19937 generator(2);
  std::normal_distribution<float> normal(0, 2);
  for (size_t i = 0; i < count; ++i) {
    g.data[i] = normal(generator);
    v.data[i] = normal(generator);
  }
  Matrix mg(g.data, rows, n), mv(v.data, rows, n), my(y.data, rows, n);
  std::vector<Variant> variants = {
      {"weir", [&] { check(weir(&mg.tensor, &mv.tensor, &my.tensor)); }, {}},
      {"copy",
       [&] { yardstick::addStreams(g.data, v.data, z.data, count); },
       {}},
      {"yardstick",
       [&] { yardstick::swiglu(g.data, v.data, z.data, count); },
       {}},
  };
  variants[0].run();
  variants[2].run();
  compare(y.data, z.data, count);
  report("swiglu " + std::to_string(rows) + "x" + std::to_string(n), count,
         variants);
}

/// What a threshold costs beside softmax, on scores of a standard normal
/// distribution.
void benchSearch(const std::string &name, Function1 search, Function1 softmax,
                 size_t n) {
  Buffer x(n), y(n);
  std::mt19937 generator(3);
  std::normal_distribution<float> normal(0, 1);
  for (size_t i = 0; i < n; ++i)
    x.data[i] = normal(generator);
  Matrix mx(x.data, 1, n), my(y.data, 1, n);
  std::vector<Variant> variants = {
      {"weir", [&] { check(search(&mx.tensor, &my.tensor)); }, {}},
      {"softmax", [&] { check(softmax(&mx.tensor, &my.tensor)); }, {}},
  };
  report(name + " 1x" + std::to_string(n), n, variants);
}

void describeMachine() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) {
      std::printf("machine: %s, one core, FTZ and DAZ on, medians of 15 "
                  "interleaved samples\n",
                  line.substr(line.find(':') + 2).c_str());
      break;
    }
  std::printf("%-28s %-12s %13s %13s  %s\n", "case", "variant", "time", "rate",
              "over the second variant");
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s rows.so [filter]\n", argv[0]);
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
  _mm_setcsr(_mm_getcsr() | 0x8040);
  auto stored = reinterpret_cast<Function1>(dlsym(library, "softmax_stored"));
  auto online = reinterpret_cast<Function1>(dlsym(library, "softmax_online"));
  auto swiglu = reinterpret_cast<Function2>(dlsym(library, "swiglu_rows"));
  std::string filter = argc > 2 ? argv[2] : "";
  auto wanted = [&](const char *name) {
    return std::string(name).find(filter) != std::string::npos;
  };
  describeMachine();
  if (wanted("stored")) {
    benchSoftmax("softmax stored", stored, yardstick::softmaxStored, 1, 2048);
    benchSoftmax("softmax stored", stored, yardstick::softmaxStored, 1, 131072);
    benchSoftmax("softmax stored", stored, yardstick::softmaxStored, 4096,
                 1000);
    benchSoftmax("softmax stored", stored, yardstick::softmaxStored, 16, 128);
  }
  if (wanted("online")) {
    benchSoftmax("softmax online", online, yardstick::softmaxOnline, 1, 2048);
    benchSoftmax("softmax online", online, yardstick::softmaxOnline, 1,
                 2097152);
  }
  for (const char *name : {"sparsemax", "entmax15"})
    if (wanted(name)) {
      auto search = reinterpret_cast<Function1>(
          dlsym(library, (std::string(name) + "_rows").c_str()));
      for (size_t n : {1024, 32768})
        benchSearch(name, search, stored, n);
    }
  if (wanted("swiglu")) {
    benchSwiglu(swiglu, 16, 2048);
    benchSwiglu(swiglu, 8192, 8192);
  }
  return 0;
}
