//===- RowPolicies.h - the policies of a weir.apply -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWPOLICIES_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWPOLICIES_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// What masks and policies say of a row, defaults filled in.
struct RowPolicies {
  RowPolicies() = default;
  explicit RowPolicies(ApplyOp apply)
      : emptyRow(apply.getEmptyRow().value_or(EmptyRow::Zero)),
        posInf(apply.getPosInf().value_or(PosInf::NaN)),
        nan(apply.getNan().value_or(NaNPolicy::Propagate)),
        ties(apply.getTies().value_or(Ties::LowestIndex)),
        negInf(apply.getNegInf().value_or(NegInf::Exclude)),
        mask(apply.getMask()) {}

  /// Sets what differs from the defaults.
  void setOn(ApplyOp apply) const {
    if (emptyRow != EmptyRow::Zero)
      apply.setEmptyRow(emptyRow);
    if (posInf != PosInf::NaN)
      apply.setPosInf(posInf);
    if (nan != NaNPolicy::Propagate)
      apply.setNan(nan);
    if (ties != Ties::LowestIndex)
      apply.setTies(ties);
    if (negInf != NegInf::Exclude)
      apply.setNegInf(negInf);
  }

  /// True when some element of a row may take no part.
  bool mayExclude() const { return mask || negInf == NegInf::Exclude; }

  EmptyRow emptyRow = EmptyRow::Zero;
  PosInf posInf = PosInf::NaN;
  NaNPolicy nan = NaNPolicy::Propagate;
  Ties ties = Ties::LowestIndex;
  NegInf negInf = NegInf::Exclude;
  mlir::Value mask;
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ROWPOLICIES_H
