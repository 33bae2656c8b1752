/*===- Runtime.h - what generated libraries call -----------------*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The private contract between code that weirc generates and the C runtime that
is linked into every
|* generated library. Users see DLPack tensors and status codes only.
|*
\*===----------------------------------------------------------------------===*/

#ifndef WEIR_RUNTIME_RUNTIME_H
#define WEIR_RUNTIME_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a public function returns. The message is in NAME_last_error(). */
enum weir_status {
  WEIR_OK = 0,
  WEIR_NULL = 1,      /* a tensor, or the data of a non-empty tensor, is NULL */
  WEIR_DEVICE = 2,    /* not in CPU memory */
  WEIR_RANK = 3,      /* wrong number of dimensions */
  WEIR_DTYPE = 4,     /* wrong code, bits or lanes */
  WEIR_SHAPE = 5,     /* wrong, negative or inconsistent size */
  WEIR_STRIDE = 6,    /* memory beyond the address space, or a result whose
                         elements share memory */
  WEIR_ALIGNMENT = 7, /* data not aligned to its element */
  WEIR_OVERLAP = 8,   /* a result overlaps another tensor */
  WEIR_OUT_OF_MEMORY = 9,
  WEIR_MACHINE = 10 /* the machine lacks instructions the code needs */
};

/* A function's table is a flat array of int64: number of slots, number of size
 * symbols, then per slot kind, DLPack code,
 * bits, and for a tensor also: rank, set of arguments it may be (bit i is slot
 * i), sizes. A size >= 0 is fixed; -1 - k stands for symbol k, whose first
 * occurrence binds it. Then the number of pairs of such sizes of which the
 * first must be a multiple of the second, and these; a symbol among them is
 * bound. */
enum weir_slot_kind {
  WEIR_SLOT_SCALAR = 0,
  WEIR_SLOT_ARGUMENT = 1,
  WEIR_SLOT_RESULT = 2
};

/* The library's variants, best first: per variant a line with its name and the
 * features it needs (X86Features.def), separated by spaces. Generated code
 * defines it. */
extern const char weir_rt_variants[] __attribute__((visibility("hidden")));

/* Checks a call and runs one of `kernels`, that of the variant in force.
 * slots[i] points to a DLTensor or to a scalar; the kernel gets, in the same
 * order, pointers to memref descriptors or to the scalars. */
int32_t weir_rt_call(const char *function, const int64_t *table,
                     void (*const *kernels)(void **), void **slots);

/* What a function uses that has checked a plain call itself: nothing is left to
 * say of an earlier failure; and a kernel that may allocate, which ends with
 * WEIR_OUT_OF_MEMORY when there is none. */
void weir_rt_clear_error(void);
int32_t weir_rt_run(void (*kernel)(void **), void **arguments);

/* Makes later calls run the variant `name`, or for NULL the best that the
 * machine can run. Fails, changing nothing, when the library has no such
 * variant or the machine cannot run it. */
int32_t weir_rt_set_target(const char *name);

/* The message of the calling thread's last failure; empty when there was none.
 * Never NULL. */
const char *weir_rt_last_error(void);

/* Of libraries compiled with threads. Sets how many threads later calls may
 * use, 0 for as many as OpenMP would take; a negative number changes nothing,
 * and more than 64 or four times the processors becomes that.
 * Returns the number in force. */
int32_t weir_rt_set_threads(int32_t threads);

/* How many parts work is cut into that can be cut into `wanted`: between 1 and
 * the number of threads. */
int64_t weir_rt_parts(int64_t wanted);

/* Sets the stream of the calling thread's GPU functions. Without such functions
 * only NULL, the default, is taken. */
int32_t weir_rt_set_stream(void *stream);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_RUNTIME_RUNTIME_H */
