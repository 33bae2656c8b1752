//===- ChooseForm.cpp - how the rows of each weir.apply and weir.topk run ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Analysis/RowLaws.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRCHOOSEFORM
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

struct Choice {
  Form form;
  StringRef why;
};

/// Without sizes the stored form is the safe choice: it evaluates every
/// exponential once and is the fastest while a row fits the cache.
Choice choose(FormulaOp formula) {
  if (!formula.hasReduction())
    return {Form::Elementwise, "the formula has no reduction"};
  Variance variance(formula);
  bool isDear = false;
  formula.getBody().walk([&](Operation *op) {
    isDear |= isa<math::MathDialect>(op->getDialect()) &&
              !isa<math::AbsFOp>(op) && variance.isVarying(op->getResult(0));
  });
  if (!isDear)
    return {Form::Recompute, "nothing in the row is dear enough to be kept"};
  return {Form::Stored, "exponentials are evaluated once and kept in the row"};
}

/// Writing past the caches spares reading what is overwritten, a third of the
/// traffic, and costs a later reader what the caches would have held. Copies of
/// 64 MiB are faster by a quarter, of 8 MiB no more; last-level caches of
/// 32 MiB are common.
constexpr int64_t kStreamBytes = int64_t(64) << 20;

struct LaneChoice {
  LaneDirection direction;
  std::string why;
};

/// Across rows, memory is read as it lies, a cache line of neighbours at a
/// time. With a handful of neighbours most lanes would idle, and copying the
/// rows costs less.
LaneChoice chooseLanes(ApplyOp apply, FormulaOp formula) {
  Type score = getElementTypeOrSelf(
      apply.getInputs()[formula.getScoreIndex()].getType());
  int64_t lanes = score.isF64() ? 8 : 16, last = 1;
  bool isDynamic = false;
  for (Type type : apply->getOperandTypes()) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || shaped.getRank() == 0)
      continue;
    int64_t size = shaped.getShape().back();
    isDynamic |= ShapedType::isDynamic(size);
    last = std::max(last, size); // A dynamic one is negative.
  }
  // A size of 1 repeats, so that it says nothing beside a dynamic one.
  bool isKnown = last > 1 || !isDynamic;
  if (isKnown && last * 4 < lanes)
    return {LaneDirection::Along, "only " + std::to_string(last) +
                                      (last == 1 ? " row lies" : " rows lie") +
                                      " side by side in memory"};
  return {LaneDirection::Across, "neighbouring rows get a lane each"};
}

LogicalResult checkGiven(ApplyOp apply, FormulaOp formula) {
  bool elementwise = *apply.getForm() == Form::Elementwise;
  if (elementwise == !formula.hasReduction()) {
    if (*apply.getForm() != Form::Online || canRunOnline(formula))
      return success();
    return apply.emitOpError("form online does not fit @")
           << formula.getSymName()
           << ": the winner of a maximum has no running form beside sums";
  }
  return apply.emitOpError("form ")
         << stringifyForm(*apply.getForm()) << " does not fit @"
         << formula.getSymName() << ", which "
         << (elementwise ? "has a reduction" : "is elementwise");
}

/// Pages are visited in turn along whole rows only.
LogicalResult checkPages(ApplyOp apply) {
  if (apply.getLanes() != LaneDirection::Across ||
      apply.getPages().value_or(1) == 1)
    return success();
  return apply.emitOpError("pages does not fit lanes across rows: only pages "
                           "of one row are visited in turn");
}

/// In the stored form, results are read again while they are made.
LogicalResult chooseStreaming(ApplyOp apply, bool explain) {
  if (apply.getForm() == Form::Stored) {
    if (apply.getStreamBytes().value_or(0) == 0)
      return success();
    return apply.emitOpError("stream_bytes does not fit the stored form, which "
                             "reads results again that it writes");
  }
  bool across = apply.getLanes() == LaneDirection::Across;
  if (across && apply.getStreamBytes().value_or(0) != 0)
    return apply.emitOpError(
        "stream_bytes does not fit lanes across rows: only "
        "whole rows are written past the caches");
  if (apply.getStreamBytes() || apply.getForm() != Form::Elementwise)
    return success();
  if (across) {
    apply.setStreamBytes(0);
    if (explain)
      apply.emitRemark("results of @")
          << apply.getFormula()
          << " are written through the caches: lanes run across rows";
    return success();
  }
  apply.setStreamBytes(kStreamBytes);
  if (explain)
    apply.emitRemark("results of @")
        << apply.getFormula() << " are written past the caches from "
        << kStreamBytes << " bytes on: so much would not be found there";
  return success();
}

/// Of a row in random order k (1 + ln(n / k)) elements are inserted. On 512-bit
/// vectors, n = 32768 and k = 128 that takes 15 microseconds and a selection
/// 100; a row in rising order, of which all are inserted, 340.
constexpr uint64_t kMostInserted = 128;

struct TopKChoice {
  TopKForm form;
  StringRef why;
};

TopKChoice choose(TopKOp topk) {
  if (topk.getK() <= kMostInserted)
    return {TopKForm::Insert, "few elements are ever among the largest so far, "
                              "and the row is read once"};
  return {TopKForm::Select, "a list of so many is dear to insert into"};
}

struct WeirChooseForm : weir::impl::WeirChooseFormBase<WeirChooseForm> {
  using WeirChooseFormBase::WeirChooseFormBase;

  void setLanes(ApplyOp apply, FormulaOp formula) {
    if (apply.getLanes() || apply.getRowDim() == apply.getRowRank() - 1)
      return;
    LaneChoice choice = chooseLanes(apply, formula);
    apply.setLanes(choice.direction);
    if (explain)
      apply.emitRemark("@") << formula.getSymName()
                            << (choice.direction == LaneDirection::Across
                                    ? " runs across rows: "
                                    : " runs on transposed copies: ")
                            << choice.why;
  }

  void runOnOperation() override {
    WalkResult walk = getOperation().walk([&](ApplyOp apply) {
      FormulaOp formula = apply.resolveFormula();
      setLanes(apply, formula);
      if (apply.getForm()) {
        if (failed(checkGiven(apply, formula)) || failed(checkPages(apply)) ||
            failed(chooseStreaming(apply, explain)))
          return WalkResult::interrupt();
        return WalkResult::advance();
      }
      Choice choice = choose(formula);
      apply.setForm(choice.form);
      if (explain)
        apply.emitRemark("@")
            << formula.getSymName() << " runs in the "
            << stringifyForm(choice.form) << " form: " << choice.why;
      return failed(checkPages(apply)) ||
                     failed(chooseStreaming(apply, explain))
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    getOperation().walk([&](TopKOp topk) {
      if (topk.getForm())
        return;
      TopKChoice choice = choose(topk);
      topk.setForm(choice.form);
      if (explain)
        topk.emitRemark("the ")
            << topk.getK() << " largest are found in the "
            << stringifyTopKForm(choice.form) << " form: " << choice.why;
    });
  }
};

} // namespace
