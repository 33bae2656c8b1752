//===- LinkLibrary.cpp - clone used library formulas into the module ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Library/WeirLibrary.h"

#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLINKLIBRARY
#include "weir/Dialect/Weir/Library/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// True when an enclosing symbol table has a formula of that name, which
/// shadows the library's.
static bool isUserFormula(Operation *from, FlatSymbolRefAttr name) {
  for (Operation *op = from->getParentOp(); op; op = op->getParentOp())
    if (op->hasTrait<OpTrait::SymbolTable>() &&
        isa_and_nonnull<FormulaOp>(
            SymbolTable::lookupSymbolIn(op, name.getAttr())))
      return true;
  return false;
}

/// Clones `formula` into the symbol table around `user` unless it is there
/// already.
static FailureOr<FlatSymbolRefAttr> linkInto(Operation *user,
                                             FormulaOp formula) {
  Operation *table = SymbolTable::getNearestSymbolTable(user);
  std::string name = (WeirDialect::kLibraryPrefix + formula.getSymName()).str();
  if (Operation *known = SymbolTable::lookupSymbolIn(table, name)) {
    if (isa<FormulaOp>(known))
      return FlatSymbolRefAttr::get(user->getContext(), name);
    known->emitError("takes the name @")
        << name << ", which is reserved for the library's formula";
    return failure();
  }
  OpBuilder builder = OpBuilder::atBlockBegin(&table->getRegion(0).front());
  auto clone = cast<FormulaOp>(builder.clone(*formula));
  clone.setSymName(name);
  SymbolTable::setSymbolVisibility(clone, SymbolTable::Visibility::Private);
  return FlatSymbolRefAttr::get(user->getContext(), name);
}

namespace {
struct WeirLinkLibrary : weir::impl::WeirLinkLibraryBase<WeirLinkLibrary> {
  void runOnOperation() override {
    auto *dialect = getContext().getLoadedDialect<WeirDialect>();
    auto *library = dialect->getRegisteredInterface<FormulaLibraryInterface>();
    WalkResult walk = getOperation().walk([&](Operation *op) {
      if (!isa<ApplyOp, RowsOp, StatsOp, MergeOp, FinishOp, WeightsOp, TopKOp,
               TopKRowsOp, AttentionOp, AttentionRowsOp, AttentionStatsOp,
               AttentionMergeOp, AttentionFinishOp>(op))
        return WalkResult::advance();
      for (StringRef attr : {"formula", "epilogue"})
        if (failed(link(op, attr, library)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }

  /// Makes an attribute that names one of the library's formulas name its
  /// clone.
  static LogicalResult link(Operation *op, StringRef attr,
                            const FormulaLibraryInterface *library) {
    auto name = op->getAttrOfType<FlatSymbolRefAttr>(attr);
    if (!name || isUserFormula(op, name))
      return success();
    FormulaOp formula =
        library ? library->lookup(name.getValue()) : FormulaOp();
    if (!formula)
      return op->emitOpError() << name << " is not a formula of the library";
    FailureOr<FlatSymbolRefAttr> linked = linkInto(op, formula);
    if (failed(linked))
      return failure();
    op->setAttr(attr, *linked);
    return success();
  }
};
} // namespace
