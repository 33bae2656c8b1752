//===- ShapeRelations.h - which sizes of a function agree ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_TARGET_SHAPERELATIONS_H
#define WEIR_LIB_TARGET_SHAPERELATIONS_H

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"

namespace weir {

/// Classes of tensor dimensions that must have one size for the body of a
/// function to make sense. Read off the ops: indexing maps of linalg ops, rows
/// of weir ops, casts, and destinations made from sizes.
class ShapeRelations {
public:
  explicit ShapeRelations(mlir::func::FuncOp function);

  /// The static size of the class of dimension `dim` of `value`, if some member
  /// has one.
  std::optional<int64_t> getStaticSize(mlir::Value value, int64_t dim);
  /// The class's number.
  unsigned getClass(mlir::Value value, int64_t dim) {
    return find(getId(value, dim));
  }

  using Dimension = std::pair<mlir::Value, int64_t>;
  /// A size that must be a multiple of another.
  struct Multiple {
    Dimension size, of;
  };
  llvm::ArrayRef<Multiple> getMultiples() const { return multiples; }

private:
  unsigned getId(mlir::Value value, int64_t dim);
  unsigned find(unsigned id);
  void equate(mlir::Value a, int64_t aDim, mlir::Value b, int64_t bDim);
  void equateAll(mlir::Value a, mlir::Value b);
  void visit(mlir::Operation *op);
  void visitReshape(mlir::Value wide, mlir::Value narrow,
                    llvm::ArrayRef<mlir::ReassociationIndices> groups);
  void visitRows(mlir::ValueRange values, mlir::ValueRange uniforms,
                 int64_t rank, int64_t rowDim);
  void visitTopK(TopKRowsOp topk);
  void visitSlice(mlir::tensor::ExtractSliceOp slice);
  void visitAttention(AttentionRowsOp op);

  llvm::DenseMap<std::pair<mlir::Value, int64_t>, unsigned> ids;
  llvm::SmallVector<unsigned> parents;
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<Multiple> multiples;
};

} // namespace weir

#endif // WEIR_LIB_TARGET_SHAPERELATIONS_H
