//===- RowAccess.h - one row of the operands of weir.rows --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H

#include "RowViews.h"

namespace weir {

/// The operands of one weir.rows, seen from inside the loops over its outer
/// dimensions.
class RowAccess : public RowViews {
public:
  /// Emits what is the same for all rows: sizes of the outer dimensions and the
  /// row length. Fails, with an error on `rows`, when an operand's innermost
  /// stride is not 1.
  static mlir::FailureOr<RowAccess> create(RowsOp rows, FormulaOp formula,
                                           mlir::OpBuilder &builder,
                                           mlir::Type computeType,
                                           int64_t laneCount);

  void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices) override;

  /// The row's index in row-major order of the outer dimensions of the whole.
  mlir::Value emitRowIndex(mlir::OpBuilder &builder);

  /// Loads argument `index` as a vector of the compute type; lanes off the end
  /// read `padding`.
  mlir::Value loadVarying(mlir::OpBuilder &builder, unsigned index,
                          const Lanes &lanes, mlir::Value padding);
  /// Asks for the memory of all arguments that a loop will read after `group`.
  void prefetch(mlir::OpBuilder &builder, llvm::ArrayRef<Lanes> group);
  /// Loads argument `index`, which is uniform or the same over the whole row,
  /// as a scalar.
  mlir::Value loadScalar(mlir::OpBuilder &builder, unsigned index);
  /// True when argument `index` is varying by declaration but has one element
  /// per row.
  bool isBroadcastAlongRow(unsigned index) const;

  bool hasMask() { return static_cast<bool>(rows.getMask()); }
  mlir::Value loadMask(mlir::OpBuilder &builder, const Lanes &lanes);

  /// Whether this row is to be written past the caches: where the results are
  /// large, it starts on a whole vector, which such stores need, and it is no
  /// argument's memory, which is in the caches already. Null where it never is.
  mlir::Value emitStreams(mlir::OpBuilder &builder);

  void storeVarying(mlir::OpBuilder &builder, unsigned result,
                    const Lanes &lanes, mlir::Value value);
  void storeScalar(mlir::OpBuilder &builder, unsigned result,
                   mlir::Value value);

  /// The row of result `result` as a one-dimensional buffer.
  mlir::Value getResultRow(unsigned result) const { return resultRows[result]; }

  /// The type a formula's value of type `formal` has in code: the compute type
  /// for f32.
  mlir::Type getScalarType(mlir::Type formal) const {
    return formal.isF32() ? getComputeType() : formal;
  }

private:
  RowAccess(RowsOp rows, FormulaOp formula, mlir::Type computeType,
            int64_t laneCount)
      : RowViews(rows, computeType, laneCount), rows(rows), formula(formula) {}
  mlir::Value emitResultsAreLarge(mlir::OpBuilder &builder);

  RowsOp rows;
  FormulaOp formula;
  llvm::SmallVector<mlir::Value> inputRows, resultRows;
  mlir::Value maskRow;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H
