//===- ExtendedExponents.h - sums that need no maximum ---------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sum over a row of e^(k a) h, with an anchor a that keeps it in range, is
// e^(k a) times the sum of h. Where h is made of exponentials by + * / |.| max,
// min and select, which pairs of a mantissa and an exponent are closed under,
// it can be found with the anchor unknown: no pair overflows.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_EXTENDEDEXPONENTS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_EXTENDEDEXPONENTS_H

#include "weir/Dialect/Weir/Analysis/SweepState.h"

namespace weir {

/// What the sweeps of a formula find as pairs, and which of its maxima they do
/// without.
class ExtendedExponents {
public:
  ExtendedExponents(FormulaOp formula, RowLaws &laws);

  /// Why the formula does not run so, and the value that keeps it from that,
  /// or null where there is none. No reason where it does.
  const std::optional<Refusal> &getRefusal() const { return refusal; }

  /// True when sums of the sweep are found as pairs.
  bool covers(const DerivedSweep &sweep) const;

  /// A maximum, or with `sign` -1 a minimum, that any number near it may
  /// replace: it need not be found. `witness` is the sum of e^(h - m), of e^(m
  /// - h), so that its exponent tells of such a number.
  struct FreeExtremum {
    ReduceOp extremum, witness;
    double sign;
  };
  llvm::ArrayRef<FreeExtremum> getFreeExtrema() const { return free; }
  const FreeExtremum *getFree(ReduceOp extremum) const;

private:
  void study(const DerivedSweep &sweep);
  void refuse(mlir::Value value, llvm::StringRef why);
  void findFree(ReduceOp extremum, const DerivedSweep &sweep,
                const SweepState &state);

  FormulaOp formula;
  std::optional<Refusal> refusal;
  llvm::SmallVector<FreeExtremum, 2> free;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_EXTENDEDEXPONENTS_H
