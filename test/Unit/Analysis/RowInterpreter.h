//===- RowInterpreter.h - the row language by its definition -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_ROWINTERPRETER_H
#define WEIR_TEST_UNIT_ANALYSIS_ROWINTERPRETER_H

#include "Row.h"

#include "weir/Dialect/Weir/IR/Variance.h"

namespace weir::test {

/// Numbers that some uniform values have.
using Statistics = llvm::DenseMap<mlir::Value, Real>;

/// Every value of a formula's body for one row, op by op as the language
/// defines them. It knows nothing of the analysis. Random numbers are not
/// interpreted.
class RowInterpreter {
public:
  /// `given` are results of reductions and searches that are not to be
  /// computed.
  RowInterpreter(FormulaOp formula, const Row &row,
                 const Statistics &given = Statistics());

  /// Of a uniform value any `element` will do.
  Real get(mlir::Value value, size_t element = 0) const {
    const std::vector<Real> &all = values.find(value)->second;
    return all[variance.isVarying(value) ? element : 0];
  }
  /// The mask is on, and, in a formula with a reduction, the score is not
  /// -inf.
  bool isIncluded(size_t element) const { return included[element]; }
  /// Nothing is included.
  bool isEmpty() const {
    return llvm::none_of(included, [](bool is) { return is; });
  }
  bool isVarying(mlir::Value value) const { return variance.isVarying(value); }
  size_t size() const { return row.size(); }

private:
  void run(mlir::Block &block);
  void runElementwise(mlir::Operation *op);
  void runReduce(ReduceOp reduce);
  void runKth(KthOp kth);
  void runSolve(SolveOp solve);
  void set(mlir::Value value, Real number) { values[value] = {number}; }

  const Row &row;
  const Statistics &given;
  Variance variance;
  std::vector<bool> included;
  llvm::DenseMap<mlir::Value, std::vector<Real>> values;
};

/// What combines with everything without changing it.
Real getIdentity(ReductionKind kind);
Real combine(ReductionKind kind, Real a, Real b);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_ROWINTERPRETER_H
