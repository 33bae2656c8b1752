//===- Formulas.cpp - the formulas that properties are checked on ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formulas.h"

#include "weir/Dialect/Weir/Library/WeirLibrary.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace weir;
using namespace weir::test;

static MLIRContext &getContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerWeirLibrary(registry);
    auto *made = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    made->loadAllAvailableDialects();
    return made;
  }();
  return *context;
}

static ModuleOp parse(StringRef text) {
  static std::vector<OwningOpRef<ModuleOp>> kept;
  kept.push_back(
      parseSourceString<ModuleOp>(text, ParserConfig(&getContext())));
  if (!kept.back())
    llvm::report_fatal_error("a formula of the tests does not parse");
  return *kept.back();
}

FormulaOp weir::test::parseFormula(StringRef text) {
  return *parse(text).getOps<FormulaOp>().begin();
}

static void addFile(std::vector<FormulaOp> &all, const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(WEIR_SOURCE_DIR "/" + path);
  if (!buffer)
    llvm::report_fatal_error("cannot read " + llvm::Twine(path));
  SmallVector<StringRef> pieces;
  (*buffer)->getBuffer().split(pieces, "// -----");
  for (StringRef piece : pieces)
    for (FormulaOp formula : parse(piece).getOps<FormulaOp>()) {
      bool isRandom =
          formula.walk([](RandomOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (!isRandom)
        all.push_back(formula);
    }
}

const std::vector<FormulaOp> &weir::test::getKnownFormulas() {
  static const std::vector<FormulaOp> formulas = [] {
    std::vector<FormulaOp> all;
    addFile(all, "test/Dialect/Weir/Analysis/table.mlir");
    for (const char *family : {WEIR_LIBRARY_FAMILIES})
      addFile(all, std::string("lib/Dialect/Weir/Library/") + family + ".mlir");
    return all;
  }();
  return formulas;
}

FormulaOp weir::test::getKnownFormula(StringRef name) {
  for (FormulaOp formula : getKnownFormulas())
    if (formula.getSymName() == name)
      return formula;
  llvm::report_fatal_error("no formula " + name);
}

bool weir::test::hasSearch(FormulaOp formula) {
  return formula
      .walk([](Operation *op) {
        return isa<KthOp, SolveOp>(op) ? WalkResult::interrupt()
                                       : WalkResult::advance();
      })
      .wasInterrupted();
}

OwningOpRef<FormulaOp> weir::test::cloneNormalized(FormulaOp formula) {
  OwningOpRef<FormulaOp> clone(cast<FormulaOp>(formula->clone()));
  normalizeFormula(*clone);
  if (failed(verify(*clone)))
    llvm::report_fatal_error("a normalised formula does not verify: " +
                             llvm::Twine(toText(formula)));
  return clone;
}

OwningOpRef<FormulaOp> weir::test::cloneClean(FormulaOp formula) {
  OwningOpRef<FormulaOp> clone(cast<FormulaOp>(formula->clone()));
  IRRewriter rewriter(clone->getContext());
  DominanceInfo dominance(*clone);
  eliminateCommonSubExpressions(rewriter, dominance, *clone);
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(clone->getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return clone;
}

std::string weir::test::toText(FormulaOp formula) {
  std::string text;
  llvm::raw_string_ostream os(text);
  formula->print(os);
  return text;
}
