//===- FormulaWriter.cpp - formulas made from another one ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaWriter.h"

#include "weir/Dialect/Weir/Transforms/Passes.h"

using namespace mlir;
using namespace weir;

Value ValueMap::get(Value value) {
  if (Value found = known.lookup(value))
    return found;
  Operation *op = value.getDefiningOp();
  assert(op && op->getNumRegions() == 0 && "a value that has no place here");
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(get(operand));
  Operation *clone = builder.clone(*op);
  clone->setOperands(operands);
  for (auto [from, to] : llvm::zip(op->getResults(), clone->getResults()))
    known[from] = to;
  return known.lookup(value);
}

static DictionaryAttr withUniform(OpBuilder &b, bool uniform,
                                  DictionaryAttr more) {
  NamedAttrList attrs(more);
  if (uniform)
    attrs.set(WeirDialect::kUniformAttrName, b.getUnitAttr());
  return attrs.getDictionary(b.getContext());
}

Value FormulaWriter::addArgument(Type type, bool uniform, DictionaryAttr more) {
  argumentAttrs.push_back(withUniform(body, uniform, more));
  return block->addArgument(type, loc);
}

void FormulaWriter::addResult(Value value, bool uniform) {
  results.push_back(value);
  resultAttrs.push_back(withUniform(body, uniform, {}));
}

Value FormulaWriter::add(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(body, loc, a, b);
  return arith::AddIOp::create(body, loc, a, b);
}

FormulaOp FormulaWriter::finish(StringRef name) {
  YieldOp::create(body, loc, results);
  OpBuilder builder(body.getContext());
  auto type = builder.getFunctionType(block->getArgumentTypes(),
                                      ValueRange(results).getTypes());
  auto formula = FormulaOp::create(
      builder, loc, builder.getStringAttr(name), TypeAttr::get(type),
      builder.getStringAttr("private"), builder.getArrayAttr(argumentAttrs),
      builder.getArrayAttr(resultAttrs));
  formula.getBody().push_back(block.release());
  cleanUpFormula(formula);
  return formula;
}
