//===- OnlineForm.h - one sweep with corrected running values -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H

#include "RowEmitter.h"
#include "weir/Dialect/Weir/Analysis/RowLaws.h"

namespace weir {

/// The derived sweeps of a formula: running sums are corrected by their laws
/// when the anchors they lean on move.
class OnlineForm {
public:
  OnlineForm(RowEmitter &emitter, RowLaws &laws)
      : emitter(emitter), laws(laws) {}

  void emitRow(mlir::OpBuilder &builder);

private:
  void emitSweeps(mlir::OpBuilder &builder, size_t first, bool versioned);
  void emitSweep(mlir::OpBuilder &builder, const DerivedSweep &sweep);
  void emitReductions(mlir::OpBuilder &builder, const DerivedSweep &sweep);
  bool fusesRunningShifts(const DerivedSweep &sweep) const;

  RowEmitter &emitter;
  RowLaws &laws;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ONLINEFORM_H
