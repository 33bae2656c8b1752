/*===- Keep.c - working memory kept between calls -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*
|*
|* Memory fresh from the system costs a page fault for every 4 KiB when it is
|* first touched: a fifth of the time of attention over 2048 keys. So a thread
|* keeps what its last calls worked in, up to a limit, until it ends or the
|* library is unloaded.
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <pthread.h>
#include <stdlib.h>

/* Smaller ones are rare, since the frame of a call has room for one. What a
 * thread keeps in all is about what computing in it takes a few milliseconds to
 * fill. */
enum { kLeastKept = 8 << 10, kMostKept = 16 << 20 };

/* Lies at the start of the memory that is kept. */
struct kept {
  struct kept *next;
  uint64_t bytes;
};

/* What one thread keeps, the last freed first. */
struct cache {
  struct cache *next, **link; /* among those of all threads */
  struct kept *first;
  uint64_t bytes;
};

static _Thread_local struct cache *own;
static struct cache *all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t thread_end;
static int has_thread_end;

static void remove_from(struct cache *cache, struct kept **link) {
  struct kept *kept = *link;
  *link = kept->next;
  cache->bytes -= kept->bytes;
}

static void free_all(struct cache *cache) {
  while (cache->first) {
    struct kept *kept = cache->first;
    remove_from(cache, &cache->first);
    free(kept);
  }
}

/* With the lock held. */
static void free_cache(struct cache *cache) {
  free_all(cache);
  *cache->link = cache->next;
  if (cache->next)
    cache->next->link = cache->link;
  free(cache);
}

static void at_thread_end(void *cache) {
  pthread_mutex_lock(&all_lock);
  free_cache(cache);
  pthread_mutex_unlock(&all_lock);
  own = NULL;
}

__attribute__((constructor)) static void at_load(void) {
  has_thread_end = pthread_key_create(&thread_end, at_thread_end) == 0;
}

__attribute__((destructor)) static void at_unload(void) {
  if (has_thread_end)
    pthread_key_delete(thread_end);
  has_thread_end = 0;
  pthread_mutex_lock(&all_lock);
  while (all)
    free_cache(all);
  pthread_mutex_unlock(&all_lock);
  own = NULL;
}

static struct cache *get_cache(void) {
  if (own || !has_thread_end)
    return own;
  struct cache *cache = calloc(1, sizeof *cache);
  if (!cache || pthread_setspecific(thread_end, cache) != 0) {
    free(cache);
    return NULL;
  }
  pthread_mutex_lock(&all_lock);
  cache->next = all;
  cache->link = &all;
  if (all)
    all->link = &cache->next;
  all = cache;
  pthread_mutex_unlock(&all_lock);
  return own = cache;
}

void weir_forget_kept(void) {
  if (own)
    free_all(own);
}

void *weir_take_kept(uint64_t *bytes) {
  if (!own || *bytes < kLeastKept)
    return NULL;
  struct kept **best = NULL;
  for (struct kept **link = &own->first; *link; link = &(*link)->next)
    if ((*link)->bytes >= *bytes && (*link)->bytes / 2 <= *bytes &&
        (!best || (*link)->bytes < (*best)->bytes))
      best = link;
  if (!best)
    return NULL;
  struct kept *kept = *best;
  remove_from(own, best);
  *bytes = kept->bytes;
  return kept;
}

void weir_keep(void *memory, uint64_t bytes) {
  struct cache *cache =
      bytes < kLeastKept || bytes > kMostKept ? NULL : get_cache();
  if (!cache) {
    free(memory);
    return;
  }
  struct kept *kept = memory;
  kept->bytes = bytes;
  kept->next = cache->first;
  cache->first = kept;
  cache->bytes += bytes;
  while (cache->bytes > kMostKept) {
    struct kept **last = &cache->first;
    while ((*last)->next)
      last = &(*last)->next;
    struct kept *oldest = *last;
    remove_from(cache, last);
    free(oldest);
  }
}
