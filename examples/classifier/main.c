/* Reads a batch of feature vectors and the head's weights from files, runs the
 * compiled classifier, and prints the most likely class of every sample.
 *
 * Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "classifier.h"

#include <stdio.h>
#include <stdlib.h>

enum { kFeatures = 64, kClasses = 10 };

static float *read_floats(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file) / sizeof(float);
  rewind(file);
  float *data = malloc(*count * sizeof(float) + 1);
  if (!data || fread(data, sizeof(float), *count, file) != *count) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  fclose(file);
  return data;
}

static DLTensor tensor(float *data, int32_t rank, int64_t *shape) {
  DLTensor t = {.data = data,
                .device = {kDLCPU, 0},
                .ndim = rank,
                .dtype = {kDLFloat, 32, 1},
                .shape = shape};
  return t;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s weights.f32 batch.f32\n", argv[0]);
    return 2;
  }
  size_t weight_count, count;
  float *weights =
      read_floats(argv[1], &weight_count); /* W, then b, then the gain */
  float *batch = read_floats(argv[2], &count);
  if (weight_count != kFeatures * kClasses + 2 * kClasses ||
      count % kFeatures) {
    fprintf(stderr,
            "the files do not fit a head of %d features and %d classes\n",
            kFeatures, kClasses);
    return 1;
  }
  int64_t n = (int64_t)(count / kFeatures);
  float *probabilities = malloc((size_t)n * kClasses * sizeof(float));
  int64_t x_shape[] = {n, kFeatures}, w_shape[] = {kFeatures, kClasses},
          p_shape[] = {n, kClasses}, c_shape[] = {kClasses};
  DLTensor x = tensor(batch, 2, x_shape), w = tensor(weights, 2, w_shape);
  DLTensor b = tensor(weights + kFeatures * kClasses, 1, c_shape);
  DLTensor gain = tensor(weights + kFeatures * kClasses + kClasses, 1, c_shape);
  DLTensor p = tensor(probabilities, 2, p_shape);
  if (classify(&x, &w, &b, &gain, &p) != 0) {
    fprintf(stderr, "classify failed: %s\n", classifier_last_error());
    return 1;
  }
  for (int64_t i = 0; i < n; ++i) {
    int best = 0;
    for (int c = 1; c < kClasses; ++c)
      if (probabilities[i * kClasses + c] > probabilities[i * kClasses + best])
        best = c;
    printf("sample %lld: class %d (%.4f)\n", (long long)i, best,
           (double)probabilities[i * kClasses + best]);
  }
  free(probabilities);
  free(batch);
  free(weights);
  return 0;
}
