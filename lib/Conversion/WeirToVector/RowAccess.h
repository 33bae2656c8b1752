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
  /// row length. Vectors along rows take one register of `vectorBits`; those
  /// across rows take whole cache lines. Fails, with an error on `rows`, when
  /// elements along the row have another stride than 1. Results are as long as
  /// rows unless only those of selected elements are written.
  static mlir::FailureOr<RowAccess>
  create(RowsOp rows, FormulaOp formula, mlir::OpBuilder &builder,
         mlir::Type computeType, int64_t vectorBits, bool writesRows = true);

  void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices) override;
  /// Enters row `row` of the block at hand.
  void enterRowOfBlock(mlir::OpBuilder &builder, mlir::Value row);

  /// The row's index in row-major order of the outer dimensions of the whole.
  mlir::Value emitRowIndex(mlir::OpBuilder &builder);

  /// Which varying arguments are worth copying together before the sweeps.
  /// Across rows, elements of one lane lie a whole last dimension apart, so
  /// that what is read in several sweeps costs cache lines and pages each time.
  llvm::ArrayRef<unsigned> getGathered() const { return gathered; }
  void setGathered(llvm::ArrayRef<unsigned> arguments) {
    gathered.assign(arguments.begin(), arguments.end());
  }
  /// The buffers of the row at hand for them.
  llvm::ArrayRef<mlir::Value> getGatherBuffers() const { return gatherBuffers; }
  void setGatherBuffers(mlir::ValueRange buffers) {
    gatherBuffers.assign(buffers.begin(), buffers.end());
  }
  /// Reads the gathered arguments of this row from their buffers from now on.
  void readGathered();
  /// The elements of the compute type that a buffer for a row holds; across
  /// rows, for all that are at hand.
  mlir::Value emitBufferSize(mlir::OpBuilder &builder);
  /// How many elements apart such buffers of the rows of a block lie.
  mlir::Value emitPitch(mlir::OpBuilder &builder);

  /// Loads argument `index` as a vector of the compute type; lanes off the end
  /// read `padding`.
  mlir::Value loadVarying(mlir::OpBuilder &builder, unsigned index,
                          const Lanes &lanes, mlir::Value padding);
  /// How many arguments are read along the row.
  int64_t countVarying() const;
  /// Whether sweeps may visit pages of a row in turn.
  bool visitsPages() { return rows.getPages().value_or(1) > 1; }
  /// Asks for the memory of all arguments that a loop will read after `group`.
  void prefetch(mlir::OpBuilder &builder, llvm::ArrayRef<Lanes> group);
  /// The same by pages in turn.
  void prefetchPages(mlir::OpBuilder &builder, llvm::ArrayRef<Lanes> group);
  /// Whether the scores of all rows exceed a cache.
  mlir::Value emitScoresExceedCache(mlir::OpBuilder &builder);
  /// Asks for the arguments of what is entered next, at the places of `group`,
  /// where they are not in a cache yet.
  void prefetchNext(mlir::OpBuilder &builder, llvm::ArrayRef<Lanes> group);
  /// Loads argument `index`, which is uniform or the same over the whole row,
  /// as a row number; one of the latter kind, in blocks, for the row that has
  /// been entered alone, as a scalar.
  mlir::Value loadScalar(mlir::OpBuilder &builder, unsigned index);
  /// True when argument `index` is varying by declaration but has one element
  /// per row.
  bool isBroadcastAlongRow(unsigned index) const;

  /// How many scores lie on a page of memory.
  int64_t getPageLength();

  bool hasMask() { return static_cast<bool>(rows.getMask()); }
  mlir::Value loadMask(mlir::OpBuilder &builder, const Lanes &lanes);

  /// Whether `row` begins elsewhere than every argument of this row: since
  /// tensors overlap exactly or not at all, writing it leaves them as they are.
  mlir::Value emitIsApart(mlir::OpBuilder &builder, mlir::Value row);

  /// How a row is written past the caches.
  struct Streams {
    /// Whether it is: where the results are large and the row is no argument's
    /// memory, which is in the caches already.
    mlir::Value flow;
    /// The element from which on vectors lie as such stores need them.
    mlir::Value first;
  };
  /// None where no row ever is.
  std::optional<Streams> emitStreams(mlir::OpBuilder &builder);

  void storeVarying(mlir::OpBuilder &builder, unsigned result,
                    const Lanes &lanes, mlir::Value value);
  void storeScalar(mlir::OpBuilder &builder, unsigned result,
                   mlir::Value value);

  /// True when the row's length is known to be a multiple of a vector's.
  bool hasWholeVectors() const;

  /// The row of result `result` as a one-dimensional buffer.
  mlir::Value getResultRow(unsigned result) const { return resultRows[result]; }

  /// The type a formula's value of type `formal` has in code: the compute type
  /// for f32.
  mlir::Type getScalarType(mlir::Type formal) const {
    return formal.isF32() ? getComputeType() : formal;
  }
  /// The type of row numbers of the compute type.
  mlir::Type getRowType() const { return layout.getRowType(getComputeType()); }

private:
  RowAccess(RowsOp rows, FormulaOp formula, mlir::Type computeType,
            LaneLayout layout)
      : RowViews(rows, computeType, layout), rows(rows), formula(formula) {}
  void emitViews(mlir::OpBuilder &builder);
  mlir::Value emitResultsAreLarge(mlir::OpBuilder &builder);
  mlir::Value emitHeadLength(mlir::OpBuilder &builder, mlir::Value row);
  mlir::Value emitExceedsCache(mlir::OpBuilder &builder);
  void emitNextRows(mlir::OpBuilder &builder);

  RowsOp rows;
  FormulaOp formula;
  llvm::SmallVector<mlir::Value> inputRows, resultRows;
  /// How many elements lie between an argument's row and what is entered next.
  /// Null where it is not prefetched.
  llvm::SmallVector<mlir::Value> nextRows;
  llvm::SmallVector<unsigned> gathered;
  llvm::SmallVector<mlir::Value> gatherBuffers;
  llvm::DenseMap<unsigned, mlir::Value> gatheredRows;
  mlir::Value maskRow;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWACCESS_H
