/*===- Overlap.c - which tensors share memory -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

/* True when no two elements of a result share memory: strides, sorted by size,
 * must each step over what the smaller ones span. */
int weir_is_injective(const struct weir_tensor *t) {
  int64_t span = 1;
  uint64_t used = 0;
  for (int64_t round = 0; round < t->rank; ++round) {
    int64_t best = -1, least = 0;
    for (int64_t dim = 0; dim < t->rank; ++dim) {
      if (used >> dim & 1 || t->given->shape[dim] == 1)
        continue;
      int64_t stride = weir_stride(t->given, dim);
      stride = stride < 0 ? -stride : stride;
      if (best < 0 || stride < least)
        best = dim, least = stride;
    }
    if (best < 0)
      break;
    used |=
        (uint64_t)1 << best; /* Public functions take at most 64 dimensions. */
    if (least < span)
      return 0;
    span = least * (t->given->shape[best] - 1) + span;
  }
  return 1;
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

/* A sum of terms, step times 0 to count: where the bytes of a tensor lie,
 * counted from its lowest. */
enum { kMaxTerms = 32, kMaxSteps = 10000 };
struct terms {
  int64_t step[kMaxTerms], count[kMaxTerms];
  int64_t
      reach[kMaxTerms + 1]; /* reach[i]: the largest sum of terms i and up */
  int number, left;         /* left: how many more trials are affordable */
};

/* Keeps steps in falling order; equal ones are one term. */
static int add_term(struct terms *t, int64_t step, int64_t count) {
  if (step == 0 || count == 0)
    return 1;
  int at = 0;
  while (at < t->number && t->step[at] > step)
    ++at;
  if (at < t->number && t->step[at] == step) {
    t->count[at] += count;
    return 1;
  }
  if (t->number == kMaxTerms)
    return 0;
  for (int i = t->number++; i > at; --i)
    t->step[i] = t->step[i - 1], t->count[i] = t->count[i - 1];
  t->step[at] = step, t->count[at] = count;
  return 1;
}

static int add_tensor(struct terms *t, const struct weir_tensor *tensor) {
  int ok = add_term(t, 1, tensor->element_bytes - 1);
  for (int64_t dim = 0; dim < tensor->rank && ok; ++dim) {
    if (tensor->given->shape[dim] == 1)
      continue;
    int64_t step = weir_stride(tensor->given, dim) * tensor->element_bytes;
    ok = add_term(t, step < 0 ? -step : step, tensor->given->shape[dim] - 1);
  }
  return ok;
}

/* True when the terms from `at` up can sum to `wanted`, or when finding out
 * takes too long. */
static int can_reach(struct terms *t, int at, int64_t wanted) {
  if (wanted < 0 || wanted > t->reach[at])
    return 0;
  if (at == t->number || wanted == 0 || --t->left < 0)
    return 1;
  int64_t most = wanted / t->step[at], rest = wanted - t->reach[at + 1];
  int64_t least = rest > 0 ? (rest + t->step[at] - 1) / t->step[at] : 0;
  for (int64_t n = most < t->count[at] ? most : t->count[at]; n >= least; --n)
    if (can_reach(t, at + 1, wanted - n * t->step[at]))
      return 1;
  return 0;
}

/* True when two tensors have a byte in common. A byte of a at x and one of b at
 * y are the same when x + (span of b - y) is a fixed number, and both parts are
 * sums of terms. */
static int share_memory(const struct weir_tensor *a,
                        const struct weir_tensor *b) {
  if (a->low >= b->high || b->low >= a->high)
    return 0;
  if (a->compact && b->compact)
    return 1;
  int64_t a_span = a->high - a->low, wanted;
  struct terms t = {.number = 0, .left = kMaxSteps};
  if (__builtin_add_overflow(a_span, b->high - b->low, &wanted) ||
      !add_tensor(&t, a) || !add_tensor(&t, b))
    return 1;
  t.reach[t.number] = 0;
  for (int i = t.number - 1; i >= 0; --i)
    t.reach[i] = t.reach[i + 1] + t.step[i] * t.count[i];
  return can_reach(&t, 0, b->high - 1 - a->low);
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
          !share_memory(result, other))
        continue;
      int allowed = !other->is_result && slots[o] < 64 &&
                    (result->may_be >> slots[o] & 1);
      if (allowed && is_same_memory(result, other))
        continue;
      return weir_fail(WEIR_OVERLAP, "%s overlaps %s in memory",
                       weir_name(result, 0), weir_name(other, 1));
    }
  }
  return WEIR_OK;
}
