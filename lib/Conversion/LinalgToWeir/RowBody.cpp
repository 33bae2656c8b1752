//===- RowBody.cpp - what a linalg op says of one element ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value weir::getFilling(Value tensor) {
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  bool converts = fill && fill.value().getType() !=
                              getElementTypeOrSelf(fill.output().getType());
  return fill && !converts ? fill.value() : Value();
}

TypedAttr weir::getSplat(Value tensor) {
  if (Value filling = getFilling(tensor))
    tensor = filling;
  TypedAttr attr;
  if (!matchPattern(tensor, m_Constant(&attr)))
    return TypedAttr();
  if (auto elements = dyn_cast<DenseElementsAttr>(attr))
    return elements.isSplat()
               ? cast<TypedAttr>(elements.getSplatValue<Attribute>())
               : TypedAttr();
  return isa<FloatAttr, IntegerAttr>(attr) ? attr : TypedAttr();
}

bool weir::isIdentity(const Combiner &combiner, TypedAttr number) {
  ReductionKind kind = combiner.kind;
  if (auto real = dyn_cast<FloatAttr>(number)) {
    APFloat value = real.getValue();
    if (kind == ReductionKind::Add)
      return value.isZero();
    if (value.isNaN())
      return combiner.startsFromNaN;
    return value.isInfinity() &&
           value.isNegative() == (kind == ReductionKind::Max);
  }
  APInt value = cast<IntegerAttr>(number).getValue();
  return kind == ReductionKind::Add   ? value.isZero()
         : kind == ReductionKind::Max ? value.isMinSignedValue()
                                      : value.isMaxSignedValue();
}

bool weir::isLowestFinite(ReductionKind kind, TypedAttr number) {
  auto real = dyn_cast<FloatAttr>(number);
  if (!real || kind == ReductionKind::Add)
    return false;
  APFloat value = real.getValue();
  return value ==
         APFloat::getLargest(value.getSemantics(), kind == ReductionKind::Max);
}

bool weir::isRowType(Type type) {
  return type.isF32() || type.isF64() || type.isF16() || type.isBF16() ||
         type.isIndex() ||
         (type.isSignlessInteger() && type.getIntOrFloatBitWidth() <= 64);
}

bool weir::isFloatCast(Operation *op) {
  return isa<arith::ExtFOp, arith::TruncFOp>(op);
}

//===----------------------------------------------------------------------===//
// Combiners
//===----------------------------------------------------------------------===//

static bool leansOnAccumulator(linalg::LinalgOp op, Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Operation *> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      if (argument.getOwner() == op.getBlock() &&
          argument.getArgNumber() >= op.getNumDpsInputs())
        return true;
      continue;
    }
    Operation *def = next.getDefiningOp();
    if (def->getBlock() == op.getBlock() && seen.insert(def).second)
      llvm::append_range(work, def->getOperands());
  }
  return false;
}

/// `a > b ? a : b` as a maximum of b into a new a: a NaN in `a` is dropped.
static std::optional<Combiner> matchChoice(arith::SelectOp select,
                                           Value accumulator) {
  using P = arith::CmpFPredicate;
  auto cmp = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!cmp || select.getFalseValue() != accumulator ||
      cmp.getLhs() != select.getTrueValue() || cmp.getRhs() != accumulator)
    return std::nullopt;
  P p = cmp.getPredicate();
  if (p != P::OGT && p != P::OGE && p != P::OLT && p != P::OLE)
    return std::nullopt;
  bool isMax = p == P::OGT || p == P::OGE;
  return Combiner{isMax ? ReductionKind::Max : ReductionKind::Min,
                  select.getTrueValue(), /*dropsNaN=*/true};
}

std::optional<Combiner> weir::matchCombiner(linalg::LinalgOp op,
                                            unsigned index) {
  Value accumulator = op.getBlock()->getArgument(op.getNumDpsInputs() + index);
  Operation *def =
      op.getBlock()->getTerminator()->getOperand(index).getDefiningOp();
  if (!def || def->getBlock() != op.getBlock())
    return std::nullopt;
  std::optional<Combiner> found;
  if (auto select = dyn_cast<arith::SelectOp>(def)) {
    found = matchChoice(select, accumulator);
  } else if (def->getNumOperands() == 2) {
    bool isSecond = def->getOperand(1) == accumulator;
    Combiner combiner;
    combiner.operand = def->getOperand(isSecond ? 0 : 1);
    combiner.dropsNaN = combiner.startsFromNaN =
        isa<arith::MaxNumFOp, arith::MinNumFOp>(def);
    if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(def))
      combiner.kind = ReductionKind::Max;
    else if (isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(def))
      combiner.kind = ReductionKind::Min;
    else if (!isa<arith::AddFOp, arith::AddIOp>(def))
      return std::nullopt;
    if (def->getOperand(isSecond ? 1 : 0) == accumulator)
      found = combiner;
  }
  if (!found || found->operand.getType().isInteger(1) ||
      leansOnAccumulator(op, found->operand))
    return std::nullopt;
  return found;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

llvm::SetVector<Operation *> weir::getUsedBody(linalg::LinalgOp op) {
  SmallVector<Value> work;
  for (auto [i, value] :
       llvm::enumerate(op.getBlock()->getTerminator()->getOperands())) {
    if (op->getResult(i).use_empty())
      continue;
    if (op.getNumReductionLoops() == 0)
      work.push_back(value);
    else if (auto combiner = matchCombiner(op, i))
      work.push_back(combiner->operand);
  }
  llvm::SetVector<Operation *> used;
  while (!work.empty()) {
    Operation *def = work.pop_back_val().getDefiningOp();
    if (def && def->getBlock() == op.getBlock() && used.insert(def))
      llvm::append_range(work, def->getOperands());
  }
  return used;
}

static std::string print(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static std::string findObstacle(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  bool isAllowed =
      isElementwiseBodyOp(op) || isFloatCast(op) || isa<linalg::IndexOp>(op);
  if (!isAllowed || op->getNumResults() != 1)
    return "its body has " + name + ", which no formula may contain";
  for (Value value : op->getOperands())
    if (!isRowType(value.getType()))
      return name + " takes " + print(value.getType());
  if (!isRowType(op->getResult(0).getType()))
    return name + " gives " + print(op->getResult(0).getType());
  return "";
}

std::string weir::findObstacle(linalg::LinalgOp op) {
  for (Value operand : op->getOperands()) {
    auto tensor = dyn_cast<RankedTensorType>(operand.getType());
    if (isa<ShapedType>(operand.getType()) && !tensor)
      return "it works on " + print(operand.getType()) + ", not on tensors";
    if (tensor && tensor.getEncoding())
      return "it works on " + print(tensor) + ", which has an encoding";
    if (!isRowType(getElementTypeOrSelf(operand.getType())))
      return "it works on elements of type " +
             print(getElementTypeOrSelf(operand.getType()));
  }
  if (op.getNumReductionLoops() > 0)
    for (auto result : op->getResults())
      if (!result.use_empty() && !matchCombiner(op, result.getResultNumber()))
        return "its result " + std::to_string(result.getResultNumber()) +
               " is not combined by addition, maximum or minimum alone";
  for (Operation *inner : getUsedBody(op))
    if (std::string why = ::findObstacle(inner); !why.empty())
      return why;
  return "";
}
