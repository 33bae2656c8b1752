//===- OnlineForm.h - one sweep with corrected running values -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H

#include "CarriedState.h"
#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"

namespace weir {

/// What else there is to find out about a row, in the first sweep if it can
/// join that: it carries values of its own along.
class SweepCompanion {
public:
  virtual ~SweepCompanion() = default;
  virtual llvm::SmallVector<mlir::Value> begin(mlir::OpBuilder &builder) = 0;
  virtual llvm::SmallVector<mlir::Value>
  update(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
         mlir::ValueRange carried) = 0;
  virtual void finish(mlir::OpBuilder &builder, mlir::ValueRange carried) = 0;
  /// Does it all before the first sweep.
  virtual void runAlone(mlir::OpBuilder &builder) = 0;
};

/// The derived sweeps of a formula: running sums are corrected by their laws
/// when the anchors they lean on move.
class OnlineForm {
public:
  /// Where `extended` is given, which has no refusal, sums of exponentials are
  /// pairs: the form `two_pass`. Where `companion` is given and does not `join`
  /// the first sweep, or the first sweep has no state to run, it runs alone.
  OnlineForm(RowEmitter &emitter, RowLaws &laws,
             const ExtendedExponents *extended = nullptr,
             SweepCompanion *companion = nullptr, bool joins = false)
      : emitter(emitter), laws(laws), extended(extended), companion(companion),
        joins(joins) {}

  void emitRow(mlir::OpBuilder &builder);

private:
  void emitSweeps(mlir::OpBuilder &builder, size_t first, bool versioned);
  void emitSweep(mlir::OpBuilder &builder, const DerivedSweep &sweep);
  void emitSearches(mlir::OpBuilder &builder, const DerivedSweep &sweep);
  void emitReductions(mlir::OpBuilder &builder, const DerivedSweep &sweep);
  void emitRunning(mlir::OpBuilder &builder, const DerivedSweep &sweep,
                   CarriedState &state, SweepCompanion *with);
  void emitPairs(mlir::OpBuilder &builder, size_t sweep, bool versioned);
  bool fusesRunningShifts(const DerivedSweep &sweep) const;
  bool canJoin() const;

  RowEmitter &emitter;
  RowLaws &laws;
  const ExtendedExponents *extended;
  SweepCompanion *companion; // Null once it has run.
  bool joins;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H
