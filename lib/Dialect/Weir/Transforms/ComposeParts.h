//===- ComposeParts.h - two neighbours that may become one -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPARTS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPARTS_H

#include "ComposedFormula.h"
#include "RowPolicies.h"

#include <string>

namespace weir {

/// A weir.apply, or an elementwise op of linalg with the weir.apply that it
/// would be.
struct Part {
  explicit Part(ApplyOp apply);

  ApplyOp apply;
  FormulaOp formula;
  RowPolicies policies;
  /// What the program holds, and its results, one for each of `apply`.
  mlir::Operation *op;
  llvm::SmallVector<mlir::Value> results;
  /// What messages and composed formulas call it.
  std::string label;

  /// The full shape and the dimension that is the row; false where any
  /// dimension would do.
  llvm::SmallVector<int64_t> shape;
  int64_t rowDim;
  bool asksForRow;

  bool is(mlir::Operation *other) {
    return other == op || other == apply.getOperation();
  }
  bool reduces() { return formula.hasReduction(); }
  bool searches();
  /// True when the accumulator is an f64.
  bool isDouble();
  /// True when operand `index` has a number of its own for each element.
  bool isFull(unsigned index);
};

/// How `second` takes results of `first`. Fails, and says why, when they do not
/// run over the same rows or not in the same way, or when what lies between
/// them cannot stay a number that is never stored. `rounded` are tensors whose
/// numbers were rounded on purpose.
mlir::FailureOr<Wiring> connect(Part &first, Part &second,
                                const llvm::DenseSet<mlir::Value> &rounded,
                                std::string &why);

/// True when operands and a mask have all sizes of `shape` between them.
bool coversShape(FormulaOp formula, mlir::ValueRange inputs, mlir::Value mask,
                 llvm::ArrayRef<int64_t> shape);

/// Ops between both that use results of `first` and can stand behind `second`.
mlir::FailureOr<llvm::SmallVector<mlir::Operation *>>
findUsersBetween(Part &first, Part &second, std::string &why);

/// Which of both has the offsets of a tile that hold for both together.
ApplyOp getPlace(Part &first, Part &second);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_COMPOSEPARTS_H
