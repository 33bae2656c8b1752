//===- timing.cpp - calls in a row, timed ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "harness.h"

#include <algorithm>
#include <chrono>
#include <immintrin.h>
#include <utility>

template <typename Work>
static double seconds(Work work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

template <size_t... I>
static double timeCalls(const BenchCall &call, uint64_t repeats,
                        std::index_sequence<I...>) {
  auto function = reinterpret_cast<int32_t (*)(
      decltype(static_cast<void>(I), uint64_t())...)>(call.function);
  int32_t status = 0;
  double taken = seconds([&] {
    for (uint64_t i = 0; i < repeats; ++i)
      status |= function(call.arguments[I]...);
  });
  return status == 0 ? taken : -1;
}

double bench_time(const BenchCall *call, uint64_t repeats) {
  switch (call->count) {
  case 2:
    return timeCalls(*call, repeats, std::make_index_sequence<2>());
  case 3:
    return timeCalls(*call, repeats, std::make_index_sequence<3>());
  case 4:
    return timeCalls(*call, repeats, std::make_index_sequence<4>());
  case 5:
    return timeCalls(*call, repeats, std::make_index_sequence<5>());
  case 6:
    return timeCalls(*call, repeats, std::make_index_sequence<6>());
  default:
    return -1;
  }
}

double bench_clock() {
  // A chain of dependent multiplications of 3 cycles each.
  constexpr int kLinks = 20000;
  double best = 1;
  for (int sample = 0; sample < 200; ++sample) {
    int64_t v = 1;
    best = std::min(best, seconds([&] {
                      for (int i = 0; i < kLinks; ++i)
                        asm volatile("imul $3, %0, %0" : "+r"(v));
                    }));
  }
  return kLinks * 3 / best / 1e9;
}

void bench_flush_denormals() { _mm_setcsr(_mm_getcsr() | 0x8040); }
