//===- TakeApart.cpp - weir.apply to stats, finish and weights ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "FormulaWriter.h"
#include "RowLayout.h"
#include "weir/Dialect/Weir/Transforms/DerivedSymbols.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRTAKEAPART
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Takes one weir.apply apart.
class Taking {
public:
  Taking(ApplyOp apply, DerivedSymbols &symbols)
      : apply(apply), formula(apply.resolveFormula()), symbols(symbols),
        policies{apply.getEmptyRow(), apply.getNan()},
        parts(symbols.get(formula, policies)), builder(apply),
        loc(apply.getLoc()) {}

  LogicalResult run();

private:
  using P = arith::CmpFPredicate;

  Type getAccumulator();
  SmallVector<Value> getVarying();
  SmallVector<int64_t> getFullShape();
  FlatSymbolRefAttr derive(StringRef purpose,
                           llvm::function_ref<void(FormulaWriter &)> write);
  void shareInfinity();
  Value countUnmasked();
  void find();
  Value createState(const RowValue &value, Type element, bool fill);
  Type getStateType(const RowValue &value);
  void runSweep(int64_t sweep);
  void runWeights();

  ApplyOp apply;
  FormulaOp formula;
  DerivedSymbols &symbols;
  StatePolicies policies;
  TakenApart &parts;
  OpBuilder builder;
  Location loc;
  std::optional<RowLayout> layout;
  SmallVector<Value> uniforms, known, uniformResults;
};

} // namespace

Type Taking::getAccumulator() {
  Type score =
      getElementTypeOrSelf(layout->inputs[formula.getScoreIndex()].getType());
  return score.isF64() ? score : Type(builder.getF32Type());
}

/// The varying operands: all of them, so that shapes that repeat are as large
/// as in the rows themselves. The score comes first.
SmallVector<Value> Taking::getVarying() {
  SmallVector<Value> varying;
  for (auto [i, input] : llvm::enumerate(layout->inputs))
    if (!formula.isUniformArgument(i))
      varying.push_back(input);
  return varying;
}

SmallVector<int64_t> Taking::getFullShape() {
  return llvm::map_to_vector(layout->fullSizes, [](OpFoldResult size) {
    return getConstantIntValue(size).value_or(ShapedType::kDynamic);
  });
}

FlatSymbolRefAttr
Taking::derive(StringRef purpose,
               llvm::function_ref<void(FormulaWriter &)> write) {
  return symbols.getOrInsert(apply, formula, policies, purpose,
                             [&](StringRef name) {
                               FormulaWriter w(loc);
                               write(w);
                               return w.finish(name);
                             });
}

/// Gives the writer an argument for each varying operand; returns the score's.
static Value addVarying(FormulaWriter &w, FormulaOp formula) {
  Value score;
  for (auto [i, type] : llvm::enumerate(formula.getArgumentTypes()))
    if (!formula.isUniformArgument(i)) {
      Value argument = w.addArgument(type, /*uniform=*/false);
      if (!score)
        score = argument;
    }
  return score;
}

/// Under pos_inf = share, rows that hold +inf have scores of 0 where they are
/// +inf and of -inf elsewhere. From then on they are ordinary rows.
void Taking::shareInfinity() {
  FlatSymbolRefAttr most = derive("most", [&](FormulaWriter &w) {
    Value score = addVarying(w, formula);
    w.addResult(
        ReduceOp::create(w.body, w.loc, ReductionKind::Max, score).getResult(),
        /*uniform=*/true);
  });
  FlatSymbolRefAttr shared = derive("shared", [&](FormulaWriter &w) {
    Value score = addVarying(w, formula);
    Value greatest = w.addArgument(w.body.getF32Type(), /*uniform=*/true);
    Value infinity = w.special(INFINITY);
    Value share = w.select(w.compare(P::OEQ, score, infinity), w.constant(0.0),
                           w.special(-INFINITY));
    w.addResult(w.select(w.compare(P::OEQ, greatest, infinity), share, score),
                /*uniform=*/false);
  });
  SmallVector<Value> varying = getVarying();
  Value &score = layout->inputs[formula.getScoreIndex()];
  SmallVector<int64_t> full = getFullShape();
  // A NaN does not keep +inf from being shared.
  auto ignore = NaNPolicyAttr::get(builder.getContext(), NaNPolicy::Ignore);
  auto greatest = ApplyOp::create(
      builder, loc,
      RankedTensorType::get(ArrayRef<int64_t>(full).drop_back(),
                            getAccumulator()),
      most, varying, layout->mask, IntegerAttr(), EmptyRowAttr(), PosInfAttr(),
      ignore, TiesAttr(), NegInfAttr(), FormAttr(), apply.getThreadGrainAttr(),
      IntegerAttr());
  varying.push_back(greatest.getResult(0));
  score =
      ApplyOp::create(
          builder, loc,
          RankedTensorType::get(full, getElementTypeOrSelf(score.getType())),
          shared, varying, Value(), IntegerAttr(), EmptyRowAttr(), PosInfAttr(),
          NaNPolicyAttr(), TiesAttr(), NegInfAttr(), FormAttr(),
          apply.getThreadGrainAttr(), IntegerAttr())
          .getResult(0);
}

Value Taking::countUnmasked() {
  FlatSymbolRefAttr length =
      symbols.getUnmaskedLength(apply, formula, policies);
  SmallVector<Value> operands = getVarying();
  operands.insert(operands.begin(), layout->mask);
  SmallVector<int64_t> full = getFullShape();
  auto type = RankedTensorType::get(ArrayRef<int64_t>(full).drop_back(),
                                    builder.getIndexType());
  return ApplyOp::create(builder, loc, type, length, operands, Value(),
                         IntegerAttr(), EmptyRowAttr(), PosInfAttr(),
                         NaNPolicyAttr(), TiesAttr(), NegInfAttr(), FormAttr(),
                         apply.getThreadGrainAttr(), IntegerAttr())
      .getResult(0);
}

/// What is known before the first sweep.
void Taking::find() {
  for (const RowValue &value : parts.getLayout(1).known) {
    if (value.meaning == "length" && layout->mask)
      known.push_back(countUnmasked());
    else
      known.push_back(getValueOrCreateConstantIndexOp(
          builder, loc, layout->fullSizes.back()));
  }
}

Type Taking::getStateType(const RowValue &value) {
  return value.type.isF32() ? getAccumulator() : value.type;
}

/// A tensor of the outer shape, filled with the identity if `fill`.
Value Taking::createState(const RowValue &value, Type element, bool fill) {
  SmallVector<OpFoldResult> outer(layout->fullSizes);
  outer.pop_back();
  Value state = tensor::EmptyOp::create(builder, loc, outer, element);
  if (!fill)
    return state;
  Value identity = arith::ConstantOp::create(builder, loc,
                                             getStoredIdentity(value, element));
  return linalg::FillOp::create(builder, loc, identity, state).getResult(0);
}

void Taking::runSweep(int64_t sweep) {
  StateLayout values = parts.getLayout(sweep);
  bool isLast = sweep == parts.getNumSweeps();
  size_t statistics =
      parts.getLayout(isLast ? 0 : sweep + 1).known.size() - known.size();
  SmallVector<Value> identity, to;
  for (const RowValue &slot : values.slots)
    identity.push_back(createState(slot, getStateType(slot), /*fill=*/true));
  for (const RowValue &value : ArrayRef(values.finished).take_front(statistics))
    to.push_back(createState(value, getStateType(value), /*fill=*/false));
  for (unsigned i = 0, e = apply.getNumResults(); isLast && i < e; ++i)
    if (formula.isUniformResult(i))
      to.push_back(createState(values.finished[to.size()],
                               getElementTypeOrSelf(apply.getResultTypes()[i]),
                               /*fill=*/false));
  IntegerAttr number = builder.getI64IntegerAttr(sweep);
  auto stats = StatsOp::create(
      builder, loc, ValueRange(identity).getTypes(), apply.getFormulaAttr(),
      number, layout->inputs, layout->mask, known, apply.getRowBase(),
      apply.getRowStrides(), apply.getColumn(), identity,
      apply.getEmptyRowAttr(), apply.getNanAttr(), apply.getThreadGrainAttr());
  auto finish = FinishOp::create(builder, loc, ValueRange(to).getTypes(),
                                 apply.getFormulaAttr(), number,
                                 stats.getResults(), uniforms, known, to,
                                 apply.getEmptyRowAttr(), apply.getNanAttr());
  llvm::append_range(known, finish.getResults().take_front(statistics));
  uniformResults.assign(finish.getResults().begin() + statistics,
                        finish.getResults().end());
}

void Taking::runWeights() {
  SmallVector<Value> to;
  for (unsigned i = 0, e = apply.getNumResults(); i < e; ++i)
    if (!formula.isUniformResult(i))
      to.push_back(layout->createDestination(i));
  SmallVector<Value> varying;
  if (!to.empty()) {
    auto weights = WeightsOp::create(
        builder, loc, ValueRange(to).getTypes(), apply.getFormulaAttr(),
        layout->inputs, layout->mask, known, apply.getRowBase(),
        apply.getRowStrides(), apply.getColumn(), to, apply.getEmptyRowAttr(),
        apply.getNanAttr(), apply.getThreadGrainAttr());
    varying.assign(weights.getResults().begin(), weights.getResults().end());
  }
  auto *nextVarying = varying.begin(), *nextUniform = uniformResults.begin();
  for (unsigned i = 0, e = apply.getNumResults(); i < e; ++i) {
    Value result = formula.isUniformResult(i) ? *nextUniform++ : *nextVarying++;
    layout->replaceResult(i, result);
  }
}

LogicalResult Taking::run() {
  // A state tells what is excluded and what is NaN; arithmetic does not.
  if (apply.getNegInf() == NegInf::Ordinary ||
      apply.getNan() == NaNPolicy::Arithmetic)
    return apply.emitOpError("cannot be taken apart: ")
           << (apply.getNegInf() == NegInf::Ordinary ? "neg_inf = ordinary"
                                                     : "nan = arithmetic")
           << " has no state";
  if (failed(parts.check(
          0, [&] { return apply.emitOpError("cannot be taken apart: "); })))
    return failure();
  layout.emplace(apply, builder);
  if (apply.getPosInf() == PosInf::Share &&
      formula.getArgumentTypes()[formula.getScoreIndex()].isF32())
    shareInfinity();
  for (auto [i, input] : llvm::enumerate(layout->inputs))
    if (formula.isUniformArgument(i))
      uniforms.push_back(input);
  find();
  for (int64_t sweep = 1; sweep <= parts.getNumSweeps(); ++sweep)
    runSweep(sweep);
  runWeights();
  apply.erase();
  return success();
}

namespace {
struct WeirTakeApart : weir::impl::WeirTakeApartBase<WeirTakeApart> {
  void runOnOperation() override {
    SmallVector<ApplyOp> all;
    getOperation().walk([&](ApplyOp apply) {
      if (apply.resolveFormula().hasReduction())
        all.push_back(apply);
    });
    DerivedSymbols symbols;
    for (ApplyOp apply : all)
      if (failed(Taking(apply, symbols).run()))
        return signalPassFailure();
  }
};
} // namespace
