//===- SeenKeys.h - masks that follow from indices ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs make causal masks and windows of indices: ranges that are broadcast,
// added and compared, op by op or in one body. Evaluated on linear forms
// instead of numbers, such a program says by which inequalities a query sees a
// key.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SEENKEYS_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SEENKEYS_H

#include "TensorAtoms.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace weir {

/// A sum of multiples of the query's index, the key's, scalars of the program
/// and 1.
struct LinearIndex {
  int64_t query = 0, key = 0, constant = 0;
  llvm::SmallVector<std::pair<mlir::Value, int64_t>, 2> others;

  LinearIndex &add(const LinearIndex &other, int64_t factor);
  bool isConstant() const { return !query && !key && others.empty(); }
};

/// Which keys queries see: all conditions hold, or (`isAny`) some.
struct SeenCondition {
  bool isAny = false;
  llvm::SmallVector<LinearIndex, 2> bounds; // Not below 0.
  std::optional<ScoreOperand> mask; // True, and known by its elements alone.

  bool isConstant() const { return bounds.empty() && !mask; }
  static SeenCondition ofConstant(bool value) { return {!value, {}, {}}; }
  /// The opposite, where there is no mask.
  std::optional<SeenCondition> negate() const;
};

/// The keys j with left <= j - i <= right that query i sees.
struct KeyWindow {
  bool isAll() const { return !left && !right; }
  /// Takes all bounds of a condition. False, and nothing is changed, where they
  /// are no such, are not known to be ordered, or leave nothing. `isOneQuery`
  /// says that i is 0.
  bool confine(const SeenCondition &condition, bool isOneQuery);
  /// right - left, where there are both.
  int64_t getWidth() const;

  std::optional<LinearIndex> left, right;
};

/// Evaluates programs of indices. `queries` and `keys` are the dimensions
/// whose indices are known.
class SeenKeys {
public:
  SeenKeys(AtomSpace &space, Atoms queries, Atoms keys)
      : space(space), queries(std::move(queries)), keys(std::move(keys)) {}

  /// Where an i1 tensor is true.
  std::optional<SeenCondition> ofMask(const ScoreOperand &mask);
  /// Where a tensor that is 0 or -inf, and nothing else, is 0.
  std::optional<SeenCondition> ofBias(const ScoreOperand &bias);
  /// Where a value in a formula's body is true. `rowIsQuery` says that
  /// `weir.row` is the query's index.
  std::optional<SeenCondition> ofFormula(mlir::Value condition,
                                         bool rowIsQuery);

private:
  /// A value in a body, whose loops are known, or outside of all.
  struct Place {
    mlir::Value value;
    mlir::linalg::LinalgOp op;
    AtomDims loops;
    bool inFormula = false, rowIsQuery = false;

    Place at(mlir::Value other) const {
      return {other, op, loops, inFormula, rowIsQuery};
    }
  };
  std::optional<Place> enter(ScoreOperand tensor);
  std::optional<LinearIndex> getIndex(Place place);
  std::optional<LinearIndex> getLoop(llvm::ArrayRef<int64_t> atoms);
  std::optional<SeenCondition> getCondition(Place place);
  std::optional<SeenCondition> getComparison(mlir::arith::CmpIOp op,
                                             const Place &place);
  std::optional<SeenCondition> getChoice(mlir::arith::SelectOp op,
                                         const Place &place);
  std::optional<SeenCondition> getTensorCondition(const ScoreOperand &tensor);
  std::optional<ScoreOperand> getTensor(Place place);

  AtomSpace &space;
  Atoms queries, keys;
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_SEENKEYS_H
