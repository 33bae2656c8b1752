//===- Contraction.h - products of matrices in linalg -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_CONTRACTION_H
#define WEIR_LIB_CODEGEN_CPU_CONTRACTION_H

#include "ProductTarget.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <array>

namespace weir {

/// C += A B of memrefs, or C = A B, for each index of the outer loops, as a
/// linalg op says it. The columns of C are contiguous; A and B may lie
/// transposed.
struct Contraction {
  /// An operand: which loop each of its dimensions is.
  struct Operand {
    mlir::Value value;
    llvm::SmallVector<unsigned> loops;

    mlir::Type getElement() const {
      return mlir::getElementTypeOrSelf(value.getType());
    }
    /// True when `second` is not the contiguous one of the two loops.
    bool isTransposed(unsigned first, unsigned second) const;
  };
  /// The ends of a block in the three loops.
  using Corner = std::array<mlir::Value, 3>;

  /// Null where `op` is no contraction of one row, one column and one summed
  /// loop, or of types or layouts that blocks cannot be made of.
  static std::optional<Contraction> match(mlir::linalg::LinalgOp op);

  mlir::Value getSize(mlir::OpBuilder &builder, unsigned loop) const;
  bool isTransposedA() const { return a.isTransposed(row, sum); }
  bool isTransposedB() const { return b.isTransposed(sum, column); }

  mlir::Location loc;
  Operand a, b, c;
  unsigned row, column, sum;
  llvm::SmallVector<unsigned> outer;
  bool addsToZeros = false; // C = A B.
};

/// How a product is cut for the caches.
struct Blocking {
  static Blocking get(mlir::ModuleOp module, ProductTarget target,
                      mlir::Type element);

  int64_t strip;   // Columns of B that are packed side by side.
  int64_t depth;   // Terms of a sum in one go.
  int64_t columns; // A panel of so many columns of B stays in the second cache,
  int64_t rows;    // and so does a block of so many rows of A.
};

/// Writes the loops of `contraction`, whose result is f32 or f64, over
/// `weir_cpu.product`s, on threads if that is asked for. Operands are packed as
/// `packed`: as bf16 in pairs, else in the type of the result.
void emitContraction(mlir::OpBuilder &builder, const Contraction &contraction,
                     mlir::Type packed, const Blocking &blocking,
                     ProductTarget target, bool threads);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_CONTRACTION_H
