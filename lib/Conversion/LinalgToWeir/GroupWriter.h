//===- GroupWriter.h - a group of ops as a formula ---------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_LINALGTOWEIR_GROUPWRITER_H
#define WEIR_LIB_CONVERSION_LINALGTOWEIR_GROUPWRITER_H

#include "RowGroup.h"
#include "weir/Dialect/Weir/IR/Weir.h"

namespace weir {

/// Writes the scalar program of a group: a formula whose arguments stand for
/// tensors and scalars from outside.
class GroupWriter {
public:
  /// What an argument of the formula is. Scalars have no layout.
  struct Operand {
    mlir::Value value;
    Layout layout;
    bool varying;
  };

  GroupWriter(const RowGroup &group, mlir::ValueRange results);
  ~GroupWriter() {
    if (formula)
      formula.erase();
  }
  GroupWriter(const GroupWriter &) = delete;

  /// Writes the formula, in no module yet, with `score` as its first argument,
  /// or with arguments in the order of use.
  void write(const Operand *score = nullptr);

  FormulaOp getFormula() { return formula; }
  /// The formula is the caller's now.
  FormulaOp release() { return std::exchange(formula, FormulaOp()); }
  llvm::ArrayRef<Operand> getOperands() const { return operands; }
  /// Takes out what no result leans on, arguments too.
  void dropUnused();
  const llvm::DenseSet<ReduceOp> &getDropsNaN() const { return dropsNaN; }
  /// Combinations of a maximum with the lowest finite number, from which it
  /// started, or of a minimum with the highest.
  llvm::ArrayRef<mlir::Operation *> getGuards() const { return guards; }
  void forgetGuards() { guards.clear(); }
  /// True when a reduction starts from NaN, which a row without elements keeps.
  bool startsReductionsFromNaN() const { return startsFromNaN; }
  /// True when the group computes in f64.
  bool needsDoubles() const { return isDouble; }

private:
  struct Body; // Of the op that is being written.

  void writeLinalg(mlir::linalg::LinalgOp op);
  void writeReduction(Body &body, mlir::OpResult result);
  mlir::Value addArgument(const Operand &operand);
  mlir::Value getScalar(mlir::Value value);
  mlir::Value getElement(mlir::Value tensor);
  mlir::Value getConstant(mlir::TypedAttr attr);
  mlir::Value translate(Body &body, mlir::Value value);
  mlir::Value translateOp(Body &body, mlir::Operation *op);
  mlir::Value translateIndex(Body &body, mlir::linalg::IndexOp op);
  void declare();

  const RowGroup &group;
  llvm::SmallVector<mlir::Value> results;
  FormulaOp formula;
  mlir::OpBuilder builder;
  mlir::Location loc;
  bool startsFromNaN = false;
  bool isDouble; // f32 stands for f64.
  llvm::SmallVector<Operand> operands;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::DenseSet<ReduceOp> dropsNaN;
  llvm::SmallVector<mlir::Operation *> guards;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_LINALGTOWEIR_GROUPWRITER_H
