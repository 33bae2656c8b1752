//===- pool.cpp - threads that wait for parts of yardsticks' work ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "harness.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <immintrin.h>
#include <mutex>
#include <thread>
#include <vector>

namespace {

/// Workers spin for some 50 microseconds after a job, so that calls in a row
/// find them awake, and then sleep, so that they are in nobody's way.
class Pool {
public:
  static Pool &get() {
    static Pool pool;
    return pool;
  }

  void run(int parts, const std::function<void(int)> &job) {
    while (static_cast<int>(workers.size()) < parts - 1)
      workers.emplace_back([this, part = static_cast<int>(workers.size()) + 1,
                            seen = ticket.load()] { serve(part, seen); });
    work = &job;
    jobParts = parts;
    // Every worker answers, also those without a part, so that none is late
    // for the next job.
    running = static_cast<int>(workers.size());
    {
      std::lock_guard<std::mutex> lock(mutex);
      ++ticket;
    }
    wake.notify_all();
    job(0);
    while (running != 0)
      _mm_pause();
  }

private:
  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
      ++ticket;
    }
    wake.notify_all();
    for (std::thread &worker : workers)
      worker.join();
  }

  void serve(int part, uint64_t seen) {
    while (true) {
      for (int spin = 0; ticket == seen && spin < 2000; ++spin)
        _mm_pause();
      if (ticket == seen) {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return ticket != seen; });
      }
      seen = ticket;
      if (stopping)
        return;
      if (part < jobParts)
        (*work)(part);
      --running;
    }
  }

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<uint64_t> ticket{0};
  std::atomic<bool> stopping{false};
  std::atomic<int> running{0}, jobParts{0};
  std::atomic<const std::function<void(int)> *> work{nullptr};
};

} // namespace

int bench::threads = 1;

void bench_set_threads(int threads) { bench::threads = std::max(1, threads); }

void bench::inParallel(int parts, const std::function<void(int)> &work) {
  Pool::get().run(parts, work);
}
