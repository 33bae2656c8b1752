//===- RunningState.h - the state of a row while a sweep runs ----*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_RUNNINGSTATE_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_RUNNINGSTATE_H

#include "CarriedState.h"
#include "RowEmitter.h"
#include "weir/Dialect/Weir/Analysis/SweepState.h"

namespace weir {

/// The running values of one derived sweep, one row state per lane. In the
/// loops they are carried as
///   anchors   one vector per maximum and minimum
///   frontier  the uniform values that elements are evaluated with, functions
///             of the anchors
///   totals    one vector per sum
///   losses    across rows, what additions to the totals lose, per sum
///   moments   count, mean and centred square per recentred sum
///   copies    a few vectors per sum, folded into the totals at the end of a
///             block
class RunningState : public CarriedState {
public:
  RunningState(RowEmitter &emitter, const DerivedSweep &sweep, RowLaws &laws);

  llvm::SmallVector<mlir::Value> begin(mlir::OpBuilder &builder) override;
  /// `carried` with fresh copies behind it.
  llvm::SmallVector<mlir::Value> beginBlock(mlir::OpBuilder &builder,
                                            mlir::ValueRange carried) override;
  /// Folds the copies of a block into its totals, which anchors have moved, and
  /// drops them.
  llvm::SmallVector<mlir::Value> endBlock(mlir::OpBuilder &builder,
                                          mlir::ValueRange carried,
                                          mlir::ValueRange block) override;
  llvm::SmallVector<mlir::Value>
  updateBlock(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
              mlir::ValueRange block) override {
    return update(builder, group, block, copyCount);
  }
  llvm::SmallVector<mlir::Value> update(mlir::OpBuilder &builder,
                                        llvm::MutableArrayRef<Element> group,
                                        mlir::ValueRange carried) override {
    return update(builder, group, carried, /*copies=*/0);
  }
  void finish(mlir::OpBuilder &builder, mlir::ValueRange carried) override;

private:
  using Sum = SweepState::Sum;

  /// Takes a group of elements into the state, which has `copies` copies of
  /// each sum or none.
  llvm::SmallVector<mlir::Value> update(mlir::OpBuilder &builder,
                                        llvm::MutableArrayRef<Element> group,
                                        mlir::ValueRange carried,
                                        int64_t copies);

  void collectFrontier(mlir::Value value);
  void collectFrontier(const Expr *expr);
  void addToFrontier(mlir::Value value, bool scaled = false);
  mlir::Value emitScaledShift(mlir::OpBuilder &builder, mlir::Value shift);
  bool movesScaled(const Sum &sum, const Expr *atom, double k) const;
  mlir::Value emitFactor(mlir::OpBuilder &builder, const Sum &sum,
                         mlir::ValueRange from, mlir::ValueRange to);
  bool isUnfinished(mlir::Value value) const;
  llvm::SmallVector<mlir::Value> evaluateFrontier(mlir::OpBuilder &builder,
                                                  mlir::ValueRange anchors);
  mlir::Value emitSafe(mlir::OpBuilder &builder, ReduceOp reduce,
                       mlir::Value anchor);
  mlir::Value correct(mlir::OpBuilder &builder, mlir::Value sum,
                      mlir::Value correction);
  mlir::Value emitExpr(mlir::OpBuilder &builder, const Expr *expr,
                       mlir::ValueRange frontierValues);
  mlir::Value emitMovement(mlir::OpBuilder &builder, const Factors &form,
                           mlir::ValueRange from, mlir::ValueRange to);
  void shiftSums(mlir::OpBuilder &builder,
                 llvm::MutableArrayRef<mlir::Value> sums, int64_t stride,
                 mlir::ValueRange from, mlir::ValueRange to);
  void shareAnchors(mlir::OpBuilder &builder,
                    llvm::MutableArrayRef<mlir::Value> raised);
  llvm::SmallVector<mlir::Value>
  raiseAnchors(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
               mlir::ValueRange carried, int64_t copies);
  void updateMoments(mlir::OpBuilder &builder,
                     llvm::MutableArrayRef<Element> group,
                     llvm::MutableArrayRef<mlir::Value> moments,
                     const Law &law);
  mlir::Value getSumOperand(mlir::OpBuilder &builder, Element &element,
                            const Sum &sum);
  void finishSums(mlir::OpBuilder &builder, mlir::ValueRange carried);
  void finishMoments(mlir::OpBuilder &builder, mlir::ValueRange moments,
                     const Law &law);
  void presetElement(mlir::OpBuilder &builder, Element &element,
                     mlir::ValueRange frontierValues);

  int64_t frontierBegin() const { return anchors.size(); }
  int64_t totalsBegin() const { return anchors.size() + frontier.size(); }
  int64_t lossesBegin() const { return totalsBegin() + sums.size(); }
  int64_t momentsBegin() const {
    return lossesBegin() + (emitter.keepsLosses() ? sums.size() : 0);
  }
  int64_t copiesBegin() const { return momentsBegin() + 3 * moments.size(); }

  RowEmitter &emitter;
  mlir::Location loc;
  mlir::VectorType type;
  int64_t copyCount;
  SweepState state;
  llvm::DenseSet<mlir::Value> unfinished, searched;
  std::vector<ReduceOp> &anchors = state.anchors;
  std::vector<Sum> &sums = state.sums;
  std::vector<const Law *> &moments = state.moments;
  /// A uniform value that elements are evaluated with, or a shift of
  /// exponentials times log2(e).
  struct Held {
    mlir::Value value;
    bool scaled;
    bool operator==(const Held &other) const {
      return value == other.value && scaled == other.scaled;
    }
  };
  llvm::SmallVector<Held> frontier;
  ExprContext &exprs;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_RUNNINGSTATE_H
