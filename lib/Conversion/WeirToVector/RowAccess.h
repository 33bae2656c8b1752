//===- RowAccess.h - one row of the operands of weir.rows --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace weir {

/// A group of consecutive elements of a row: the first one's position and, at
/// the end of a row, which lanes exist. A null mask means all lanes do.
struct Lanes {
  mlir::Value position;
  mlir::Value mask;
};

/// The operands of one weir.rows, seen from inside the loops over its outer
/// dimensions.
class RowAccess {
public:
  /// Emits what is the same for all rows: sizes of the outer dimensions and the
  /// row length. Fails, with an error on `rows`, when an operand's innermost
  /// stride is not 1.
  static mlir::FailureOr<RowAccess> create(RowsOp rows, FormulaOp formula,
                                           mlir::OpBuilder &builder,
                                           mlir::Type computeType,
                                           int64_t laneCount);

  llvm::ArrayRef<mlir::Value> getOuterSizes() const { return outerSizes; }
  mlir::Value getRowLength() const { return length; }
  /// Whether the results are large enough to be written past the caches. Null
  /// where they never are.
  mlir::Value getResultsAreLarge() const { return resultsAreLarge; }

  /// Enters the row at outer indices `indices`: emits its one-dimensional
  /// views.
  void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices);

  /// The row's index in row-major order of the outer dimensions of the whole.
  mlir::Value emitRowIndex(mlir::OpBuilder &builder);

  /// Loads argument `index` as a vector of the compute type; lanes off the end
  /// read `padding`.
  mlir::Value loadVarying(mlir::OpBuilder &builder, unsigned index,
                          const Lanes &lanes, mlir::Value padding);
  /// Asks for the memory that a loop will read a few thousand bytes after
  /// `group`, each cache line once. The addresses may lie outside the row and
  /// outside all rows: a prefetch never faults.
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
  /// Writes whole vectors past the caches from now on, or no longer.
  void setStreams(bool value) { streams = value; }

  void storeVarying(mlir::OpBuilder &builder, unsigned result,
                    const Lanes &lanes, mlir::Value value);
  void storeScalar(mlir::OpBuilder &builder, unsigned result,
                   mlir::Value value);

  /// Vector accesses to a one-dimensional buffer of the compute type.
  mlir::Value loadVector(mlir::OpBuilder &builder, mlir::Value buffer,
                         const Lanes &lanes, mlir::Value padding);
  void storeVector(mlir::OpBuilder &builder, mlir::Value buffer,
                   const Lanes &lanes, mlir::Value value);

  /// The row of result `result` as a one-dimensional buffer.
  mlir::Value getResultRow(unsigned result) const { return resultRows[result]; }

  mlir::Type getComputeType() const { return computeType; }
  int64_t getLaneCount() const { return laneCount; }
  mlir::VectorType getVectorType(mlir::Type element) const {
    return mlir::VectorType::get(laneCount, element);
  }
  /// The type a formula's value of type `formal` has in code: the compute type
  /// for f32.
  mlir::Type getScalarType(mlir::Type formal) const {
    return formal.isF32() ? computeType : formal;
  }

private:
  RowAccess(RowsOp rows, FormulaOp formula, mlir::Type computeType,
            int64_t laneCount)
      : rows(rows), formula(formula), computeType(computeType),
        laneCount(laneCount) {}
  mlir::Value loadRaw(mlir::OpBuilder &builder, mlir::Value buffer,
                      const Lanes &lanes, mlir::Value padding,
                      mlir::IntegerType raw);
  mlir::Value emitRowView(mlir::OpBuilder &builder, mlir::Value operand);
  mlir::Value emitResultsAreLarge(mlir::OpBuilder &builder);
  llvm::SmallVector<mlir::Value> getOuterIndices(mlir::Value operand,
                                                 int64_t operandOuterRank);
  /// A loaded value of a formal argument of type `formal`, as code computes
  /// with it.
  mlir::Value toCompute(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type formal);
  mlir::Value toStorage(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type element);

  RowsOp rows;
  FormulaOp formula;
  mlir::Type computeType;
  int64_t laneCount;
  llvm::SmallVector<mlir::Value> outerSizes;
  mlir::Value length;
  llvm::SmallVector<mlir::Value> indices;
  llvm::SmallVector<mlir::Value> inputRows, resultRows;
  mlir::Value maskRow;
  mlir::Value resultsAreLarge;
  bool streams = false;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H
