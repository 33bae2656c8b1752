/*===- Allocator.c - memory of a running call -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <stdlib.h>

/* What memref.alloc and memref.dealloc become in generated code. */
void *_mlir_memref_to_llvm_alloc(uint64_t bytes);
void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t bytes);
void _mlir_memref_to_llvm_free(void *pointer);

enum { kAlignment = 64 };

static _Thread_local struct weir_frame *current;

void weir_enter(struct weir_frame *frame) {
  frame->outer = current;
  frame->own_is_taken = 0;
  frame->blocks.next = frame->blocks.previous = &frame->blocks;
  current = frame;
}

void weir_leave(struct weir_frame *frame) {
  struct weir_block *block = frame->blocks.next;
  while (block != &frame->blocks) {
    struct weir_block *next = block->next;
    if (block->base)
      weir_keep(block->base, block->bytes);
    block = next;
  }
  current = frame->outer;
}

static void *allocate(uint64_t *bytes) {
  void *memory = weir_take_kept(bytes);
  if (!memory && posix_memalign(&memory, kAlignment, (size_t)*bytes) != 0) {
    weir_forget_kept(); /* Perhaps there is enough then. */
    if (posix_memalign(&memory, kAlignment, (size_t)*bytes) != 0)
      return NULL;
  }
  return memory;
}

/* The block's header lies in the 64 bytes before the memory handed out. A
 * request that cannot be met ends the call: control returns to weir_rt_call,
 * which frees what the call holds. */
void *_mlir_memref_to_llvm_alloc(uint64_t bytes) {
  void *base = NULL, *own = NULL;
  uint64_t total = bytes + kAlignment;
  if (bytes <= WEIR_OWN_BYTES - kAlignment && !current->own_is_taken) {
    current->own_is_taken = 1;
    own = current->own;
  } else if (bytes > (uint64_t)PTRDIFF_MAX - 2 * kAlignment ||
             !(base = allocate(&total))) {
    weir_fail(WEIR_OUT_OF_MEMORY,
              "out of memory: %llu bytes of working memory are not available",
              (unsigned long long)bytes);
    longjmp(current->on_failure, WEIR_OUT_OF_MEMORY);
  }
  struct weir_block *block = (struct weir_block *)(own ? own : base);
  block->base = base;
  block->bytes = total;
  block->next = &current->blocks;
  block->previous = current->blocks.previous;
  block->previous->next = block;
  current->blocks.previous = block;
  return (char *)block + kAlignment;
}

void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t bytes) {
  (void)alignment; /* Generated code never asks for more than 64. */
  return _mlir_memref_to_llvm_alloc(bytes);
}

void _mlir_memref_to_llvm_free(void *pointer) {
  if (!pointer)
    return;
  struct weir_block *block =
      (struct weir_block *)((char *)pointer - kAlignment);
  block->previous->next = block->next;
  block->next->previous = block->previous;
  if (block->base)
    weir_keep(block->base, block->bytes);
  else
    current->own_is_taken = 0;
}
