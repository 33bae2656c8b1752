//===- ScoreChain.cpp - what is done to scores before a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScoreChain.h"

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

static std::optional<double> getNumber(Value value) {
  FloatAttr number;
  if (!matchPattern(value, m_Constant(&number)))
    return std::nullopt;
  return number.getValueAsDouble();
}

/// The positive number that the only user of `value` multiplies it by.
static std::optional<double> getFactor(Operation *user, Value value) {
  std::optional<double> factor;
  if (isa<arith::MulFOp>(user))
    factor = getNumber(user->getOperand(user->getOperand(0) == value ? 1 : 0));
  else if (isa<arith::DivFOp>(user) && user->getOperand(0) == value)
    if (std::optional<double> divisor = getNumber(user->getOperand(1)))
      factor = 1.0 / *divisor;
  bool isScale = factor && std::isfinite(*factor) && *factor > 0.0;
  return isScale ? factor : std::nullopt;
}

Value ScoreChain::takeScale(Value value) {
  Operation *user = *value.user_begin();
  std::optional<double> factor = getFactor(user, value);
  if (!factor)
    return Value();
  scale *= *factor;
  return user->getResult(0);
}

/// c tanh(x / c), of which the division may be part of the scale.
Value ScoreChain::takeCap(Value value) {
  auto tanh = dyn_cast<math::TanhOp>(*value.user_begin());
  if (!tanh || !tanh.getResult().hasOneUse())
    return Value();
  Operation *user = *tanh->user_begin();
  std::optional<double> cap = getFactor(user, tanh.getResult());
  if (!cap)
    return Value();
  softCap = cap;
  scale *= *cap;
  return user->getResult(0);
}

/// A varying argument that nothing else uses.
static BlockArgument getTensor(FormulaOp formula, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  bool isTensor = argument && argument.hasOneUse() &&
                  !formula.isUniformArgument(argument.getArgNumber());
  return isTensor ? argument : BlockArgument();
}

Value ScoreChain::takeBias(FormulaOp formula, Value value,
                           const Surroundings &around) {
  Operation *user = *value.user_begin();
  if (!isa<arith::AddFOp>(user) || next > Step::Bias)
    return Value();
  BlockArgument other = getTensor(
      formula, user->getOperand(user->getOperand(0) == value ? 1 : 0));
  if (!other)
    return Value();
  bias = around.operandOf(other);
  next = Step::Mask;
  return user->getResult(0);
}

/// A choice between the score and -inf: by a tensor once, by indices as often
/// as there are some.
Value ScoreChain::takeMask(FormulaOp formula, Value value,
                           const Surroundings &around) {
  auto select = dyn_cast<arith::SelectOp>(*value.user_begin());
  if (!select || select.getCondition() == value)
    return Value();
  bool holds = select.getTrueValue() == value;
  if (!matchPattern(holds ? select.getFalseValue() : select.getTrueValue(),
                    m_NegInfFloat()))
    return Value();
  BlockArgument tensor = getTensor(formula, select.getCondition());
  if (around.confine(window, select.getCondition(), holds)) {
    next = std::max(next, Step::Mask);
    return select.getResult();
  }
  if (!tensor || !holds || next > Step::Mask)
    return Value();
  mask = around.operandOf(tensor);
  next = Step::None;
  return select.getResult();
}

Value ScoreChain::follow(FormulaOp formula, BlockArgument argument,
                         bool takesTensors, const Surroundings &around) {
  Value value = argument;
  while (value.hasOneUse()) {
    Value behind;
    if (next == Step::Scale)
      behind = takeScale(value);
    if (!behind && next == Step::Scale) {
      behind = takeCap(value);
      if (behind)
        next = Step::Bias;
    }
    if (!behind && takesTensors)
      behind = takeBias(formula, value, around);
    if (!behind && takesTensors)
      behind = takeMask(formula, value, around);
    if (!behind)
      break;
    value = behind;
  }
  return value;
}

FormulaOp weir::cutFormula(FormulaOp formula, BlockArgument score,
                           Value reached, StringRef name,
                           SmallVectorImpl<unsigned> &left) {
  IRMapping map;
  auto made = cast<FormulaOp>(formula->clone(map));
  made.setSymName(name);
  SymbolTable::setSymbolVisibility(made, SymbolTable::Visibility::Private);
  Block &body = made.getBody().front();
  BlockArgument first =
      body.insertArgument(0u, score.getType(), score.getLoc());
  map.lookup(reached).replaceAllUsesWith(first);
  Builder builder(made.getContext());
  SmallVector<Attribute> attrs;
  auto keep = [&](unsigned index) {
    left.push_back(index);
    DictionaryAttr own = formula.getArgAttrDict(index);
    attrs.push_back(own ? own : builder.getDictionaryAttr({}));
  };
  keep(score.getArgNumber());
  // What led to `reached` goes, and the arguments with it.
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      op->erase();
  for (unsigned i = 0; i < formula.getNumArguments(); ++i)
    if (!body.getArgument(i + 1).use_empty())
      keep(i);
  for (unsigned i = formula.getNumArguments(); i > 0; --i)
    if (body.getArgument(i).use_empty())
      body.eraseArgument(i);
  made.setFunctionType(builder.getFunctionType(body.getArgumentTypes(),
                                               formula.getResultTypes()));
  if (llvm::any_of(attrs, [](Attribute own) {
        return !cast<DictionaryAttr>(own).empty();
      }))
    made.setArgAttrsAttr(builder.getArrayAttr(attrs));
  else
    made.removeArgAttrsAttr();
  return made;
}
