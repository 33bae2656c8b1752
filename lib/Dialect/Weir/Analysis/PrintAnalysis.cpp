//===- PrintAnalysis.cpp - what follows from each formula, in words ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/Passes.h"

#include "weir/Dialect/Weir/Analysis/RowLaws.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRPRINTANALYSIS
#include "weir/Dialect/Weir/Analysis/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {
struct WeirPrintAnalysis : weir::impl::WeirPrintAnalysisBase<WeirPrintAnalysis> {
  void runOnOperation() override {
    getOperation().walk([&](FormulaOp formula) { print(formula, llvm::outs()); });
    markAllAnalysesPreserved();
  }

  void print(FormulaOp formula, llvm::raw_ostream &os) {
    RowLaws laws(formula);
    os << "@" << formula.getSymName() << ": ";
    if (!formula.hasReduction()) {
      os << "elementwise, reads 1\n";
      return;
    }
    bool writes = false;
    for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
      writes |= !formula.isUniformResult(i);
    if (!laws.isComplete()) {
      os << "sweeps " << laws.getNaiveSweeps() << ", with a search that has no running form\n";
      return;
    }
    size_t sweeps = laws.getSweeps().size();
    os << "sweeps " << laws.getNaiveSweeps() << " -> " << sweeps << ", reads " << sweeps + writes << "\n";
    for (auto [i, sweep] : llvm::enumerate(laws.getSweeps())) {
      os << "  sweep " << i + 1 << ":";
      for (const Law &law : sweep.laws) {
        ReduceOp reduce = law.reduce;
        os << " " << stringifyReductionKind(reduce.getKind()) << " (" << stringifyLaw(law.kind)
           << (law.isPulled() ? ", pulled" : "") << ")";
      }
      os << "\n";
    }
    for (const Refusal &refusal : laws.getRefusals())
      emitRemark(refusal.value.getLoc()) << "costs @" << formula.getSymName() << " a sweep: " << refusal.why;
  }
};
} // namespace
