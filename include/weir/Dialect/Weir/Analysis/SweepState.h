//===- SweepState.h - what a sweep carries from element to element -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_SWEEPSTATE_H
#define WEIR_DIALECT_WEIR_ANALYSIS_SWEEPSTATE_H

#include "weir/Dialect/Weir/Analysis/RowLaws.h"

namespace weir {

/// The state of one derived sweep over a part of a row, of a formula that was
/// normalised. The state of a whole row, its update by elements and its merge
/// with another part's state are:
///
///   anchors  the maxima and minima of the part. Identity: -inf, +inf. Merge:
///   the greater, the smaller. sums     of terms evaluated with the anchors of
///   the part. Identity: 0. Merge: both are corrected to the merged anchors,
///            then added.
///   moments  count, mean and centred squares. Identity: 0. Merge: Chan, Golub
///   and LeVeque's.
///
/// A prefix of a row is itself a row, so nothing overflows in a part that does
/// not in the whole.
struct SweepState {
  /// A running sum S(a) of anchors a. When they move from a to a' it becomes
  ///   e^(exponent(a') - exponent(a)) * (S + sum over shifts of factor *
  ///   (anchor(a') - anchor(a)) * S_shift),
  /// the S on the right taken before the move. A sum of 0 stays 0 whatever the
  /// correction: an anchor that has seen nothing is infinite.
  struct Sum {
    ReduceOp reduce; // Null for a sum that only a shift needs: of `h` times
                     // e^exponent.
    Factors exponent;
    Linear h;
    struct Shift {
      const Expr *anchor;
      unsigned sum;
      double factor;
    };
    llvm::SmallVector<Shift> shifts;
  };

  explicit SweepState(const DerivedSweep &sweep);

  std::vector<ReduceOp> anchors;
  std::vector<Sum> sums;
  std::vector<const Law *> moments; // Laws of kind Recentre.

private:
  void addSum(const Law &law);
  void addShifts(const Law &law, const RunningSum &running);
  unsigned findOrAddBase(const Linear &h, const Factors &exponent,
                         double &factor);
};

/// True when vectors of the accumulator type can carry the state of `sweep`,
/// which has one: maxima without positions, no integers.
bool canCarryState(const DerivedSweep &sweep);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_SWEEPSTATE_H
