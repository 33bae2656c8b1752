//===- PairExprs.h - expressions as mantissa and exponent -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIREXPRS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIREXPRS_H

#include "RowEmitter.h"
#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"

namespace weir {

/// mantissa 2^exponent in the lanes of an element, with a whole exponent; a
/// null one is 0.
struct ExponentPair {
  mlir::Value mantissa, exponent;
};

/// The greatest of whole exponents, some of which may be null; null if all are.
mlir::Value emitGreatestExponent(mlir::OpBuilder &builder, RowEmitter &emitter,
                                 llvm::ArrayRef<mlir::Value> exponents);

/// The pair's number over 2^`exponent`, which is no smaller than its own.
mlir::Value emitOver(mlir::OpBuilder &builder, RowEmitter &emitter,
                     ExponentPair pair, mlir::Value exponent);

/// The lanes of an element of `sum`, in which pairs get through everything
/// (ExtendedExponents.h). Exponentials are evaluated in `variant`.
ExponentPair emitPair(mlir::OpBuilder &builder, RowEmitter &emitter,
                      Element &element, const Linear &sum,
                      cpu::ExpVariant variant);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIREXPRS_H
