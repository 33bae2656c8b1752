//===- TargetFeatures.cpp - what the target of a module has ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/TargetFeatures.h"

using namespace mlir;
using namespace weir;

TargetFeatures TargetFeatures::get(Operation *module) {
  TargetFeatures result;
  auto target =
      module->getAttrOfType<DictionaryAttr>(WeirDialect::kTargetAttrName);
  if (!target)
    return result;
  target.getAs<StringAttr>("features").getValue().split(result.features, ',');
  result.vectorBits = target.getAs<IntegerAttr>("vector_bits").getInt();
  return result;
}

bool TargetFeatures::has(StringRef feature) const {
  return llvm::any_of(features, [&](StringRef own) {
    return own.consume_front("+") && own == feature;
  });
}
