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

/// The exponent of 0, below that of any other number: beside a 0 a small number
/// must keep its digits.
inline constexpr double kExponentOfZero = -0x1p22;

/// Exponents that the formula computes by itself from what is finished before
/// `sweep`. Where a sum is found by pairs these are taken as they are written:
/// evaluated from their normal forms they might be rounded otherwise than in
/// the results, and e^x has the error of x times x.
class WrittenExponents {
public:
  explicit WrittenExponents(FormulaOp formula, const DerivedSweep &sweep,
                            const Variance &variance);
  /// The value that is `sum`, or null.
  mlir::Value get(const Linear &sum) const;

private:
  llvm::SmallVector<std::pair<Linear, mlir::Value>> values;
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
                      const WrittenExponents &written, cpu::ExpVariant variant);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIREXPRS_H
