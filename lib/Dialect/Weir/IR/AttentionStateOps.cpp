//===- AttentionStateOps.cpp - attention over some of the keys ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionShapes.h"
#include "RowShapes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace weir;

std::string weir::show(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os, [&](int64_t size) {
    if (ShapedType::isDynamic(size))
      os << '?';
    else
      os << size;
  });
  return text;
}

//===----------------------------------------------------------------------===//
// The formula
//===----------------------------------------------------------------------===//

FailureOr<unsigned> weir::findWeights(Operation *op, FormulaOp formula) {
  if (formula.getScoreIndex() != 0 || !formula.getArgumentTypes()[0].isF32())
    return op->emitOpError("C2: the first argument of @")
           << formula.getSymName() << " must be the score, an f32";
  std::optional<unsigned> weights;
  for (auto [i, type] : llvm::enumerate(formula.getResultTypes())) {
    if (formula.isUniformResult(i))
      continue;
    if (weights || !type.isF32())
      return op->emitOpError("C2: @")
             << formula.getSymName() << " must have one varying result, an f32";
    weights = i;
  }
  if (!weights)
    return op->emitOpError("C2: @")
           << formula.getSymName()
           << " has no varying result to weigh values with";
  return *weights;
}

LogicalResult weir::verifyAttentionPolicies(Operation *op, FormulaOp formula,
                                            bool hasPolicy,
                                            std::optional<EmptyRow> emptyRow) {
  if (hasPolicy && !formula.hasReduction())
    return op->emitOpError("C9: a row policy needs a formula with a reduction; "
                           "@")
           << formula.getSymName() << " is elementwise";
  if (emptyRow == EmptyRow::Uniform)
    return op->emitOpError("C9: empty_row = uniform shares among the keys of a "
                           "row, but a query with an empty row sees none");
  return success();
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

FailureOr<AttentionStateLayout>
weir::getAttentionLayout(Operation *op, FormulaOp formula,
                         StatePolicies policies) {
  const FormulaStatesInterface *states = getFormulaStates(op);
  if (!states)
    return failure();
  return states->getAttentionLayout(formula, policies,
                                    [&] { return op->emitOpError("C11: "); });
}

SmallVector<OpFoldResult> weir::withStaticSizes(OpBuilder &b, Type type,
                                                ArrayRef<OpFoldResult> all) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
  SmallVector<OpFoldResult> sizes(all.take_front(shape.size()));
  for (auto [own, size] : llvm::zip(shape, sizes))
    if (!ShapedType::isDynamic(own))
      size = b.getIndexAttr(own);
  return sizes;
}

/// What a state is made of, for a message.
static std::string describe(const AttentionStateLayout &layout) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const RowValue &slot : layout.slots)
    os << slot.meaning << ": " << slot.type << ", ";
  os << layout.sums << (layout.sums == 1 ? " sum" : " sums") << " of values";
  return text;
}

LogicalResult weir::verifyAttentionState(Operation *op, FormulaOp formula,
                                         const AttentionStateLayout &layout,
                                         TypeRange types,
                                         const AttentionRowShape &shape) {
  size_t slots = layout.slots.size();
  if (types.size() != slots + layout.sums)
    return op->emitOpError("C6: the state has ")
           << types.size() << " values but @" << formula.getSymName()
           << " leaves " << slots + layout.sums << " (" << describe(layout)
           << ")";
  SmallVector<int64_t> ofSums(shape.rows);
  ofSums.push_back(shape.valueSize);
  for (auto [i, type] : llvm::enumerate(types)) {
    bool isSum = i >= slots;
    Type element = isSum || layout.slots[i].type.isF32() ? shape.accumulator
                                                         : layout.slots[i].type;
    ArrayRef<int64_t> wanted = isSum ? ofSums : shape.rows;
    auto shaped = cast<ShapedType>(type);
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isDense = tensor ? !tensor.getEncoding() : isa<MemRefType>(type);
    if (!isDense || shaped.getElementType() != element ||
        failed(verifyCompatibleShape(shaped.getShape(), wanted)))
      return op->emitOpError("C6: value ")
             << i << " of the state, "
             << (isSum ? "a sum of values" : layout.slots[i].meaning) << ", is "
             << type << " but must have the shape (" << show(wanted)
             << ") and hold " << element;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// weir.attention_merge and weir.attention_finish
//===----------------------------------------------------------------------===//

/// The uniform operands: what the formula takes once for a row.
static LogicalResult verifyUniforms(Operation *op, FormulaOp formula,
                                    ValueRange uniforms,
                                    ArrayRef<int64_t> rows) {
  SmallVector<unsigned> wanted;
  for (unsigned i = 1, e = formula.getNumArguments(); i < e; ++i)
    if (formula.isUniformArgument(i))
      wanted.push_back(i);
  if (uniforms.size() != wanted.size())
    return op->emitOpError("C5: has ")
           << uniforms.size() << " uniforms but @" << formula.getSymName()
           << " has " << wanted.size() << " uniform arguments";
  for (auto [i, value, argument] : llvm::enumerate(uniforms, wanted)) {
    Type type = value.getType(), formal = formula.getArgumentTypes()[argument];
    auto shaped = dyn_cast<RankedTensorType>(type);
    bool fits = !isa<ShapedType>(type) ||
                (shaped && shaped.getRank() == 3 &&
                 broadcastsTo(shaped.getShape(), rows, /*exact=*/false));
    if (!fits || !fitsStorage(formal, getElementTypeOrSelf(type)))
      return op->emitOpError("C5: uniform ")
             << i << " is " << type << " but @" << formula.getSymName()
             << " takes a uniform " << formal
             << ": a scalar or a tensor of the rows (" << show(rows) << ")";
    if (failed(verifyDomain(op, "C10", formula, argument, value, i)))
      return failure();
  }
  return success();
}

/// What both check. Gives the shape of the rows, which the first sum says.
template <typename OpTy>
static LogicalResult verifyStateOperands(OpTy op, FormulaOp &formula,
                                         AttentionRowShape &shape) {
  if (failed(resolveOrError(op, op.getFormulaAttr(), formula)) ||
      failed(findWeights(op, formula)) ||
      failed(verifyAttentionPolicies(
          op, formula, op.getEmptyRow() || op.getNan(), op.getEmptyRow())))
    return failure();
  FailureOr<AttentionStateLayout> layout =
      getAttentionLayout(op, formula, op.getStatePolicies());
  if (failed(layout))
    return failure();
  shape = {{}, 0, Float32Type::get(op.getContext())};
  if (op.getState().size() > layout->slots.size()) {
    auto sum =
        cast<RankedTensorType>(op.getState()[layout->slots.size()].getType());
    if (sum.getRank() != 4 || sum.isDynamicDim(3) ||
        !(sum.getElementType().isF32() || sum.getElementType().isF64()))
      return op.emitOpError("C6: a sum of values is ")
             << sum << " but must have the rank 4, a static last size, and "
             << "hold f32 or f64";
    shape = {SmallVector<int64_t>(sum.getShape().drop_back()),
             sum.getDimSize(3), sum.getElementType()};
  }
  if (failed(verifyAttentionState(op, formula, *layout,
                                  op.getState().getTypes(), shape)))
    return failure();
  return verifyUniforms(op, formula, op.getUniforms(), shape.rows);
}

LogicalResult AttentionMergeOp::verifySymbolUses(SymbolTableCollection &) {
  FormulaOp formula;
  AttentionRowShape shape;
  return verifyStateOperands(*this, formula, shape);
}

LogicalResult AttentionFinishOp::verifySymbolUses(SymbolTableCollection &) {
  FormulaOp formula;
  AttentionRowShape shape;
  if (failed(verifyStateOperands(*this, formula, shape)))
    return failure();
  ArrayRef<Type> formals = formula.getResultTypes();
  if (getNumResults() != formals.size())
    return emitOpError("C6: has ")
           << getNumResults() << " results but @" << formula.getSymName()
           << " has " << formals.size();
  SmallVector<int64_t> output(shape.rows);
  output.push_back(shape.valueSize);
  for (auto [i, type] : llvm::enumerate(getResultTypes())) {
    bool isUniform = formula.isUniformResult(i);
    Type wanted = formals[i].isF32() ? shape.accumulator : formals[i];
    ArrayRef<int64_t> sizes =
        isUniform ? ArrayRef(shape.rows) : ArrayRef(output);
    auto tensor = cast<RankedTensorType>(type);
    Type element = tensor.getElementType();
    if (tensor.getEncoding() ||
        failed(verifyCompatibleShape(tensor.getShape(), sizes)) ||
        !(isUniform ? element == wanted : fitsStorage(formals[i], element))) {
      InFlightDiagnostic error = emitOpError("C6: result ");
      error << i << " is " << type << " but must have the shape ("
            << show(sizes) << ") and hold ";
      if (isUniform)
        return error << wanted;
      return error << "f32, bf16, f16 or f64";
    }
  }
  return success();
}

FormulaOp AttentionMergeOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

FormulaOp AttentionFinishOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

LogicalResult
AttentionMergeOp::reifyResultShapes(OpBuilder &b,
                                    ReifiedRankedShapedTypeDims &shapes) {
  for (Value value : getState())
    shapes.push_back(tensor::getMixedSizes(b, getLoc(), value));
  return success();
}

/// The last value of a state is a sum: it has all sizes.
LogicalResult
AttentionFinishOp::reifyResultShapes(OpBuilder &b,
                                     ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> all =
      tensor::getMixedSizes(b, getLoc(), getState().back());
  for (Type type : getResultTypes())
    shapes.push_back(withStaticSizes(b, type, all));
  return success();
}
