//===- RandomNumbers.h - weir.random as vector code --------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_RANDOMNUMBERS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_RANDOMNUMBERS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace weir {

/// Uniform numbers in (0, 1) for the elements at `positions` (a vector of
/// index) of row `row` (index), as vectors of `floatType`: Philox4x32-10
/// (Salmon et al. 2011) with key `seed` (i64) and counter (position / 4, row,
/// stream), whose word position % 4 gives (its top 24 bits + 0.5) * 2^-24. Row
/// and seed may be vectors, one for each lane.
mlir::Value emitRandomNumbers(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value seed, int64_t stream, mlir::Value row,
                              mlir::Value positions, mlir::Type floatType);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_RANDOMNUMBERS_H
