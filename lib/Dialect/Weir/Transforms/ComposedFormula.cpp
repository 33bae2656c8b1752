//===- ComposedFormula.cpp - one formula after another ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ComposedFormula.h"

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace weir;

namespace {

class Composer {
public:
  Composer(FormulaOp first, FormulaOp second, const Wiring &wiring);
  ComposedFormula run(ScoreChoice score);

private:
  void addArgument(FormulaOp formula, unsigned index, Value input);
  void copyBody(FormulaOp formula);
  void addResult(FormulaOp formula, unsigned index);
  void addArguments(bool ofFirst);
  DictionaryAttr getAttrs(ArrayAttr all, unsigned index) {
    return all ? cast<DictionaryAttr>(all[index])
               : builder.getDictionaryAttr({});
  }

  FormulaOp first, second;
  OwningOpRef<FormulaOp> twin; // Of a formula that is composed with itself.
  const Wiring &wiring;
  OpBuilder builder;
  FormulaOp formula;
  Block *body;
  IRMapping map;
  SmallVector<Value> inputs, results;
  SmallVector<Attribute> argumentAttrs, resultAttrs;
};

} // namespace

Composer::Composer(FormulaOp first, FormulaOp second, const Wiring &wiring)
    : first(first), second(second), wiring(wiring),
      builder(first.getContext()) {
  if (first == second) { // Each has values of its own.
    twin = second.clone();
    this->second = *twin;
  }
  formula = FormulaOp::create(
      builder, second.getLoc(), builder.getStringAttr("composed"),
      TypeAttr::get(builder.getFunctionType({}, {})),
      /*sym_visibility=*/builder.getStringAttr("private"),
      /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr);
  body = &formula.getBody().emplaceBlock();
}

/// Adds an argument unless `input` is one already that is declared alike, or
/// nothing asks for it.
void Composer::addArgument(FormulaOp from, unsigned index, Value input) {
  Value argument = from.getBody().getArgument(index);
  if (map.contains(argument) || (!inputs.empty() && argument.use_empty()))
    return;
  DictionaryAttr attrs = getAttrs(from.getArgAttrsAttr(), index);
  for (auto [i, known] : llvm::enumerate(inputs))
    if (known == input && argumentAttrs[i] == attrs &&
        body->getArgument(i).getType() == argument.getType())
      return map.map(argument, body->getArgument(i));
  map.map(argument, body->addArgument(argument.getType(), argument.getLoc()));
  inputs.push_back(input);
  argumentAttrs.push_back(attrs);
}

void Composer::addArguments(bool ofFirst) {
  FormulaOp from = ofFirst ? first : second;
  for (unsigned i = 0, e = from.getNumArguments(); i < e; ++i)
    if (ofFirst)
      addArgument(from, i, wiring.firstInputs[i]);
    else if (!wiring.isTaken(i))
      addArgument(from, i, wiring.secondInputs[i]);
}

void Composer::copyBody(FormulaOp from) {
  builder.setInsertionPointToEnd(body);
  for (Operation &op : from.getBody().front().without_terminator())
    builder.clone(op, map);
}

void Composer::addResult(FormulaOp from, unsigned index) {
  results.push_back(map.lookup(from.getYieldedValues()[index]));
  resultAttrs.push_back(getAttrs(from.getResAttrsAttr(), index));
}

ComposedFormula Composer::run(ScoreChoice score) {
  addArgument(score.ofFirst ? first : second, score.argument,
              score.ofFirst ? wiring.firstInputs[score.argument]
                            : wiring.secondInputs[score.argument]);
  addArguments(score.ofFirst);
  addArguments(!score.ofFirst);
  copyBody(first);
  for (auto [i, source] : llvm::enumerate(wiring.sources))
    if (source)
      map.map(second.getBody().getArgument(i),
              map.lookup(first.getYieldedValues()[*source]));
  copyBody(second);
  for (unsigned index : wiring.exports)
    addResult(first, index);
  for (unsigned i = 0, e = second.getResultTypes().size(); i < e; ++i)
    addResult(second, i);
  YieldOp::create(builder, formula.getLoc(), results);
  formula.setFunctionType(builder.getFunctionType(
      body->getArgumentTypes(), body->getTerminator()->getOperandTypes()));
  formula.setArgAttrsAttr(builder.getArrayAttr(argumentAttrs));
  formula.setResAttrsAttr(builder.getArrayAttr(resultAttrs));
  for (StringRef name :
       {WeirDialect::kAsWrittenAttrName, WeirDialect::kKeepsDenormalsAttrName})
    if (first->hasAttr(name) || second->hasAttr(name))
      formula->setAttr(name, builder.getUnitAttr());
  cleanUpFormula(formula);
  return {formula, std::move(inputs)};
}

ComposedFormula weir::composeFormulas(FormulaOp first, FormulaOp second,
                                      const Wiring &wiring, ScoreChoice score) {
  return Composer(first, second, wiring).run(score);
}
