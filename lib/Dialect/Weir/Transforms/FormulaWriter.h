//===- FormulaWriter.h - formulas made from another one -----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMULAWRITER_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMULAWRITER_H

#include "BodyBuilder.h"

namespace weir {

/// Values of one formula in the body of another: each is what `set` says, or a
/// clone of its op on operands found in the same way.
class ValueMap {
public:
  ValueMap(mlir::OpBuilder &builder) : builder(builder) {}
  void set(mlir::Value from, mlir::Value to) { known[from] = to; }
  mlir::Value get(mlir::Value value);

private:
  mlir::OpBuilder &builder;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

/// Expressions over values of the old formula.
class MappedBuilder : public BodyBuilder {
public:
  MappedBuilder(mlir::OpBuilder &builder, mlir::Location loc, ValueMap &map)
      : BodyBuilder(builder, loc), map(map) {}

protected:
  mlir::Value leaf(mlir::Value value) override { return map.get(value); }

private:
  ValueMap &map;
};

/// A formula that is being written: its arguments, its body, its results.
class FormulaWriter {
public:
  explicit FormulaWriter(mlir::Location loc)
      : loc(loc), block(std::make_unique<mlir::Block>()),
        body(loc.getContext()) {
    body.setInsertionPointToEnd(block.get());
  }

  mlir::Value addArgument(mlir::Type type, bool uniform,
                          mlir::DictionaryAttr more = {});
  void addResult(mlir::Value value, bool uniform);
  FormulaOp finish(llvm::StringRef name);

  mlir::Value constant(double value) {
    return createF32Constant(body, loc, value);
  }
  /// `value` in an f32; NaN and infinities are allowed.
  mlir::Value special(double value) {
    return mlir::arith::ConstantOp::create(body, loc,
                                           body.getF32FloatAttr(value));
  }
  mlir::Value integer(mlir::Type type, int64_t value) {
    return mlir::arith::ConstantOp::create(body, loc,
                                           body.getIntegerAttr(type, value));
  }
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value subtract(mlir::Value a, mlir::Value b) {
    return mlir::arith::SubFOp::create(body, loc, a, b);
  }
  mlir::Value multiply(mlir::Value a, mlir::Value b) {
    return mlir::arith::MulFOp::create(body, loc, a, b);
  }
  mlir::Value divide(mlir::Value a, mlir::Value b) {
    return mlir::arith::DivFOp::create(body, loc, a, b);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a,
                      mlir::Value b) {
    return mlir::arith::CmpFOp::create(body, loc, predicate, a, b);
  }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) {
    return mlir::arith::SelectOp::create(body, loc, condition, a, b);
  }
  mlir::Value sum(mlir::Value operand) {
    return ReduceOp::create(body, loc, ReductionKind::Add, operand).getResult();
  }

  const mlir::Location loc;

private:
  std::unique_ptr<mlir::Block> block;
  llvm::SmallVector<mlir::Attribute> argumentAttrs, resultAttrs;
  llvm::SmallVector<mlir::Value> results;

public:
  mlir::OpBuilder body;
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_FORMULAWRITER_H
