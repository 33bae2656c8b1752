/*===- Call.c - from checked tensors to the kernel -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

int32_t weir_rt_set_stream(void *stream) {
  weir_rt_clear_error();
  return stream ? weir_fail(WEIR_DEVICE, "this library runs on the CPU only "
                                         "and has no use for a stream")
                : WEIR_OK;
}

/* Everything a call needs, in one piece of memory sized from the table. */
struct call {
  int64_t slots, symbols, tensors;
  struct weir_tensor *tensor;
  int64_t *slot_of; /* tensor -> slot */
  int64_t *symbol;
  const int64_t *multiples; /* as in the table */
  void **kernel_args;
  int64_t *descriptors;
};

/* Words of a memref descriptor: two pointers, offset, sizes, strides. */
static int64_t descriptor_words(int64_t rank) { return 3 + 2 * rank; }

static size_t measure(const int64_t *table, struct call *call) {
  call->slots = table[0];
  call->symbols = table[1];
  call->tensors = 0;
  int64_t words = 0;
  const int64_t *at = table + 2;
  for (int64_t slot = 0; slot < call->slots; ++slot) {
    if (*at == WEIR_SLOT_SCALAR) {
      at += 3;
      continue;
    }
    ++call->tensors;
    words += descriptor_words(at[3]);
    at += 5 + at[3];
  }
  return (size_t)call->tensors *
             (sizeof(struct weir_tensor) + sizeof(int64_t)) +
         (size_t)(call->symbols + call->slots + words) * sizeof(int64_t);
}

static void lay_out(struct call *call, char *memory) {
  call->tensor = (struct weir_tensor *)memory;
  call->slot_of = (int64_t *)(call->tensor + call->tensors);
  call->symbol = call->slot_of + call->tensors;
  call->kernel_args = (void **)(call->symbol + call->symbols);
  call->descriptors = (int64_t *)(call->kernel_args + call->slots);
}

static void read_table(struct call *call, const int64_t *table, void **slots) {
  const int64_t *at = table + 2;
  int64_t index = 0, results = 0;
  for (int64_t slot = 0; slot < call->slots; ++slot) {
    call->kernel_args[slot] = slots[slot];
    if (*at == WEIR_SLOT_SCALAR) {
      at += 3;
      continue;
    }
    struct weir_tensor *t = &call->tensor[index];
    t->data = t->low = t->high = NULL;
    t->temporary = NULL;
    t->is_result = at[0] == WEIR_SLOT_RESULT;
    t->code = at[1];
    t->bits = at[2];
    t->rank = at[3];
    t->may_be = (uint64_t)at[4];
    t->sizes = at + 5;
    t->given = (const DLTensor *)slots[slot];
    t->number = t->is_result ? results++ : slot;
    call->slot_of[index++] = slot;
    at += 5 + t->rank;
  }
  call->multiples = at;
  for (int64_t s = 0; s < call->symbols; ++s)
    call->symbol[s] = -1;
}

/* Kernels read rows with unit stride and step over rows with non-negative ones.
 */
static int kernel_can_use(const struct weir_tensor *t) {
  if (t->compact)
    return 1;
  for (int64_t dim = 0; dim < t->rank; ++dim) {
    int64_t stride = weir_stride(t->given, dim);
    if (t->given->shape[dim] > 1 &&
        (dim == t->rank - 1 ? stride != 1 : stride < 0))
      return 0;
  }
  return 1;
}

/* Copies between the caller's strided memory and a compact one; the element's
 * size is small and fixed. */
static void copy_strided(const struct weir_tensor *t, char *strided,
                         char *compact, int64_t dim, int to_compact,
                         int64_t compact_step) {
  if (dim == t->rank) {
    memcpy(to_compact ? compact : strided, to_compact ? strided : compact,
           (size_t)t->element_bytes);
    return;
  }
  int64_t size = t->given->shape[dim];
  int64_t inner = size ? compact_step / size : 0;
  for (int64_t i = 0; i < size; ++i)
    copy_strided(t, strided + i * weir_stride(t->given, dim) * t->element_bytes,
                 compact + i * inner * t->element_bytes, dim + 1, to_compact,
                 inner);
}

static int64_t *describe(struct weir_tensor *t, int64_t *words) {
  char *data = t->temporary ? t->temporary : t->data;
  words[0] = words[1] = (int64_t)(intptr_t)data;
  words[2] = 0;
  int64_t compact = 1;
  for (int64_t dim = t->rank - 1; dim >= 0; --dim) {
    int64_t size = t->given->shape[dim];
    words[3 + dim] = size;
    int own = !t->compact && !t->temporary && size > 1 && t->elements > 0;
    words[3 + t->rank + dim] = own ? weir_stride(t->given, dim) : compact;
    compact *= size ? size : 1;
  }
  return words + descriptor_words(t->rank);
}

static int32_t prepare(struct call *call) {
  int32_t status = WEIR_OK;
  for (int64_t i = 0; i < call->tensors && status == WEIR_OK; ++i)
    status = weir_check_tensor(&call->tensor[i], call->symbol);
  if (status == WEIR_OK)
    status = weir_check_multiples(call->tensor, call->tensors, call->multiples,
                                  call->symbol);
  if (status == WEIR_OK)
    status = weir_check_overlap(call->tensor, call->slot_of, call->tensors);
  int64_t *words = call->descriptors;
  for (int64_t i = 0; i < call->tensors && status == WEIR_OK; ++i) {
    struct weir_tensor *t = &call->tensor[i];
    if (t->elements > 0 && !kernel_can_use(t)) {
      size_t bytes = (size_t)(t->elements * t->element_bytes);
      if (posix_memalign(&t->temporary, 64, bytes) != 0) {
        t->temporary = NULL;
        return weir_fail(WEIR_OUT_OF_MEMORY,
                         "out of memory: no room for a contiguous copy of %s",
                         weir_name(t, 0));
      }
      if (!t->is_result)
        copy_strided(t, t->data, t->temporary, 0, 1, t->elements);
    }
    call->kernel_args[call->slot_of[i]] = words;
    words = describe(t, words);
  }
  return status;
}

int32_t weir_rt_run(void (*kernel)(void **), void **arguments) {
  weir_rt_clear_error();
  struct weir_frame frame;
  unsigned mode = _mm_getcsr();
  weir_enter(&frame);
  int32_t status = (int32_t)setjmp(frame.on_failure);
  if (status == WEIR_OK)
    kernel(arguments);
  else
    _mm_setcsr(mode); /* The kernel was left amid a region that flushes
                         denormals, perhaps. */
  weir_leave(&frame);
  return status;
}

/* With nothing to write there is nothing to do, however many empty rows there
 * are. */
static int has_work(const struct call *call) {
  for (int64_t i = 0; i < call->tensors; ++i)
    if (call->tensor[i].is_result && call->tensor[i].elements > 0)
      return 1;
  return 0;
}

int32_t weir_rt_call(const char *function, const int64_t *table,
                     void (*const *kernels)(void **), void **slots) {
  char small[4096] __attribute__((aligned(16)));
  struct call call;
  size_t bytes = measure(table, &call);
  char *memory = bytes <= sizeof small ? small : malloc(bytes);
  if (!memory)
    return weir_fail(WEIR_OUT_OF_MEMORY, "%s: out of memory", function);
  lay_out(&call, memory);
  read_table(&call, table, slots);
  weir_rt_clear_error();
  int32_t variant;
  int32_t status = weir_variant(&variant);
  if (status == WEIR_OK)
    status = prepare(&call);
  if (status == WEIR_OK && has_work(&call))
    status = weir_rt_run(kernels[variant], call.kernel_args);
  for (int64_t i = 0; i < call.tensors; ++i) {
    struct weir_tensor *t = &call.tensor[i];
    if (t->temporary && t->is_result && status == WEIR_OK)
      copy_strided(t, t->data, t->temporary, 0, 0, t->elements);
    free(t->temporary);
  }
  if (memory != small)
    free(memory);
  return status;
}
