//===- LowerStates.cpp - rows taken apart to weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "LowerAttentionStates.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERSTATES
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

static bool isTensor(Value value) { return isa<TensorType>(value.getType()); }

static int64_t getRank(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

/// `value`, which has no dimensions, as a row of one element.
static Value asRow(OpBuilder &b, Location loc, Value value) {
  ArrayRef<ReassociationIndices> groups;
  auto type = cast<ShapedType>(value.getType());
  if (isTensor(value))
    return tensor::ExpandShapeOp::create(
        b, loc, RankedTensorType::get({1}, type.getElementType()), value,
        groups);
  return memref::ExpandShapeOp::create(b, loc, ArrayRef<int64_t>{1}, value,
                                       groups);
}

/// The identity of a slot in the type that it is stored in.
TypedAttr weir::getStoredIdentity(const RowValue &slot, Type element) {
  if (auto number = dyn_cast<FloatAttr>(slot.identity))
    return FloatAttr::get(element, number.getValueAsDouble());
  APInt value = cast<IntegerAttr>(slot.identity).getValue();
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  return IntegerAttr::get(element, value.sextOrTrunc(width));
}

/// True when `value` holds nothing but the identity of `slot`.
static bool isIdentity(Value value, const RowValue &slot) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  Attribute constant;
  return fill && matchPattern(fill.getInputs()[0], m_Constant(&constant)) &&
         constant ==
             getStoredIdentity(slot, getElementTypeOrSelf(value.getType()));
}

namespace {

class Lowering {
public:
  void lower(AttentionMergeOp op) { lowerAttentionState(op, symbols); }
  void lower(AttentionFinishOp op) { lowerAttentionState(op, symbols); }
  void lower(StatsOp op);
  void lower(MergeOp op);
  void lower(FinishOp op);
  void lower(WeightsOp op);

private:
  SmallVector<Value> createLike(OpBuilder &b, Location loc, ValueRange values);
  RowsOp createRows(OpBuilder &b, Operation *op, FlatSymbolRefAttr formula,
                    ValueRange inputs, ValueRange outputs);
  SmallVector<Value> overStates(OpBuilder &b, Operation *op,
                                FlatSymbolRefAttr formula, ValueRange states,
                                ValueRange uniforms, ValueRange outputs);
  FlatSymbolRefAttr getMerge(Operation *op, FormulaOp formula,
                             StatePolicies policies, int64_t sweep,
                             ValueRange uniforms);
  template <typename OpTy>
  RowsOp overRows(OpBuilder &b, OpTy op, FlatSymbolRefAttr formula,
                  ValueRange inputs, Value mask, ValueRange outputs, Form form,
                  NaNPolicyAttr nan);

  DerivedSymbols symbols;
};

} // namespace

/// Destinations of the shapes of `values`, of the same kind.
SmallVector<Value> Lowering::createLike(OpBuilder &b, Location loc,
                                        ValueRange values) {
  SmallVector<Value> made;
  for (Value value : values) {
    auto type = cast<ShapedType>(value.getType());
    if (isTensor(value)) {
      made.push_back(tensor::EmptyOp::create(
          b, loc, tensor::getMixedSizes(b, loc, value), type.getElementType()));
      continue;
    }
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(b, loc, value, dim));
    made.push_back(memref::AllocOp::create(
        b, loc, MemRefType::get(type.getShape(), type.getElementType()),
        sizes));
  }
  return made;
}

static TypeRange getResultTypes(ValueRange outputs) {
  return isTensor(outputs[0]) ? TypeRange(outputs.getTypes()) : TypeRange();
}

/// An elementwise formula, along the last of the outer dimensions.
SmallVector<Value> Lowering::overStates(OpBuilder &b, Operation *op,
                                        FlatSymbolRefAttr formula,
                                        ValueRange states, ValueRange uniforms,
                                        ValueRange outputs) {
  Location loc = op->getLoc();
  bool single = getRank(states[0]) == 0;
  SmallVector<Value> inputs(states), destinations(outputs);
  llvm::append_range(inputs, uniforms);
  if (single) {
    for (Value &input : inputs)
      if (isa<ShapedType>(input.getType()))
        input = asRow(b, loc, input);
    for (Value &destination : destinations)
      destination = asRow(b, loc, destination);
  }
  auto elementwise = FormAttr::get(b.getContext(), Form::Elementwise);
  auto rows = RowsOp::create(b, loc, getResultTypes(destinations), formula,
                             inputs, Value(), destinations, {}, {}, {}, {}, {},
                             elementwise, {}, {});
  SmallVector<Value> results(rows.getResults());
  if (single)
    for (auto [result, output] : llvm::zip(results, outputs))
      result = tensor::CollapseShapeOp::create(
          b, loc, cast<RankedTensorType>(output.getType()), result,
          ArrayRef<ReassociationIndices>());
  return results;
}

static SmallVector<bool> arePerRow(ValueRange values) {
  return llvm::map_to_vector(
      values, [](Value value) { return isa<ShapedType>(value.getType()); });
}

/// What makes merges and finishes of one sweep different formulas: which
/// operands are scalars.
static std::string nameFor(StringRef what, int64_t sweep,
                           ArrayRef<bool> perRow) {
  std::string name = what.str() + std::to_string(sweep);
  if (!llvm::is_contained(perRow, true))
    return name;
  name += ".";
  for (bool differs : perRow)
    name += differs ? "r" : "s";
  return name;
}

FlatSymbolRefAttr Lowering::getMerge(Operation *op, FormulaOp formula,
                                     StatePolicies policies, int64_t sweep,
                                     ValueRange uniforms) {
  SmallVector<bool> perRow = arePerRow(uniforms);
  return symbols.getOrInsert(
      op, formula, policies, nameFor("merge", sweep, perRow),
      [&](StringRef name) {
        return symbols.get(formula, policies).buildMerge(sweep, perRow, name);
      });
}

template <typename OpTy>
RowsOp Lowering::overRows(OpBuilder &b, OpTy op, FlatSymbolRefAttr formula,
                          ValueRange inputs, Value mask, ValueRange outputs,
                          Form form, NaNPolicyAttr nan) {
  return RowsOp::create(b, op.getLoc(), getResultTypes(outputs), formula,
                        inputs, mask, op.getRowBase(), op.getRowStrides(),
                        op.getColumn(), outputs, EmptyRowAttr(), PosInfAttr(),
                        nan, TiesAttr(), NegInfAttr(),
                        FormAttr::get(b.getContext(), form),
                        op.getThreadGrainAttr(), IntegerAttr(),
                        /*along=*/IntegerAttr());
}

void Lowering::lower(StatsOp op) {
  FormulaOp formula = op.resolveFormula();
  StatePolicies policies = op.getStatePolicies();
  TakenApart &parts = symbols.get(formula, policies);
  int64_t sweep = op.getSweep();
  FlatSymbolRefAttr stats = symbols.getOrInsert(
      op, formula, policies, "stats" + std::to_string(sweep),
      [&](StringRef name) { return parts.buildStats(sweep, name); });
  OpBuilder b(op);
  SmallVector<Value> inputs(op.getInputs());
  llvm::append_range(inputs, op.getKnown());
  SmallVector<Value> found = createLike(b, op.getLoc(), op.getOutputs());
  RowsOp rows = overRows(b, op, stats, inputs, op.getMask(), found,
                         Form::Recompute, op.getNanAttr());
  if (!rows.getResults().empty())
    llvm::copy(rows.getResults(), found.begin());
  StateLayout layout = parts.getLayout(sweep);
  bool startsFromNothing =
      llvm::all_of(llvm::zip(op.getOutputs(), layout.slots), [](auto pair) {
        return isIdentity(std::get<0>(pair), std::get<1>(pair));
      });
  SmallVector<Value> results = found;
  if (!startsFromNothing) {
    SmallVector<Value> states(op.getOutputs()), uniforms;
    llvm::append_range(states, found);
    llvm::append_range(uniforms, formula.pickUniform(op.getInputs()));
    llvm::append_range(uniforms, op.getKnown());
    results =
        overStates(b, op, getMerge(op, formula, policies, sweep, uniforms),
                   states, uniforms, op.getOutputs());
  }
  if (op.getResults().empty())
    for (Value buffer : found)
      memref::DeallocOp::create(b, op.getLoc(), buffer);
  else
    op.replaceAllUsesWith(results);
  op.erase();
}

void Lowering::lower(MergeOp op) {
  OpBuilder b(op);
  SmallVector<Value> states(op.getOutputs()), uniforms(op.getUniforms());
  llvm::append_range(states, op.getState());
  llvm::append_range(uniforms, op.getKnown());
  FlatSymbolRefAttr merge = getMerge(
      op, op.resolveFormula(), op.getStatePolicies(), op.getSweep(), uniforms);
  op->replaceAllUsesWith(
      overStates(b, op, merge, states, uniforms, op.getOutputs()));
  op.erase();
}

void Lowering::lower(FinishOp op) {
  OpBuilder b(op);
  SmallVector<Value> uniforms(op.getUniforms());
  llvm::append_range(uniforms, op.getKnown());
  SmallVector<bool> perRow = arePerRow(uniforms);
  FormulaOp formula = op.resolveFormula();
  FlatSymbolRefAttr finish = symbols.getOrInsert(
      op, formula, op.getStatePolicies(),
      nameFor("finish", op.getSweep(), perRow), [&](StringRef name) {
        return symbols.get(formula, op.getStatePolicies())
            .buildFinish(op.getSweep(), perRow, name);
      });
  op->replaceAllUsesWith(
      overStates(b, op, finish, op.getState(), uniforms, op.getOutputs()));
  op.erase();
}

void Lowering::lower(WeightsOp op) {
  OpBuilder b(op);
  FormulaOp formula = op.resolveFormula();
  bool masked = static_cast<bool>(op.getMask());
  FlatSymbolRefAttr weights = symbols.getOrInsert(
      op, formula, op.getStatePolicies(), masked ? "weights.masked" : "weights",
      [&](StringRef name) {
        return symbols.get(formula, op.getStatePolicies())
            .buildWeights(masked, name);
      });
  SmallVector<Value> inputs(op.getInputs());
  llvm::append_range(inputs, op.getKnown());
  if (masked)
    inputs.push_back(op.getMask());
  RowsOp rows = overRows(b, op, weights, inputs, Value(), op.getOutputs(),
                         Form::Elementwise, NaNPolicyAttr());
  op->replaceAllUsesWith(rows.getResults());
  op.erase();
}

namespace {
struct WeirLowerStates : weir::impl::WeirLowerStatesBase<WeirLowerStates> {
  void runOnOperation() override {
    SmallVector<Operation *> all;
    getOperation().walk([&](Operation *op) {
      if (isa<StatsOp, MergeOp, FinishOp, WeightsOp, AttentionMergeOp,
              AttentionFinishOp>(op))
        all.push_back(op);
    });
    Lowering lowering;
    for (Operation *op : all)
      llvm::TypeSwitch<Operation *, void>(op)
          .Case<StatsOp, MergeOp, FinishOp, WeightsOp, AttentionMergeOp,
                AttentionFinishOp>([&](auto typed) { lowering.lower(typed); });
  }
};
} // namespace
