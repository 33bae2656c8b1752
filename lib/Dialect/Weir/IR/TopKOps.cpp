//===- TopKOps.cpp - weir.topk and weir.topk_rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryEffects.h"
#include "RowShapes.h"
#include "Syntax.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

ParseResult
weir::parseTopKInputs(OpAsmParser &parser, FlatSymbolRefAttr &formula,
                      SmallVectorImpl<OpAsmParser::UnresolvedOperand> &inputs) {
  StringAttr name;
  if (succeeded(parser.parseOptionalSymbolName(name))) {
    formula = FlatSymbolRefAttr::get(name);
    return parser.parseOperandList(inputs, AsmParser::Delimiter::Paren);
  }
  return parser.parseOperand(inputs.emplace_back());
}

void weir::printTopKInputs(OpAsmPrinter &printer, Operation *,
                           FlatSymbolRefAttr formula, OperandRange inputs) {
  if (formula)
    printer << formula << '(' << inputs << ')';
  else
    printer << inputs;
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

namespace {

/// The constraints that both ops share but those of a formula. `along` is null
/// where the row is the last dimension.
template <typename OpTy>
class Verifier {
public:
  Verifier(OpTy op, TypeRange resultTypes, std::optional<int64_t> along)
      : op(op), resultTypes(resultTypes), along(along) {}

  LogicalResult run() {
    if (failed(verifyCounts()) || failed(verifyScores()) || failed(verifyK()) ||
        failed(verifyResults()) || failed(verifyMask()) ||
        failed(verifyThreshold()) || failed(verifyFlags()))
      return failure();
    return success();
  }

private:
  InFlightDiagnostic error(StringRef constraint) {
    return op.emitOpError(constraint) << ": ";
  }

  /// A shaped type that rows lie in; null otherwise.
  static ShapedType getDense(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isDense = tensor ? !tensor.getEncoding() : isa<MemRefType>(type);
    return isDense ? cast<ShapedType>(type) : ShapedType();
  }

  /// Of operands, results and policies. With a formula the first two depend on
  /// it.
  LogicalResult verifyCounts() {
    if (op.getInputs().empty())
      return error("C1") << "has no scores";
    if (op.getFormula())
      return success();
    if (op.getInputs().size() != 1)
      return error("C13") << "has " << op.getInputs().size()
                          << " operands but no formula that takes them";
    if (resultTypes.size() != 3)
      return error("C13") << "has " << resultTypes.size()
                          << " results, but without a formula they are three: "
                             "values, indices, count";
    if (op.getEmptyRow() || op.getPosInf() || op.getNan())
      return error("C13") << "a row policy needs a formula with a reduction";
    return success();
  }

  LogicalResult verifyScores() {
    scores = getDense(op.getScores().getType());
    if (isa<TopKOp>(op) && !isa<TensorType>(op.getScores().getType()))
      scores = ShapedType();
    if (!scores || scores.getRank() == 0)
      return error("C1") << "the scores are " << op.getScores().getType()
                         << " but must be a dense "
                         << (isa<TopKOp>(op) ? "tensor" : "tensor or memref")
                         << " of rank 1 or more";
    Type element = scores.getElementType();
    if (!element.isF32() && !element.isF64() && !element.isF16() &&
        !element.isBF16())
      return error("C1") << "the scores have element type " << element
                         << ", which is none of f32, bf16, f16 and f64";
    rowDim = along.value_or(scores.getRank() - 1);
    if (rowDim < 0 || rowDim >= scores.getRank())
      return error("C3") << "along = " << rowDim
                         << " is not a dimension of the rank-"
                         << scores.getRank() << " scores";
    return success();
  }

  LogicalResult verifyK() {
    int64_t k = op.getK(), n = scores.getDimSize(rowDim);
    if (k < 1)
      return error("C2") << "k = " << k << ", but it is at least 1";
    if (!ShapedType::isDynamic(n) && k > n)
      return error("C2") << "k = " << k << ", but a row has " << n
                         << " elements";
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (k > kMost || (!ShapedType::isDynamic(n) && n > kMost))
      return error("C2") << "indices are i32, so a row has at most " << kMost
                         << " elements";
    return success();
  }

  LogicalResult verifyResult(unsigned index, StringRef what,
                             ArrayRef<int64_t> shape, Type element) {
    ShapedType type = getDense(resultTypes[index]);
    if (type && type.getElementType() == element &&
        succeeded(verifyCompatibleShape(type.getShape(), shape)))
      return success();
    return error("C4") << "the " << what << " are " << resultTypes[index]
                       << " but must be "
                       << RankedTensorType::get(shape, element)
                       << (isa<TopKOp>(op) ? "" : " or a memref like it");
  }

  LogicalResult verifyResults() {
    Type index = IntegerType::get(op.getContext(), 32);
    SmallVector<int64_t> shape(scores.getShape());
    shape[rowDim] = op.getK();
    // What may store a formula's result is verified with the formula.
    Type element = op.getFormula() ? getElementTypeOrSelf(resultTypes[0])
                                   : scores.getElementType();
    if (failed(verifyResult(0, "values", shape, element)) ||
        failed(verifyResult(1, "indices", shape, index)))
      return failure();
    // The capacity is known, so it is static.
    for (unsigned i : {0, 1})
      if (cast<ShapedType>(resultTypes[i]).isDynamicDim(rowDim))
        return error("C4") << "the size of result " << i << " in dimension "
                           << rowDim << " is k = " << shape[rowDim]
                           << " and must be static";
    shape.erase(shape.begin() + rowDim);
    return verifyResult(2, "counts", shape, index);
  }

  LogicalResult verifyMask() {
    Value mask = op.getMask();
    if (!mask)
      return success();
    ShapedType type = getDense(mask.getType());
    if (type && type.getRank() == 0)
      return error("C5") << "the mask is " << mask.getType()
                         << " and has no dimension, let alone a row";
    bool fits = type && type.getElementType().isInteger(1) &&
                type.getRank() <= scores.getRank() &&
                repeatsOver(type.getShape(),
                            scores.getShape().take_back(type.getRank()));
    if (fits)
      return success();
    return error("C5") << "the mask is " << mask.getType()
                       << ", which is no i1 that broadcasts to the scores of "
                          "type "
                       << scores;
  }

  /// A dynamic size never repeats, nor does anything grow the scores.
  static bool repeatsOver(ArrayRef<int64_t> shape, ArrayRef<int64_t> full) {
    return llvm::all_of(llvm::zip(shape, full), [](auto pair) {
      auto [size, want] = pair;
      return size == want || size == 1 || ShapedType::isDynamic(want) ||
             (ShapedType::isDynamic(size) && want != 1);
    });
  }

  LogicalResult verifyThreshold() {
    TopKMode mode = op.getMode().value_or(TopKMode::Count);
    bool hasAttr = op.getThr().has_value(), hasOperand = !!op.getThreshold();
    if (mode == TopKMode::Count) {
      if (hasAttr || hasOperand)
        return error("C6") << "has a thr, but mode count compares with nothing";
      return success();
    }
    if (hasAttr == hasOperand)
      return error("C6") << "mode " << stringifyTopKMode(mode)
                         << " needs one thr, "
                         << (hasAttr
                                 ? "and has both an attribute and an operand"
                                 : "an attribute or an operand");
    return hasAttr ? verifyThresholdAttr(mode) : verifyThresholdOperand();
  }

  LogicalResult verifyThresholdAttr(TopKMode mode) {
    double thr = op.getThr()->convertToDouble();
    if (std::isnan(thr))
      return error("C7") << "thr is NaN";
    if (mode == TopKMode::Mass && !(thr >= 0 && thr <= 1))
      return error("C7") << "thr = " << op.getThrAttr()
                         << " is no share from 0 to 1";
    return success();
  }

  LogicalResult verifyThresholdOperand() {
    Type type = op.getThreshold().getType(),
         element = getElementTypeOrSelf(type);
    Type wanted = scores.getElementType().isF64()
                      ? scores.getElementType()
                      : Type(Float32Type::get(op.getContext()));
    if (element != wanted)
      return error("C7") << "thr has element type " << element
                         << " but must have the accumulator type " << wanted;
    if (type == element)
      return success();
    SmallVector<int64_t> outer(scores.getShape());
    outer.erase(outer.begin() + rowDim);
    ShapedType shaped = getDense(type);
    if (shaped && shaped.getShape().size() == outer.size() &&
        repeatsOver(shaped.getShape(), outer))
      return success();
    return error("C7") << "thr is " << type
                       << " but must be a scalar or have the outer shape ("
                       << outer << ", a size may be 1)";
  }

  LogicalResult verifyFlags() {
    bool isMass = op.getMode() == TopKMode::Mass;
    if (isMass && !op.getNonNegative())
      return error("C8") << "mode mass needs scores that are not negative; say "
                            "so with non_negative";
    if (!isMass && op.getIncludeCrossing())
      return error("C8") << "include_crossing says nothing in mode "
                         << stringifyTopKMode(
                                op.getMode().value_or(TopKMode::Count));
    if (op.getTies() == Ties::AllEqual)
      return error("C9") << "ties = all_equal may select more than k = "
                         << op.getK() << ", for which there is no room";
    if (op.getForm() == TopKForm::Insert && op.getK() > kMostInserted)
      return error("C10") << "form insert is for k of at most " << kMostInserted
                          << ", but k = " << op.getK();
    return success();
  }

  static constexpr uint64_t kMostInserted = 256;

  OpTy op;
  TypeRange resultTypes;
  std::optional<int64_t> along;
  ShapedType scores;
  int64_t rowDim = 0;
};

/// The constraints that a formula adds. The op itself is verified.
template <typename OpTy>
class FormulaVerifier {
public:
  FormulaVerifier(OpTy op, TypeRange resultTypes, std::optional<int64_t> along)
      : op(op), resultTypes(resultTypes), along(along) {}

  LogicalResult run() {
    if (!op.getFormulaAttr())
      return success();
    if (!(formula = op.resolveFormula()))
      return error("C11") << op.getFormulaAttr()
                          << " names no weir.formula, neither in an enclosing "
                             "symbol table nor in the library";
    if (failed(verifyFormula()) || failed(verifyPolicies()))
      return failure();
    FailureOr<SmallVector<int64_t>> full = verifyRowInputs(getSignature());
    if (failed(full))
      return failure();
    auto scores = cast<ShapedType>(op.getScores().getType());
    if (failed(verifyCompatibleShape(scores.getShape(), *full)))
      return error("C12") << "the scores are " << scores
                          << " and must have the full shape (" << *full << ")";
    return verifyFormulaResults(scores);
  }

private:
  InFlightDiagnostic error(StringRef constraint) {
    return op.emitOpError(constraint) << ": ";
  }

  RowSignature getSignature() {
    return {op,    formula, op.getInputs(), op.getMask(), /*resultTypes=*/{},
            along, false,   Value(),        Value()};
  }

  LogicalResult verifyFormula() {
    if (formula.getScoreIndex() != 0 ||
        !formula.getArgumentTypes().front().isF32())
      return error("C11") << "the first argument of @" << formula.getSymName()
                          << " is no score of type f32";
    unsigned varying = 0;
    for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
      varying += !formula.isUniformResult(i);
    if (varying != 1)
      return error("C11") << "@" << formula.getSymName() << " has " << varying
                          << " varying results, but the values are one";
    return success();
  }

  LogicalResult verifyPolicies() {
    bool hasPolicy = op.getEmptyRow() || op.getPosInf() || op.getNan();
    if (hasPolicy && !formula.hasReduction())
      return error("C13") << "a row policy needs a formula with a reduction; @"
                          << formula.getSymName() << " is elementwise";
    if (op.getEmptyRow() == EmptyRow::Uniform)
      return error("C13") << "empty_row = uniform shares among all elements of "
                             "a row, of which there is no room for more than "
                          << op.getK();
    if (op.getNan() == NaNPolicy::Arithmetic)
      return error("C13") << "nan = arithmetic does not go with a selection";
    return success();
  }

  /// The values, and the uniform results behind the count.
  LogicalResult verifyFormulaResults(ShapedType scores) {
    unsigned uniform = 3;
    for (auto [i, formal] : llvm::enumerate(formula.getResultTypes())) {
      bool isUniform = formula.isUniformResult(i);
      if (isUniform && uniform == resultTypes.size())
        break;
      Type type = resultTypes[isUniform ? uniform++ : 0];
      if (!fitsStorage(formal, getElementTypeOrSelf(type)))
        return error("C12") << "result " << (isUniform ? uniform - 1 : 0)
                            << " is " << type << " but stores a " << formal;
      if (isUniform && failed(verifyUniform(scores, formal, type, uniform - 1)))
        return failure();
    }
    unsigned wanted = formula.getResultTypes().size() + 2;
    if (resultTypes.size() == wanted)
      return success();
    return error("C12") << "has " << resultTypes.size() << " results, but @"
                        << formula.getSymName() << " has " << wanted - 3
                        << " uniform ones beside values, indices and count";
  }

  LogicalResult verifyUniform(ShapedType scores, Type formal, Type type,
                              unsigned index) {
    SmallVector<int64_t> outer(scores.getShape());
    outer.erase(outer.begin() + along.value_or(scores.getRank() - 1));
    auto shaped = dyn_cast<ShapedType>(type);
    bool isAccumulator =
        !formal.isF32() ||
        getElementTypeOrSelf(type) == getAccumulatorType(getSignature());
    if (shaped && isAccumulator &&
        succeeded(verifyCompatibleShape(shaped.getShape(), outer)))
      return success();
    return error("C12") << "uniform result " << index << " is " << type
                        << " but must have the outer shape (" << outer
                        << ") and the accumulator type "
                        << getAccumulatorType(getSignature());
  }

  OpTy op;
  FormulaOp formula;
  TypeRange resultTypes;
  std::optional<int64_t> along;
};

} // namespace

//===----------------------------------------------------------------------===//
// weir.topk
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::verify() {
  return Verifier<TopKOp>(*this, getResultTypes(), getAlong()).run();
}

LogicalResult TopKOp::verifySymbolUses(SymbolTableCollection &) {
  return FormulaVerifier<TopKOp>(*this, getResultTypes(), getAlong()).run();
}

FormulaOp TopKOp::resolveFormula() {
  return getFormulaAttr() ? weir::resolveFormula(*this, getFormulaAttr())
                          : FormulaOp();
}

int64_t TopKOp::getRowDim() {
  return getAlong().value_or(cast<ShapedType>(getScores().getType()).getRank() -
                             1);
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &b,
                                        ReifiedRankedShapedTypeDims &shapes) {
  int64_t rowDim = getRowDim();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, getLoc(), getScores());
  // What a result's type knows is more than what that of the scores does.
  for (auto [i, result] : llvm::enumerate(getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<OpFoldResult> own(sizes);
    if (i >= 2)
      own.erase(own.begin() + rowDim);
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      if (!ShapedType::isDynamic(size))
        own[dim] = b.getIndexAttr(size);
    shapes.push_back(std::move(own));
  }
  return success();
}

namespace {

/// `along` naming the last dimension says nothing.
struct DropDefaultAlong : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    int64_t rank = cast<ShapedType>(op.getScores().getType()).getRank();
    if (!op.getAlong() || static_cast<int64_t>(*op.getAlong()) != rank - 1)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.removeAlongAttr(); });
    return success();
  }
};

/// A mask that is on everywhere says nothing.
struct DropFullMask : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMask() || !matchPattern(op.getMask(), m_One()))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
    return success();
  }
};

/// A constant operand becomes the attribute where it is a value that one may
/// have.
struct FoldConstantThreshold : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    APFloat constant(0.0);
    if (!op.getThreshold() ||
        !matchPattern(op.getThreshold(), m_ConstantFloat(&constant)))
      return failure();
    double thr = constant.convertToDouble();
    if (std::isnan(thr) ||
        (op.getMode() == TopKMode::Mass && !(thr >= 0 && thr <= 1)))
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getThresholdMutable().clear();
      op.setThrAttr(rewriter.getF64FloatAttr(thr));
    });
    return success();
  }
};

} // namespace

void TopKOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropDefaultAlong, DropFullMask, FoldConstantThreshold>(context);
}

//===----------------------------------------------------------------------===//
// weir.topk_rows
//===----------------------------------------------------------------------===//

LogicalResult TopKRowsOp::verify() {
  bool anyTensor = false, anyMemRef = false;
  for (Type type : getOperandTypes()) {
    anyTensor |= isa<TensorType>(type);
    anyMemRef |= isa<BaseMemRefType>(type);
  }
  if (anyTensor && anyMemRef)
    return emitOpError(
        "mixes tensors and memrefs; all shaped operands must be of one kind");
  if (getOutputs().size() < 3)
    return emitOpError("C15: has ")
           << getOutputs().size()
           << " destinations, but the first are three: values, indices, count";
  return Verifier<TopKRowsOp>(*this, getOutputs().getTypes(), std::nullopt)
      .run();
}

LogicalResult TopKRowsOp::verifySymbolUses(SymbolTableCollection &) {
  if (failed(FormulaVerifier<TopKRowsOp>(*this, getOutputs().getTypes(),
                                         std::nullopt)
                 .run()))
    return failure();
  FormulaOp formula = resolveFormula();
  if (formula && getMode() == TopKMode::Mass &&
      !formula.isUniformResult(formula.getResultTypes().size() - 1))
    return emitOpError("C16: mode mass needs the sum over the row as the last "
                       "result of @")
           << formula.getSymName();
  return success();
}

FormulaOp TopKRowsOp::resolveFormula() {
  return getFormulaAttr() ? weir::resolveFormula(*this, getFormulaAttr())
                          : FormulaOp();
}

void TopKRowsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addDestinationStyleEffects(*this, effects);
}
