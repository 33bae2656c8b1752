//===- RowGroup.h - ops that are one row program -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWGROUP_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWGROUP_H

#include "RowSpace.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace weir {

/// True for products of tensors that do not share a shape, such as those of
/// matrices: they are no row programs, and other code is made for them.
bool isProduct(mlir::linalg::LinalgOp op);

/// A group of ops of one block that share a row: reductions along it,
/// elementwise ops on the row's shape or on one value per row, and reshapes by
/// dimensions of size 1. It is convex: no value leaves it and comes back.
class RowGroup {
public:
  /// Grows a group from a reduction. Without one, `why` says what is in the
  /// way.
  static std::optional<RowGroup> grow(mlir::linalg::LinalgOp seed,
                                      std::string &why);

  /// One elementwise op in a space whose layout of `known`, an operand or a
  /// result, is that of weir.apply's tensors. None when it does not run over
  /// that space, shape for shape.
  static std::optional<RowGroup> ofElementwise(mlir::linalg::LinalgOp op,
                                               const RowSpace &space,
                                               mlir::Value known, bool varying);

  const RowSpace &getSpace() const { return space; }
  /// In the order of the block.
  llvm::ArrayRef<mlir::Operation *> getMembers() const { return members; }
  llvm::ArrayRef<int64_t> getLoops(mlir::Operation *op) const {
    return loops.find(op)->second;
  }
  llvm::ArrayRef<int64_t> getLayout(mlir::Value value) const {
    return layouts.find(value)->second;
  }
  bool contains(mlir::Operation *op) const { return loops.contains(op); }
  /// Values of the group that are used outside of it.
  llvm::SmallVector<mlir::Value> getResults() const;
  int64_t countReductions() const;

private:
  /// Finds the row of the seed; says what is wrong with it otherwise.
  std::string enter(mlir::linalg::LinalgOp seed);
  void growAround(mlir::Operation *op);
  bool tryAdd(mlir::Operation *op);
  bool addWithProducers(mlir::Operation *op);
  bool addLinalg(mlir::linalg::LinalgOp op);
  std::optional<Layout> findLoops(mlir::linalg::LinalgOp op) const;
  bool reducesRow(mlir::linalg::LinalgOp op,
                  llvm::ArrayRef<int64_t> dims) const;
  bool hasOnlyRowIndices(mlir::linalg::LinalgOp op,
                         llvm::ArrayRef<int64_t> dims) const;
  bool addReshape(mlir::Operation *op);
  bool setLayout(mlir::Value value, llvm::ArrayRef<int64_t> layout);
  bool leansOnMember(mlir::Operation *op) const;
  bool isConvex() const;
  /// Gives up elementwise ops whose value must be in memory anyway.
  void dropSharedHeads();

  mlir::Block *block = nullptr;
  RowSpace space;
  llvm::SmallVector<mlir::Operation *> members;
  llvm::DenseMap<mlir::Operation *, Layout> loops;
  llvm::DenseMap<mlir::Value, Layout> layouts;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWGROUP_H
