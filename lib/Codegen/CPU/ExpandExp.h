//===- ExpandExp.h - exp as vector code --------------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_EXPANDEXP_H
#define WEIR_LIB_CODEGEN_CPU_EXPANDEXP_H

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/IR/Builders.h"

namespace weir {

/// The instructions the expansion may use.
struct ExpTarget {
  bool avx512; // AVX-512 F and DQ, for 16 lanes.
  bool fma;
};

/// Code for `op` at the builder's position. Scalars and f64 become math.exp,
/// the C library's.
mlir::Value expandExp(mlir::OpBuilder &builder, cpu::ExpOp op,
                      ExpTarget target);
/// As expandExp; scalars and f64 become an exp2 of a fused multiply-add.
mlir::Value expandExpShifted(mlir::OpBuilder &builder, cpu::ExpShiftedOp op,
                             ExpTarget target);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_EXPANDEXP_H
