//===- LowerTopK.cpp - weir.topk to weir.topk_rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "MoveRow.h"
#include "weir/Dialect/Weir/Analysis/Monotonicity.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERTOPK
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// Constraint C14.
static LogicalResult checkOrder(TopKOp topk, FormulaOp formula) {
  Monotonicity monotonicity(formula);
  Value values = formula.getYieldedValues()[formula.getFirstVaryingResult()];
  if (!monotonicity.dependsOnScoreOnly(values))
    return topk.emitOpError("C14: the varying result of @")
           << formula.getSymName()
           << " depends on more than the score and uniform values; it is known "
              "at all positions only when weir.apply gives them";
  TopKMode mode = topk.getMode().value_or(TopKMode::Count);
  Direction direction = monotonicity.get(values);
  if (mode == TopKMode::Count || direction == Direction::Rising ||
      direction == Direction::Constant)
    return success();
  return topk.emitOpError("C14: mode ")
         << stringifyTopKMode(mode)
         << " is about the largest values, but the result of @"
         << formula.getSymName() << " " << stringifyDirection(direction);
}

namespace {

/// Formulas that give the sum over the row of what they give each element, each
/// once in a symbol table.
class Totals {
public:
  FlatSymbolRefAttr get(TopKOp topk, FormulaOp formula);

private:
  llvm::DenseMap<std::pair<Operation *, Operation *>, FlatSymbolRefAttr> made;
};

} // namespace

/// The analysis pulls what is uniform out of the sum: of weights over their sum
/// it is that sum times its reciprocal, and takes no sweep of its own.
FlatSymbolRefAttr Totals::get(TopKOp topk, FormulaOp formula) {
  Operation *table = SymbolTable::getNearestSymbolTable(topk);
  FlatSymbolRefAttr &known = made[{table, formula}];
  if (known)
    return known;
  FormulaOp total = formula.clone();
  OpBuilder builder(total.getBody().front().getTerminator());
  Location loc = formula.getLoc();
  Operation *yield = total.getBody().front().getTerminator();
  Value sum =
      ReduceOp::create(builder, loc, ReductionKind::Add,
                       yield->getOperand(formula.getFirstVaryingResult()))
          .getResult();
  yield->insertOperands(yield->getNumOperands(), sum);
  SmallVector<Type> results(formula.getResultTypes());
  results.push_back(sum.getType());
  total.setFunctionType(
      builder.getFunctionType(formula.getArgumentTypes(), results));
  SmallVector<Attribute> attributes;
  if (ArrayAttr old = formula.getResAttrsAttr())
    llvm::append_range(attributes, old);
  attributes.resize(formula.getResultTypes().size(),
                    builder.getDictionaryAttr({}));
  attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
      WeirDialect::kUniformAttrName, builder.getUnitAttr())));
  total.setResAttrsAttr(builder.getArrayAttr(attributes));
  total.setSymName((formula.getSymName() + ".total").str());
  SymbolTable::setSymbolVisibility(total, SymbolTable::Visibility::Private);
  StringAttr symbol =
      SymbolTable(table).insert(total, table->getRegion(0).front().begin());
  if (!total->hasAttr(WeirDialect::kAsWrittenAttrName))
    normalizeFormula(total);
  return known = FlatSymbolRefAttr::get(symbol);
}

/// The results of `topk` from those of the rows: with the row's dimension back
/// in its place, and of the declared types.
static void replaceResults(OpBuilder &builder, TopKOp topk, TopKRowsOp rows,
                           ArrayRef<int64_t> back) {
  Location loc = topk.getLoc();
  for (auto [i, result] : llvm::enumerate(topk.getResults())) {
    Value value = rows->getResult(i);
    bool hasRow = i < 2;
    if (!back.empty() && hasRow)
      value = transpose(builder, loc, value, back);
    if (value.getType() != result.getType())
      value = tensor::CastOp::create(builder, loc, result.getType(), value);
    result.replaceAllUsesWith(value);
  }
}

/// Fresh destinations; in mode mass of a formula's values also one for their
/// sum.
static SmallVector<Value> createOutputs(OpBuilder &builder, TopKOp topk,
                                        ArrayRef<int64_t> permutation) {
  ReifiedRankedShapedTypeDims shapes;
  (void)topk.reifyResultShapes(builder, shapes); // The scores say them all.
  SmallVector<Value> outputs;
  auto create = [&](ArrayRef<OpFoldResult> shape, Type element) {
    outputs.push_back(
        tensor::EmptyOp::create(builder, topk.getLoc(), shape, element));
  };
  for (auto [i, type] : llvm::enumerate(topk.getResultTypes())) {
    if (i < 2)
      applyPermutationToVector(shapes[i], permutation);
    create(shapes[i], getElementTypeOrSelf(type));
  }
  bool isF64 = getElementTypeOrSelf(topk.getScores().getType()).isF64();
  if (topk.getFormulaAttr() && topk.getMode() == TopKMode::Mass)
    create(shapes[2],
           isF64 ? Type(builder.getF64Type()) : Type(builder.getF32Type()));
  return outputs;
}

static LogicalResult lower(TopKOp topk, Totals &totals) {
  OpBuilder builder(topk);
  Location loc = topk.getLoc();
  FormulaOp formula = topk.resolveFormula();
  FlatSymbolRefAttr symbol = topk.getFormulaAttr();
  if (formula && failed(checkOrder(topk, formula)))
    return failure();
  NaNPolicyAttr nan = topk.getNanAttr();
  if (formula && topk.getMode() == TopKMode::Mass) {
    symbol = totals.get(topk, formula);
    // Without reductions of its own a formula has no rows that NaN spoils; the
    // sum is of what may be selected.
    if (!formula.hasReduction())
      nan = NaNPolicyAttr::get(topk.getContext(), NaNPolicy::Ignore);
  }
  int64_t rank = cast<ShapedType>(topk.getScores().getType()).getRank();
  int64_t along = topk.getRowDim();
  bool moved = along != rank - 1;
  SmallVector<int64_t> permutation = moveToEnd(rank, along);
  SmallVector<Value> inputs(topk.getInputs());
  Value mask = topk.getMask();
  if (moved) {
    for (auto [i, input] : llvm::enumerate(inputs))
      if (!formula || !formula.isUniformArgument(i))
        input = alignOperand(builder, loc, input, rank, along);
    if (mask)
      mask = alignOperand(builder, loc, mask, rank, along);
  }
  SmallVector<Value> outputs = createOutputs(builder, topk, permutation);
  auto rows = TopKRowsOp::create(
      builder, loc, ValueRange(outputs).getTypes(), symbol, inputs,
      topk.getThreshold(), mask, outputs, topk.getKAttr(), topk.getModeAttr(),
      topk.getThrAttr(), topk.getIncludeCrossingAttr(),
      topk.getNonNegativeAttr(), topk.getTiesAttr(), topk.getEmptyRowAttr(),
      topk.getPosInfAttr(), nan, topk.getFormAttr(), topk.getThreadGrainAttr());
  replaceResults(builder, topk, rows,
                 moved ? invertPermutationVector(permutation)
                       : SmallVector<int64_t>());
  topk.erase();
  return success();
}

namespace {
struct WeirLowerTopK : weir::impl::WeirLowerTopKBase<WeirLowerTopK> {
  void runOnOperation() override {
    SmallVector<TopKOp> all;
    getOperation().walk([&](TopKOp topk) { all.push_back(topk); });
    Totals totals;
    for (TopKOp topk : all)
      if (failed(lower(topk, totals)))
        return signalPassFailure();
  }
};
} // namespace
