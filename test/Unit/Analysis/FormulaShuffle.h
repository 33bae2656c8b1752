//===- FormulaShuffle.h - the same formula, written differently -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_FORMULASHUFFLE_H
#define WEIR_TEST_UNIT_ANALYSIS_FORMULASHUFFLE_H

#include "RandomRows.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir::test {

/// A copy under another name, its operations in a random topological order and
/// the operands of commutative ones swapped at random.
mlir::OwningOpRef<FormulaOp> cloneShuffled(FormulaOp formula, Random &random);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_FORMULASHUFFLE_H
