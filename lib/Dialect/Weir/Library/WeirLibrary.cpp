//===- WeirLibrary.cpp - the formulas that come with weir ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Library/WeirLibrary.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringMap.h"

#include <mutex>

using namespace mlir;
using namespace weir;

namespace {

struct LibraryFile {
  StringRef name, text;
};

constexpr auto getFiles = [] {
  static const LibraryFile files[] = {
#include "LibraryText.inc"
  };
  return ArrayRef<LibraryFile>(files);
};

/// Parses the library when a name is first looked up; a context may verify on
/// many threads.
class WeirLibrary : public FormulaLibraryInterface {
public:
  using FormulaLibraryInterface::FormulaLibraryInterface;

  FormulaOp lookup(StringRef name) const override {
    std::call_once(parsed, [&] { parse(); });
    return formulas.lookup(name);
  }

private:
  void parse() const {
    MLIRContext *context = getDialect()->getContext();
    for (const LibraryFile &file : getFiles()) {
      OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
          file.text, ParserConfig(context), file.name);
      if (!module)
        llvm::report_fatal_error("the library file " + file.name +
                                 " does not parse");
      for (FormulaOp formula : module->getOps<FormulaOp>())
        formulas[formula.getSymName()] = formula;
      modules.push_back(std::move(module));
    }
  }

  mutable std::once_flag parsed;
  mutable SmallVector<OwningOpRef<ModuleOp>> modules;
  mutable llvm::StringMap<FormulaOp> formulas;
};

} // namespace

void weir::registerWeirLibrary(DialectRegistry &registry) {
  registry.insert<WeirDialect, arith::ArithDialect, math::MathDialect>();
  registry.addExtension(+[](MLIRContext *context, WeirDialect *dialect) {
    context->getOrLoadDialect<arith::ArithDialect>();
    context->getOrLoadDialect<math::MathDialect>();
    dialect->addInterfaces<WeirLibrary>();
  });
}
