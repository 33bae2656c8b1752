//===- rows.h - hand-written row kernels ----------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What generated code is held against: the same forms written by hand for
// AVX-512. Rows are contiguous f32.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_BENCHMARKS_YARDSTICKS_ROWS_H
#define WEIR_BENCHMARKS_YARDSTICKS_ROWS_H

#include <cstddef>

namespace yardstick {

/// Maximum; exponentials stored and summed; scaled in place. One exp per
/// element.
void softmaxStored(const float *x, float *y, size_t rows, size_t n);
/// Running maximum and sum per lane; then exponentials again, scaled. Two exps,
/// one read less.
void softmaxOnline(const float *x, float *y, size_t rows, size_t n);
/// silu(gate) * value.
void swiglu(const float *gate, const float *value, float *y, size_t count);
/// y = a + b: the traffic of a gated unit with next to no arithmetic, the limit
/// for it.
void addStreams(const float *a, const float *b, float *y, size_t count);
/// y = x.
void copyStream(const float *x, float *y, size_t count);

} // namespace yardstick

#endif // WEIR_BENCHMARKS_YARDSTICKS_ROWS_H
