//===- ChooseForm.cpp - how the rows of each weir.apply and weir.topk run ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "FormPlans.h"
#include "weir/Dialect/Weir/Analysis/SweepState.h"

#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRCHOOSEFORM
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

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

/// Why the rows of `apply` cannot run in `form`; none when they can.
std::optional<Misfit> getRowsMisfit(ApplyOp apply, FormulaOp formula,
                                    Form form) {
  std::optional<Misfit> misfit = getMisfit(formula, form);
  if (misfit || form != Form::Transposed)
    return misfit;
  StringRef obstacle = getTransposedObstacle(formula, apply.getRowRank(),
                                             /*across=*/apply.getLanes() ==
                                                 LaneDirection::Across);
  if (obstacle.empty())
    return std::nullopt;
  return Misfit{(": " + obstacle).str(), Value()};
}

void explain(InFlightDiagnostic &diagnostic, FormulaOp formula,
             const Misfit &misfit) {
  diagnostic << " does not fit @" << getPlainName(formula) << misfit.why;
  if (misfit.value)
    diagnostic.attachNote(misfit.value.getLoc())
        << "this value: " << misfit.value;
}

LogicalResult checkGiven(ApplyOp apply, FormulaOp formula, Form form) {
  std::optional<Misfit> misfit = getRowsMisfit(apply, formula, form);
  if (!misfit)
    return success();
  InFlightDiagnostic error = apply.emitOpError("form ") << stringifyForm(form);
  explain(error, formula, *misfit);
  return error;
}

/// Pages are visited in turn along whole rows only.
LogicalResult checkPages(ApplyOp apply, int64_t pages) {
  if (apply.getLanes() != LaneDirection::Across || pages <= 1)
    return success();
  return apply.emitOpError("pages does not fit lanes across rows: only pages "
                           "of one row are visited in turn");
}

LogicalResult checkStreaming(ApplyOp apply, Form form, int64_t streamBytes) {
  if (streamBytes == 0)
    return success();
  if (form == Form::Transposed)
    return apply.emitOpError("stream_bytes does not fit the form transposed: "
                             "its rows are short and stay in the caches");
  if (apply.getLanes() != LaneDirection::Across)
    return success();
  return apply.emitOpError("stream_bytes does not fit lanes across rows: only "
                           "whole rows are written past the caches");
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

/// When a formula's row is read for the selection.
std::string describeSweeps(TopKOp topk) {
  FormulaOp formula = topk.resolveFormula();
  if (!formula || !formula.hasReduction())
    return "";
  RowLaws laws(formula);
  bool joins = topk.getForm() == TopKForm::Insert &&
               topk.getPosInf() != PosInf::Share && !laws.getSweeps().empty() &&
               canCarryState(laws.getSweeps().front());
  std::string when =
      joins ? "; it joins the first" : "; it goes before the first";
  return when + " of " + std::to_string(laws.getSweeps().size()) +
         " sweeps of @" + getPlainName(formula).str();
}

struct WeirChooseForm : weir::impl::WeirChooseFormBase<WeirChooseForm> {
  using WeirChooseFormBase::WeirChooseFormBase;

  void setLanes(ApplyOp apply, FormulaOp formula) {
    if (apply.getLanes() || apply.getRowDim() == apply.getRowRank() - 1)
      return;
    LaneChoice choice =
        apply.getForm() == Form::Transposed
            ? LaneChoice{LaneDirection::Along,
                         "its form reads several rows along memory"}
            : chooseLanes(apply, formula);
    apply.setLanes(choice.direction);
    if (explain)
      apply.emitRemark("@") << getPlainName(formula)
                            << (choice.direction == LaneDirection::Across
                                    ? " runs across rows: "
                                    : " runs on transposed copies: ")
                            << choice.why;
  }

  /// Checks what is given of the schedule.
  LogicalResult check(ApplyOp apply, FormulaOp formula) {
    if (failed(checkPages(apply, apply.getPages().value_or(1))))
      return failure();
    if (std::optional<Form> form = apply.getForm())
      if (failed(checkGiven(apply, formula, *form)) ||
          failed(
              checkStreaming(apply, *form, apply.getStreamBytes().value_or(0))))
        return failure();
    if (std::optional<ArrayAttr> plans = apply.getPlans())
      for (PlanAttr plan : plans->getAsRange<PlanAttr>())
        if (failed(checkGiven(apply, formula, plan.getForm())) ||
            failed(checkPages(apply, plan.getPages())) ||
            failed(
                checkStreaming(apply, plan.getForm(), plan.getStreamBytes())))
          return failure();
    return success();
  }

  /// The form that was asked for on the command line, where it fits.
  std::optional<Form> getWanted(ApplyOp apply, FormulaOp formula) {
    std::optional<Form> wanted = parseFormOfRows(form);
    if (!wanted || !formula.hasReduction())
      return std::nullopt;
    std::optional<Misfit> misfit = getRowsMisfit(apply, formula, *wanted);
    if (!misfit && (*wanted == Form::Online || *wanted == Form::TwoPass) &&
        apply.getNegInf() == NegInf::Ordinary)
      misfit = Misfit{": -inf is an ordinary score there", Value()};
    if (!misfit)
      return wanted;
    InFlightDiagnostic warning = apply.emitWarning("form ")
                                 << stringifyForm(*wanted);
    ::explain(warning, formula, *misfit);
    return std::nullopt;
  }

  /// Gives `apply` the only plan, but for what it was given.
  void takePlan(ApplyOp apply, PlanAttr plan) {
    apply.setForm(plan.getForm());
    if (!apply.getStreamBytes() &&
        (plan.getStreamBytes() > 0 || plan.getForm() == Form::Elementwise))
      apply.setStreamBytes(plan.getStreamBytes());
    if (!apply.getPages() && plan.getPages() > 0)
      apply.setPages(plan.getPages());
  }

  void explainPlan(ApplyOp apply, const FormQuestion &question,
                   const ReasonedPlan &choice, bool isLater) {
    if (explain)
      apply.emitRemark("@")
          << getPlainName(question.formula) << (isLater ? " else" : "")
          << " runs in the " << stringifyForm(choice.plan.getForm()) << " form"
          << describeSizes(choice.plan) << ": " << choice.why << "; "
          << describeCost(question, choice.plan);
  }

  void setPlans(ApplyOp apply, FormQuestion &question,
                ArrayRef<ReasonedPlan> chosen) {
    SmallVector<Attribute> plans;
    for (auto [i, choice] : llvm::enumerate(chosen)) {
      // What is given beside a form holds for all but short rows.
      PlanAttr plan = choice.plan;
      if (plan.getForm() == Form::Transposed) {
        plans.push_back(plan);
        explainPlan(apply, question, choice, i > 0);
        continue;
      }
      plans.push_back(
          PlanAttr::get(&getContext(), plan.getForm(), plan.getMinRows(),
                        plan.getMaxLength(), plan.getMaxElements(),
                        apply.getStreamBytes().value_or(plan.getStreamBytes()),
                        apply.getPages().value_or(plan.getPages())));
      explainPlan(apply, question, choice, i > 0);
    }
    if (plans.size() == 1)
      return takePlan(apply, chosen[0].plan);
    apply.setPlansAttr(ArrayAttr::get(&getContext(), plans));
    apply.removeStreamBytesAttr();
    apply.removePagesAttr();
  }

  LogicalResult choose(ApplyOp apply) {
    FormulaOp formula = apply.resolveFormula();
    setLanes(apply, formula);
    if (failed(check(apply, formula)))
      return failure();
    if (apply.getPlans())
      return success();
    FormQuestion question = FormQuestion::ask(apply);
    if (!apply.getForm()) {
      SmallVector<ReasonedPlan> chosen = choosePlans(question);
      if (std::optional<Form> wanted = getWanted(apply, formula))
        chosen = {{PlanAttr::get(&getContext(), *wanted, 0, 0, 0, 0, 0),
                   "it is asked for"}};
      setPlans(apply, question, chosen);
      return check(apply, formula);
    }
    if (*apply.getForm() == Form::Elementwise && !apply.getStreamBytes())
      apply.setStreamBytes(choosePlans(question)[0].plan.getStreamBytes());
    return success();
  }

  void runOnOperation() override {
    if (!form.empty() && !parseFormOfRows(form)) {
      emitError(getOperation().getLoc())
          << "unknown form '" << form << "'; use " << kFormsOfRows;
      return signalPassFailure();
    }
    WalkResult walk = getOperation().walk([&](ApplyOp apply) {
      return failed(choose(apply)) ? WalkResult::interrupt()
                                   : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    getOperation().walk([&](TopKOp topk) {
      if (topk.getForm())
        return;
      TopKChoice choice = ::choose(topk);
      topk.setForm(choice.form);
      if (explain)
        topk.emitRemark("the ")
            << topk.getK() << " largest are found in the "
            << stringifyTopKForm(choice.form) << " form: " << choice.why
            << describeSweeps(topk);
    });
  }
};

} // namespace
