//===- MachineLimits.cpp - how fast the target is ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/MachineLimits.h"

#include "weir/Dialect/Weir/IR/Weir.h"

using namespace mlir;
using namespace weir;

MachineLimits MachineLimits::get(ModuleOp module) {
  MachineLimits limits;
  auto target =
      module->getAttrOfType<DictionaryAttr>(WeirDialect::kTargetAttrName);
  if (!target)
    return limits;
  limits.vectorBits = target.getAs<IntegerAttr>("vector_bits").getInt();
  if (auto unit = target.getAs<IntegerAttr>("unit_bits"))
    limits.unitBits = unit.getInt();
  if (auto caches = target.getAs<DenseI64ArrayAttr>("caches"))
    llvm::copy(caches.asArrayRef(), limits.caches.begin());
  if (auto rates = target.getAs<DenseF64ArrayAttr>("rates"))
    llvm::copy(rates.asArrayRef(), limits.rates.begin());
  if (auto clock = target.getAs<FloatAttr>("clock"))
    limits.clock = clock.getValueAsDouble();
  return limits;
}

MachineLimits::Level MachineLimits::getLevel(double bytes) const {
  for (Level level : {L1, L2, L3})
    if (bytes <= caches[level])
      return level;
  return Memory;
}

StringRef weir::stringifyLevel(MachineLimits::Level level) {
  static constexpr StringLiteral names[] = {"L1", "L2", "the last-level cache",
                                            "memory"};
  return names[level];
}
