//===- RowViews.h - rows of memrefs, and vectors in them ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace weir {

/// A group of consecutive elements of a row: the first one's position and, at
/// the end of a row, which lanes exist. A null mask means all lanes do.
struct Lanes {
  mlir::Value position;
  mlir::Value mask;
};

/// The memrefs of one op over rows, seen from inside the loops over its outer
/// dimensions. What the operands mean is the subclass's to know.
class RowViews {
public:
  virtual ~RowViews() = default;

  llvm::ArrayRef<mlir::Value> getOuterSizes() const { return outerSizes; }
  mlir::Value getRowLength() const { return length; }

  /// Enters the row at outer indices `indices`: emits its one-dimensional
  /// views.
  virtual void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices) = 0;

  /// Whether the results are large enough to be written past the caches. Null
  /// where they never are.
  mlir::Value getResultsAreLarge() const { return resultsAreLarge; }
  /// Writes whole vectors past the caches from now on, or no longer.
  void setStreams(bool value) { streams = value; }

  /// The row's index in row-major order of the outer dimensions.
  mlir::Value emitRowIndex(mlir::OpBuilder &builder);

  /// Vector accesses to a one-dimensional buffer; lanes off the end read
  /// `padding`.
  mlir::Value loadVector(mlir::OpBuilder &builder, mlir::Value buffer,
                         const Lanes &lanes, mlir::Value padding);
  void storeVector(mlir::OpBuilder &builder, mlir::Value buffer,
                   const Lanes &lanes, mlir::Value value);
  /// Asks for the memory of `row` that a loop will read a few thousand bytes
  /// after `group`, each cache line once. The addresses may lie outside the row
  /// and outside all rows: a prefetch never faults.
  void prefetchRow(mlir::OpBuilder &builder, mlir::Value row,
                   llvm::ArrayRef<Lanes> group);
  /// Reads a row of i1, of which one element may stand for all: a vector, with
  /// lanes off the end false, or the flag of one element.
  mlir::Value loadFlags(mlir::OpBuilder &builder, mlir::Value buffer,
                        const Lanes &lanes);
  mlir::Value loadFlag(mlir::OpBuilder &builder, mlir::Value buffer,
                       mlir::Value position);

  mlir::Type getComputeType() const { return computeType; }
  int64_t getLaneCount() const { return laneCount; }
  mlir::VectorType getVectorType(mlir::Type element) const {
    return mlir::VectorType::get(laneCount, element);
  }

  /// A scalar or vector as code computes with it, in elements of type `wanted`,
  /// and as it is stored, in elements of type `element`.
  mlir::Value toCompute(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type wanted);
  mlir::Value toStorage(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type element);

protected:
  RowViews(mlir::Operation *op, mlir::Type computeType, int64_t laneCount)
      : op(op), loc(op->getLoc()), computeType(computeType),
        laneCount(laneCount) {}

  /// Fails, with an error on the op, when the innermost stride of one of
  /// `varying` is not 1.
  mlir::LogicalResult checkContiguous(llvm::ArrayRef<mlir::Value> varying);
  /// Emits what is the same for all rows: sizes of the outer dimensions and the
  /// row length, each from the first of `varying` that does not repeat there.
  void emitSizes(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> varying,
                 int64_t rank);
  void setIndices(mlir::ValueRange outerIndices) {
    indices.assign(outerIndices.begin(), outerIndices.end());
  }
  llvm::ArrayRef<mlir::Value> getIndices() const { return indices; }
  /// The row's outer indices as `operand` sees them: aligned from the right, 0
  /// where it repeats.
  llvm::SmallVector<mlir::Value> getOuterIndices(mlir::Value operand,
                                                 int64_t operandOuterRank);
  /// A one-dimensional view of the row of `operand`.
  mlir::Value emitRowView(mlir::OpBuilder &builder, mlir::Value operand);
  /// True for an operand of which one element stands for the whole row.
  bool repeatsAlongRow(mlir::MemRefType type) const;

  mlir::Value resultsAreLarge;

private:
  mlir::Value loadRaw(mlir::OpBuilder &builder, mlir::Value buffer,
                      const Lanes &lanes, mlir::Value padding,
                      mlir::IntegerType raw);

  mlir::Operation *op;
  mlir::Location loc;
  mlir::Type computeType;
  int64_t laneCount;
  llvm::SmallVector<mlir::Value> outerSizes;
  mlir::Value length;
  llvm::SmallVector<mlir::Value> indices;
  bool streams = false;
};

/// The bytes that an element takes in memory.
int64_t getByteSize(mlir::Type element);
/// The address of element `position` of a one-dimensional buffer, as an index.
mlir::Value emitAddressAsIndex(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value buffer, mlir::Value position);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H
