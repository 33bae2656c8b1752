//===- RowShapes.cpp - constraints on the operands of a row op ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowShapes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/Twine.h"

using namespace mlir;
using namespace weir;

LogicalResult weir::joinShapes(SmallVectorImpl<int64_t> &joined,
                               ArrayRef<int64_t> shape) {
  if (shape.size() > joined.size())
    joined.insert(joined.begin(), shape.size() - joined.size(), 1);
  size_t offset = joined.size() - shape.size();
  for (auto [i, size] : llvm::enumerate(shape)) {
    int64_t &known = joined[offset + i];
    if (size == 1 || known == size)
      continue;
    if (known == 1 || ShapedType::isDynamic(known))
      known = size;
    else if (!ShapedType::isDynamic(size))
      return failure();
  }
  return success();
}

bool weir::fitsStorage(Type formal, Type element) {
  if (formal.isF32())
    return element.isF32() || element.isF64() || element.isF16() ||
           element.isBF16();
  if (formal.isIndex())
    return element.isIndex() || element.isInteger(32) || element.isInteger(64);
  return formal == element;
}

static LogicalResult verifyElementType(const RowSignature &s, Type formal,
                                       Type actual, const Twine &what) {
  Type element = getElementTypeOrSelf(actual);
  if (fitsStorage(formal, element))
    return success();
  InFlightDiagnostic diag = s.op->emitOpError("C3: ");
  diag << what << " has element type " << element << " but @"
       << s.formula.getSymName() << " takes " << formal;
  if (formal.isF32())
    diag << ", which is stored as f32, bf16, f16 or f64";
  if (formal.isIndex())
    diag << ", which is stored as index, i32 or i64";
  return diag;
}

FailureOr<SmallVector<int64_t>> weir::getFullShape(const RowSignature &s) {
  SmallVector<int64_t> full;
  auto join = [&](Type type, const Twine &what) -> LogicalResult {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || !shaped.hasRank())
      return s.op->emitOpError("C4: ") << what
                                       << " is varying and must be a ranked "
                                          "tensor or memref, but is "
                                       << type;
    if (shaped.getRank() == 0)
      return s.op->emitOpError("C4: ")
             << what << " is varying and has no dimension, let alone a row";
    if (failed(joinShapes(full, shaped.getShape())))
      return s.op->emitOpError("C4: ")
             << what << " of type " << type
             << " does not broadcast with the other varying operands";
    return success();
  };
  for (auto [i, input] : llvm::enumerate(s.inputs))
    if (!s.formula.isUniformArgument(i) &&
        failed(join(input.getType(), "operand " + Twine(i))))
      return failure();
  if (s.mask && failed(join(s.mask.getType(), "the mask")))
    return failure();
  for (auto [i, type] : llvm::enumerate(s.resultTypes))
    if (!s.formula.isUniformResult(i) &&
        failed(join(type, "result " + Twine(i))))
      return failure();
  return full;
}

bool weir::broadcastsTo(ArrayRef<int64_t> shape, ArrayRef<int64_t> full,
                        bool exact) {
  if (shape.size() > full.size() || (exact && shape.size() != full.size()))
    return false;
  ArrayRef<int64_t> tail = full.take_back(shape.size());
  return llvm::all_of(llvm::zip(shape, tail), [&](auto pair) {
    auto [size, want] = pair;
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(want))
      return !exact || size != 1 || want == 1 || ShapedType::isDynamic(want);
    return size == want || (!exact && size == 1);
  });
}

static LogicalResult verifyShapes(const RowSignature &s, ArrayRef<int64_t> full,
                                  int64_t rowDim) {
  SmallVector<int64_t> outer(full);
  outer.erase(outer.begin() + rowDim);
  for (auto [i, input] : llvm::enumerate(s.inputs)) {
    auto shaped = dyn_cast<ShapedType>(input.getType());
    if (!s.formula.isUniformArgument(i) || !shaped)
      continue;
    if (!shaped.hasRank() ||
        static_cast<size_t>(shaped.getRank()) != outer.size() ||
        !broadcastsTo(shaped.getShape(), outer, /*exact=*/false))
      return s.op->emitOpError("C5: operand ")
             << i
             << " is uniform: it must be a scalar or have the outer shape ("
             << outer << ", a size may be 1) but is " << input.getType();
  }
  for (auto [i, type] : llvm::enumerate(s.resultTypes)) {
    auto shaped = dyn_cast<ShapedType>(type);
    bool uniform = s.formula.isUniformResult(i);
    if (!shaped || !shaped.hasRank() ||
        !broadcastsTo(shaped.getShape(),
                      uniform ? ArrayRef<int64_t>(outer) : full,
                      /*exact=*/true))
      return s.op->emitOpError(uniform ? "C5: " : "C4: ")
             << (uniform ? "uniform result " : "varying result ") << i << " is "
             << type << " but must have the "
             << (uniform ? "outer shape" : "full shape") << " ("
             << (uniform ? outer : SmallVector<int64_t>(full)) << ")";
  }
  return success();
}

Type weir::getAccumulatorType(const RowSignature &s) {
  Type score =
      getElementTypeOrSelf(s.inputs[s.formula.getScoreIndex()].getType());
  return score.isF64() ? score : Type(Float32Type::get(s.op->getContext()));
}

/// Checks that a shaped type is one that rows lie in. Other scalars and ranks
/// are checked elsewhere.
static LogicalResult verifyContainer(const RowSignature &s, Type type,
                                     const Twine &what) {
  if (isa<ShapedType>(type) && !isa<TensorType, BaseMemRefType>(type))
    return s.op->emitOpError("C3: ")
           << what << " is " << type
           << ", which is neither a tensor nor a memref";
  if (isa<BaseMemRefType>(type) && isa<ApplyOp>(s.op))
    return s.op->emitOpError("C3: ")
           << what << " is " << type << "; weir.apply works on tensors";
  if (auto tensor = dyn_cast<RankedTensorType>(type);
      tensor && tensor.getEncoding())
    return s.op->emitOpError("C3: ")
           << what << " is " << type
           << ", but rows are dense: encodings are not supported";
  return success();
}

static LogicalResult verifyContainers(const RowSignature &s) {
  for (auto [i, input] : llvm::enumerate(s.inputs))
    if (failed(verifyContainer(s, input.getType(), "operand " + Twine(i))))
      return failure();
  for (auto [i, type] : llvm::enumerate(s.resultTypes))
    if (failed(verifyContainer(s, type, "result " + Twine(i))))
      return failure();
  return s.mask ? verifyContainer(s, s.mask.getType(), "the mask") : success();
}

static LogicalResult verifyTypes(const RowSignature &s) {
  for (auto [i, input] : llvm::enumerate(s.inputs))
    if (failed(verifyElementType(s, s.formula.getArgumentTypes()[i],
                                 input.getType(), "operand " + Twine(i))))
      return failure();
  for (auto [i, type] : llvm::enumerate(s.resultTypes)) {
    Type formal = s.formula.getResultTypes()[i];
    if (failed(verifyElementType(s, formal, type, "result " + Twine(i))))
      return failure();
    Type element = getElementTypeOrSelf(type);
    if (s.formula.isUniformResult(i) && formal.isF32() &&
        element != getAccumulatorType(s))
      return s.op->emitOpError("C3: uniform result ")
             << i << " has element type " << element
             << " but a statistic has the accumulator type "
             << getAccumulatorType(s);
  }
  if (s.mask && !getElementTypeOrSelf(s.mask.getType()).isInteger(1))
    return s.op->emitOpError("C3: the mask must have element type i1, but is ")
           << s.mask.getType();
  return success();
}

LogicalResult weir::verifyDomain(Operation *op, StringRef constraint,
                                 FormulaOp formula, unsigned argument,
                                 Value operand, unsigned number) {
  DenseF64ArrayAttr domain = formula.getDomain(argument);
  APFloat constant(0.0);
  if (!domain || !matchPattern(operand, m_ConstantFloat(&constant)))
    return success();
  double value = constant.convertToDouble();
  if (value >= domain[0] && value <= domain[1])
    return success();
  auto show = [](double number) {
    llvm::SmallString<16> text;
    APFloat(number).toString(text, /*FormatPrecision=*/6);
    return text;
  };
  return op->emitOpError(constraint)
         << ": operand " << number << " is the constant " << show(value)
         << ", but @" << formula.getSymName() << " takes " << show(domain[0])
         << " to " << show(domain[1]);
}

static LogicalResult verifyDomains(const RowSignature &s) {
  for (auto [i, input] : llvm::enumerate(s.inputs))
    if (failed(verifyDomain(s.op, "C8", s.formula, i, input, i)))
      return failure();
  return success();
}

static LogicalResult verifyOffsets(const RowSignature &s, size_t outerRank) {
  if (s.rowBase && s.rowStrides != outerRank)
    return s.op->emitOpError("C9: row has ")
           << s.rowStrides << " strides but the rows have " << outerRank
           << " outer dimensions";
  return success();
}

/// A part of a row knows where it lies, but not how long the row is.
static LogicalResult verifyWholeRow(const RowSignature &s) {
  bool asks = !s.formula.getBody().getOps<LengthOp>().empty() ||
              !s.formula.getBody().getOps<ExtentOp>().empty();
  if (s.column && asks)
    return s.op->emitOpError("C10: column makes this a part of a row, but @")
           << s.formula.getSymName()
           << " asks for weir.length or weir.extent of the whole";
  return success();
}

FailureOr<SmallVector<int64_t>> weir::verifyRowInputs(const RowSignature &s) {
  FormulaOp formula = s.formula;
  if (s.inputs.size() != formula.getNumArguments())
    return s.op->emitOpError("C2: has ")
           << s.inputs.size() << " operands but @" << formula.getSymName()
           << " has " << formula.getNumArguments() << " arguments";
  if (failed(verifyContainers(s)) || failed(verifyTypes(s)) ||
      failed(verifyDomains(s)))
    return failure();
  FailureOr<SmallVector<int64_t>> full = getFullShape(s);
  if (failed(full))
    return failure();
  int64_t rank = full->size();
  int64_t along = s.along.value_or(rank - 1);
  if (along < 0 || along >= rank)
    return s.op->emitOpError("C6: along = ")
           << along << " is not a dimension of the rank-" << rank
           << " operands";
  if (failed(verifyShapes(s, *full, along)) ||
      failed(verifyOffsets(s, rank - 1)))
    return failure();
  return full;
}

LogicalResult weir::verifyRowSignature(const RowSignature &s) {
  FormulaOp formula = s.formula;
  if (s.resultTypes.size() != formula.getResultTypes().size())
    return s.op->emitOpError("C2: has ")
           << s.resultTypes.size() << " results but @" << formula.getSymName()
           << " has " << formula.getResultTypes().size();
  if ((s.mask || s.hasPolicy) && !formula.hasReduction())
    return s.op->emitOpError("C7: ")
           << (s.mask ? "a mask" : "a row policy")
           << " needs a formula with a reduction; @" << formula.getSymName()
           << " is elementwise";
  if (failed(verifyRowInputs(s)))
    return failure();
  return verifyWholeRow(s);
}
