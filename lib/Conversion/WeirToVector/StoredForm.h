//===- StoredForm.h - one sweep per level of reductions -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_STOREDFORM_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_STOREDFORM_H

#include "RowSweep.h"

namespace weir {

/// The body as written: one sweep per level of reductions, then one that writes
/// the results. In the stored form the last sweep before the results keeps the
/// value that is dearest to recompute, in the result's own row when it has the
/// compute type, else in `scratch`.
class StoredForm {
public:
  /// `scratch` is a buffer of one row in the compute type, or null.
  StoredForm(RowEmitter &emitter, bool keepsValue, mlir::Value scratch)
      : emitter(emitter), keepsValue(keepsValue), scratch(scratch) {}

  /// True when the kept value may lie in the row of result 0.
  static bool storesInResult(RowEmitter &emitter);

  void emitRow(mlir::OpBuilder &builder);

private:
  std::optional<RowEmitter::Compacted>
  getSupport(llvm::ArrayRef<ReduceOp> reduces);
  mlir::Value getKeptRow();
  void emitStage(mlir::OpBuilder &builder, size_t stage);
  void emitSweeps(mlir::OpBuilder &builder, size_t first, bool versioned);

  RowEmitter &emitter;
  bool keepsValue;
  mlir::Value scratch;
};

/// One sweep that evaluates `reduces` as written. `keptRow`, if not null,
/// receives the schedule's stored value.
void emitStatistics(RowEmitter &emitter, mlir::OpBuilder &builder,
                    llvm::ArrayRef<ReduceOp> reduces, mlir::Value keptRow);

/// What every form shares: the row's length under a mask, infinities that share
/// the mass, and the results of a finished row, empty rows included.
void emitRowPrologue(RowEmitter &emitter, mlir::OpBuilder &builder);
/// Writes all results. `keptRow`, if not null, holds the schedule's stored
/// value of every element.
void emitRowResults(RowEmitter &emitter, mlir::OpBuilder &builder,
                    mlir::Value keptRow);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_STOREDFORM_H
