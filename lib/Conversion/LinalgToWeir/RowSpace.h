//===- RowSpace.h - where tensors lie in a row program's shape -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWSPACE_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWSPACE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineMap.h"

namespace weir {

/// For each dimension of a tensor the dimension of the row space that it runs
/// over, or kUnit where its size is 1.
using Layout = llvm::SmallVector<int64_t, 4>;
constexpr int64_t kUnit = -1;
constexpr int64_t kUnknown = -2;

/// The full shape of a row program, with one dimension that is the row. Its
/// dimensions of size 1 other than the row belong to no tensor: whatever has
/// them repeats.
struct RowSpace {
  llvm::SmallVector<int64_t> shape;
  int64_t rowDim = 0;

  int64_t getRank() const { return shape.size(); }
  bool isVarying(llvm::ArrayRef<int64_t> layout) const {
    return llvm::is_contained(layout, rowDim);
  }
  /// The dimensions that a tensor with one value per element (`varying`) or per
  /// row must have.
  Layout getDims(bool varying) const;
  /// True when `layout` has all dimensions of an element or of a row, in order.
  bool isComplete(llvm::ArrayRef<int64_t> layout) const;
};

/// The dimensions of weir.apply's tensors: all of the row space, those of size
/// 1 among them, without the row for uniform values.
Layout getApplyLayout(const RowSpace &space, bool varying);
/// `layout` without its unit dimensions.
Layout dropUnits(llvm::ArrayRef<int64_t> layout);
/// True when no dimension comes before one that it follows in the row space.
bool isOrdered(llvm::ArrayRef<int64_t> layout);

/// The layout of an operand with the given indexing map in an op whose loops
/// run over `loops`. None for maps that are more than projections.
std::optional<Layout> getLayout(mlir::AffineMap map,
                                llvm::ArrayRef<int64_t> loops,
                                mlir::RankedTensorType type);
/// Learns from an operand's layout what loops run over. False when it
/// contradicts what is known.
bool bindLoops(mlir::AffineMap map, llvm::ArrayRef<int64_t> layout,
               llvm::MutableArrayRef<int64_t> loops);
/// Loops of an op before anything is known: those of extent 1 are units.
Layout getUnboundLoops(mlir::linalg::LinalgOp op);

/// The layout on the other side of a reshape that adds or drops units only.
/// `wide` is the type of the side with more dimensions.
std::optional<Layout>
widenLayout(llvm::ArrayRef<int64_t> narrow, mlir::RankedTensorType wide,
            llvm::ArrayRef<mlir::ReassociationIndices> groups);
std::optional<Layout>
narrowLayout(llvm::ArrayRef<int64_t> wideLayout, mlir::RankedTensorType wide,
             llvm::ArrayRef<mlir::ReassociationIndices> groups);

/// Reshapes `value` to `type`; both have the same dimensions but for units.
mlir::Value reshapeUnits(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value value, llvm::ArrayRef<int64_t> layout,
                         mlir::RankedTensorType type,
                         llvm::ArrayRef<int64_t> wanted);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_ROWSPACE_H
