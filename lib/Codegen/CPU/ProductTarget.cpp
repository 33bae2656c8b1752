//===- ProductTarget.cpp - what products know of the target ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductTarget.h"

#include "weir/Dialect/Weir/IR/TargetFeatures.h"

using namespace mlir;
using namespace weir;

ProductTarget ProductTarget::get(ModuleOp module) {
  auto target = TargetFeatures::get(module);
  ProductTarget result;
  result.vectorBits = target.getVectorBits();
  result.registers = result.vectorBits == 512 ? 32 : 16;
  result.fma = target.hasFMA();
  result.masks = target.hasMasks();
  result.tiles = target.hasTiles() && result.masks;
  return result;
}

int64_t ProductTarget::getMostRows(int64_t vectors) const {
  constexpr int64_t kMost = 14; // Each row has an address of its own.
  // A product that is not fused with its sum needs a place.
  int64_t others = vectors + 1 + !fma;
  return std::clamp<int64_t>((registers - others) / vectors, 1, kMost);
}
