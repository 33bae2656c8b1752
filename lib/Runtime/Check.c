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
    if (__builtin_mul_overflow(t->elements, size, &t->elements))
      return weir_fail(WEIR_SHAPE, "%s has more elements than memory can hold",
                       weir_name(t, 0));
  }
  int64_t bytes;
  t->element_bytes = (t->bits + 7) / 8;
  if (__builtin_mul_overflow(t->elements, t->element_bytes, &bytes))
    return weir_fail(WEIR_SHAPE, "%s has more elements than memory can hold",
                     weir_name(t, 0));
  return WEIR_OK;
}

/* True when no two elements of a result share memory: strides, sorted by size,
 * must each step over what the smaller ones span. */
static int is_injective(const struct weir_tensor *t) {
  int64_t span = 1;
  uint64_t used = 0;
  for (int64_t round = 0; round < t->rank; ++round) {
    int64_t best = -1, least = 0;
    for (int64_t dim = 0; dim < t->rank; ++dim) {
      int64_t stride = weir_stride(t->given, dim);
      stride = stride < 0 ? -stride : stride;
      if (!(used >> dim & 1) && (best < 0 || stride < least))
        best = dim, least = stride;
    }
    used |= (uint64_t)1 << best;
    if (t->given->shape[best] == 1)
      continue;
    if (least < span)
      return 0;
    span = least * (t->given->shape[best] - 1) + span;
  }
  return 1;
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
  t->compact = is_compact(given);
  if (t->elements == 0)
    return WEIR_OK;
  if (!given->data)
    return weir_fail(WEIR_NULL, "%s has data NULL but is not empty",
                     weir_name(t, 0));
  t->data = (char *)given->data + given->byte_offset;
  if ((uintptr_t)t->data &
      (uintptr_t)(t->element_bytes - 1)) /* A power of two. */
    return weir_fail(WEIR_ALIGNMENT,
                     "%s is not aligned to its elements of %" PRId64 " bytes",
                     weir_name(t, 0), t->element_bytes);
  if (t->compact) {
    t->low = t->data;
    t->high = t->data + t->elements * t->element_bytes;
    return WEIR_OK;
  }
  int64_t low = 0, high = 0;
  for (int64_t dim = 0; dim < t->rank; ++dim) {
    int64_t reach;
    if (__builtin_mul_overflow(weir_stride(given, dim), given->shape[dim] - 1,
                               &reach) ||
        __builtin_mul_overflow(reach, t->element_bytes, &reach) ||
        __builtin_add_overflow(reach < 0 ? low : high, reach,
                               reach < 0 ? &low : &high))
      return weir_fail(WEIR_STRIDE,
                       "%s has a stride that leaves the address space",
                       weir_name(t, 0));
  }
  t->low = t->data + low;
  t->high = t->data + high + t->element_bytes;
  if (t->is_result && !is_injective(t))
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

static int is_same_memory(const struct weir_tensor *a,
                          const struct weir_tensor *b) {
  if (a->data != b->data || a->rank != b->rank || a->code != b->code ||
      a->bits != b->bits)
    return 0;
  for (int64_t dim = 0; dim < a->rank; ++dim)
    if (a->given->shape[dim] != b->given->shape[dim] ||
        (a->given->shape[dim] != 1 &&
         weir_stride(a->given, dim) != weir_stride(b->given, dim)))
      return 0;
  return 1;
}

int32_t weir_check_overlap(const struct weir_tensor *tensors,
                           const int64_t *slots, int64_t count) {
  for (int64_t r = 0; r < count; ++r) {
    const struct weir_tensor *result = &tensors[r];
    if (!result->is_result || result->elements == 0)
      continue;
    for (int64_t o = 0; o < count; ++o) {
      const struct weir_tensor *other = &tensors[o];
      if (o == r || other->elements == 0 || (other->is_result && o > r) ||
          result->low >= other->high || other->low >= result->high)
        continue;
      if (!other->is_result && (result->may_be >> slots[o] & 1) &&
          is_same_memory(result, other))
        continue;
      return weir_fail(WEIR_OVERLAP, "%s overlaps %s in memory",
                       weir_name(result, 0), weir_name(other, 1));
    }
  }
  return WEIR_OK;
}
