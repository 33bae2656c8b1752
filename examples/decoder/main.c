/* Runs the compiled block on a prompt and then on one more token, and compares
 * what comes out with what NumPy says.
 *
 * Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "decoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  kFeatures = 512,
  kWidth = 1280,
  kMiddle = 1408,
  kKeyHeads = 2,
  kSize = 64,
  kPrompt = 100,
  kRoom = 128 /* Tokens that the caches can hold. */
};

/* What the file holds, one after the other. */
struct data {
  float gain_in[kFeatures], w_in[kFeatures * kWidth];
  float w_out[kFeatures * kFeatures], gain_up[kFeatures];
  float w_up[kFeatures * 2 * kMiddle], w_down[kMiddle * kFeatures];
  float tokens[(kPrompt + 1) * kFeatures];
  float cosines[kRoom * kSize / 2], sines[kRoom * kSize / 2];
  float expected[(kPrompt + 1) * kFeatures];
};

/* A tensor of floats whose shape outlives it. */
static DLTensor tensor(float *data, int32_t rank, int64_t *shape) {
  DLTensor t = {.data = data,
                .device = {kDLCPU, 0},
                .ndim = rank,
                .dtype = {kDLFloat, 32, 1},
                .shape = shape};
  return t;
}

static void check(int32_t code) {
  if (code == 0)
    return;
  fprintf(stderr, "the block failed: %s\n", decoder_last_error());
  exit(1);
}

static struct data *read_data(const char *path) {
  FILE *file = fopen(path, "rb");
  struct data *data = malloc(sizeof(struct data));
  if (!file || !data || fread(data, sizeof(struct data), 1, file) != 1 ||
      fgetc(file) != EOF) {
    fprintf(stderr, "%s: not the data of this block\n", path);
    exit(1);
  }
  fclose(file);
  return data;
}

/* Prints how far the outputs of some tokens are off. */
static int compare(const char *what, const float *actual, const float *expected,
                   int count) {
  float worst = 0;
  for (int i = 0; i < count * kFeatures; ++i)
    worst = fmaxf(worst, fabsf(actual[i] - expected[i]));
  printf("%s: %g off at most\n", what, (double)worst);
  return worst < 1e-3f; /* Numbers are about 1, and false for NaN. */
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s block.f32\n", argv[0]);
    return 2;
  }
  struct data *data = read_data(argv[1]);
  size_t cache_size = kRoom * kKeyHeads * kSize;
  float *caches = calloc(2 * cache_size, sizeof(float));
  float *out = malloc((kPrompt + 1) * kFeatures * sizeof(float));
  if (!caches || !out)
    return 1;

  int64_t gains[] = {kFeatures}, in[] = {kFeatures, kWidth},
          square[] = {kFeatures, kFeatures}, up[] = {kFeatures, 2 * kMiddle},
          down[] = {kMiddle, kFeatures}, angles[] = {kRoom, kSize / 2},
          prompt[] = {kPrompt, kFeatures}, token[] = {1, kFeatures},
          cache[] = {1, kRoom, kKeyHeads, kSize}, one[] = {1};
  DLTensor gain_in = tensor(data->gain_in, 1, gains),
           w_in = tensor(data->w_in, 2, in),
           w_out = tensor(data->w_out, 2, square),
           gain_up = tensor(data->gain_up, 1, gains),
           w_up = tensor(data->w_up, 2, up),
           w_down = tensor(data->w_down, 2, down),
           cosines = tensor(data->cosines, 2, angles),
           sines = tensor(data->sines, 2, angles);

  /* The prompt: a sequence of its own, so the caches have no batch. They are
   * arguments and results, and are updated where they lie. */
  DLTensor x = tensor(data->tokens, 2, prompt), y = tensor(out, 2, prompt);
  DLTensor keys = tensor(caches, 3, cache + 1),
           values = tensor(caches + cache_size, 3, cache + 1);
  check(prefill(&x, &gain_in, &w_in, &w_out, &gain_up, &w_up, &w_down, &cosines,
                &sines, &keys, &values, /*past=*/0, &y, &keys, &values));

  /* One more token, as a batch of one sequence. */
  int32_t length = kPrompt + 1;
  DLTensor lengths = tensor(NULL, 1, one);
  lengths.data = &length;
  lengths.dtype.code = kDLInt;
  x = tensor(data->tokens + kPrompt * kFeatures, 2, token);
  y = tensor(out + kPrompt * kFeatures, 2, token);
  keys = tensor(caches, 4, cache);
  values = tensor(caches + cache_size, 4, cache);
  check(decode(&x, &gain_in, &w_in, &w_out, &gain_up, &w_up, &w_down, &cosines,
               &sines, &keys, &values, &lengths, &y, &keys, &values));

  int good = compare("prefill of 100 tokens", out, data->expected, kPrompt);
  good &= compare("decoding one more", out + kPrompt * kFeatures,
                  data->expected + kPrompt * kFeatures, 1);
  free(out);
  free(caches);
  free(data);
  return !good;
}
