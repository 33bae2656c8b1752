//===- PairSums.h - a sweep that needs no maximum -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Running sums of exponentials are pairs of a mantissa and an exponent
// (ExtendedExponents.h): the exponent is that of the greatest term so far, and
// when it grows the mantissa is divided by a power of two, which is exact. At
// the end of the sweep the greatest exponent gives those maxima that only keep
// exponentials in range a value near theirs. From there on a row is like any
// other, unless it is out of reach: scores beyond what a pair holds to full
// accuracy, or none at all.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIRSUMS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIRSUMS_H

#include "CarriedState.h"
#include "PairExprs.h"

namespace weir {

/// In the loops the state is carried as
///   extrema   one vector for each that is not free
///   pairs     mantissa and exponent of each sum of exponentials
///   totals    one vector for each other sum
///   losses    across rows, what the additions of blocks to mantissas and
///             totals lose, in units of these
class PairSums : public CarriedState {
public:
  /// `fuses` tells whether exponentials of the results are formed with fused
  /// shifts.
  PairSums(RowEmitter &emitter, const DerivedSweep &sweep,
           const ExtendedExponents &extended, bool fuses);

  llvm::SmallVector<mlir::Value> begin(mlir::OpBuilder &builder) override;
  llvm::SmallVector<mlir::Value> beginBlock(mlir::OpBuilder &builder,
                                            mlir::ValueRange carried) override;
  llvm::SmallVector<mlir::Value>
  updateBlock(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
              mlir::ValueRange block) override {
    return update(builder, group, block);
  }
  llvm::SmallVector<mlir::Value> endBlock(mlir::OpBuilder &builder,
                                          mlir::ValueRange carried,
                                          mlir::ValueRange block) override;
  llvm::SmallVector<mlir::Value> update(mlir::OpBuilder &builder,
                                        llvm::MutableArrayRef<Element> group,
                                        mlir::ValueRange carried) override;
  void finish(mlir::OpBuilder &builder, mlir::ValueRange carried) override;

  /// After `finish`, whether what was found holds for all rows at hand: one
  /// scalar.
  mlir::Value emitIsInReach(mlir::OpBuilder &builder);

private:
  using Sum = SweepState::Sum;

  ExponentPair getTerm(mlir::OpBuilder &builder, Element &element,
                       const Sum &sum);
  mlir::Value getPlainTerm(mlir::OpBuilder &builder, Element &element,
                           const Sum &sum);
  mlir::Value exclude(mlir::OpBuilder &builder, Element &element,
                      mlir::Value value, double instead);
  ExponentPair finishPair(mlir::OpBuilder &builder, ExponentPair lanes);
  mlir::Value emitSum(mlir::OpBuilder &builder, const Sum &sum,
                      ExponentPair found);
  bool movesScaled(const Sum &sum, const Expr *atom, double k) const;
  void addBlock(mlir::OpBuilder &builder, mlir::Value &total, mlir::Value *loss,
                mlir::Value block);

  int64_t pairsBegin() const { return kept.size(); }
  int64_t totalsBegin() const { return pairsBegin() + 2 * extendedSums.size(); }
  int64_t lossesBegin() const { return totalsBegin() + plainSums.size(); }

  RowEmitter &emitter;
  mlir::Location loc;
  mlir::VectorType type;
  SweepState state;
  const ExtendedExponents &extended;
  WrittenExponents written;
  bool fuses;
  llvm::SmallVector<ReduceOp> kept; // Extrema that are not free.
  llvm::SmallVector<const Sum *> extendedSums, plainSums;
  llvm::SmallVector<ExponentPair> found; // As row numbers, after `finish`.
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_PAIRSUMS_H
