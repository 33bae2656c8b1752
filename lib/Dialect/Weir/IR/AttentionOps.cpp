//===- AttentionOps.cpp - weir.attention and weir.attention_rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionShapes.h"
#include "MemoryEffects.h"
#include "RowShapes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// With these the size of scratch is a number of bytes, and what is added to
/// an index is one.
static constexpr int64_t kMaxHeadSize = 65536, kMaxTile = 65536;
static constexpr int64_t kMaxWindow = int64_t(1) << 62;

namespace {

/// The constraints of ops over queries, keys and values.
template <typename OpTy>
class Verifier {
public:
  Verifier(OpTy op, TypeRange resultTypes) : op(op), results(resultTypes) {}

  LogicalResult run() {
    if (failed(resolveOrError(op, op.getFormulaAttr(), formula)) ||
        failed(verifyFormula()) || failed(verifyInputs()) ||
        failed(verifySizes()) || failed(verifyOperands()) ||
        failed(verifyResults()) || failed(verifyKeys()) ||
        failed(verifyPacked()) || failed(verifyNumbers()) ||
        failed(verifyPlace()))
      return failure();
    if constexpr (!std::is_same_v<OpTy, AttentionStatsOp>)
      return verifyEpilogue();
    return success();
  }

private:
  InFlightDiagnostic error(StringRef constraint) {
    return op.emitOpError(constraint) << ": ";
  }

  /// A type of numbers in memory; null otherwise.
  static ShapedType getDense(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isDense = tensor ? !tensor.getEncoding() : isa<MemRefType>(type);
    bool fits = isDense && (std::is_same_v<OpTy, AttentionRowsOp> || tensor);
    return fits ? cast<ShapedType>(type) : ShapedType();
  }

  LogicalResult verifyFormula() {
    FailureOr<unsigned> found = findWeights(op, formula);
    if (failed(found))
      return failure();
    weights = *found;
    bool hasPolicy = op.getEmptyRow() || op.getNan();
    if constexpr (!std::is_same_v<OpTy, AttentionStatsOp>)
      hasPolicy |= op.getPosInf() || op.getTies();
    if (failed(
            verifyAttentionPolicies(op, formula, hasPolicy, op.getEmptyRow())))
      return failure();
    return verifyNaN(op, "C9", op.getNan(), formula);
  }

  LogicalResult verifyInputs() {
    if (op.getInputs().size() != 3)
      return error("C3") << "has " << op.getInputs().size()
                         << " inputs but takes three: queries, keys, values";
    static constexpr StringLiteral kNames[] = {"queries", "keys", "values"};
    Type element = getElementTypeOrSelf(op.getInputs()[0].getType());
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      ShapedType type = getDense(input.getType());
      int64_t rank = op.getElementDim() + 1;
      if (!type || type.getRank() != rank ||
          !fitsStorage(Float32Type::get(op.getContext()),
                       type.getElementType()))
        return error("C3") << "the " << kNames[i] << " are " << input.getType()
                           << " but must be dense, of rank " << rank
                           << (op.isPacked() ? " where they are packed" : "")
                           << ", and hold f32, bf16, f16 or f64";
      if (type.getElementType() != element)
        return error("C3") << "the " << kNames[i] << " hold "
                           << type.getElementType() << " but the queries "
                           << element;
    }
    return success();
  }

  int64_t getSize(unsigned input, int64_t dim) {
    return cast<ShapedType>(op.getInputs()[input].getType()).getDimSize(dim);
  }
  static bool mayBeEqual(int64_t a, int64_t b) {
    return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
  }

  LogicalResult verifySizes() {
    int64_t head = op.getHeadDim(), length = op.getLengthDim(),
            element = op.getElementDim();
    if (!op.isPacked() && (!mayBeEqual(getSize(0, 0), getSize(1, 0)) ||
                           !mayBeEqual(getSize(0, 0), getSize(2, 0)) ||
                           !mayBeEqual(getSize(1, 0), getSize(2, 0))))
      return error("C4") << "queries, keys and values have "
                         << "different numbers of batches";
    if (!mayBeEqual(getSize(1, head), getSize(2, head)) ||
        !mayBeEqual(getSize(1, length), getSize(2, length)))
      return error("C4") << "keys " << op.getKey().getType() << " and values "
                         << op.getValue().getType()
                         << " must have the same heads and lengths";
    for (unsigned i : {0, 1, 2})
      if (getSize(i, element) < 1 || getSize(i, element) > kMaxHeadSize)
        return error("C4") << "the size of a head, the last dimension of "
                           << op.getInputs()[i].getType()
                           << ", must be static and from 1 to " << kMaxHeadSize;
    if (getSize(0, element) != getSize(1, element))
      return error("C4") << "queries have heads of " << getSize(0, element)
                         << " elements, keys of " << getSize(1, element);
    int64_t hq = getSize(0, head), hkv = getSize(1, head);
    if (!ShapedType::isDynamic(hq) && !ShapedType::isDynamic(hkv) &&
        (hkv == 0 ? hq != 0 : hq % hkv != 0))
      return error("C4") << hq << " heads of queries are no multiple of " << hkv
                         << " heads of keys";
    auto join = [](int64_t a, int64_t b) {
      return ShapedType::isDynamic(a) ? b : a;
    };
    if (!op.isPacked())
      rows.push_back(join(join(getSize(0, 0), getSize(1, 0)), getSize(2, 0)));
    llvm::append_values(rows, hq, getSize(0, length));
    scores = rows;
    scores.push_back(join(getSize(1, length), getSize(2, length)));
    return success();
  }

  LogicalResult verifyOperands() {
    ArrayRef<Type> formals = formula.getArgumentTypes();
    if (op.getFormulaOperands().size() + 1 != formals.size())
      return error("C5") << "has " << op.getFormulaOperands().size()
                         << " operands but @" << formula.getSymName() << " has "
                         << formals.size() - 1 << " arguments after the score";
    for (auto [i, operand] : llvm::enumerate(op.getFormulaOperands())) {
      Type type = operand.getType(), formal = formals[i + 1];
      bool uniform = formula.isUniformArgument(i + 1);
      ShapedType shaped = getDense(type);
      bool isScalar = uniform && !isa<ShapedType>(type);
      bool fits = isScalar ||
                  (shaped &&
                   (uniform ? shaped.getRank() == int64_t(rows.size()) &&
                                  broadcastsTo(shaped.getShape(), rows, false)
                            : broadcastsTo(shaped.getShape(), scores, false)));
      if (!fits || !fitsStorage(formal, getElementTypeOrSelf(type)))
        return error("C5") << "operand " << i << " is " << type << " but @"
                           << formula.getSymName() << " takes "
                           << (uniform ? "a uniform " : "a varying ") << formal
                           << (uniform ? ": a scalar or a tensor of the rows ("
                                       : ": a tensor that broadcasts to the "
                                         "scores (")
                           << show(uniform ? rows : scores) << ")";
      if (failed(verifyDomain(op, "C10", formula, i + 1, operand, i)))
        return failure();
    }
    return success();
  }

  /// The type of scores, weights and sums.
  Type getAccumulator() {
    Type element = getElementTypeOrSelf(op.getQuery().getType());
    return element.isF64() ? element : Type(Float32Type::get(op.getContext()));
  }

  bool leavesState() {
    if constexpr (std::is_same_v<OpTy, AttentionRowsOp>)
      return op.getState();
    return std::is_same_v<OpTy, AttentionStatsOp>;
  }

  LogicalResult verifyResults() {
    if (leavesState()) {
      if (op.isPacked())
        return error("C15") << "packed sequences leave no state";
      if constexpr (std::is_same_v<OpTy, AttentionRowsOp>)
        if (op.getForm().value_or(AttentionForm::OnePass) !=
            AttentionForm::OnePass)
          return error("C11")
                 << "form " << stringifyAttentionForm(*op.getForm())
                 << " leaves no state";
      FailureOr<AttentionStateLayout> layout =
          getAttentionLayout(op, formula, {op.getEmptyRow(), op.getNan()});
      if (failed(layout))
        return failure();
      AttentionRowShape shape{rows, getSize(2, 3), getAccumulator()};
      return verifyAttentionState(op, formula, *layout, results, shape);
    }
    ArrayRef<Type> formals = formula.getResultTypes();
    if (results.size() != formals.size())
      return error("C6") << "has " << results.size() << " results but @"
                         << formula.getSymName() << " has " << formals.size();
    Type accumulator = getAccumulator();
    output.assign(cast<ShapedType>(op.getQuery().getType()).getShape());
    output.back() = getSize(2, op.getElementDim());
    if (!op.isPacked())
      output[0] = rows[0];
    for (auto [i, type] : llvm::enumerate(results)) {
      bool isOutput = i == weights;
      Type wanted = formals[i].isF32() ? accumulator : formals[i];
      ShapedType shaped = getDense(type);
      std::string storage = "f32, bf16, f16 or f64";
      if (!isOutput)
        llvm::raw_string_ostream(storage = "") << wanted;
      bool fits = shaped && succeeded(verifyCompatibleShape(
                                shaped.getShape(), isOutput ? output : rows));
      if (isOutput)
        fits &= shaped && fitsStorage(formals[i], shaped.getElementType());
      else
        fits &= shaped && shaped.getElementType() == wanted;
      if (!fits)
        return error("C6") << "result " << i << " is " << type
                           << " but must have the shape ("
                           << show(isOutput ? output : rows) << ") and hold "
                           << storage;
    }
    return success();
  }

  LogicalResult verifyKeys() {
    for (auto [value, name] : {std::pair(op.getMask(), "the mask"),
                               std::pair(op.getBias(), "the bias")}) {
      if (!value)
        continue;
      ShapedType type = getDense(value.getType());
      bool isMask = value == op.getMask();
      Type formal = isMask ? Type(IntegerType::get(op.getContext(), 1))
                           : Type(Float32Type::get(op.getContext()));
      StringRef holds = isMask ? "i1" : "f32, bf16, f16 or f64";
      if (!type || !fitsStorage(formal, type.getElementType()) ||
          !broadcastsTo(type.getShape(), scores, /*exact=*/false))
        return error("C7") << name << " is " << value.getType()
                           << " but must broadcast to the scores ("
                           << show(scores) << ") and hold " << holds;
    }
    if (!op.getLengths())
      return success();
    if (op.isPacked())
      return error("C14") << "lengths do not go with packed sequences, whose "
                             "starts say how long they are";
    ShapedType type = getIndices(op.getLengths());
    if (!type || !mayBeEqual(type.getDimSize(0), rows[0]))
      return error("C7") << "lengths are " << op.getLengths().getType()
                         << " but must be one i32 or i64 for each batch";
    return success();
  }

  /// The type of some indices, null if it is not one.
  static ShapedType getIndices(Value value) {
    ShapedType type = getDense(value.getType());
    bool fits = type && type.getRank() == 1 &&
                (type.getElementType().isInteger(32) ||
                 type.getElementType().isInteger(64));
    return fits ? type : ShapedType();
  }

  LogicalResult verifyPacked() {
    if constexpr (!std::is_same_v<OpTy, AttentionStatsOp>)
      if (op.isPacked())
        return verifyStarts();
    return success();
  }

  LogicalResult verifyStarts() {
    if (op.getPacked().size() != 2)
      return error("C14") << "packed takes two tensors, the starts of queries "
                             "and those of keys, but has "
                          << op.getPacked().size();
    for (auto [starts, what] :
         llvm::zip(op.getPacked(), std::array{"queries", "keys"})) {
      ShapedType type = getIndices(starts);
      if (!type || type.getDimSize(0) == 0)
        return error("C14")
               << "the starts of " << what << " are " << starts.getType()
               << " but must be one i32 or i64 for each sequence "
                  "and one behind the last";
    }
    auto count = [&](unsigned i) {
      return cast<ShapedType>(op.getPacked()[i].getType()).getDimSize(0);
    };
    if (!mayBeEqual(count(0), count(1)))
      return error("C14") << "there are " << count(0) << " starts of queries "
                          << "but " << count(1) << " of keys";
    return success();
  }

  LogicalResult verifyNumbers() {
    // In the type of scores, where what is too large is infinite.
    bool f64 = getElementTypeOrSelf(op.getQuery().getType()).isF64();
    auto rounded = [&](APFloat number) {
      double value = number.convertToDouble();
      return f64 ? value : static_cast<float>(value);
    };
    if (op.getScale() && !std::isfinite(rounded(*op.getScale())))
      return error("C8") << "scale is not finite in the type of scores";
    double least = f64 ? std::numeric_limits<double>::min()
                       : std::numeric_limits<float>::min();
    if (op.getSoftCap() && !(std::isfinite(rounded(*op.getSoftCap())) &&
                             rounded(*op.getSoftCap()) >= least))
      return error("C8") << "soft_cap is not a positive, finite and normal "
                            "number in the type of scores";
    using Bounded = std::tuple<StringLiteral, std::optional<int64_t>, int64_t>;
    for (auto [name, number, most] :
         {Bounded("window_left", op.getWindowLeft(), kMaxWindow),
          Bounded("window_right", op.getWindowRight(), kMaxWindow),
          Bounded("query_tile", op.getQueryTile(), kMaxTile),
          Bounded("key_tile", op.getKeyTile(), kMaxTile)})
      if (number > most)
        return error("C8") << name << " = " << *number << ", but it is at most "
                           << most;
    return success();
  }

  LogicalResult verifyPlace() {
    if (!op.getPlace().empty() && op.getPlace().size() != 5)
      return error("C13") << "place has " << op.getPlace().size()
                          << " indices but takes five: batch, head and query, "
                             "and the heads and queries of the whole";
    if constexpr (!std::is_same_v<OpTy, AttentionOp>) {
      if (!op.getFirstKey() != !op.getAllKeys())
        return error("C15") << "keys takes two indices: that of the first key, "
                               "and how many the whole has";
      if (op.getFirstKey() && !leavesState())
        return error("C15") << "keys goes with state: a finished row has met "
                               "all keys";
      if (op.getFirstKey() && op.getMask() &&
          !formula.getBody().template getOps<LengthOp>().empty())
        return error("C15") << "@" << formula.getSymName()
                            << " asks for the length of the whole row, but the "
                               "mask tells nothing of keys that are not here";
    }
    return success();
  }

  LogicalResult verifyEpilogue() {
    if (!op.getEpilogueAttr())
      return success();
    if (leavesState())
      return error("C15") << "an epilogue needs finished rows";
    FormulaOp gate;
    if (failed(resolveOrError(op, op.getEpilogueAttr(), gate)))
      return failure();
    if (!gate.isPointwise() || gate.getNumResults() != 1 ||
        gate.isUniformResult(0) || !gate.getResultTypes()[0].isF32() ||
        gate.getScoreIndex() != 0 || !gate.getArgumentTypes()[0].isF32())
      return error("C12") << "@" << gate.getSymName()
                          << " is no epilogue: it must be pointwise, from an "
                             "f32 that varies to one";
    if (op.getEpilogueOperands().size() + 1 != gate.getNumArguments())
      return error("C12") << "has " << op.getEpilogueOperands().size()
                          << " operands for the epilogue but @"
                          << gate.getSymName() << " has "
                          << gate.getNumArguments() - 1
                          << " arguments after the output";
    for (auto [i, operand] : llvm::enumerate(op.getEpilogueOperands())) {
      Type type = operand.getType(), formal = gate.getArgumentTypes()[i + 1];
      bool uniform = gate.isUniformArgument(i + 1);
      ShapedType shaped = getDense(type);
      bool fits = uniform ? !isa<ShapedType>(type)
                          : shaped && broadcastsTo(shaped.getShape(), output,
                                                   /*exact=*/false);
      if (!fits || !fitsStorage(formal, getElementTypeOrSelf(type))) {
        InFlightDiagnostic diagnostic = error("C12");
        diagnostic << "operand " << i << " of the epilogue is " << type
                   << " but @" << gate.getSymName() << " takes ";
        if (uniform)
          return diagnostic << "a scalar " << formal;
        return diagnostic << "a varying " << formal
                          << ": a tensor that broadcasts to the output ("
                          << show(output) << ")";
      }
      if (failed(verifyDomain(op, "C10", gate, i + 1, operand, i)))
        return failure();
    }
    return success();
  }

  OpTy op;
  TypeRange results;
  FormulaOp formula;
  unsigned weights;
  /// [B, Hq, Lq] and [B, Hq, Lq, Lk], without B where sequences are packed;
  /// and what the output has.
  SmallVector<int64_t> rows, scores, output;
};

} // namespace

//===----------------------------------------------------------------------===//
// weir.attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::verifySymbolUses(SymbolTableCollection &) {
  return Verifier<AttentionOp>(*this, getResultTypes()).run();
}

FormulaOp AttentionOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

FormulaOp AttentionOp::resolveEpilogue() {
  return getEpilogueAttr() ? weir::resolveFormula(*this, getEpilogueAttr())
                           : FormulaOp();
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &b,
                               ReifiedRankedShapedTypeDims &shapes) {
  FormulaOp formula = resolveFormula();
  SmallVector<OpFoldResult> query =
      tensor::getMixedSizes(b, getLoc(), getQuery());
  for (auto [i, type] : llvm::enumerate(getResultTypes())) {
    SmallVector<OpFoldResult> sizes;
    if (formula.isUniformResult(i)) {
      sizes = {query[getHeadDim()], query[getLengthDim()]};
      if (!isPacked())
        sizes.insert(sizes.begin(), query[0]);
    } else {
      sizes = query;
      sizes.back() =
          tensor::getMixedSize(b, getLoc(), getValue(), getElementDim());
    }
    shapes.push_back(withStaticSizes(b, type, sizes));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// weir.attention_stats
//===----------------------------------------------------------------------===//

LogicalResult AttentionStatsOp::verifySymbolUses(SymbolTableCollection &) {
  return Verifier<AttentionStatsOp>(*this, getResultTypes()).run();
}

FormulaOp AttentionStatsOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

LogicalResult
AttentionStatsOp::reifyResultShapes(OpBuilder &b,
                                    ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> query =
      tensor::getMixedSizes(b, getLoc(), getQuery());
  SmallVector<OpFoldResult> all{
      query[0], query[getHeadDim()], query[getLengthDim()],
      tensor::getMixedSize(b, getLoc(), getValue(), 3)};
  for (Type type : getResultTypes())
    shapes.push_back(withStaticSizes(b, type, all));
  return success();
}

//===----------------------------------------------------------------------===//
// weir.attention_rows
//===----------------------------------------------------------------------===//

LogicalResult AttentionRowsOp::verifySymbolUses(SymbolTableCollection &) {
  if (failed(verifyOneKind(*this)))
    return failure();
  return Verifier<AttentionRowsOp>(*this, getOutputs().getTypes()).run();
}

FormulaOp AttentionRowsOp::resolveFormula() {
  return weir::resolveFormula(*this, getFormulaAttr());
}

FormulaOp AttentionRowsOp::resolveEpilogue() {
  return getEpilogueAttr() ? weir::resolveFormula(*this, getEpilogueAttr())
                           : FormulaOp();
}

void AttentionRowsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addDestinationStyleEffects(*this, effects);
}
