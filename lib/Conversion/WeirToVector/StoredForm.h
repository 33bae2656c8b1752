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
/// the results. Where the emitter is to keep the stored value, the last sweep
/// before the results does.
class StoredForm {
public:
  explicit StoredForm(RowEmitter &emitter) : emitter(emitter) {}

  /// True when the kept value may lie in the row of result 0.
  static bool storesInResult(RowEmitter &emitter);
  /// The only varying result, if it is the stored value and may be written
  /// where scores lie that are read no more.
  static std::optional<unsigned> findStoredResult(RowEmitter &emitter);

  void emitRow(mlir::OpBuilder &builder);

private:
  std::optional<RowEmitter::Compacted>
  getSupport(llvm::ArrayRef<ReduceOp> reduces);
  void emitStage(mlir::OpBuilder &builder, size_t stage);
  ReduceOp findTellingSum();
  void emitFiniteFirst(mlir::OpBuilder &builder, ReduceOp sum,
                       llvm::function_ref<void(mlir::OpBuilder &)> ordinary);
  void emitSweeps(mlir::OpBuilder &builder, size_t first, bool versioned);

  RowEmitter &emitter;
};

/// One sweep that evaluates `reduces` as written. With `keeps` it also keeps
/// the schedule's stored value.
void emitStatistics(RowEmitter &emitter, mlir::OpBuilder &builder,
                    llvm::ArrayRef<ReduceOp> reduces, bool keeps);

/// What every form shares: the row's length under a mask, infinities that share
/// the mass, and the results of a finished row, empty rows included.
void emitRowPrologue(RowEmitter &emitter, mlir::OpBuilder &builder);
/// Writes all results.
void emitRowResults(RowEmitter &emitter, mlir::OpBuilder &builder);
/// Looks for what these ask of the scores, before a sweep writes where those
/// may lie.
void emitFindings(RowEmitter &emitter, mlir::OpBuilder &builder);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_STOREDFORM_H
