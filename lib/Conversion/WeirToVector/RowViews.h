//===- RowViews.h - rows of memrefs, and vectors in them ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H

#include "LaneLayout.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace weir {

/// The elements of one vector: the first one's position and, at the end of a
/// row or in the last group of rows, which lanes exist. A null mask means all
/// lanes do.
struct Lanes {
  mlir::Value position;
  mlir::Value mask;
};

/// The number that `size`, a size of a memref, is known to be, or 0.
int64_t getKnownSize(mlir::Value size);

/// The memrefs of one op over rows, seen from inside the loops over its outer
/// dimensions. What the operands mean is the subclass's to know. Across rows,
/// "the row" below is a group of neighbouring rows along the last dimension,
/// one in each lane. A block is such a group along the last outer dimension,
/// whose rows are entered one by one.
class RowViews {
public:
  virtual ~RowViews() = default;

  const LaneLayout &getLayout() const { return layout; }
  llvm::ArrayRef<mlir::Value> getOuterSizes() const { return outerSizes; }
  mlir::Value getRowLength() const { return length; }
  /// The sizes of the last dimension and of the last outer one where they are
  /// static.
  int64_t getStaticLastSize() const { return staticLastSize; }
  int64_t getStaticOuterSize() const { return staticOuterSize; }

  /// Across rows, says which lanes of the row that is entered next have one;
  /// null means all.
  void setRowMask(mlir::Value mask) { layout.setRowMask(mask); }
  /// What vectors of elements are from now on; those of a block may be vectors
  /// across its rows for a while.
  void setLaneKind(LaneKind kind) { layout.setKind(kind); }
  /// Enters the row at outer indices `indices`, across rows and in blocks those
  /// of the first: emits its views.
  virtual void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices) = 0;

  /// Lets sweeps visit the elements [begin, end) of the row only, until the
  /// next call. The row is at hand as a whole without it.
  void setPart(mlir::Value begin, mlir::Value end) {
    partBegin = begin;
    partEnd = end;
  }
  /// Null for 0.
  mlir::Value getPartBegin() const { return partBegin; }
  mlir::Value getPartEnd() const { return partEnd ? partEnd : length; }
  /// How many rows the block at hand has.
  mlir::Value emitRowCount(mlir::OpBuilder &builder);

  /// Whether the results are large enough to be written past the caches. Null
  /// where they never are.
  mlir::Value getResultsAreLarge() const { return resultsAreLarge; }
  /// Writes whole vectors past the caches from now on, or no longer.
  void setStreams(bool value) { streams = value; }

  /// The row's index in row-major order of the outer dimensions, a row number.
  mlir::Value emitOwnRowIndex(mlir::OpBuilder &builder);

  /// Vector accesses to the view of a row.
  mlir::Value loadView(mlir::OpBuilder &builder, mlir::Value view,
                       const Lanes &lanes, mlir::Value padding);
  void storeView(mlir::OpBuilder &builder, mlir::Value view, const Lanes &lanes,
                 mlir::Value value);
  /// Vector accesses to a buffer that is the row's own; lanes off the end read
  /// `padding`.
  mlir::Value loadVector(mlir::OpBuilder &builder, mlir::Value buffer,
                         const Lanes &lanes, mlir::Value padding);
  void storeVector(mlir::OpBuilder &builder, mlir::Value buffer,
                   const Lanes &lanes, mlir::Value value);
  /// How many elements ahead memory is asked for, and how near it is brought: 3
  /// is the first cache, 2 the second.
  struct Prefetch {
    mlir::Value ahead;
    unsigned locality = 3;
  };
  /// Asks for the memory ahead of `group` in `row`, each cache line once in
  /// every step. The addresses may lie outside the row and outside all rows: a
  /// prefetch never faults.
  void prefetchRow(mlir::OpBuilder &builder, mlir::Value row,
                   llvm::ArrayRef<Lanes> group, llvm::ArrayRef<Prefetch> steps);
  /// Asks for memory while a whole row, larger than caches, is read from its
  /// beginning to its end: a step ahead of `group`, each line once. Main memory
  /// serves the pages of a block in turn faster than one after the other, so
  /// that is the order in which lines are asked for, not that in which they are
  /// read: those of the block behind the one that `group` lies in.
  void prefetchPages(mlir::OpBuilder &builder, mlir::Value row,
                     llvm::ArrayRef<Lanes> group);
  /// What exceeds this does not stay in a core's second-level cache.
  static constexpr int64_t kCacheBytes = int64_t(1) << 20;
  /// Whether all rows of `operand` together do.
  mlir::Value emitExceedCache(mlir::OpBuilder &builder, mlir::Value operand);
  /// The elements of `row` in `bytes`, as an index.
  mlir::Value emitAhead(mlir::OpBuilder &builder, mlir::Value row,
                        int64_t bytes);
  /// Reads a row of i1, of which one element may stand for all: a vector, with
  /// lanes off the end false, or the flag of one element.
  mlir::Value loadFlags(mlir::OpBuilder &builder, mlir::Value buffer,
                        const Lanes &lanes);
  mlir::Value loadFlag(mlir::OpBuilder &builder, mlir::Value buffer,
                       mlir::Value position);

  mlir::Type getComputeType() const { return computeType; }
  int64_t getLaneCount() const { return layout.getLaneCount(); }
  mlir::VectorType getVectorType(mlir::Type element) const {
    return layout.getVectorType(element);
  }

  /// A scalar or vector as code computes with it, in elements of type `wanted`,
  /// and as it is stored, in elements of type `element`.
  mlir::Value toCompute(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type wanted);
  mlir::Value toStorage(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Type element);

protected:
  RowViews(mlir::Operation *op, mlir::Type computeType, LaneLayout layout)
      : layout(layout), op(op), loc(op->getLoc()), computeType(computeType) {}

  /// Fails, with an error on the op, when the innermost stride of one of
  /// `varying` is not 1.
  mlir::LogicalResult checkContiguous(llvm::ArrayRef<mlir::Value> varying);
  /// Emits what is the same for all rows: sizes of the outer dimensions and the
  /// row length, each from the first of `varying` that does not repeat there.
  /// The row is dimension `rowDim` of `rank`.
  void emitSizes(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> varying,
                 int64_t rank, int64_t rowDim);
  void setIndices(mlir::ValueRange outerIndices) {
    indices.assign(outerIndices.begin(), outerIndices.end());
    rowIndices = indices;
  }
  /// Makes row `row` of the block the one whose views are emitted.
  void setRowOfBlock(mlir::OpBuilder &builder, mlir::Value row);
  llvm::ArrayRef<mlir::Value> getIndices() const { return indices; }
  /// The outer indices of the row, of the first one of a group or block, as
  /// `operand` sees them: aligned from the right, 0 where it repeats.
  llvm::SmallVector<mlir::Value> getOuterIndices(mlir::Value operand,
                                                 int64_t operandOuterRank) {
    return getOuterIndices(operand, operandOuterRank, indices);
  }
  /// A one-dimensional view of the row of `operand`; across rows, one with the
  /// row's dimension, where the operand has it, and the last.
  mlir::Value emitRowView(mlir::OpBuilder &builder, mlir::Value operand);
  /// Where row numbers are vectors: those in an operand with the outer
  /// dimensions.
  mlir::Value loadRowNumbers(mlir::OpBuilder &builder, mlir::Value operand);
  void storeRowNumbers(mlir::OpBuilder &builder, mlir::Value operand,
                       mlir::Value value);
  /// True for an operand of which one element stands for the whole row.
  bool repeatsAlongRow(mlir::MemRefType type) const;

  LaneLayout layout;
  mlir::Value resultsAreLarge;

private:
  /// Where a vector lies in memory: a buffer, the indices of lane 0, the lanes
  /// that exist.
  struct Place {
    mlir::Value buffer;
    llvm::SmallVector<mlir::Value> indices;
    mlir::Value mask;
  };
  Place getPlace(mlir::OpBuilder &builder, mlir::Value view,
                 const Lanes &lanes);
  Place getBufferPlace(mlir::OpBuilder &builder, mlir::Value buffer,
                       const Lanes &lanes);
  mlir::Value load(mlir::OpBuilder &builder, const Place &place,
                   mlir::Value padding);
  mlir::Value loadRaw(mlir::OpBuilder &builder, const Place &place,
                      mlir::Value padding, mlir::IntegerType raw);
  mlir::Value loadRepeated(mlir::OpBuilder &builder, const Place &place);
  void store(mlir::OpBuilder &builder, const Place &place, mlir::Value value);
  mlir::Value emitGroupView(mlir::OpBuilder &builder, mlir::Value operand);
  int64_t getStep(mlir::Value row) const;
  mlir::Value getOuterIndex(mlir::MemRefType type, int64_t dim,
                            mlir::Value index);
  llvm::SmallVector<mlir::Value>
  getOuterIndices(mlir::Value operand, int64_t operandOuterRank,
                  llvm::ArrayRef<mlir::Value> indices);
  int64_t getOwnRowDim(mlir::MemRefType type) const {
    return rowDim - (rank - type.getRank());
  }

  mlir::Operation *op;
  mlir::Location loc;
  mlir::Type computeType;
  int64_t rank = 0, rowDim = 0;
  int64_t staticLastSize = mlir::ShapedType::kDynamic;
  int64_t staticOuterSize = mlir::ShapedType::kDynamic;
  llvm::SmallVector<mlir::Value> outerSizes;
  mlir::Value length, partBegin, partEnd;
  /// Those of what was entered last, and, in blocks, of the row at hand.
  llvm::SmallVector<mlir::Value> indices, rowIndices;
  bool streams = false;
};

/// The bytes that an element takes in memory.
int64_t getByteSize(mlir::Type element);
/// The address of the element at `indices`, the last of which has stride 1, as
/// an index.
mlir::Value emitAddressAsIndex(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value buffer, mlir::ValueRange indices);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWVIEWS_H
