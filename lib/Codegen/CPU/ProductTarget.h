//===- ProductTarget.h - what products know of the target -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_PRODUCTTARGET_H
#define WEIR_LIB_CODEGEN_CPU_PRODUCTTARGET_H

#include "mlir/IR/BuiltinOps.h"

namespace weir {

struct ProductTarget {
  int64_t vectorBits = 128; // What any x86-64 has.
  int64_t registers = 16;
  bool fma = false;
  /// True where a masked access to memory costs what any access does, for
  /// elements of any width.
  bool masks = false;
  bool tiles = false; // AMX for bf16.

  /// Reads the module attribute `weir.target`.
  static ProductTarget get(mlir::ModuleOp module);

  /// The elements of one vector.
  int64_t getLanes(mlir::Type element) const {
    return vectorBits / element.getIntOrFloatBitWidth();
  }
  /// The vectors side by side in a register tile: enough for their
  /// multiply-adds to outnumber loads of them and of the other factor.
  int64_t getMostVectors() const { return registers == 32 ? 4 : 2; }
  /// The rows that accumulators are left for, beside a row of `vectors` vectors
  /// and the other factor's element.
  int64_t getMostRows(int64_t vectors) const;
};

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_PRODUCTTARGET_H
