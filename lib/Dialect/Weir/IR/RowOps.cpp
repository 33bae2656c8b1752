//===- RowOps.cpp - weir.apply and weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowShapes.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace weir;

LogicalResult weir::resolveOrError(Operation *op, FlatSymbolRefAttr name,
                                   FormulaOp &formula) {
  formula = resolveFormula(op, name);
  if (formula)
    return success();
  return op->emitOpError("C1: ")
         << name
         << " names no weir.formula, neither in an enclosing symbol "
            "table nor in the library";
}

LogicalResult weir::verifyOneKind(Operation *op) {
  bool anyTensor = false, anyMemRef = false;
  for (Type type : op->getOperandTypes()) {
    anyTensor |= isa<TensorType>(type);
    anyMemRef |= isa<BaseMemRefType>(type);
  }
  if (!anyTensor || !anyMemRef)
    return success();
  return op->emitOpError(
      "mixes tensors and memrefs; all shaped operands must be of one kind");
}

/// Where a score of -inf is a number, nothing may be excluded by making it one.
template <typename RowsLike>
static LogicalResult verifyNegInf(RowsLike op, FormulaOp formula) {
  if (op.getNegInf() != NegInf::Ordinary)
    return success();
  if (!formula.getArgumentTypes()[formula.getScoreIndex()].isF32())
    return op.emitOpError("C11: neg_inf = ordinary needs an f32 score");
  auto refuse = [&](const Twine &what) {
    return op.emitOpError("C11: neg_inf = ordinary does not go with ")
           << what << ", which excludes scores";
  };
  if (op.getNan() == NaNPolicy::Ignore)
    return refuse("nan = ignore");
  if (op.getPosInf() == PosInf::Share)
    return refuse("pos_inf = share");
  if (op.getForm() == Form::Online || op.getForm() == Form::TwoPass)
    return refuse("the form " + stringifyForm(*op.getForm()).str());
  return success();
}

LogicalResult weir::verifyNaN(Operation *op, StringRef constraint,
                              std::optional<NaNPolicy> policy,
                              FormulaOp formula) {
  if (policy != NaNPolicy::Arithmetic)
    return success();
  Operation *search = nullptr;
  formula.getBody().walk([&](Operation *inner) {
    if (isa<KthOp, SolveOp>(inner))
      search = inner;
  });
  if (!search)
    return success();
  return op->emitOpError(constraint)
         << ": nan = arithmetic does not go with " << search->getName()
         << " in @" << formula.getSymName();
}

template <typename RowsLike>
static LogicalResult verifyPolicies(RowsLike op, FormulaOp formula) {
  if (failed(verifyNegInf(op, formula)))
    return failure();
  return verifyNaN(op, "C12", op.getNan(), formula);
}

template <typename RowsLike>
static LogicalResult verifyPlans(RowsLike op) {
  std::optional<ArrayAttr> plans = op.getPlans();
  if (!plans)
    return success();
  if (op.getForm() || op.getStreamBytes() || op.getPages())
    return op.emitOpError(
        "C14: plans stand in place of a form, of stream_bytes and of pages");
  for (auto [i, plan] : llvm::enumerate(plans->getAsRange<PlanAttr>()))
    if (plan.fitsAll() != (i + 1 == plans->size()))
      return op.emitOpError("C14: plan ")
             << i
             << (plan.fitsAll()
                     ? " fits all sizes, so no later one is ever taken"
                     : " is the last and must fit all sizes");
  if (plans->empty())
    return op.emitOpError("C14: there must be a plan that fits all sizes");
  return success();
}

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               Form, int64_t minRows, int64_t maxLength,
                               int64_t maxElements, int64_t streamBytes,
                               int64_t pages) {
  if (pages > 16)
    return emitError() << "a plan has " << pages << " pages, more than 16";
  for (int64_t bound : {minRows, maxLength, maxElements, streamBytes, pages})
    if (bound < 0)
      return emitError() << "a plan's bound is negative: " << bound;
  return success();
}

//===----------------------------------------------------------------------===//
// weir.apply
//===----------------------------------------------------------------------===//

static RowSignature getSignature(ApplyOp op, FormulaOp formula) {
  return {op,
          formula,
          op.getInputs(),
          op.getMask(),
          SmallVector<Type>(op.getResultTypes()),
          op.getAlong(),
          op.getEmptyRow() || op.getPosInf() || op.getNan() || op.getTies() ||
              op.getNegInf(),
          op.getRowBase(),
          op.getColumn(),
          op.getRowStrides().size()};
}

LogicalResult ApplyOp::verifySymbolUses(SymbolTableCollection &) {
  FormulaOp formula;
  if (failed(resolveOrError(*this, getFormulaAttr(), formula)))
    return failure();
  if (failed(verifyRowSignature(getSignature(*this, formula))))
    return failure();
  if (getLanes() == LaneDirection::Across && getRowDim() == getRowRank() - 1)
    return emitOpError("C13: lanes across rows need neighbouring rows, but the "
                       "row is the last dimension");
  if (failed(verifyPlans(*this)))
    return failure();
  return verifyPolicies(*this, formula);
}

FormulaOp ApplyOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

int64_t ApplyOp::getRowRank() {
  FormulaOp formula = resolveFormula();
  int64_t rank = 0;
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (!formula.isUniformArgument(i))
      rank = std::max(rank, cast<ShapedType>(input.getType()).getRank());
  return getMask() ? std::max(rank, getMask().getType().getRank()) : rank;
}

int64_t ApplyOp::getRowDim() {
  int64_t last = getRowRank() - 1;
  bool sameEverywhere =
      llvm::none_of(llvm::enumerate(getInputs()),
                    [&, formula = resolveFormula()](auto input) mutable {
                      return formula.isUniformArgument(input.index()) &&
                             isa<ShapedType>(input.value().getType());
                    });
  if (sameEverywhere && resolveFormula().isPointwise())
    return last;
  return getAlong().value_or(last);
}

/// The size of dimension `dim` of the full shape, from the first varying
/// operand that has it.
static OpFoldResult getFullSize(OpBuilder &b, ApplyOp op, FormulaOp formula,
                                int64_t dim, int64_t rank) {
  SmallVector<Value> varying = formula.pickVarying(op.getInputs());
  if (op.getMask())
    varying.push_back(op.getMask());
  std::optional<OpFoldResult> dynamic;
  for (Value value : varying) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t own = dim - (rank - type.getRank());
    if (own < 0 || type.getDimSize(own) == 1)
      continue;
    if (!type.isDynamicDim(own))
      return b.getIndexAttr(type.getDimSize(own));
    if (!dynamic)
      dynamic = tensor::getMixedSize(b, op.getLoc(), value, own);
  }
  return dynamic.value_or(b.getIndexAttr(1));
}

SmallVector<OpFoldResult> ApplyOp::getFullSizes(OpBuilder &b) {
  FormulaOp formula = resolveFormula();
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0, rank = getRowRank(); dim < rank; ++dim)
    sizes.push_back(getFullSize(b, *this, formula, dim, rank));
  return sizes;
}

LogicalResult ApplyOp::reifyResultShapes(OpBuilder &b,
                                         ReifiedRankedShapedTypeDims &shapes) {
  FormulaOp formula = resolveFormula();
  int64_t rank = getRowRank(), rowDim = getRowDim();
  for (auto [i, type] : llvm::enumerate(getResultTypes())) {
    SmallVector<OpFoldResult> sizes;
    auto tensor = cast<RankedTensorType>(type);
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (formula.isUniformResult(i) && dim == rowDim)
        continue;
      int64_t known = tensor.getDimSize(sizes.size());
      sizes.push_back(ShapedType::isDynamic(known)
                          ? getFullSize(b, *this, formula, dim, rank)
                          : OpFoldResult(b.getIndexAttr(known)));
    }
    shapes.push_back(std::move(sizes));
  }
  return success();
}

namespace {
/// `along` naming the last dimension says nothing.
struct DropDefaultAlong : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getAlong() ||
        static_cast<int64_t>(*op.getAlong()) != op.getRowRank() - 1)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.removeAlongAttr(); });
    return success();
  }
};
} // namespace

void ApplyOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<DropDefaultAlong>(context);
}

//===----------------------------------------------------------------------===//
// weir.rows
//===----------------------------------------------------------------------===//

StringRef weir::getTransposedObstacle(FormulaOp formula, int64_t rowRank,
                                      bool across) {
  bool selects = formula.getBody()
                     .walk([](KthOp) { return WalkResult::interrupt(); })
                     .wasInterrupted();
  if (selects)
    return "a selection goes its own way in every row";
  if (rowRank == 1)
    return "there is only one row";
  return across ? "neighbouring rows have a lane each already" : "";
}

std::optional<Form> weir::parseFormOfRows(StringRef name) {
  std::string spelled = name.str();
  llvm::replace(spelled, '-', '_');
  std::optional<Form> form = symbolizeForm(spelled);
  return form == Form::Elementwise ? std::nullopt : form;
}

LogicalResult RowsOp::verifySymbolUses(SymbolTableCollection &) {
  FormulaOp formula;
  if (failed(resolveOrError(*this, getFormulaAttr(), formula)))
    return failure();
  if (failed(verifyOneKind(*this)))
    return failure();
  if (failed(verifyRowSignature(
          {*this, formula, getInputs(), getMask(),
           SmallVector<Type>(getOutputs().getTypes()), getAlong(),
           getEmptyRow() || getPosInf() || getNan() || getTies() || getNegInf(),
           getRowBase(), getColumn(), getRowStrides().size()})) ||
      failed(verifyPolicies(*this, formula)) || failed(verifyPlans(*this)))
    return failure();
  if (getForm() && (*getForm() == Form::Elementwise) == formula.hasReduction())
    return emitOpError("C8: form ")
           << stringifyForm(*getForm()) << " does not fit @"
           << formula.getSymName() << ", which "
           << (formula.hasReduction() ? "has a reduction" : "is elementwise");
  StringRef obstacle = getTransposedObstacle(
      formula, getRowRank(), /*across=*/getRowDim() != getRowRank() - 1);
  if (getForm() == Form::Transposed && !obstacle.empty())
    return emitOpError("C13: form transposed does not fit @")
           << formula.getSymName() << ": " << obstacle;
  return success();
}

FormulaOp RowsOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

int64_t RowsOp::getRowRank() {
  FormulaOp formula = resolveFormula();
  int64_t rank = 0;
  auto join = [&](Value value) {
    rank = std::max(rank, cast<ShapedType>(value.getType()).getRank());
  };
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (!formula.isUniformArgument(i))
      join(input);
  if (getMask())
    join(getMask());
  for (auto [i, output] : llvm::enumerate(getOutputs()))
    if (!formula.isUniformResult(i))
      join(output);
  return rank;
}

int64_t RowsOp::getRowDim() { return getAlong().value_or(getRowRank() - 1); }

void RowsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    if (isDpsInit(&operand) || operand.get() == getScratch())
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  }
}
