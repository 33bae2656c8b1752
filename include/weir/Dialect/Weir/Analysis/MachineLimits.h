//===- MachineLimits.h - how fast the target is ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_ANALYSIS_MACHINELIMITS_H
#define WEIR_DIALECT_WEIR_ANALYSIS_MACHINELIMITS_H

#include "mlir/IR/BuiltinOps.h"

#include <array>

namespace weir {

/// What one core of the target can do at most, as the module attribute
/// `weir.target` says, and what any core of recent years can where it says
/// nothing.
struct MachineLimits {
  /// Where data lies: the first, second and last cache, and memory.
  enum Level { L1, L2, L3, Memory };

  int64_t vectorBits = 128;
  /// What a unit works on at once; wider vectors take it several times.
  int64_t unitBits = 512;
  /// Bytes that one core finds again at each level.
  std::array<int64_t, 3> caches = {int64_t(32) << 10, int64_t(1) << 20,
                                   int64_t(32) << 20};
  /// Gigabytes in a second to and from each level.
  std::array<double, 4> rates = {200, 100, 25, 15};
  double clock = 3; // GHz.

  static MachineLimits get(mlir::ModuleOp module);

  /// The level that holds `bytes`.
  Level getLevel(double bytes) const;
  /// Nanoseconds that a core takes to move `bytes` to or from `level`.
  double getMoveTime(double bytes, Level level) const {
    return bytes / rates[level];
  }
};

/// L1, L2, the last-level cache, memory.
llvm::StringRef stringifyLevel(MachineLimits::Level level);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_ANALYSIS_MACHINELIMITS_H
