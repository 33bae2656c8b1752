//===- AttentionForms.h - the forms of attention ------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H

#include "AttentionTiling.h"

#include <memory>

namespace weir {

/// Score rows kept whole. `attended` is the formula on the scores of a tile.
std::unique_ptr<AttentionForms>
createBlocksForm(mlir::FlatSymbolRefAttr attended);

/// How score rows are read block by block.
struct SweepPlan {
  mlir::FlatSymbolRefAttr attended;
  std::unique_ptr<TakenApart> parts;
  /// The last sweep carries the weighted values.
  bool carries = false;
  /// How the rows of a block run.
  Form rowForm = Form::Transposed;

  /// Times that the scores are made.
  int64_t getPasses() const { return parts->getNumSweeps() + !carries; }
};

/// Fills in `plan`; says why there is none.
std::string planSweeps(AttentionRowsOp op, mlir::FlatSymbolRefAttr attended,
                       SweepPlan &plan);
std::unique_ptr<AttentionForms> createSweepsForm(SweepPlan plan);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H
