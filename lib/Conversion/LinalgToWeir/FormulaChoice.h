//===- FormulaChoice.h - the formula that means the same -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_FORMULACHOICE_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_FORMULACHOICE_H

#include "GroupWriter.h"
#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"

namespace weir {

/// Chooses the score of a group's formula, and how it is applied.
class FormulaChoice {
public:
  explicit FormulaChoice(const RowGroup &group)
      : group(group), writer(group, group.getResults()) {}

  /// Why the group has no formula that means the same, or "".
  std::string make();

  const RowGroup &group;
  GroupWriter writer;
  std::optional<GroupWriter::Operand> mask;
  EmptyRow emptyRow = EmptyRow::Zero;
  NegInf negInf = NegInf::Exclude;
  NaNPolicy nan = NaNPolicy::Propagate;

private:
  llvm::SmallVector<GroupWriter::Operand> getScores();
  bool tryExcluding(const GroupWriter::Operand &score);
  std::optional<EmptyRow> getEmptyRow();
  FormulaEdges getEdges() {
    return FormulaEdges(writer.getFormula(), writer.getDropsNaN(),
                        mayBeEmpty());
  }
  bool mayBeEmpty() const {
    int64_t length = group.getSpace().shape[group.getSpace().rowDim];
    return mlir::ShapedType::isDynamic(length) || length == 0;
  }
  bool hasUniformResult() const {
    return llvm::any_of(group.getResults(), [&](mlir::Value result) {
      return !group.getSpace().isVarying(group.getLayout(result));
    });
  }
  bool takeMask();
  bool dropGuards();
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_FORMULACHOICE_H
