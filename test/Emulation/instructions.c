/*===- instructions.c - AVX-512 and AMX for machines without them -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What each of LLVM's intrinsics that weir emits for AVX-512, AVX512-BF16 and
|* AMX does, element by element, after Intel's Software Developer's Manual.
|* emulate.py passes vectors, masks and tiles by their address, the result's
|* first. Everything else that weir emits is LLVM's own and legal everywhere.
|*
\*===----------------------------------------------------------------------===*/

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { NEAREST = 0, DOWN = 1, UP = 2, TRUNCATE = 3 };

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The last three bits of an immediate: a mode, or the current one. */
static double round_as(double x, int32_t mode) {
  switch (mode & 7) {
  case NEAREST:
    return roundeven(x);
  case DOWN:
    return floor(x);
  case UP:
    return ceil(x);
  case TRUNCATE:
    return trunc(x);
  default:
    return rint(x);
  }
}

/* VREDUCE: what is left after rounding to `imm >> 4` bits behind the point. */
static double reduce(double x, int32_t imm) {
  if (isnan(x))
    return x;
  if (isinf(x))
    return 0;
  int bits = imm >> 4 & 15;
  return x - ldexp(round_as(ldexp(x, bits), imm), -bits);
}

/* VSCALEF: x 2^floor(y), one rounding to f64; f32 is rounded by the caller,
 * exactly but for results that are denormal in f64. */
static double scale(double x, double y) {
  if (isnan(x))
    return isinf(y) ? (y > 0 ? INFINITY : 0) : x;
  if (isnan(y))
    return y;
  if (isinf(y)) {
    int lost = y > 0 ? x == 0 : isinf(x);
    return lost ? NAN : y > 0 ? copysign(INFINITY, x) : copysign(0, x);
  }
  return ldexp(x, (int)fmax(fmin(floor(y), 5000), -5000));
}

/* VGETEXP */
static double exponent(double x) {
  return isnan(x) ? x : x == 0 ? -INFINITY : isinf(x) ? INFINITY : logb(x);
}

/* VGETMANT, for the interval from 3/4 to 3/2 and NaN where x is below zero:
 * the only form that weir emits. */
static double mantissa(double x, int32_t imm) {
  enum { FROM_THREE_QUARTERS_NAN_IF_NEGATIVE = 0xb };
  if (imm != FROM_THREE_QUARTERS_NAN_IF_NEGATIVE)
    __builtin_trap();
  if (isnan(x) || x < 0)
    return NAN;
  if (x == 0 || isinf(x))
    return copysign(1, x);
  int power;
  double m = 2 * frexp(x, &power);
  return m < 1.5 ? m : m / 2;
}

#define MASKED(mask, i) ((mask) >> (i) & 1)

#define ONE_BY_ONE(TYPE, SUFFIX, LANES, MASK)                                  \
  void llvm_x86_avx512_mask_reduce_##SUFFIX(TYPE *r, const TYPE *a,            \
                                            int32_t imm, const TYPE *other,    \
                                            MASK mask, int32_t mode) {         \
    for (int i = 0; i < LANES; ++i)                                            \
      r[i] = MASKED(mask, i) ? (TYPE)reduce(a[i], imm) : other[i];             \
  }                                                                            \
  void llvm_x86_avx512_mask_scalef_##SUFFIX(TYPE *r, const TYPE *a,            \
                                            const TYPE *b, const TYPE *other,  \
                                            MASK mask, int32_t mode) {         \
    for (int i = 0; i < LANES; ++i)                                            \
      r[i] = MASKED(mask, i) ? (TYPE)scale(a[i], b[i]) : other[i];             \
  }                                                                            \
  void llvm_x86_avx512_mask_getexp_##SUFFIX(                                   \
      TYPE *r, const TYPE *a, const TYPE *other, MASK mask, int32_t mode) {    \
    for (int i = 0; i < LANES; ++i)                                            \
      r[i] = MASKED(mask, i) ? (TYPE)exponent(a[i]) : other[i];                \
  }                                                                            \
  void llvm_x86_avx512_mask_getmant_##SUFFIX(TYPE *r, const TYPE *a,           \
                                             int32_t imm, const TYPE *other,   \
                                             MASK mask, int32_t mode) {        \
    for (int i = 0; i < LANES; ++i)                                            \
      r[i] = MASKED(mask, i) ? (TYPE)mantissa(a[i], imm) : other[i];           \
  }

ONE_BY_ONE(float, ps_512, 16, uint16_t)
ONE_BY_ONE(double, pd_512, 8, uint8_t)

void llvm_x86_avx512_mask_cvtps2dq_512(int32_t *r, const float *a,
                                       const int32_t *other, uint16_t mask,
                                       int32_t mode) {
  enum { CURRENT = 4, NEAREST_SILENT = 8 };
  if (mode != CURRENT && mode != NEAREST_SILENT)
    __builtin_trap();
  for (int i = 0; i < 16; ++i) {
    double x = roundeven(a[i]);
    int fits = x >= INT32_MIN && x <= INT32_MAX;
    r[i] = !MASKED(mask, i) ? other[i] : fits ? (int32_t)x : INT32_MIN;
  }
}

/* 14 digits, as the processor gives; which ones is its own. */
void llvm_x86_avx512_rcp14_ps_512(float *r, const float *a, const float *other,
                                  uint16_t mask) {
  for (int i = 0; i < 16; ++i) {
    float exact = 1 / a[i];
    float cut = of_bits(bits_of(exact) & ~0x1ffu);
    r[i] = !MASKED(mask, i) ? other[i] : isnan(exact) ? exact : cut;
  }
}

void llvm_x86_avx512_permvar_sf_512(float *r, const float *a,
                                    const int32_t *index) {
  for (int i = 0; i < 16; ++i)
    r[i] = a[index[i] & 15];
}

void llvm_x86_avx512_vpermi2var_ps_512(float *r, const float *a,
                                       const int32_t *index, const float *b) {
  for (int i = 0; i < 16; ++i)
    r[i] = (index[i] & 16 ? b : a)[index[i] & 15];
}

/* VPCOMPRESS: the elements with a set bit move together. */
#define COMPRESS(NAME, TYPE, LANES, MASK)                                      \
  void llvm_x86_avx512_mask_compress_##NAME(                                   \
      TYPE *r, const TYPE *a, const TYPE *other, const MASK *mask) {           \
    int kept = 0;                                                              \
    for (int i = 0; i < LANES; ++i)                                            \
      if (MASKED(*mask, i))                                                    \
        r[kept++] = a[i];                                                      \
    for (; kept < LANES; ++kept)                                               \
      r[kept] = other[kept];                                                   \
  }

COMPRESS(v16f32, float, 16, uint16_t)
COMPRESS(v16i32, int32_t, 16, uint16_t)
COMPRESS(v8f64, double, 8, uint8_t)
COMPRESS(v8i64, int64_t, 8, uint8_t)

/* VFPCLASS: bit i of the result says that lane i is of a class in `imm`. */
void llvm_x86_avx512_fpclass_ps_512(uint16_t *r, const float *a, int32_t imm) {
  unsigned found = 0;
  for (int i = 0; i < 16; ++i) {
    uint32_t bits = bits_of(a[i]), size = bits & 0x7fffffff;
    int below = bits >> 31, quiet = bits >> 22 & 1, nan = size > 0x7f800000;
    int is = (nan && quiet) | (size == 0 && !below) << 1 |
             (size == 0 && below) << 2 | (size == 0x7f800000 && !below) << 3 |
             (size == 0x7f800000 && below) << 4 |
             (size > 0 && size < 0x800000) << 5 |
             (size > 0 && size < 0x7f800000 && below) << 6 |
             (nan && !quiet) << 7;
    found |= (unsigned)((is & imm) != 0) << i;
  }
  *r = (uint16_t)found;
}

/* Denormal numbers count as zero, and NaN is made quiet. */
static float flushed(float x) {
  return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static uint16_t to_bf16(float x) {
  uint32_t bits = bits_of(flushed(x));
  if (isnan(x))
    return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float from_bf16(uint16_t bits) {
  return flushed(of_bits((uint32_t)bits << 16));
}

void llvm_x86_avx512bf16_cvtneps2bf16_512(uint16_t *r, const float *a) {
  for (int i = 0; i < 16; ++i)
    r[i] = to_bf16(a[i]);
}

void llvm_x86_avx512bf16_cvtne2ps2bf16_512(uint16_t *r, const float *high,
                                           const float *low) {
  llvm_x86_avx512bf16_cvtneps2bf16_512(r, low);
  llvm_x86_avx512bf16_cvtneps2bf16_512(r + 16, high);
}

/* Loads and stores of some elements of 16 bits, which AVX2 does one by one. */
#define MASKED_MEMORY(NAME, LANES, MASK)                                       \
  void llvm_masked_load_##NAME##_p0(uint16_t *r, const uint16_t *from,         \
                                    const MASK *mask, const uint16_t *other) { \
    for (int i = 0; i < LANES; ++i)                                            \
      r[i] = MASKED(*mask, i) ? from[i] : other[i];                            \
  }                                                                            \
  void llvm_masked_store_##NAME##_p0(const uint16_t *a, uint16_t *to,          \
                                     const MASK *mask) {                       \
    for (int i = 0; i < LANES; ++i)                                            \
      if (MASKED(*mask, i))                                                    \
        to[i] = a[i];                                                          \
  }

MASKED_MEMORY(v16i16, 16, uint16_t)
MASKED_MEMORY(v16f16, 16, uint16_t)
MASKED_MEMORY(v16bf16, 16, uint16_t)
MASKED_MEMORY(v32i16, 32, uint32_t)
MASKED_MEMORY(v32f16, 32, uint32_t)
MASKED_MEMORY(v32bf16, 32, uint32_t)

/* Where LLVM has an instruction, rounding a number in IR is that instruction.
 */
__bf16 __truncsfbf2(float x) {
  uint16_t bits = to_bf16(x);
  __bf16 rounded;
  memcpy(&rounded, &bits, sizeof rounded);
  return rounded;
}

/* A tile is a value in IR: its number here. The last ones made are kept, and
 * one that is asked for later is an error. */
typedef struct {
  uint64_t number;
  uint8_t rows[16][64];
} tile;

enum { KEPT = 4096 };
static _Thread_local tile tiles[KEPT];
static _Thread_local uint64_t made;

static tile *make_tile(uint64_t *number) {
  *number = ++made;
  tile *t = &tiles[made % KEPT];
  t->number = made;
  return t;
}

static const tile *find_tile(uint64_t number) {
  const tile *t = &tiles[number % KEPT];
  if (number == 0 || t->number != number)
    __builtin_trap();
  return t;
}

void llvm_x86_tilezero_internal(uint64_t *r, int16_t rows, int16_t bytes) {
  tile *t = make_tile(r);
  memset(t->rows, 0, sizeof t->rows);
}

void llvm_x86_tileloadd64_internal(uint64_t *r, int16_t rows, int16_t bytes,
                                   const char *from, int64_t stride) {
  tile *t = make_tile(r);
  memset(t->rows, 0, sizeof t->rows);
  for (int i = 0; i < rows; ++i)
    memcpy(t->rows[i], from + i * stride, (size_t)bytes);
}

void llvm_x86_tilestored64_internal(int16_t rows, int16_t bytes, char *to,
                                    int64_t stride, uint64_t a) {
  const tile *t = find_tile(a);
  for (int i = 0; i < rows; ++i)
    memcpy(to + i * stride, t->rows[i], (size_t)bytes);
}

/* One row of a tile of pairs, as two rows of numbers. */
static void unpack(float even[16], float odd[16], const uint8_t row[64]) {
  uint32_t pairs[16];
  memcpy(pairs, row, sizeof pairs);
  for (int j = 0; j < 16; ++j) {
    even[j] = flushed(of_bits(pairs[j] << 16));
    odd[j] = flushed(of_bits(pairs[j] & 0xffff0000));
  }
}

/* Even and odd products have a sum each, which meet at the end. What lies
 * beyond a tile's rows and bytes is zero. */
void llvm_x86_tdpbf16ps_internal(uint64_t *r, int16_t rows, int16_t bytes,
                                 int16_t depth, uint64_t c, uint64_t a,
                                 uint64_t b) {
  float even[16][16], odd[16][16], x[2][16];
  const tile *left = find_tile(a), *right = find_tile(b);
  float sums[16][16];
  memcpy(sums, find_tile(c)->rows, sizeof sums);
  for (int k = 0; k < depth / 4; ++k)
    unpack(even[k], odd[k], right->rows[k]);
  for (int i = 0; i < rows; ++i) {
    float evens[16] = {0}, odds[16] = {0};
    unpack(x[0], x[1], left->rows[i]);
    for (int k = 0; k < depth / 4; ++k)
      for (int j = 0; j < 16; ++j) {
        evens[j] = flushed(fmaf(x[0][k], even[k][j], evens[j]));
        odds[j] = flushed(fmaf(x[1][k], odd[k][j], odds[j]));
      }
    for (int j = 0; j < 16; ++j)
      sums[i][j] = flushed(flushed(sums[i][j]) + flushed(evens[j] + odds[j]));
  }
  memcpy(make_tile(r)->rows, sums, sizeof sums);
}
