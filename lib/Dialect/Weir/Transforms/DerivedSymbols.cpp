//===- DerivedSymbols.cpp - derived formulas in the module ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DerivedSymbols.h"

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
                            llvm::function_ref<FormulaOp(StringRef)> make) {
  Operation *table = SymbolTable::getNearestSymbolTable(user);
  FlatSymbolRefAttr &known =
      symbols[{table, getKey(formula, policies) + " " + purpose.str()}];
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
