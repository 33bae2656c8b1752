//===- StateOps.cpp - weir.stats, merge, finish and weights ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryEffects.h"
#include "RowShapes.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

namespace {
/// What values for the rows have to fit: the outer shape, and for a formula's
/// f32 the type that it is computed in.
struct Rows {
  Operation *op;
  mutable FormulaOp formula; // Accessors of ops are not const.
  SmallVector<int64_t> outer;
  Type accumulator;
};
} // namespace

/// What stands in a list of a layout, for a message.
static std::string describe(ArrayRef<RowValue> values) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "(";
  llvm::interleaveComma(values, os, [&](const RowValue &value) {
    os << value.meaning << ": " << value.type;
  });
  os << ")";
  return text;
}

const FormulaStatesInterface *weir::getFormulaStates(Operation *op) {
  auto *dialect = op->getContext()->getLoadedDialect<WeirDialect>();
  auto *states = dialect->getRegisteredInterface<FormulaStatesInterface>();
  if (!states)
    op->emitOpError("C11: states are not registered with this context; call "
                    "registerFormulaStates");
  return states;
}

static FailureOr<StateLayout> getLayout(Operation *op, FormulaOp formula,
                                        StatePolicies policies, int64_t sweep) {
  if (policies.nan == NaNPolicy::Arithmetic)
    return op->emitOpError("C14: a state tells whether a row holds NaN, which "
                           "nan = arithmetic does not ask");
  const FormulaStatesInterface *states = getFormulaStates(op);
  if (!states)
    return failure();
  return states->getLayout(formula, policies, sweep,
                           [&] { return op->emitOpError("C11: "); });
}

static LogicalResult verifyCount(const Rows &rows, size_t count,
                                 ArrayRef<RowValue> layout, StringRef what) {
  if (count == layout.size())
    return success();
  return rows.op->emitOpError("C12: ")
         << what << " has " << count << " values, but @"
         << rows.formula.getSymName() << " has " << layout.size() << " "
         << describe(layout);
}

/// Checks values that are destinations or states: one number per row.
static LogicalResult verifySlots(const Rows &rows, ValueRange values,
                                 ArrayRef<RowValue> layout, StringRef what) {
  if (failed(verifyCount(rows, values.size(), layout, what)))
    return failure();
  for (auto [i, value, slot] : llvm::enumerate(values, layout)) {
    auto shaped = cast<ShapedType>(value.getType());
    Type element = shaped.getElementType();
    bool fits = slot.type.isF32() ? element == rows.accumulator
                                  : fitsStorage(slot.type, element);
    if (!fits || !shaped.hasRank() ||
        !broadcastsTo(shaped.getShape(), rows.outer, /*exact=*/true))
      return rows.op->emitOpError("C12: value ")
             << i << " of " << what << ", " << slot.meaning << ", is " << shaped
             << " but must have the outer shape (" << rows.outer
             << ") and hold "
             << (slot.type.isF32() ? rows.accumulator : slot.type);
  }
  return success();
}

/// Checks values that are read for each row: scalars, or of the outer shape.
static LogicalResult verifyUniforms(const Rows &rows, ValueRange values,
                                    ArrayRef<RowValue> layout, StringRef what) {
  if (failed(verifyCount(rows, values.size(), layout, what)))
    return failure();
  for (auto [i, value, known] : llvm::enumerate(values, layout)) {
    auto shaped = dyn_cast<ShapedType>(value.getType());
    bool fits = fitsStorage(known.type, getElementTypeOrSelf(value.getType()));
    if (shaped)
      fits &= shaped.hasRank() &&
              shaped.getRank() == static_cast<int64_t>(rows.outer.size()) &&
              broadcastsTo(shaped.getShape(), rows.outer, /*exact=*/false);
    if (!fits)
      return rows.op->emitOpError("C12: value ")
             << i << " of " << what << ", " << known.meaning << ", is "
             << value.getType() << " but must be a scalar or have the outer "
             << "shape (" << rows.outer << "), and hold " << known.type;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// weir.stats and weir.weights
//===----------------------------------------------------------------------===//

/// Checks what weir.stats and weir.weights share. Gives the full shape in
/// `full`.
template <typename OpTy>
static FailureOr<Rows> verifyRowOperands(OpTy op, SmallVector<int64_t> &full) {
  FormulaOp formula;
  if (failed(verifyOneKind(op)) ||
      failed(resolveOrError(op, op.getFormulaAttr(), formula)))
    return failure();
  RowSignature signature{op,
                         formula,
                         op.getInputs(),
                         op.getMask(),
                         {},
                         std::nullopt,
                         /*hasPolicy=*/false,
                         op.getRowBase(),
                         op.getColumn(),
                         op.getRowStrides().size()};
  FailureOr<SmallVector<int64_t>> shape = verifyRowInputs(signature);
  if (failed(shape))
    return failure();
  full = *shape;
  return Rows{op, formula,
              SmallVector<int64_t>(ArrayRef<int64_t>(full).drop_back()),
              getAccumulatorType(signature)};
}

/// Sweep 0 stands for the weights behind all sweeps, which only weir.weights
/// asks for.
static LogicalResult verifySweep(Operation *op, FormulaOp formula,
                                 int64_t sweep) {
  if (sweep != 0)
    return success();
  return op->emitOpError("C11: @")
         << formula.getSymName() << " has no sweep 0; the first is 1";
}

LogicalResult StatsOp::verifySymbolUses(SymbolTableCollection &) {
  SmallVector<int64_t> full;
  FailureOr<Rows> rows = verifyRowOperands(*this, full);
  if (failed(rows) || failed(verifySweep(*this, rows->formula, getSweep())))
    return failure();
  auto layout = getLayout(*this, rows->formula, getStatePolicies(), getSweep());
  if (failed(layout) ||
      failed(verifyUniforms(*rows, getKnown(), layout->known, "known")))
    return failure();
  return verifySlots(*rows, getOutputs(), layout->slots, "the state");
}

LogicalResult WeightsOp::verifySymbolUses(SymbolTableCollection &) {
  SmallVector<int64_t> full;
  FailureOr<Rows> rows = verifyRowOperands(*this, full);
  if (failed(rows))
    return failure();
  FormulaOp formula = rows->formula;
  SmallVector<Type> varying;
  for (auto [i, type] : llvm::enumerate(formula.getResultTypes()))
    if (!formula.isUniformResult(i))
      varying.push_back(type);
  if (varying.empty() || !formula.hasReduction())
    return emitOpError("C13: @")
           << formula.getSymName() << " has no "
           << (varying.empty() ? "varying result" : "reduction");
  auto layout = getLayout(*this, formula, getStatePolicies(), /*sweep=*/0);
  if (failed(layout) ||
      failed(verifyUniforms(*rows, getKnown(), layout->known, "known")))
    return failure();
  if (varying.size() != getOutputs().size())
    return emitOpError("C2: has ")
           << getOutputs().size() << " destinations but @"
           << formula.getSymName() << " has " << varying.size()
           << " varying results";
  for (auto [i, output, formal] : llvm::enumerate(getOutputs(), varying)) {
    auto shaped = cast<ShapedType>(output.getType());
    if (!shaped.hasRank() || !fitsStorage(formal, shaped.getElementType()) ||
        !broadcastsTo(shaped.getShape(), full, /*exact=*/true))
      return emitOpError("C4: destination ")
             << i << " is " << shaped << " but must have the full shape ("
             << full << ") and hold " << formal;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// weir.merge and weir.finish
//===----------------------------------------------------------------------===//

/// Checks what weir.merge and weir.finish share: states and what is uniform.
template <typename OpTy>
static LogicalResult verifyStateOperands(OpTy op, Rows &rows,
                                         FailureOr<StateLayout> &layout) {
  FormulaOp formula;
  if (failed(verifyOneKind(op)) ||
      failed(resolveOrError(op, op.getFormulaAttr(), formula)))
    return failure();
  if (failed(verifySweep(op, formula, op.getSweep())))
    return failure();
  layout = getLayout(op, formula, op.getStatePolicies(), op.getSweep());
  if (failed(layout))
    return failure();
  rows = Rows{op, formula, {}, Float32Type::get(op->getContext())};
  if (failed(
          verifyCount(rows, op.getState().size(), layout->slots, "the state")))
    return failure();
  rows.outer = SmallVector<int64_t>(
      cast<ShapedType>(op.getState()[0].getType()).getShape());
  for (auto [value, slot] : llvm::zip(op.getState(), layout->slots))
    if (Type element = getElementTypeOrSelf(value.getType());
        slot.type.isF32() && element.isF64())
      rows.accumulator = element;
  SmallVector<RowValue> uniforms;
  for (auto [i, type] : llvm::enumerate(formula.getArgumentTypes()))
    if (formula.isUniformArgument(i))
      uniforms.push_back({type, "argument " + std::to_string(i), {}});
  if (op.getUniforms().size() != uniforms.size())
    return op.emitOpError("C2: has ")
           << op.getUniforms().size() << " uniforms but @"
           << formula.getSymName() << " has " << uniforms.size()
           << " uniform arguments";
  if (failed(verifySlots(rows, op.getState(), layout->slots, "the state")) ||
      failed(verifyUniforms(rows, op.getUniforms(), uniforms, "uniforms")))
    return failure();
  return verifyUniforms(rows, op.getKnown(), layout->known, "known");
}

LogicalResult MergeOp::verifySymbolUses(SymbolTableCollection &) {
  Rows rows;
  FailureOr<StateLayout> layout = failure();
  if (failed(verifyStateOperands(*this, rows, layout)))
    return failure();
  return verifySlots(rows, getOutputs(), layout->slots, "the other state");
}

LogicalResult FinishOp::verifySymbolUses(SymbolTableCollection &) {
  Rows rows;
  FailureOr<StateLayout> layout = failure();
  if (failed(verifyStateOperands(*this, rows, layout)))
    return failure();
  return verifySlots(rows, getOutputs(), layout->finished, "outs");
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

static LogicalResult reifyFromInits(OpBuilder &b,
                                    DestinationStyleOpInterface op,
                                    ReifiedRankedShapedTypeDims &shapes) {
  for (OpOperand &init : op.getDpsInitsMutable())
    if (isa<RankedTensorType>(init.get().getType()))
      shapes.push_back(tensor::getMixedSizes(b, op->getLoc(), init.get()));
  return success();
}

#define WEIR_STATE_OP(Op, accumulates)                                         \
  FormulaOp Op::resolveFormula() {                                             \
    return weir::resolveFormula(*this, getFormulaAttr());                      \
  }                                                                            \
  void Op::getEffects(                                                         \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>      \
          &effects) {                                                          \
    addDestinationStyleEffects(*this, effects, accumulates);                   \
  }                                                                            \
  LogicalResult Op::reifyResultShapes(OpBuilder &b,                            \
                                      ReifiedRankedShapedTypeDims &shapes) {   \
    return reifyFromInits(b, *this, shapes);                                   \
  }

WEIR_STATE_OP(StatsOp, true)
WEIR_STATE_OP(MergeOp, true)
WEIR_STATE_OP(FinishOp, false)
WEIR_STATE_OP(WeightsOp, false)
#undef WEIR_STATE_OP
