//===- StateMerging.h - two states on the way to the anchors of both -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_STATEMERGING_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_STATEMERGING_H

#include "FormulaWriter.h"
#include "weir/Dialect/Weir/Analysis/SweepState.h"

namespace weir {

/// Count, mean and centred squares of h over the row at hand.
void emitMoments(FormulaWriter &w, ValueMap &map, const Law &law,
                 mlir::Value (&moments)[3]);

/// What a merge is made of, in the body of a formula that is being written.
struct StateMerging {
  using Value = mlir::Value;

  FormulaWriter &w;
  const SweepState &state;
  ExprContext &exprs;

  /// An anchor to compute with: 0 while nothing was seen, so that no infinities
  /// meet. The sums that lean on it are 0 then.
  Value safe(ReduceOp reduce, Value anchor);
  Value extremum(ReduceOp reduce, Value a, Value b);
  /// The position of the better one; of equal ones the lowest. The position -1
  /// of nothing is the greatest.
  Value winner(Value a, Value b, Value atA, Value atB, Value both);
  /// How far the linear form moves.
  Value movement(const Factors &form, ValueMap &from, ValueMap &to);
  /// A sum times its correction, which is no number where an anchor has seen
  /// nothing: the sum is 0 there and stays so.
  Value correct(Value sum, Value correction);
  /// Sum `s` of a state moved to other anchors.
  Value move(unsigned s, llvm::ArrayRef<Value> sums, ValueMap &from,
             ValueMap &to);
  /// What a carried sum whose terms have this exponent is multiplied by.
  Value carriedFactor(const Factors &exponent, ValueMap &from, ValueMap &to);
  /// Chan, Golub and LeVeque (1979).
  void addMoments(const Value (&a)[3], const Value (&b)[3], Value (&both)[3]);
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_STATEMERGING_H
