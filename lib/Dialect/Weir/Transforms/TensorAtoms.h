//===- TensorAtoms.h - dimensions across reshapes ------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs fold batches and heads into one dimension and unfold them again. An
// atom is a dimension that is never taken apart: each dimension of a tensor is
// a product of atoms, in row-major order, and one tensor's dimensions can be
// told from another's.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_TENSORATOMS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_TENSORATOMS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace weir {

using Atoms = llvm::SmallVector<int64_t, 2>;
/// The atoms of each dimension of a tensor. A dimension of size 1 may have
/// none.
using AtomDims = llvm::SmallVector<Atoms, 4>;

/// A tensor beside scores, or a scalar, and what its dimensions are.
struct ScoreOperand {
  mlir::Value value;
  AtomDims dims;
};

/// Which conversions between floating-point types count as moves.
enum class MovedCasts { None, Widening, All };

/// The only op that uses `value`, but for questions after its sizes; or null.
mlir::Operation *getOnlyUser(mlir::Value value);

Atoms flatten(llvm::ArrayRef<Atoms> dims);

/// The dimensions of a tensor that broadcasts to one with `full`, from the
/// right; none of a scalar.
AtomDims getBroadcastDims(mlir::Value value, llvm::ArrayRef<Atoms> full);

/// The atoms of some tensors of a program.
class AtomSpace {
public:
  /// A new atom; `size` may be dynamic.
  int64_t add(int64_t size);
  /// What atoms are now: some were split, and those of size 1 are none.
  Atoms resolve(llvm::ArrayRef<int64_t> atoms) const;
  AtomDims resolveDims(llvm::ArrayRef<Atoms> dims) const;
  /// Says where the size of an atom is found: in a tensor, or outright.
  void setSize(int64_t atom, mlir::Value tensor, int64_t dim);
  void setSize(int64_t atom, mlir::OpFoldResult size);

  /// A tensor's dimensions on the other side of a reshape: `narrow` from
  /// `wide`.
  AtomDims merge(llvm::ArrayRef<Atoms> wide,
                 llvm::ArrayRef<mlir::ReassociationIndices> groups) const;
  /// `wide` from `narrow`, which may split atoms. None where it is not known
  /// which atoms make a dimension.
  std::optional<AtomDims>
  distribute(llvm::ArrayRef<Atoms> narrow, mlir::Value wide,
             llvm::ArrayRef<mlir::ReassociationIndices> groups);

  /// Goes from the result of an op that only moves elements to its operand, and
  /// says that one's dimensions. Null where there is no such op.
  mlir::Value stepBack(mlir::Value value, AtomDims &dims, MovedCasts casts,
                       bool broadcasts);
  /// From an operand to the result of the only op that uses it.
  mlir::Value stepForward(mlir::Operation *user, AtomDims &dims,
                          MovedCasts casts);

  /// Whether `arrange` can.
  bool canArrange(llvm::ArrayRef<Atoms> dims,
                  llvm::ArrayRef<Atoms> groups) const;
  /// The tensor with one dimension for each group; of size 1 where it has none
  /// of the group's atoms.
  mlir::Value arrange(mlir::OpBuilder &b, mlir::Location loc,
                      mlir::Value tensor, llvm::ArrayRef<Atoms> dims,
                      llvm::ArrayRef<Atoms> groups) const;

private:
  struct Atom {
    int64_t size;
    mlir::Value tensor; // Where its dimension `dim` is this atom.
    int64_t dim = 0;
    mlir::OpFoldResult value;
    Atoms parts; // Not empty once it was split.
  };
  bool distributeTo(llvm::ArrayRef<int64_t> atoms, mlir::Value wide,
                    llvm::ArrayRef<int64_t> places, AtomDims &dims);
  bool distributeGroup(llvm::ArrayRef<int64_t> atoms, mlir::Value wide,
                       llvm::ArrayRef<int64_t> group, AtomDims &dims);
  mlir::OpFoldResult getSize(mlir::OpBuilder &b, mlir::Location loc,
                             int64_t atom) const;
  mlir::Value dropUnits(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::Value tensor, AtomDims &dims) const;
  mlir::Value splitDims(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::Value tensor, AtomDims &dims,
                        llvm::ArrayRef<Atoms> groups) const;

  llvm::SmallVector<Atom> atoms;
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_TENSORATOMS_H
