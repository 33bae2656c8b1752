//===- Row.h - one row of numbers for a formula -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_ROW_H
#define WEIR_TEST_UNIT_ANALYSIS_ROW_H

#include "Real.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include <cstdint>
#include <vector>

namespace weir::test {

/// The operands of a formula for one row, or for a part of one.
struct Row {
  /// One number per element of a varying argument, one of a uniform argument.
  std::vector<std::vector<Real>> arguments;
  std::vector<bool> mask;
  /// Where each element lies in the whole row.
  std::vector<int64_t> positions;
  /// What weir.length is: of the whole row, in every part of it.
  int64_t length = 0;
  /// What weir.extent is, likewise.
  int64_t extent = 0;
  int64_t row = 0;
  /// What rounding may add to a result, absolutely.
  Real noise = 1e-15;

  size_t size() const { return mask.size(); }

  /// The elements `picked`, in that order, as a part of this row.
  Row part(FormulaOp formula, llvm::ArrayRef<size_t> picked) const {
    Row result = *this;
    result.mask.clear();
    result.positions.clear();
    for (size_t i : picked) {
      result.mask.push_back(mask[i]);
      result.positions.push_back(positions[i]);
    }
    for (size_t a = 0; a < arguments.size(); ++a) {
      if (formula.isUniformArgument(a))
        continue;
      result.arguments[a].clear();
      for (size_t i : picked)
        result.arguments[a].push_back(arguments[a][i]);
    }
    return result;
  }
};

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_ROW_H
