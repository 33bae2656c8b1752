//===- DerivedSymbols.h - derived formulas in the module ----*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_TRANSFORMS_DERIVEDSYMBOLS_H
#define WEIR_DIALECT_WEIR_TRANSFORMS_DERIVEDSYMBOLS_H

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include <map>

namespace weir {

/// Formulas taken apart, each once, and the formulas derived from them, in the
/// symbol table around their first user.
class DerivedSymbols {
public:
  TakenApart &get(FormulaOp formula, const StatePolicies &policies);

  /// The symbol of a formula that `make` makes under the name it is given; the
  /// one made before where `purpose` and `detail`, which is no part of the
  /// name, are the same.
  mlir::FlatSymbolRefAttr
  getOrInsert(mlir::Operation *user, FormulaOp formula,
              const StatePolicies &policies, llvm::StringRef purpose,
              llvm::function_ref<FormulaOp(llvm::StringRef)> make,
              llvm::StringRef detail = "");

  /// The symbol of a formula of the mask and the varying operands of `formula`:
  /// weir.length under a mask, a sum over the mask itself, since scores of -inf
  /// count too.
  mlir::FlatSymbolRefAttr getUnmaskedLength(mlir::Operation *user,
                                            FormulaOp formula,
                                            const StatePolicies &policies);

private:
  static std::string getKey(FormulaOp formula, const StatePolicies &policies);

  std::map<std::string, std::unique_ptr<TakenApart>> parts;
  std::map<std::pair<mlir::Operation *, std::string>, mlir::FlatSymbolRefAttr>
      symbols;
};

} // namespace weir

#endif // WEIR_DIALECT_WEIR_TRANSFORMS_DERIVEDSYMBOLS_H
