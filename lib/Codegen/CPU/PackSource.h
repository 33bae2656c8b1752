//===- PackSource.h - what packing reads and writes ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_PACKSOURCE_H
#define WEIR_LIB_CODEGEN_CPU_PACKSOURCE_H

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// The operands of a pack as matrices of units: numbers of the type of `dst`,
/// or pairs of bf16 as integers of 32 bits.
class PackSource {
public:
  PackSource(mlir::OpBuilder &builder, cpu::PackOp op);

  mlir::Type getUnit() const { return unit; }
  /// The sizes of `src` in units. A pair at its end may hold one element only.
  mlir::Value getSize(unsigned dim) const { return sizes[dim]; }
  /// The same without such a pair.
  mlir::Value getWholeSize(unsigned dim) const { return wholeSizes[dim]; }
  /// The sizes of `dst`.
  mlir::Value getRoom(unsigned dim) const { return rooms[dim]; }

  /// `width` units from (row, column) of `src` on: with a `count`, the first so
  /// many of them, what lies beyond `src` being 0.
  mlir::Value load(mlir::OpBuilder &builder, int64_t width, mlir::Value row,
                   mlir::Value column, mlir::Value count);
  /// Writes units to (row, column) of `dst` on, with a mask those that it
  /// shows.
  void store(mlir::OpBuilder &builder, mlir::Value units, mlir::Value row,
             mlir::Value column, mlir::Value mask);

private:
  mlir::Value loadPairsAlongRow(mlir::OpBuilder &builder, int64_t width,
                                mlir::Value row, mlir::Value column,
                                mlir::Value count);
  mlir::Value loadPairsOfRows(mlir::OpBuilder &builder, int64_t width,
                              mlir::Value row, mlir::Value column,
                              mlir::Value count);

  mlir::Location loc;
  mlir::Value src, dst;
  bool inPairs, transpose;
  mlir::Type unit;
  mlir::Value elements[2]; // The sizes of `src`.
  mlir::Value sizes[2], wholeSizes[2], rooms[2];
};

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_PACKSOURCE_H
