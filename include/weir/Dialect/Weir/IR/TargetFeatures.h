//===- TargetFeatures.h - what the target of a module has -*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_TARGETFEATURES_H
#define WEIR_DIALECT_WEIR_IR_TARGETFEATURES_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// The attribute `weir.target` of a module. Without one, any x86-64 is meant.
class TargetFeatures {
public:
  static TargetFeatures get(mlir::Operation *module);

  /// True for a feature in LLVM's notation, such as "avx512f".
  bool has(llvm::StringRef feature) const;
  /// Products and sums in one instruction.
  bool hasFMA() const { return has("fma") || has("avx512f"); }
  /// Masked accesses to memory that cost what any access does, for elements of
  /// any width.
  bool hasMasks() const { return has("avx512bw") && has("avx512vl"); }
  /// AMX, for bf16.
  bool hasTiles() const { return has("amx-tile") && has("amx-bf16"); }
  int64_t getVectorBits() const { return vectorBits; }

private:
  llvm::SmallVector<llvm::StringRef> features; // "+avx2", ...
  int64_t vectorBits = 128;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_TARGETFEATURES_H
