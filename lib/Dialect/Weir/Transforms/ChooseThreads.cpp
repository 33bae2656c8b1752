//===- ChooseThreads.cpp - when rows are shared among threads ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/IR/Variance.h"
#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weir {
#define GEN_PASS_DEF_WEIRCHOOSETHREADS
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Forking and joining a team costs 1 to 2 microseconds while its threads still
/// spin and some ten when they sleep. Vector code takes about 0.15 ns for an
/// element, so a thread's share of this size takes 5 microseconds.
constexpr int64_t kVectorGrain = 32768;
/// A function of the C library takes 5 to 20 ns for an element.
constexpr int64_t kScalarGrain = 1024;
/// A selection sweeps the row 16 times and sorts what it found.
constexpr int64_t kSelectionGrain = 4096;

/// A part of a row is a thread's share too, and must stay in its second-level
/// cache from one reading to the next.
constexpr int64_t kPart = 32768;

/// Scores of attention: each is some hundred operations.
constexpr int64_t kAttentionGrain = 4096;

struct Choice {
  int64_t grain;
  StringRef why;
};

/// True for functions that code generation has no vector form of.
bool isScalarFunction(Operation *op) {
  return isa<math::MathDialect>(op->getDialect()) &&
         !isa<math::ExpOp, math::Exp2Op, math::AbsFOp, math::SqrtOp,
              math::RsqrtOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
              math::TruncOp, math::FmaOp, math::CopySignOp>(op);
}

Choice choose(FormulaOp formula) {
  Variance variance(formula);
  bool isScalar = false;
  formula.getBody().walk([&](Operation *op) {
    isScalar |= isScalarFunction(op) && variance.isVarying(op->getResult(0));
  });
  if (isScalar)
    return {kScalarGrain, "it calls the C library for each"};
  return {kVectorGrain, "all of it runs on vectors"};
}

Choice choose(TopKOp topk) {
  if (topk.getForm() == TopKForm::Select)
    return {kSelectionGrain, "a selection reads them many times"};
  return {kVectorGrain, "each is compared once"};
}

/// Why rows are not split; empty when they may be.
std::string whyNotSplit(ApplyOp apply) {
  FormulaOp formula = apply.resolveFormula();
  if (!formula.hasReduction())
    return "threads share elementwise rows as they are";
  if (apply.getLanes() == LaneDirection::Across)
    return "lanes run across rows";
  if (apply.getNegInf() == NegInf::Ordinary)
    return "neg_inf = ordinary has no state";
  if (apply.getNan() == NaNPolicy::Arithmetic)
    return "nan = arithmetic has no state";
  if (apply.getPosInf() == PosInf::Share)
    return "whether scores share the mass is a matter of whole rows";
  if (!TakenApart(formula, {apply.getEmptyRow(), apply.getNan()}).isComplete())
    return "a part of a row has no state that could be merged";
  return "";
}

struct WeirChooseThreads
    : weir::impl::WeirChooseThreadsBase<WeirChooseThreads> {
  using WeirChooseThreadsBase::WeirChooseThreadsBase;

  template <typename OpTy>
  void setGrain(OpTy op, const Twine &what, Choice choice) {
    op.setThreadGrain(choice.grain);
    if (!explain)
      return;
    InFlightDiagnostic remark = op.emitRemark() << what << " runs on ";
    if (choice.grain == 0)
      remark << "one thread: " << choice.why;
    else
      remark << "several threads where each gets " << choice.grain
             << " elements or more: " << choice.why;
  }

  template <typename OpTy>
  void decide(OpTy op, const Twine &what,
              llvm::function_ref<Choice()> chooseGrain) {
    if (!enable)
      setGrain(op, what, {0, "the library is compiled without threads"});
    else if (!op.getThreadGrain())
      setGrain(op, what, chooseGrain());
  }

  void setPart(ApplyOp apply, int64_t part, const Twine &why) {
    apply.setThreadPart(part);
    if (!explain)
      return;
    InFlightDiagnostic remark = apply.emitRemark()
                                << "rows of @" << apply.getFormula();
    if (part == 0)
      remark << " are not split: " << why;
    else
      remark << " are split into parts of " << part
             << " elements where they are few and long: " << why;
  }

  LogicalResult decidePart(ApplyOp apply) {
    if (!enable) {
      apply.setThreadPart(0); // As the remark on the grain has said.
      return success();
    }
    bool isGiven = apply.getThreadPart().value_or(0) != 0;
    if (!isGiven &&
        (apply.getThreadPart() || !apply.resolveFormula().hasReduction()))
      return success();
    if (std::string why = whyNotSplit(apply); !why.empty()) {
      if (isGiven)
        return apply.emitOpError("thread_part does not fit @")
               << apply.getFormula() << ": " << why;
      setPart(apply, 0, why);
    } else if (!isGiven) {
      setPart(apply, kPart, "their states can be merged");
    }
    return success();
  }

  void runOnOperation() override {
    WalkResult walk = getOperation().walk([&](ApplyOp apply) {
      return failed(decidePart(apply)) ? WalkResult::interrupt()
                                       : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *, void>(op)
          .Case<ApplyOp, StatsOp, WeightsOp>([&](auto rows) {
            decide(rows, "@" + rows.getFormula(),
                   [&] { return choose(rows.resolveFormula()); });
          })
          .Case([&](TopKOp topk) {
            decide(topk,
                   "the search for the " + Twine(topk.getK()) + " largest",
                   [&] { return choose(topk); });
          })
          .Case<AttentionOp, AttentionStatsOp>([&](auto attention) {
            decide(attention, "attention", [&] {
              return Choice{kAttentionGrain,
                            "each score takes two products of heads"};
            });
          });
    });
  }
};

} // namespace
