//===- PrintAnalysis.cpp - what follows from each formula, in words ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/Passes.h"

#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"
#include "weir/Dialect/Weir/Analysis/Monotonicity.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRPRINTANALYSIS
#include "weir/Dialect/Weir/Analysis/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {
struct WeirPrintAnalysis
    : weir::impl::WeirPrintAnalysisBase<WeirPrintAnalysis> {
  using WeirPrintAnalysisBase::WeirPrintAnalysisBase;

  void runOnOperation() override {
    getOperation().walk(
        [&](FormulaOp formula) { print(formula, llvm::outs()); });
    markAllAnalysesPreserved();
  }

  void print(FormulaOp formula, llvm::raw_ostream &os) {
    RowLaws laws(formula);
    os << "@" << formula.getSymName() << ": ";
    if (!formula.hasReduction()) {
      os << "elementwise, reads 1, attention 1/1\n";
      printOrder(formula, os);
      return;
    }
    os << "sweeps " << laws.getNaiveSweeps() << " -> "
       << laws.getSweeps().size() << ", reads " << laws.getReads();
    if (std::optional<AttentionCost> attention = laws.getAttention())
      os << ", attention " << attention->passes << "/" << attention->rank;
    os << "\n";
    for (auto [i, sweep] : llvm::enumerate(laws.getSweeps())) {
      os << "  sweep " << i + 1 << ":";
      for (const Law &law : sweep.laws)
        print(law, os);
      os << "\n";
      if (states)
        printLayout(formula, i + 1, os);
    }
    if (states)
      printLayout(formula, /*sweep=*/0, os);
    printOrder(formula, os);
    if (pairs)
      printPairs(formula, laws, os);
    for (const Refusal &refusal : laws.getRefusals())
      emitRemark(refusal.value.getLoc())
          << "costs @" << formula.getSymName() << " a sweep: " << refusal.why;
  }

  void printOrder(FormulaOp formula, llvm::raw_ostream &os) {
    Monotonicity monotonicity(formula);
    for (auto [i, result] : llvm::enumerate(formula.getYieldedValues()))
      if (order && !formula.isUniformResult(i))
        os << "  result " << i << " "
           << stringifyDirection(monotonicity.get(result)) << "\n";
  }

  void printPairs(FormulaOp formula, RowLaws &laws, llvm::raw_ostream &os) {
    ExtendedExponents extended(formula, laws);
    os << "  two_pass: ";
    if (const std::optional<Refusal> &refusal = extended.getRefusal()) {
      os << "no, " << refusal->why << "\n";
      return;
    }
    unsigned extrema = 0;
    for (ReduceOp reduce : formula.getBody().front().getOps<ReduceOp>())
      extrema += reduce.getKind() != ReductionKind::Add;
    unsigned found = extrema - extended.getFreeExtrema().size();
    os << "yes, finding " << found << " of " << extrema << " extrema\n";
  }

  /// The layout of a sweep, or of the weights. Where there is none a remark
  /// says why.
  void printLayout(FormulaOp formula, int64_t sweep, llvm::raw_ostream &os) {
    auto *interface = getContext()
                          .getLoadedDialect<WeirDialect>()
                          ->getRegisteredInterface<FormulaStatesInterface>();
    if (!interface)
      return;
    FailureOr<StateLayout> layout =
        interface->getLayout(formula, StatePolicies(), sweep,
                             [&] { return emitRemark(formula.getLoc()); });
    if (failed(layout))
      return;
    if (sweep == 0) {
      os << "  weights:\n";
      return print("known", layout->known, os);
    }
    print("known", layout->known, os);
    print("state", layout->slots, os);
    print("finished", layout->finished, os);
  }

  void print(StringRef what, ArrayRef<RowValue> values, llvm::raw_ostream &os) {
    if (values.empty())
      return;
    os << "    " << what << ": ";
    llvm::interleaveComma(values, os, [&](const RowValue &value) {
      os << value.meaning << " (" << value.type;
      if (value.identity) {
        os << ", identity ";
        value.identity.print(os, /*elideType=*/true);
      }
      os << ")";
    });
    os << "\n";
  }

  void print(const Law &law, llvm::raw_ostream &os) {
    if (ReduceOp reduce = law.getReduce())
      os << " " << stringifyReductionKind(reduce.getKind());
    else
      os << " " << law.op->getName().stripDialect();
    os << " (" << stringifyLaw(law.kind) << (law.isPulled() ? ", pulled" : "")
       << (law.needsAnchor() ? ", own anchor" : "") << ")";
  }
};
} // namespace
