//===- DerivedSymbols.cpp - derived formulas in the module ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/DerivedSymbols.h"

#include "FormulaWriter.h"

using namespace mlir;
using namespace weir;

std::string DerivedSymbols::getKey(FormulaOp formula,
                                   const StatePolicies &policies) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << formula.getAsOpaquePointer();
  if (policies.emptyRow && *policies.emptyRow != EmptyRow::Zero)
    os << " " << stringifyEmptyRow(*policies.emptyRow);
  if (policies.nan && *policies.nan != NaNPolicy::Propagate)
    os << " " << stringifyNaNPolicy(*policies.nan);
  return key;
}

TakenApart &DerivedSymbols::get(FormulaOp formula,
                                const StatePolicies &policies) {
  std::unique_ptr<TakenApart> &known = parts[getKey(formula, policies)];
  if (!known)
    known = std::make_unique<TakenApart>(formula, policies);
  return *known;
}

FlatSymbolRefAttr
DerivedSymbols::getOrInsert(Operation *user, FormulaOp formula,
                            const StatePolicies &policies, StringRef purpose,
                            llvm::function_ref<FormulaOp(StringRef)> make,
                            StringRef detail) {
  Operation *table = SymbolTable::getNearestSymbolTable(user);
  FlatSymbolRefAttr &known =
      symbols[{table, getKey(formula, policies) + " " + purpose.str() + " " +
                          detail.str()}];
  if (known)
    return known;
  std::string name = (formula.getSymName() + "." + purpose).str();
  FormulaOp made = make(name);
  // Ahead of what is there, and under another name if this one is taken.
  SymbolTable symbolTable(table);
  StringAttr symbol =
      symbolTable.insert(made, table->getRegion(0).front().begin());
  return known = FlatSymbolRefAttr::get(symbol);
}

FlatSymbolRefAttr
DerivedSymbols::getUnmaskedLength(Operation *user, FormulaOp formula,
                                  const StatePolicies &policies) {
  return getOrInsert(user, formula, policies, "length", [&](StringRef name) {
    FormulaWriter w(user->getLoc());
    Value valid = w.addArgument(w.body.getI1Type(), /*uniform=*/false);
    for (auto [i, type] : llvm::enumerate(formula.getArgumentTypes()))
      if (!formula.isUniformArgument(i))
        w.addArgument(type, /*uniform=*/false);
    Value one =
        arith::ExtUIOp::create(w.body, w.loc, w.body.getI64Type(), valid);
    w.addResult(arith::IndexCastOp::create(w.body, w.loc, w.body.getIndexType(),
                                           w.sum(one)),
                /*uniform=*/true);
    return w.finish(name);
  });
}
