//===- FuseTopK.cpp - the largest weights by the largest scores ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "FormPlans.h"
#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"
#include "weir/Dialect/Weir/Analysis/Monotonicity.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRFUSETOPK
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// A weir.topk of a result of a weir.apply.
class Fusion {
public:
  Fusion(TopKOp topk, ApplyOp apply)
      : topk(topk), apply(apply), formula(apply.resolveFormula()),
        weights(cast<OpResult>(topk.getScores())) {}

  /// Why the weights must be made; null where they need not.
  const char *getObstacle();
  void rewrite();

  TopKOp topk;
  ApplyOp apply;
  FormulaOp formula;

private:
  const char *getObstacleOfUse();
  const char *getObstacleOfRows();
  const char *getObstacleOfOrder();
  Value padAbsent(OpBuilder &b, Value values, Value indices);

  OpResult weights;
};

} // namespace

/// What would see the difference.
const char *Fusion::getObstacleOfUse() {
  if (!weights.hasOneUse())
    return "something else reads the weights";
  if (topk.getMode().value_or(TopKMode::Count) != TopKMode::Count)
    return "its mode compares rounded weights";
  if (!topk.getCount().use_empty())
    return "the count is of weights, and those of 0 count";
  for (OpResult result : apply.getResults())
    if (result != weights && !result.use_empty() &&
        !formula.isUniformResult(result.getResultNumber()))
      return "the formula has another varying result";
  return nullptr;
}

/// What a weir.topk with a formula cannot say of its rows.
const char *Fusion::getObstacleOfRows() {
  if (formula.getScoreIndex() != 0 ||
      !formula.getArgumentTypes().front().isF32() ||
      llvm::count_if(llvm::seq<unsigned>(0, formula.getResultTypes().size()),
                     [&](unsigned i) { return !formula.isUniformResult(i); }) !=
          1)
    return "the formula has not one score and one varying result";
  if (apply.getForm() || apply.getPlans())
    return "the form of its rows is given";
  if (apply.getRowBase() || apply.getColumn())
    return "its rows are a tile";
  if (apply.getRowDim() != topk.getRowDim() ||
      apply.getMask() != topk.getMask() ||
      cast<ShapedType>(apply.getInputs()[0].getType()).getShape() !=
          cast<ShapedType>(weights.getType()).getShape())
    return "the rows, or what is masked of them, are not the same";
  if (apply.getNegInf() == NegInf::Ordinary || apply.getTies() ||
      apply.getEmptyRow() == EmptyRow::Uniform ||
      apply.getNan() == NaNPolicy::Arithmetic)
    return "a selection does not know its policies";
  return nullptr;
}

/// What keeps the largest scores from having the largest weights.
const char *Fusion::getObstacleOfOrder() {
  Monotonicity monotonicity(formula);
  Value result = formula.getYieldedValues()[weights.getResultNumber()];
  if (!monotonicity.dependsOnScoreOnly(result) ||
      monotonicity.get(result) != Direction::Rising)
    return "its result is not proven to rise with the score";
  Limit limit =
      FormulaLimits(formula, /*scoreExcludes=*/true).atExcluded(result);
  if (limit != Limit::Zero && limit != Limit::NegInf)
    return "an excluded element may have more than others";
  return nullptr;
}

const char *Fusion::getObstacle() {
  if (const char *obstacle = getObstacleOfUse())
    return obstacle;
  if (const char *obstacle = getObstacleOfRows())
    return obstacle;
  return getObstacleOfOrder();
}

/// Slots of no element hold -inf where weights were selected from.
Value Fusion::padAbsent(OpBuilder &b, Value values, Value indices) {
  Location loc = topk.getLoc();
  auto type = cast<RankedTensorType>(values.getType());
  AffineMap map = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, values), type.getElementType());
  return linalg::GenericOp::create(
             b, loc, TypeRange{type}, ValueRange{values, indices},
             ValueRange{empty}, ArrayRef<AffineMap>{map, map, map}, loops,
             [](OpBuilder &in, Location at, ValueRange args) {
               Value none =
                   arith::ConstantOp::create(in, at, in.getI32IntegerAttr(-1));
               Value lowest = arith::ConstantOp::create(
                   in, at, in.getFloatAttr(args[0].getType(), -INFINITY));
               Value isAbsent = arith::CmpIOp::create(
                   in, at, arith::CmpIPredicate::eq, args[1], none);
               Value chosen =
                   arith::SelectOp::create(in, at, isAbsent, lowest, args[0]);
               linalg::YieldOp::create(in, at, chosen);
             })
      .getResult(0);
}

/// The selection stands where the weights were made: uniform results may be
/// used from there on.
void Fusion::rewrite() {
  OpBuilder b(apply);
  SmallVector<Type> types(topk.getResultTypes());
  SmallVector<OpResult> uniforms;
  for (OpResult result : apply.getResults())
    if (result != weights) {
      uniforms.push_back(result);
      types.push_back(result.getType());
    }
  auto fused = TopKOp::create(
      b, topk.getLoc(), types, apply.getFormulaAttr(), apply.getInputs(),
      topk.getThreshold(), topk.getMask(), topk.getKAttr(), topk.getAlongAttr(),
      topk.getModeAttr(), topk.getThrAttr(), topk.getIncludeCrossingAttr(),
      topk.getNonNegativeAttr(), topk.getTiesAttr(), apply.getEmptyRowAttr(),
      apply.getPosInfAttr(), apply.getNanAttr(), topk.getFormAttr(),
      topk.getThreadGrainAttr());
  Value values = fused.getValues();
  int64_t length =
      cast<ShapedType>(weights.getType()).getDimSize(topk.getRowDim());
  Value result = formula.getYieldedValues()[weights.getResultNumber()];
  bool isLow =
      FormulaLimits(formula, /*scoreExcludes=*/true).atExcluded(result) ==
      Limit::NegInf;
  if (!isLow && (topk.getMask() || ShapedType::isDynamic(length)))
    values = padAbsent(b, values, fused.getIndices());
  topk.getValues().replaceAllUsesWith(values);
  topk.getIndices().replaceAllUsesWith(fused.getIndices());
  for (auto [old, own] : llvm::zip(uniforms, fused.getUniforms()))
    old.replaceAllUsesWith(own);
  topk.erase();
  apply.erase();
}

namespace {
struct WeirFuseTopK : weir::impl::WeirFuseTopKBase<WeirFuseTopK> {
  using WeirFuseTopKBase::WeirFuseTopKBase;

  void runOnOperation() override {
    SmallVector<TopKOp> all;
    getOperation().walk([&](TopKOp topk) {
      if (!topk.getFormulaAttr() && topk.getScores().getDefiningOp<ApplyOp>())
        all.push_back(topk);
    });
    for (TopKOp topk : all) {
      auto apply = topk.getScores().getDefiningOp<ApplyOp>();
      Fusion fusion(topk, apply);
      const char *obstacle = fusion.getObstacle();
      if (explain && obstacle)
        topk.emitRemark("selects from all of the weights of @")
            << getPlainName(fusion.formula) << ": " << obstacle;
      if (obstacle)
        continue;
      if (explain)
        topk.emitRemark("selects from the scores of @")
            << getPlainName(fusion.formula)
            << ", whose weights rise with them; only the selected are made";
      fusion.rewrite();
    }
  }
};
} // namespace
