//===- RowShapes.h - how operands of a row op relate to its rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_IR_ROWSHAPES_H
#define WEIR_LIB_DIALECT_WEIR_IR_ROWSHAPES_H

#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// Joins `shape` into `joined`, aligned from the right: missing dimensions and
/// static ones repeat; a dynamic size is refined by a static one. Fails when
/// two sizes can never be equal.
mlir::LogicalResult joinShapes(llvm::SmallVectorImpl<int64_t> &joined,
                               llvm::ArrayRef<int64_t> shape);

/// A row op seen by its verifier: the same for weir.apply and weir.rows.
struct RowSignature {
  mlir::Operation *op;
  mutable FormulaOp formula; // Accessors of ops are not const.
  mlir::ValueRange inputs;
  mlir::Value mask;
  /// Types of the results, or of the destinations.
  llvm::SmallVector<mlir::Type> resultTypes;
  std::optional<int64_t> along;
  bool hasPolicy;
  mlir::Value rowBase, column; // Offsets of a tile, or null.
  size_t rowStrides = 0;
};

/// The full shape of the rows: what varying operands and the mask broadcast to.
mlir::FailureOr<llvm::SmallVector<int64_t>>
getFullShape(const RowSignature &signature);

/// True when a formula's value of type `formal` may be stored as `element`.
bool fitsStorage(mlir::Type formal, mlir::Type element);

/// Checks that `shape` may be repeated over `full`, aligned from the right.
bool broadcastsTo(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> full,
                  bool exact);

/// The accumulator's type on the given operands: f64 when the score is f64,
/// else f32.
mlir::Type getAccumulatorType(const RowSignature &signature);

/// Resolves the formula of `op` or says that there is none (C1).
mlir::LogicalResult resolveOrError(mlir::Operation *op,
                                   mlir::FlatSymbolRefAttr name,
                                   FormulaOp &formula);

/// Says so when some operands are tensors and others memrefs.
mlir::LogicalResult verifyOneKind(mlir::Operation *op);

/// A constant operand that the formula's declaration rules out is an error
/// rather than NaN at run time. `number` is what the op counts it as.
mlir::LogicalResult verifyDomain(mlir::Operation *op,
                                 llvm::StringRef constraint, FormulaOp formula,
                                 unsigned argument, mlir::Value operand,
                                 unsigned number);

/// Comparisons with NaN give a selection no order and a search no direction.
mlir::LogicalResult verifyNaN(mlir::Operation *op, llvm::StringRef constraint,
                              std::optional<NaNPolicy> policy,
                              FormulaOp formula);

/// The part of the constraints below that concerns operands. Gives the full
/// shape.
mlir::FailureOr<llvm::SmallVector<int64_t>>
verifyRowInputs(const RowSignature &signature);

/// Checks constraints C2 to C10 of weir.apply.
mlir::LogicalResult verifyRowSignature(const RowSignature &signature);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_IR_ROWSHAPES_H
