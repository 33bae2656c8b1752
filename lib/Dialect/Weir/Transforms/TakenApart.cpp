//===- TakenApart.cpp - the states of a formula and their layout ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "weir/Dialect/Weir/IR/Constants.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// True when the sweep searches, or holds a reduction that was not brought into
/// a form with a running value.
static const Law *findWithoutState(const DerivedSweep &sweep) {
  for (const Law &law : sweep.laws)
    if (law.kind == Law::Search ||
        (law.kind != Law::Recentre && !law.isDirect()))
      return &law;
  return nullptr;
}

TakenApart::TakenApart(FormulaOp original, const StatePolicies &policies)
    : formula(original.clone()), policies(policies) {
  if (!formula->getOperation()->hasAttr(WeirDialect::kAsWrittenAttrName))
    normalizeFormula(*formula);
  if (original.hasReduction())
    addWitness();
  laws = std::make_unique<RowLaws>(*formula);
  for (const DerivedSweep &sweep : laws->getSweeps()) {
    if (findWithoutState(sweep))
      break;
    states.emplace_back(sweep);
  }
  Block &body = formula->getBody().front();
  usesLength |= !body.getOps<LengthOp>().empty();
  usesExtent = !body.getOps<ExtentOp>().empty();
  usesRow = !body.getOps<RowOp>().empty();
}

/// True when `value` is -inf only where the score is: not where that is scaled
/// by a negative number or added to a bias of -inf.
bool TakenApart::followsScore(Value value) const {
  FormulaOp op = *formula;
  if (value == op.getBody().getArgument(op.getScoreIndex()))
    return true;
  auto isConstant = [](Value operand, bool positive) {
    APFloat number(0.0f);
    return matchPattern(operand, m_ConstantFloat(&number)) &&
           number.isFinite() && (!positive || number > APFloat(0.0f));
  };
  Operation *def = value.getDefiningOp();
  if (isa_and_nonnull<math::TanhOp>(def))
    return true;
  if (isa_and_nonnull<arith::AddFOp, arith::SubFOp>(def))
    return followsScore(def->getOperand(0)) &&
           isConstant(def->getOperand(1), /*positive=*/false);
  return isa_and_nonnull<arith::MulFOp, arith::DivFOp>(def) &&
         followsScore(def->getOperand(0)) &&
         isConstant(def->getOperand(1), /*positive=*/true);
}

/// Finds, or adds, a reduction that tells what the policies ask for: a maximum
/// over finite values is -inf where nothing is left, and NaN where a score is.
void TakenApart::addWitness() {
  FormulaLimits limits(*formula, /*scoreExcludes=*/true);
  Block &body = formula->getBody().front();
  Value score = body.getArgument(formula->getScoreIndex());
  bool isFloat = score.getType().isF32();
  auto keepsNaN = [&](Value value) {
    return limits.propagatesNaN(value, FormulaLimits::NaNAt::Row,
                                /*maximaKeepNaN=*/true);
  };
  looksForNaN = isFloat && policies.nan != NaNPolicy::Ignore &&
                !llvm::all_of(formula->getYieldedValues(), keepsNaN);
  EmptyRow empty = policies.emptyRow.value_or(EmptyRow::Zero);
  bool looksForEmpty = false;
  for (auto [i, type] : llvm::enumerate(formula->getResultTypes())) {
    bool uniform = formula->isUniformResult(i);
    looksForEmpty |= type.isF32() && (uniform || empty != EmptyRow::Zero);
    usesLength |= type.isF32() && !uniform && empty == EmptyRow::Uniform;
  }
  // A formula whose reductions nothing used has lost them, but excludes
  // elements all the same.
  if (formula->hasReduction() && !looksForNaN && !looksForEmpty)
    return;
  for (ReduceOp reduce : body.getOps<ReduceOp>())
    if (isFloat && reduce.getKind() == ReductionKind::Max &&
        reduce.getValue().getType().isF32() &&
        limits.isFiniteInRow(reduce.getValue()) &&
        followsScore(reduce.getValue()) &&
        (!looksForNaN || keepsNaN(reduce.getResult()))) {
      witness = reduce;
      return;
    }
  // Other scores are excluded by the mask alone: the elements are counted.
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  Location loc = formula->getLoc();
  Value value =
      isFloat ? score : createF32Constant(builder, loc, 1.0).getResult();
  auto kind = isFloat ? ReductionKind::Max : ReductionKind::Add;
  witness = ReduceOp::create(builder, loc, kind, value);
}

LogicalResult
TakenApart::check(int64_t sweep,
                  llvm::function_ref<InFlightDiagnostic()> emitError) const {
  FormulaOp op = *formula;
  if (sweep < 0 || sweep > getNumSweeps())
    return emitError() << "@" << op.getSymName() << " has no sweep " << sweep
                       << "; it has " << getNumSweeps();
  int64_t wanted = sweep ? sweep : getNumSweeps();
  if (wanted <= static_cast<int64_t>(states.size()))
    return success();
  const Law *law = findWithoutState(laws->getSweeps()[states.size()]);
  InFlightDiagnostic diagnostic = emitError();
  diagnostic << "sweep " << states.size() + 1 << " of @" << op.getSymName()
             << " has no state that could be merged";
  diagnostic.attachNote(law->op->getLoc())
      << "because of this " << law->op->getName()
      << (law->kind == Law::Search ? ", which needs the whole row"
                                   : ", which has no running value");
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// Floats first: the first argument of a formula over states says which type it
/// is computed in.
SmallVector<TakenApart::Slot> TakenApart::getSlots(int64_t sweep) const {
  const SweepState &state = getState(sweep);
  MLIRContext *context = FormulaOp(*formula).getContext();
  Type f32 = Float32Type::get(context), index = IndexType::get(context);
  SmallVector<Slot> slots;
  for (auto [i, anchor] : llvm::enumerate(state.anchors))
    slots.push_back(
        {Slot::Anchor, unsigned(i), ReduceOp(anchor).getValue().getType()});
  for (auto [i, sum] : llvm::enumerate(state.sums)) {
    ReduceOp reduce = sum.reduce;
    slots.push_back(
        {Slot::Sum, unsigned(i), reduce ? reduce.getResult().getType() : f32});
  }
  for (size_t i = 0; i < state.moments.size(); ++i)
    for (Slot::Kind kind : {Slot::Count, Slot::Mean, Slot::Squares})
      slots.push_back({kind, unsigned(i), f32});
  for (auto [i, anchor] : llvm::enumerate(state.anchors))
    if (ReduceOp(anchor).getWinner())
      slots.push_back({Slot::Winner, unsigned(i), index});
  if (usesRow)
    slots.push_back({Slot::Row, 0, index});
  SmallVector<Slot> ordered;
  for (bool isFloat : {true, false})
    llvm::copy_if(slots, std::back_inserter(ordered), [&](const Slot &slot) {
      return slot.type.isF32() == isFloat;
    });
  return ordered;
}

static TypedAttr getIdentity(Type type, ReductionKind kind) {
  Builder builder(type.getContext());
  if (isa<FloatType>(type))
    return builder.getFloatAttr(type, kind == ReductionKind::Add   ? 0.0
                                      : kind == ReductionKind::Max ? -INFINITY
                                                                   : INFINITY);
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  APInt value = kind == ReductionKind::Add   ? APInt::getZero(width)
                : kind == ReductionKind::Max ? APInt::getSignedMinValue(width)
                                             : APInt::getSignedMaxValue(width);
  return builder.getIntegerAttr(type, value);
}

RowValue TakenApart::describe(const Slot &slot, int64_t sweep) const {
  const SweepState &state = getState(sweep);
  Builder builder(FormulaOp(*formula).getContext());
  TypedAttr zero = builder.getF32FloatAttr(0), none = builder.getIndexAttr(-1);
  switch (slot.kind) {
  case Slot::Anchor: {
    ReductionKind kind = ReduceOp(state.anchors[slot.of]).getKind();
    return {slot.type, stringifyReductionKind(kind).str(),
            getIdentity(slot.type, kind)};
  }
  case Slot::Winner:
    return {slot.type,
            "position of " + stringifyReductionKind(
                                 ReduceOp(state.anchors[slot.of]).getKind())
                                 .str(),
            none};
  case Slot::Sum:
    return {slot.type,
            state.sums[slot.of].reduce ? "sum" : "sum for corrections",
            getIdentity(slot.type, ReductionKind::Add)};
  case Slot::Count:
    return {slot.type, "count", zero};
  case Slot::Mean:
    return {slot.type, "mean", zero};
  case Slot::Squares:
    return {slot.type, "centred squares", zero};
  case Slot::Row:
    return {slot.type, "row", none};
  }
  llvm_unreachable("unknown slot");
}

SmallVector<Value> TakenApart::getStatistics(int64_t sweep) const {
  SmallVector<Value> values;
  for (const Law &law : laws->getSweeps()[sweep - 1].laws)
    llvm::append_range(values, law.op->getResults());
  return values;
}

StateLayout TakenApart::getLayout(int64_t sweep) const {
  StateLayout layout;
  FormulaOp op = *formula;
  Type index = IndexType::get(op.getContext());
  auto name = [](Value statistic) {
    auto reduce = cast<ReduceOp>(statistic.getDefiningOp());
    std::string kind = reduce.getKind() == ReductionKind::Add
                           ? "sum"
                           : stringifyReductionKind(reduce.getKind()).str();
    return statistic == reduce.getResult() ? kind : "position of " + kind;
  };
  if (usesLength)
    layout.known.push_back({index, "length", {}});
  if (usesExtent)
    layout.known.push_back({index, "extent", {}});
  for (int64_t s = 1; s <= getNumSweeps() && (sweep == 0 || s < sweep); ++s)
    for (Value value : getStatistics(s))
      layout.known.push_back({value.getType(), name(value), {}});
  if (sweep == 0)
    return layout;
  for (const Slot &slot : getSlots(sweep))
    layout.slots.push_back(describe(slot, sweep));
  for (Value value : getStatistics(sweep))
    layout.finished.push_back({value.getType(), name(value), {}});
  if (isLast(sweep))
    for (auto [i, type] : llvm::enumerate(op.getResultTypes()))
      if (op.isUniformResult(i))
        layout.finished.push_back({type, "result " + std::to_string(i), {}});
  return layout;
}
