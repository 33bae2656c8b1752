//===- ApplyWriter.h - a raised formula applied --------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_APPLYWRITER_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_APPLYWRITER_H

#include "GroupWriter.h"

namespace weir {

/// How a group's formula is applied.
struct RaisedApply {
  mlir::FlatSymbolRefAttr formula;
  llvm::ArrayRef<GroupWriter::Operand> operands;
  std::optional<GroupWriter::Operand> mask;
  EmptyRow emptyRow = EmptyRow::Zero;
  NegInf negInf = NegInf::Exclude;
  NaNPolicy nan = NaNPolicy::Propagate;
};

/// Writes the weir.apply alone.
ApplyOp createApply(mlir::OpBuilder &builder, const RowGroup &group,
                    mlir::ValueRange results, const RaisedApply &apply);

/// Writes the weir.apply with what shapes and element types ask for around it,
/// and gives users outside of the group its results instead of `results`.
ApplyOp writeApply(mlir::OpBuilder &builder, const RowGroup &group,
                   mlir::ValueRange results, const RaisedApply &apply);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_APPLYWRITER_H
