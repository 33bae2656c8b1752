//===- AttendedFormula.cpp - a formula on the scores of a tile ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"

#include "FormulaWriter.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace weir;

template <typename OpTy>
static bool uses(FormulaOp formula) {
  return formula.getBody()
      .walk([](OpTy) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// True when an excluded element has another weight than 0: without a reduction
/// nothing is excluded, and weights that are logarithms are -inf.
static bool weighsExcluded(FormulaOp formula) {
  Value weights = formula.getYieldedValues()[formula.getFirstVaryingResult()];
  return !formula.hasReduction() ||
         FormulaLimits(formula, /*scoreExcludes=*/true).atExcluded(weights) ==
             Limit::NegInf;
}

AttendedArguments weir::getAttendedArguments(FormulaOp formula) {
  AttendedArguments arguments;
  arguments.length = uses<LengthOp>(formula);
  arguments.extent = uses<ExtentOp>(formula);
  arguments.row = uses<RowOp>(formula);
  arguments.isUnchanged = !arguments.length && !arguments.extent &&
                          !arguments.row && !weighsExcluded(formula);
  return arguments;
}

/// Puts a uniform index argument in place of all ops of one kind.
template <typename OpTy>
static void makeArgument(FormulaOp formula, SmallVectorImpl<Type> &types,
                         SmallVectorImpl<Attribute> &attrs) {
  Builder builder(formula.getContext());
  BlockArgument argument = formula.getBody().front().addArgument(
      builder.getIndexType(), formula.getLoc());
  types.push_back(argument.getType());
  attrs.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
      WeirDialect::kUniformAttrName, builder.getUnitAttr())));
  SmallVector<OpTy> ops;
  formula.getBody().walk([&](OpTy op) { ops.push_back(op); });
  for (OpTy op : ops) {
    op.getResult().replaceAllUsesWith(argument);
    op.erase();
  }
}

/// Weights of 0 where the score is -inf.
static void excludeInfinity(FormulaOp formula) {
  Operation *yield = formula.getBody().front().getTerminator();
  OpBuilder builder(yield);
  Location loc = formula.getLoc();
  unsigned index = formula.getFirstVaryingResult();
  Value score = formula.getBody().getArgument(formula.getScoreIndex());
  auto special = [&](double value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(value));
  };
  Value seen =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, score,
                            special(-std::numeric_limits<double>::infinity()));
  Value weight = arith::SelectOp::create(
      builder, loc, seen, yield->getOperand(index), special(0.0));
  yield->setOperand(index, weight);
}

/// Multiplies the score wherever it is used.
static void scaleScore(FormulaOp formula, double scale) {
  OpBuilder builder = OpBuilder::atBlockBegin(&formula.getBody().front());
  Value score = formula.getBody().getArgument(formula.getScoreIndex());
  Value factor = createF32Constant(builder, formula.getLoc(), scale);
  auto scaled = arith::MulFOp::create(builder, formula.getLoc(), score, factor);
  score.replaceAllUsesExcept(scaled, scaled);
}

FormulaOp weir::buildAttended(FormulaOp formula, StringRef name, double scale) {
  AttendedArguments arguments = getAttendedArguments(formula);
  FormulaOp made = formula.clone();
  made.setSymName(name);
  SymbolTable::setSymbolVisibility(made, SymbolTable::Visibility::Private);
  SmallVector<Type> types(formula.getArgumentTypes());
  SmallVector<Attribute> attrs;
  for (unsigned i = 0, e = types.size(); i < e; ++i)
    attrs.push_back(formula.getArgAttrDict(i)
                        ? Attribute(formula.getArgAttrDict(i))
                        : Attribute(DictionaryAttr::get(formula.getContext())));
  if (arguments.length)
    makeArgument<LengthOp>(made, types, attrs);
  if (arguments.extent)
    makeArgument<ExtentOp>(made, types, attrs);
  if (arguments.row)
    makeArgument<RowOp>(made, types, attrs);
  made.setFunctionType(
      FunctionType::get(formula.getContext(), types, formula.getResultTypes()));
  made.setArgAttrsAttr(ArrayAttr::get(formula.getContext(), attrs));
  if (scale != 1.0)
    scaleScore(made, scale);
  if (weighsExcluded(formula))
    excludeInfinity(made);
  return made;
}

BlockwiseRows::BlockwiseRows(FormulaOp attended, const StatePolicies &policies,
                             std::optional<PosInf> posInf)
    : parts(attended, policies) {
  if (!parts.isComplete())
    obstacle = "a sweep has no state that could go from block to block";
  else if (posInf == PosInf::Share)
    obstacle =
        "whether scores of +inf share the mass is a matter of whole rows";
  else if (policies.nan == NaNPolicy::Arithmetic)
    obstacle = "nan = arithmetic has no state";
  else if (parts.getNumSweeps() == 0 && attended.getNumResults() > 1)
    obstacle = "without a reduction no state leads to its uniform results";
}

std::string BlockwiseRows::getMisfit(AttentionForm form) {
  if (form == AttentionForm::Blocks)
    return "";
  if (!obstacle.empty())
    return obstacle.str();
  bool isOne = getPasses() == 1;
  if (isOne == (form == AttentionForm::OnePass))
    return "";
  return "it makes the scores " + std::to_string(getPasses()) +
         (isOne ? " time" : " times");
}

AttentionStateLayout AttentionState::getLayout() {
  AttentionStateLayout layout;
  if (hasSweep())
    layout.slots = rows.parts.getLayout(1).slots;
  Builder builder(FormulaOp(*attended).getContext());
  for (auto [asks, name] :
       {std::pair(arguments.length, "length"),
        std::pair(arguments.extent, "extent"), std::pair(arguments.row, "row")})
    if (asks)
      layout.slots.push_back(
          {builder.getIndexType(), name, builder.getIndexAttr(0)});
  layout.sums = rows.getRank();
  return layout;
}

FormulaOp weir::buildPreparation(Location loc, const ScorePreparation &prepared,
                                 StringRef name) {
  FormulaWriter w(loc);
  Type f32 = w.body.getF32Type();
  Value score = w.addArgument(f32, /*uniform=*/false), bias, mask;
  if (prepared.hasBias)
    bias = w.addArgument(f32, /*uniform=*/false);
  if (prepared.hasMask)
    mask = w.addArgument(w.body.getI1Type(), /*uniform=*/false);
  if (prepared.softCap) {
    double cap = *prepared.softCap;
    Value part = w.multiply(score, w.constant(prepared.scale / cap));
    score =
        w.multiply(math::TanhOp::create(w.body, loc, part), w.constant(cap));
  } else if (prepared.scale != 1.0) {
    score = w.multiply(score, w.constant(prepared.scale));
  }
  if (bias)
    score = w.add(score, bias);
  if (mask)
    score = w.select(mask, score,
                     w.special(-std::numeric_limits<double>::infinity()));
  w.addResult(score, /*uniform=*/false);
  return w.finish(name);
}

/// The result of a pointwise formula whose first argument is `value` and whose
/// others become arguments of what is written.
static Value inlineEpilogue(FormulaWriter &w, FormulaOp epilogue, Value value) {
  IRMapping map;
  Block &body = epilogue.getBody().front();
  map.map(body.getArgument(0), value);
  for (unsigned i = 1, e = epilogue.getNumArguments(); i < e; ++i)
    map.map(body.getArgument(i), w.addArgument(epilogue.getArgumentTypes()[i],
                                               epilogue.isUniformArgument(i)));
  for (Operation &op : body.without_terminator())
    w.body.clone(op, map);
  return map.lookup(epilogue.getYieldedValues()[0]);
}

FormulaOp weir::buildOutput(Location loc, unsigned rank, bool hasOffset,
                            StringRef name, FormulaOp epilogue) {
  FormulaWriter w(loc);
  Type f32 = w.body.getF32Type();
  SmallVector<Value> sums;
  for (unsigned i = 0, e = std::max(rank, 1u); i < e; ++i)
    sums.push_back(w.addArgument(f32, /*uniform=*/false));
  Value output = sums[0], zero = w.constant(0.0);
  for (unsigned i = 0; i < rank; ++i) {
    Value term = w.multiply(sums[i], w.addArgument(f32, /*uniform=*/true));
    Value isZero = w.compare(arith::CmpFPredicate::OEQ, sums[i], zero);
    term = w.select(isZero, zero, term);
    output = i == 0 ? term : w.add(output, term);
  }
  if (hasOffset)
    output = w.add(output, w.addArgument(f32, /*uniform=*/true));
  if (epilogue)
    output = inlineEpilogue(w, epilogue, output);
  w.addResult(output, /*uniform=*/false);
  FormulaOp made = w.finish(name);
  if (epilogue && epilogue->hasAttr(WeirDialect::kKeepsDenormalsAttrName))
    made->setAttr(WeirDialect::kKeepsDenormalsAttrName, w.body.getUnitAttr());
  return made;
}

FormulaOp weir::buildMergedSum(Location loc, StringRef name) {
  FormulaWriter w(loc);
  Type f32 = w.body.getF32Type();
  Value a = w.addArgument(f32, /*uniform=*/false),
        b = w.addArgument(f32, /*uniform=*/false),
        factorOfA = w.addArgument(f32, /*uniform=*/true),
        factorOfB = w.addArgument(f32, /*uniform=*/true);
  w.addResult(w.add(w.multiply(a, factorOfA), w.multiply(b, factorOfB)),
              /*uniform=*/false);
  return w.finish(name);
}
