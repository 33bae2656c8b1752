//===- TopKAccess.h - one row of the operands of weir.topk_rows -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKACCESS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKACCESS_H

#include "RowViews.h"

namespace weir {

/// The operands of one weir.topk_rows, seen from inside the loops over its
/// outer dimensions.
class TopKAccess : public RowViews {
public:
  /// Fails, with an error on `op`, when an operand's innermost stride is not 1.
  static mlir::FailureOr<TopKAccess> create(TopKRowsOp op,
                                            mlir::OpBuilder &builder,
                                            mlir::Type computeType,
                                            int64_t laneCount);

  void enterRow(mlir::OpBuilder &builder, mlir::ValueRange indices) override;

  /// One-dimensional views of the row; the mask's is null without a mask.
  mlir::Value getScores() const { return scores; }
  mlir::Value getMask() const { return mask; }
  mlir::Value getValues() const { return values; }
  /// Where the scores of what is selected go: to the values, unless these are
  /// others.
  mlir::Value getScoreSlots() const { return scoreSlots ? scoreSlots : values; }
  void setScoreSlots(mlir::Value buffer) { scoreSlots = buffer; }
  mlir::Value getIndices() const { return indices; }

  /// A vector of scores in the compute type; lanes off the end read -inf.
  mlir::Value loadScores(mlir::OpBuilder &builder, const Lanes &lanes);
  /// The scores and which of them pass: `passes` of the scores, and their mask.
  mlir::Value
  loadPassing(mlir::OpBuilder &builder, const Lanes &lanes,
              llvm::function_ref<mlir::Value(mlir::Value scores)> passes);
  mlir::Value loadScore(mlir::OpBuilder &builder, mlir::Value position);
  /// The value in slot `slot`, in the compute type.
  mlir::Value loadValue(mlir::OpBuilder &builder, mlir::Value slot);
  /// What the last destination holds of the row.
  mlir::Value loadTotal(mlir::OpBuilder &builder);
  /// The row's outer indices.
  llvm::ArrayRef<mlir::Value> getOuter() const {
    return RowViews::getIndices();
  }
  /// The operand thr.
  mlir::Value loadThreshold(mlir::OpBuilder &builder);

  void storeIndex(mlir::OpBuilder &builder, mlir::Value slot,
                  mlir::Value position);
  void storeCount(mlir::OpBuilder &builder, mlir::Value count);

  TopKRowsOp op;

private:
  TopKAccess(TopKRowsOp op, mlir::Type computeType, int64_t laneCount)
      : RowViews(op, computeType,
                 LaneLayout(op->getLoc(), laneCount, /*registerCount=*/1,
                            LaneKind::Along)),
        op(op) {}

  mlir::Value scores, mask, values, indices, scoreSlots;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKACCESS_H
