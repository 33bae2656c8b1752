//===- ExplicitExclusion.h - policies written into a formula --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_EXPLICITEXCLUSION_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_EXPLICITEXCLUSION_H

#include "RowPolicies.h"

#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace weir {

/// A copy of `formula` whose own arithmetic gives, under `neg_inf = ordinary`
/// and `nan = arithmetic`, what `formula` gives under `policies`: elements with
/// a score of -inf are left out by choices, rows without others are found by
/// their maximum, and NaN goes where it must. The mask stays a mask. Null, and
/// `why` says so, where that cannot be written or proved.
mlir::OwningOpRef<FormulaOp>
makePlain(FormulaOp formula, const RowPolicies &policies, std::string &why);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_EXPLICITEXCLUSION_H
