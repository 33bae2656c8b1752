/*===- Threads.c - how many threads calls may use -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Only libraries compiled with threads take this file from the archive: it is
what needs OpenMP.
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <stdatomic.h>

/* OpenMP's; its header is not needed to build the runtime. */
int omp_get_max_threads(void);
int omp_get_num_procs(void);

/* 0: as many as OpenMP would take, which is where OMP_NUM_THREADS and the
 * host's own settings count. */
static _Atomic int32_t limit = 0;

static int32_t get_limit(void) {
  int32_t own = atomic_load_explicit(&limit, memory_order_relaxed);
  return own > 0 ? own : omp_get_max_threads();
}

/* OpenMP ends the process when the system has no more threads to give, so
 * absurd numbers never reach it. */
static int32_t get_ceiling(void) {
  int32_t processors = omp_get_num_procs();
  return processors > 16 ? 4 * processors : 64;
}

int32_t weir_rt_set_threads(int32_t threads) {
  int32_t ceiling = get_ceiling();
  if (threads > ceiling)
    threads = ceiling;
  if (threads >= 0)
    atomic_store_explicit(&limit, threads, memory_order_relaxed);
  return get_limit();
}

/* Work that is not worth sharing never touches OpenMP. */
int64_t weir_rt_parts(int64_t wanted) {
  if (wanted <= 1)
    return 1;
  int64_t threads = get_limit();
  return threads < 1 ? 1 : wanted < threads ? wanted : threads;
}
