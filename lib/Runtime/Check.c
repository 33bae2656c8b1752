/*===- Check.c - what a caller may hand to a function -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <inttypes.h>
#include <stdio.h>

static const char *dtype_name(int64_t code, int64_t bits, char *buffer,
                              size_t size) {
  const char *kind = code == kDLInt      ? "int"
                     : code == kDLUInt   ? "uint"
                     : code == kDLFloat  ? "float"
                     : code == kDLBfloat ? "bfloat"
                     : code == 6         ? "bool"
                                         : "type code ";
  if (kind[0] == 't')
    snprintf(buffer, size, "%s%" PRId64 " of %" PRId64 " bits", kind, code,
             bits);
  else
    snprintf(buffer, size, "%s%" PRId64, kind, bits);
  return buffer;
}

const char *weir_name(const struct weir_tensor *tensor, int which) {
  static _Thread_local char names[2][32];
  snprintf(names[which], sizeof names[which], "%s%" PRId64,
           tensor->is_result ? "result" : "arg", tensor->number);
  return names[which];
}

/* Only asked of tensors with elements, whose compact strides cannot overflow.
 */
int64_t weir_stride(const DLTensor *tensor, int64_t dim) {
  if (tensor->strides)
    return tensor->strides[dim];
  int64_t stride = 1;
  for (int64_t d = tensor->ndim - 1; d > dim; --d)
    stride *= tensor->shape[d];
  return stride;
}

static int32_t check_type(const struct weir_tensor *t) {
  const DLTensor *given = t->given;
  if (given->device.device_type != kDLCPU)
    return weir_fail(
        WEIR_DEVICE,
        "%s is on device type %d; it must be in CPU memory (type %d)",
        weir_name(t, 0), (int)given->device.device_type, (int)kDLCPU);
  if (given->dtype.lanes != 1)
    return weir_fail(WEIR_DTYPE, "%s has %d lanes; it must have 1",
                     weir_name(t, 0), (int)given->dtype.lanes);
  if (given->dtype.code != t->code || given->dtype.bits != t->bits) {
    char have[48], want[48];
    return weir_fail(
        WEIR_DTYPE, "%s has dtype %s; it must be %s", weir_name(t, 0),
        dtype_name(given->dtype.code, given->dtype.bits, have, sizeof have),
        dtype_name(t->code, t->bits, want, sizeof want));
  }
  if (given->ndim != t->rank)
    return weir_fail(WEIR_RANK, "%s has rank %d; it must have rank %" PRId64,
                     weir_name(t, 0), (int)given->ndim, t->rank);
  if (t->rank > 0 && !given->shape)
    return weir_fail(WEIR_NULL, "%s has no shape: the pointer is NULL",
                     weir_name(t, 0));
  return WEIR_OK;
}

static int32_t check_shape(struct weir_tensor *t, int64_t *symbols) {
  t->elements = 1;
  t->element_bytes = (t->bits + 7) / 8;
  int64_t bytes = t->element_bytes; /* Were sizes of 0 left out. */
  for (int64_t dim = 0; dim < t->rank; ++dim) {
    int64_t size = t->given->shape[dim], want = t->sizes[dim];
    if (size < 0)
      return weir_fail(WEIR_SHAPE,
                       "%s has the negative size %" PRId64
                       " in dimension %" PRId64,
                       weir_name(t, 0), size, dim);
    if (want < 0 && symbols[-1 - want] < 0)
      symbols[-1 - want] = size;
    if (want < 0)
      want = symbols[-1 - want];
    if (size != want)
      return weir_fail(WEIR_SHAPE,
                       "%s has size %" PRId64 " in dimension %" PRId64
                       "; it must be %" PRId64,
                       weir_name(t, 0), size, dim, want);
    if (__builtin_mul_overflow(bytes, size ? size : 1, &bytes))
      return weir_fail(WEIR_SHAPE, "%s has more elements than memory can hold",
                       weir_name(t, 0));
    t->elements *= size;
  }
  return WEIR_OK;
}

/* True for row-major memory without gaps, which is nearly every tensor and
 * needs no further care. */
static int is_compact(const DLTensor *given) {
  if (!given->strides)
    return 1;
  int64_t expected = 1;
  for (int64_t dim = given->ndim - 1; dim >= 0; --dim) {
    if (given->shape[dim] != 1 && given->strides[dim] != expected)
      return 0;
    expected *= given->shape[dim];
  }
  return 1;
}

static int32_t check_memory(struct weir_tensor *t) {
  const DLTensor *given = t->given;
  t->compact = 1;
  if (t->elements == 0)
    return WEIR_OK;
  t->compact = is_compact(given);
  if (!given->data)
    return weir_fail(WEIR_NULL, "%s has data NULL but is not empty",
                     weir_name(t, 0));
  t->data = (char *)((uintptr_t)given->data + (uintptr_t)given->byte_offset);
  if ((uintptr_t)t->data &
      (uintptr_t)(t->element_bytes - 1)) /* A power of two. */
    return weir_fail(WEIR_ALIGNMENT,
                     "%s is not aligned to its elements of %" PRId64 " bytes",
                     weir_name(t, 0), t->element_bytes);
  int64_t low = 0, high = 0;
  int fits = (uintptr_t)t->data >= (uintptr_t)given->data;
  if (t->compact)
    high = (t->elements - 1) * t->element_bytes;
  for (int64_t dim = 0; dim < t->rank && !t->compact; ++dim) {
    int64_t reach;
    fits &= !__builtin_mul_overflow(weir_stride(given, dim),
                                    given->shape[dim] - 1, &reach) &&
            !__builtin_mul_overflow(reach, t->element_bytes, &reach) &&
            !__builtin_add_overflow(reach < 0 ? low : high, reach,
                                    reach < 0 ? &low : &high);
  }
  uintptr_t first, last;
  fits &= !__builtin_add_overflow((uintptr_t)t->data, low, &first) &&
          !__builtin_add_overflow(high, t->element_bytes, &high) &&
          !__builtin_add_overflow((uintptr_t)t->data, high, &last);
  /* Memory of a process lies in the lower 2^56 bytes. */
  fits = fits && __builtin_sub_overflow(high, low, &high) == 0 &&
         high <= (int64_t)1 << 56 && last <= (uintptr_t)1 << 56;
  if (!fits)
    return weir_fail(
        WEIR_STRIDE,
        "%s has an offset, sizes or strides that leave the address space",
        weir_name(t, 0));
  t->low = (char *)first;
  t->high = (char *)last;
  if (t->is_result && !t->compact && !weir_is_injective(t))
    return weir_fail(WEIR_STRIDE,
                     "%s has strides by which elements share memory",
                     weir_name(t, 0));
  return WEIR_OK;
}

int32_t weir_check_tensor(struct weir_tensor *t, int64_t *symbols) {
  if (!t->given)
    return weir_fail(WEIR_NULL, "%s is NULL", weir_name(t, 0));
  int32_t status = check_type(t);
  if (status == WEIR_OK)
    status = check_shape(t, symbols);
  return status == WEIR_OK ? check_memory(t) : status;
}

/* The first dimension of the size `symbol`, and the tensor that has it; of a
 * fixed size none. */
static const struct weir_tensor *find_symbol(const struct weir_tensor *tensors,
                                             int64_t count, int64_t symbol,
                                             int64_t *dim) {
  for (int64_t i = 0; symbol < 0 && i < count; ++i)
    for (*dim = 0; *dim < tensors[i].rank; ++*dim)
      if (tensors[i].sizes[*dim] == symbol)
        return &tensors[i];
  return NULL;
}

/* Of a fixed size and one that the caller chose the latter is to blame. */
static int32_t fail_multiple(const struct weir_tensor *tensors, int64_t count,
                             const int64_t *pair, int64_t size, int64_t of) {
  int64_t dim, of_dim;
  const struct weir_tensor *t = find_symbol(tensors, count, pair[0], &dim);
  const struct weir_tensor *u = find_symbol(tensors, count, pair[1], &of_dim);
  if (!t)
    return weir_fail(WEIR_SHAPE,
                     "%s has size %" PRId64 " in dimension %" PRId64
                     "; %" PRId64 " must be a multiple of it",
                     weir_name(u, 0), of, of_dim, size);
  if (!u)
    return weir_fail(WEIR_SHAPE,
                     "%s has size %" PRId64 " in dimension %" PRId64
                     "; it must be a multiple of %" PRId64,
                     weir_name(t, 0), size, dim, of);
  return weir_fail(WEIR_SHAPE,
                   "%s has size %" PRId64 " in dimension %" PRId64
                   "; it must be a multiple of %" PRId64
                   ", the size of %s in dimension %" PRId64,
                   weir_name(t, 0), size, dim, of, weir_name(u, 1), of_dim);
}

int32_t weir_check_multiples(const struct weir_tensor *tensors, int64_t count,
                             const int64_t *multiples, const int64_t *symbols) {
  for (int64_t i = 0; i < multiples[0]; ++i) {
    const int64_t *pair = multiples + 1 + 2 * i;
    int64_t size = pair[0] < 0 ? symbols[-1 - pair[0]] : pair[0];
    int64_t of = pair[1] < 0 ? symbols[-1 - pair[1]] : pair[1];
    if (of == 0 ? size != 0 : size % of != 0)
      return fail_multiple(tensors, count, pair, size, of);
  }
  return WEIR_OK;
}
