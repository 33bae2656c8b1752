//===- RowCost.h - what rows cost in each form -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_ROWCOST_H
#define WEIR_DIALECT_WEIR_ANALYSIS_ROWCOST_H

#include "weir/Dialect/Weir/Analysis/MachineLimits.h"
#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// What one pass over a row takes, per element.
struct SweepCost {
  double operations = 0; // In vector instructions of one element each.
  double bytesRead = 0, bytesWritten = 0;
};

/// The sizes of one run. Lengths that are known at run time only are negative.
struct RowSizes {
  int64_t rows = -1, length = -1;
  int64_t neighbours = -1; // Rows along the last outer dimension.
  bool areKnown() const { return rows >= 0 && length >= 0; }
  double getElements() const { return double(rows) * double(length); }
};

/// The passes of a formula over a row in some form. A model: of every
/// instruction it knows how many fit into a cycle, of every byte which cache it
/// is found in. Searches are counted as kSearchPasses passes.
struct RowCost {
  static constexpr int kSearchPasses = 6;

  llvm::SmallVector<SweepCost> sweeps;
  bool writesPastCaches = false;
  /// What any form must do: every argument read once, every result written
  /// once, every op evaluated once.
  SweepCost least;

  /// `inputBytes` and `outputBytes` are those of each argument and result per
  /// element, 0 for uniform ones.
  RowCost(FormulaOp formula, Form form, llvm::ArrayRef<double> inputBytes,
          llvm::ArrayRef<double> outputBytes);

  /// Bytes per element that have to be moved.
  double getMoved() const { return least.bytesRead + least.bytesWritten; }
  double getReads() const; // Bytes per element, over all passes.
  double getWrites() const;
  double getOperations() const;
  /// Predicted nanoseconds per element on one core.
  double getTime(const MachineLimits &machine, RowSizes sizes) const;
  /// Nanoseconds per element that no form can do without, and what they go to:
  /// a level, or none for arithmetic.
  std::pair<double, std::optional<MachineLimits::Level>>
  getLimit(const MachineLimits &machine, RowSizes sizes) const;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_ROWCOST_H
