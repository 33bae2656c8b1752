//===- LowerAttentionStates.cpp - states of attention to rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A state has one number per row for each slot, and each sum one per element of
// a value. What is done to slots runs along the queries and leaves numbers for
// each row, with which a formula runs along the elements of each sum.
//
//===----------------------------------------------------------------------===//

#include "LowerAttentionStates.h"

#include "FormulaWriter.h"
#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

namespace {

/// What merge and finish have in common.
template <typename OpTy>
class Lowering {
public:
  Lowering(OpTy op, DerivedSymbols &symbols)
      : op(op), formula(op.resolveFormula()), symbols(symbols), builder(op),
        loc(op.getLoc()), state(formula, op.getStatePolicies()),
        layout(state.getLayout()),
        perRow(llvm::map_to_vector(op.getUniforms(), [](Value value) {
          return isa<ShapedType>(value.getType());
        })) {
    rowShape = tensor::getMixedSizes(builder, loc, getSum(op.getState(), 0));
    rowShape.pop_back();
    accumulator = getElementTypeOrSelf(getSum(op.getState(), 0));
  }

  Value getSum(ValueRange values, unsigned i) {
    return values[layout.slots.size() + i];
  }
  ValueRange getSlots(ValueRange values) {
    return values.take_front(layout.slots.size());
  }
  /// Those that the sweep has; the others are what the formula asks for.
  size_t countSweepSlots() {
    return state.hasSweep() ? state.getParts().getLayout(1).slots.size() : 0;
  }

  /// A number for each row, without contents.
  Value createRows(Type type) {
    return tensor::EmptyOp::create(builder, loc, rowShape,
                                   type.isF32() ? accumulator : type);
  }

  /// Runs a formula that `make` makes, which is elementwise.
  SmallVector<Value> run(StringRef purpose, ValueRange inputs,
                         ValueRange outputs,
                         llvm::function_ref<FormulaOp(StringRef)> make) {
    std::string detail;
    for (bool own : perRow)
      detail += own ? "r" : "s";
    FlatSymbolRefAttr symbol = symbols.getOrInsert(
        op, formula, op.getStatePolicies(), purpose, make, detail);
    auto elementwise = FormAttr::get(builder.getContext(), Form::Elementwise);
    auto rows = RowsOp::create(builder, loc, outputs.getTypes(), symbol, inputs,
                               Value(), outputs, EmptyRowAttr(), PosInfAttr(),
                               NaNPolicyAttr(), TiesAttr(), NegInfAttr(),
                               elementwise, IntegerAttr(), IntegerAttr());
    return SmallVector<Value>(rows.getResults());
  }

  void replace(ValueRange values) {
    for (auto [old, value] : llvm::zip_equal(op.getResults(), values)) {
      if (value.getType() != old.getType())
        value = tensor::CastOp::create(builder, loc, old.getType(), value);
      old.replaceAllUsesWith(value);
    }
    op.erase();
  }

  OpTy op;
  FormulaOp formula;
  DerivedSymbols &symbols;
  OpBuilder builder;
  Location loc;
  AttentionState state;
  AttentionStateLayout layout;
  SmallVector<bool> perRow; // Of the uniforms.
  SmallVector<OpFoldResult> rowShape;
  Type accumulator;
};

} // namespace

/// What the formula asks for is the same in both states but where one is that
/// of nothing.
static FormulaOp buildLarger(Location loc, StringRef name) {
  FormulaWriter w(loc);
  Type index = w.body.getIndexType();
  Value a = w.addArgument(index, /*uniform=*/false),
        b = w.addArgument(index, /*uniform=*/false);
  w.addResult(arith::MaxSIOp::create(w.body, loc, a, b), /*uniform=*/false);
  return w.finish(name);
}

/// The merged state takes the place of the first, as loops carry it.
void weir::lowerAttentionState(AttentionMergeOp op, DerivedSymbols &symbols) {
  Lowering<AttentionMergeOp> lowering(op, symbols);
  OpBuilder &b = lowering.builder;
  ValueRange first = op.getState(), second = op.getOther();
  size_t ofSweep = lowering.countSweepSlots();
  SmallVector<Value> merged, factors, known;
  for (size_t i = ofSweep; i < lowering.layout.slots.size(); ++i)
    known.push_back(lowering.run(
        "merge.known", {first[i], second[i]}, first[i],
        [&](StringRef name) { return buildLarger(op.getLoc(), name); })[0]);
  if (lowering.state.hasSweep()) {
    SmallVector<Value> inputs(first.take_front(ofSweep)), outputs;
    llvm::append_range(inputs, second.take_front(ofSweep));
    llvm::append_range(inputs, op.getUniforms());
    llvm::append_range(inputs, known);
    SmallVector<bool> perRow(lowering.perRow);
    perRow.append(known.size(), true);
    llvm::append_range(outputs, first.take_front(ofSweep));
    for (unsigned i = 0; i < 2 * lowering.layout.sums; ++i)
      outputs.push_back(lowering.createRows(b.getF32Type()));
    merged = lowering.run("merge.carry", inputs, outputs, [&](StringRef name) {
      return lowering.state.getParts().buildMerge(1, perRow, name,
                                                  /*carries=*/true);
    });
    factors.assign(merged.begin() + ofSweep, merged.end());
    merged.resize(ofSweep);
  } else {
    Value one = arith::ConstantOp::create(
        b, op.getLoc(), b.getFloatAttr(lowering.accumulator, 1.0));
    factors.assign(2 * lowering.layout.sums, one);
  }
  llvm::append_range(merged, known);
  for (unsigned i = 0; i < lowering.layout.sums; ++i) {
    Value own = lowering.getSum(first, i);
    merged.push_back(lowering.run(
        "merge.sums",
        {own, lowering.getSum(second, i), factors[2 * i], factors[2 * i + 1]},
        own,
        [&](StringRef name) { return buildMergedSum(op.getLoc(), name); })[0]);
  }
  lowering.replace(merged);
}

void weir::lowerAttentionState(AttentionFinishOp op, DerivedSymbols &symbols) {
  Lowering<AttentionFinishOp> lowering(op, symbols);
  OpBuilder &b = lowering.builder;
  TakenApart &parts = lowering.state.getParts();
  unsigned rank = 0, weights = lowering.formula.getFirstVaryingResult();
  bool hasOffset = false;
  SmallVector<Value> found, inputs;
  for (unsigned i = 0; i < lowering.layout.sums; ++i)
    inputs.push_back(lowering.getSum(op.getState(), i));
  if (lowering.state.hasSweep()) {
    rank = lowering.layout.sums;
    hasOffset = parts.mayOverride();
    // Slots of the sweep, uniforms, and what the formula asks for.
    ValueRange slots = lowering.getSlots(op.getState());
    size_t ofSweep = lowering.countSweepSlots();
    SmallVector<Value> all(slots.take_front(ofSweep)), outputs;
    llvm::append_range(all, op.getUniforms());
    llvm::append_range(all, slots.drop_front(ofSweep));
    SmallVector<bool> perRow(lowering.perRow);
    perRow.append(slots.size() - ofSweep, true);
    for (unsigned i = 0; i < rank + hasOffset; ++i)
      outputs.push_back(lowering.createRows(b.getF32Type()));
    for (auto [i, type] : llvm::enumerate(lowering.formula.getResultTypes()))
      if (i != weights)
        outputs.push_back(lowering.createRows(type));
    found = lowering.run("carried", all, outputs, [&](StringRef name) {
      return parts.buildCarriedFinish(perRow, name);
    });
    llvm::append_range(inputs, ArrayRef(found).take_front(rank + hasOffset));
  }
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, op.getLoc(), inputs[0]);
  Value output = tensor::EmptyOp::create(
      b, op.getLoc(), sizes,
      getElementTypeOrSelf(op.getResultTypes()[weights]));
  std::string purpose =
      "output" + std::to_string(rank) + (hasOffset ? ".offset" : "");
  output = lowering.run(purpose, inputs, output, [&](StringRef name) {
    return buildOutput(op.getLoc(), rank, hasOffset, name);
  })[0];
  SmallVector<Value> results(ArrayRef(found).drop_front(
      std::min<size_t>(found.size(), rank + hasOffset)));
  results.insert(results.begin() + weights, output);
  lowering.replace(results);
}
