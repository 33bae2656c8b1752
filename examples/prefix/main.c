/* Attention of a few new tokens over a prefix and over themselves, which lie
 * in two places, compared with attention over keys that lie together.
 *
 * Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "prefix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  kHeads = 8,
  kKeyHeads = 2,
  kSize = 64,
  kPrefix = 700,
  kNew = 5,
  kAll = kPrefix + kNew
};

/* What some of the keys leave: for each query the maximum of the scores, the
 * sum of exponentials, and the sum of values times exponentials. */
struct state {
  float max[kHeads * kNew], sum[kHeads * kNew], values[kHeads * kNew * kSize];
};

static int64_t query_shape[] = {1, kHeads, kNew, kSize};

static DLTensor tensor(float *data, int32_t rank, int64_t *shape) {
  DLTensor t = {.data = data,
                .device = {kDLCPU, 0},
                .ndim = rank,
                .dtype = {kDLFloat, 32, 1},
                .shape = shape};
  return t;
}

/* Some keys, or values, of a [1, kKeyHeads, kAll, kSize] array. */
static DLTensor keys(float *data, int64_t first, int64_t *shape) {
  static int64_t strides[] = {(int64_t)kKeyHeads * kAll * kSize, kAll * kSize,
                              kSize, 1};
  DLTensor t = tensor(data + first * kSize, 4, shape);
  t.strides = strides;
  return t;
}

static void check(int32_t code) {
  if (code == 0)
    return;
  fprintf(stderr, "attention failed: %s\n", prefix_last_error());
  exit(1);
}

static void attend(DLTensor *q, float *k, float *v, int64_t first,
                   int64_t count, struct state *state) {
  int64_t shape[] = {1, kKeyHeads, count, kSize};
  DLTensor own_keys = keys(k, first, shape), own_values = keys(v, first, shape);
  DLTensor max = tensor(state->max, 3, query_shape);
  DLTensor sum = tensor(state->sum, 3, query_shape);
  DLTensor values = tensor(state->values, 4, query_shape);
  check(part(q, &own_keys, &own_values, first, kAll, &max, &sum, &values));
}

static void fill(float *data, size_t count) {
  static uint32_t random = 1;
  for (size_t i = 0; i < count; ++i) {
    random = random * 1664525 + 1013904223;
    data[i] = (float)(random >> 8) / (1 << 23) - 1;
  }
}

static float q_data[kHeads * kNew * kSize], k_data[kKeyHeads * kAll * kSize],
    v_data[kKeyHeads * kAll * kSize], apart[kHeads * kNew * kSize],
    together[kHeads * kNew * kSize];
static struct state prefix, rest;

int main(void) {
  fill(q_data, sizeof q_data / sizeof *q_data);
  fill(k_data, sizeof k_data / sizeof *k_data);
  fill(v_data, sizeof v_data / sizeof *v_data);
  DLTensor q = tensor(q_data, 4, query_shape);
  attend(&q, k_data, v_data, 0, kPrefix, &prefix);
  attend(&q, k_data, v_data, kPrefix, kNew, &rest);

  DLTensor max = tensor(prefix.max, 3, query_shape);
  DLTensor sum = tensor(prefix.sum, 3, query_shape);
  DLTensor values = tensor(prefix.values, 4, query_shape);
  DLTensor more_max = tensor(rest.max, 3, query_shape);
  DLTensor more_sum = tensor(rest.sum, 3, query_shape);
  DLTensor more_values = tensor(rest.values, 4, query_shape);
  check(join(&max, &sum, &values, &more_max, &more_sum, &more_values, &max,
             &sum, &values));
  DLTensor out = tensor(apart, 4, query_shape);
  check(finish(&max, &sum, &values, &out));

  int64_t shape[] = {1, kKeyHeads, kAll, kSize};
  DLTensor k = keys(k_data, 0, shape), v = keys(v_data, 0, shape);
  out.data = together;
  check(whole(&q, &k, &v, &out));
  float largest = 0;
  for (size_t i = 0; i < sizeof apart / sizeof *apart; ++i)
    largest = fmaxf(largest, fabsf(apart[i] - together[i]));
  printf("in two parts: %.1e off at most\n", (double)largest);
  return 0;
}
