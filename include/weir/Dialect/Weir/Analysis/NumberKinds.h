//===- NumberKinds.h - what arithmetic does with infinities and NaN *- C++ -*-//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_NUMBERKINDS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_NUMBERKINDS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace weir {

/// The kinds of numbers that a value may be, as a set. Truth values have two
/// kinds of their own. Of integers nothing is known, and nothing is said.
/// Finite numbers neither overflow nor underflow: a formula is mathematics.
struct Kinds {
  enum : unsigned {
    NaN = 1,
    NegInf = 2,
    Negative = 4,
    Zero = 8,
    Positive = 16,
    PosInf = 32,
    False = 64,
    True = 128,
    Finite = Negative | Zero | Positive,
    Numbers = NegInf | Finite | PosInf,
    AnyFloat = Numbers | NaN,
    AnyTruth = False | True
  };

  Kinds() = default;
  Kinds(unsigned bits) : bits(bits) {}
  static Kinds ofAny(mlir::Type type);

  bool operator==(Kinds other) const { return bits == other.bits; }
  Kinds operator|(Kinds other) const { return bits | other.bits; }
  Kinds operator&(Kinds other) const { return bits & other.bits; }
  bool isWithin(unsigned others) const { return (bits & ~others) == 0; }
  bool has(unsigned kind) const { return bits & kind; }

  unsigned bits = 0;
};

/// What an elementwise op of a formula makes of operands of the given kinds.
Kinds applyElementwise(mlir::Operation *op, llvm::ArrayRef<Kinds> operands);

/// All sums of one or more numbers of these kinds.
Kinds sumOf(Kinds kinds);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_NUMBERKINDS_H
