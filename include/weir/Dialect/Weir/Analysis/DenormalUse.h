//===- DenormalUse.h - what denormal numbers are good for ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_DENORMALUSE_H
#define WEIR_DIALECT_WEIR_ANALYSIS_DENORMALUSE_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// True when a denormal number may decide something in `formula`: which of two
/// scores is larger, or what they are in units of the smallest. It must not be
/// taken for zero then. So it is in a part of such a formula, which carries
/// `weir.keeps_denormals`: what decides may be in another part.
bool denormalsMayDecide(FormulaOp formula);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_DENORMALUSE_H
