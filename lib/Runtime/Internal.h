/*===- Internal.h - shared by the files of the runtime -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#ifndef WEIR_RUNTIME_INTERNAL_H
#define WEIR_RUNTIME_INTERNAL_H

#include "weir/Runtime/Runtime.h"

#include <dlpack/dlpack.h>
#include <setjmp.h>
#include <stddef.h>

/* One tensor of a call: what the table asks and what the caller gave. */
struct weir_tensor {
  int is_result;
  int64_t number; /* arg3, result0; the name is only spelled out in a message */
  int64_t code, bits, rank;
  uint64_t may_be; /* slots whose memory a result may share exactly */
  const int64_t *sizes;
  const DLTensor *given;
  char *data; /* with byte_offset */
  int64_t elements, element_bytes;
  int compact;      /* row-major without gaps */
  char *low, *high; /* bytes touched: [low, high) */
  void *temporary;  /* compact copy handed to the kernel, or NULL */
};

/* Allocations of a running call, freed when it ends. */
struct weir_block {
  struct weir_block *next, *previous;
  void *base;     /* NULL: it is the frame's own */
  uint64_t bytes; /* from base on */
};

/* The first that is small lies in the frame itself: asking the system for
 * scratch takes as long as a row of a thousand elements. What is kept of 16
 * rows of 256 elements, or of a row of 4096, is small. */
enum { WEIR_OWN_BYTES = 24 << 10 };
struct weir_frame {
  struct weir_frame *outer;
  struct weir_block blocks; /* list head */
  jmp_buf on_failure;
  int own_is_taken;
  char own[WEIR_OWN_BYTES] __attribute__((aligned(64)));
};

int32_t weir_fail(int32_t status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* 0: not chosen yet; n: variant n - 1. Generated code reads it too. */
extern _Atomic int32_t weir_rt_chosen;

/* Which variant of the kernels runs. Fails when the machine can run none. */
int32_t weir_variant(int32_t *number);

/* A tensor's name in messages, in the calling thread's buffer `which` (0 or 1).
 */
const char *weir_name(const struct weir_tensor *tensor, int which);

/* Checks one tensor by itself, binding size symbols (-1 when unbound). */
int32_t weir_check_tensor(struct weir_tensor *tensor, int64_t *symbols);
/* Checks that sizes are multiples of others. `multiples` is as in a table, and
 * all symbols are bound. */
int32_t weir_check_multiples(const struct weir_tensor *tensors, int64_t count,
                             const int64_t *multiples, const int64_t *symbols);
/* True when no two elements of a result with elements can share memory. Never
 * true wrongly. */
int weir_is_injective(const struct weir_tensor *tensor);
/* Checks that results overlap nothing they may not. */
int32_t weir_check_overlap(const struct weir_tensor *tensors,
                           const int64_t *slots, int64_t count);
/* Stride of dimension `dim` in elements. */
int64_t weir_stride(const DLTensor *tensor, int64_t dim);

/* Memory of at least `bytes` bytes that the thread has kept, or NULL; `bytes`
 * becomes its size. */
void *weir_take_kept(uint64_t *bytes);
/* Keeps what posix_memalign gave, or frees it. */
void weir_keep(void *memory, uint64_t bytes);
/* Frees what the thread keeps. */
void weir_forget_kept(void);

void weir_enter(struct weir_frame *frame);
void weir_leave(struct weir_frame *frame);

#endif /* WEIR_RUNTIME_INTERNAL_H */
