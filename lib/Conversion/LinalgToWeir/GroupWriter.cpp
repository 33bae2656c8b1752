//===- GroupWriter.cpp - a group of ops as a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupWriter.h"

#include "RowBody.h"
#include "weir/Dialect/Weir/IR/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

/// The body of a linalg op, of which only what results need is written.
struct GroupWriter::Body {
  linalg::LinalgOp op;
  DenseMap<Value, Value> known;
};

static bool worksOnDoubles(const RowGroup &group) {
  return llvm::any_of(group.getMembers(), [](Operation *op) {
    auto isDouble = [](Type type) {
      return getElementTypeOrSelf(type).isF64();
    };
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    return llvm::any_of(op->getOperandTypes(), isDouble) ||
           llvm::any_of(op->getResultTypes(), isDouble) ||
           (linalg && llvm::any_of(getUsedBody(linalg), [&](Operation *inner) {
              return !isa<arith::ConstantOp>(inner) &&
                     llvm::any_of(inner->getResultTypes(), isDouble);
            }));
  });
}

GroupWriter::GroupWriter(const RowGroup &group, ValueRange results)
    : group(group), results(results.begin(), results.end()),
      builder(group.getMembers().front()->getContext()),
      loc(group.getMembers().front()->getLoc()),
      isDouble(worksOnDoubles(group)) {}

/// What a formula says for a type of numbers: f32 is every floating-point type.
static Type getRowType(Type type) {
  return isa<FloatType>(type) ? Float32Type::get(type.getContext()) : type;
}

void GroupWriter::write(const Operand *score) {
  if (formula)
    formula.erase();
  std::optional<Operand> first;
  if (score)
    first = *score;
  operands.clear();
  values.clear();
  dropsNaN.clear();
  guards.clear();
  startsFromNaN = false;
  builder.clearInsertionPoint();
  formula =
      FormulaOp::create(builder, loc, builder.getStringAttr("raised"),
                        TypeAttr::get(builder.getFunctionType({}, {})),
                        /*sym_visibility=*/builder.getStringAttr("private"),
                        /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr);
  builder.setInsertionPointToStart(&formula.getBody().emplaceBlock());
  if (first)
    addArgument(*first);
  for (Operation *op : group.getMembers()) {
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
      writeLinalg(linalg);
    else
      values[op->getResult(0)] = getElement(op->getOperand(0));
  }
  SmallVector<Value> yielded;
  for (Value result : results)
    yielded.push_back(values[result]);
  YieldOp::create(builder, loc, yielded);
  dropUnused();
}

/// Gives the formula its type and says what is uniform.
void GroupWriter::declare() {
  Block &body = formula.getBody().front();
  auto uniform = builder.getDictionaryAttr(builder.getNamedAttr(
      WeirDialect::kUniformAttrName, builder.getUnitAttr()));
  auto varying = builder.getDictionaryAttr({});
  SmallVector<Attribute> arguments, yielded;
  for (const Operand &operand : operands)
    arguments.push_back(operand.varying ? varying : uniform);
  for (Value result : results) {
    bool isVarying = group.getSpace().isVarying(group.getLayout(result));
    yielded.push_back(isVarying ? varying : uniform);
  }
  formula.setFunctionType(builder.getFunctionType(
      body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  formula.setArgAttrsAttr(builder.getArrayAttr(arguments));
  formula.setResAttrsAttr(builder.getArrayAttr(yielded));
}

void GroupWriter::dropUnused() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(formula.getBody().front()))) {
    if (!isOpTriviallyDead(&op))
      continue;
    if (auto reduce = dyn_cast<ReduceOp>(op))
      dropsNaN.erase(reduce);
    llvm::erase(guards, &op);
    op.erase();
  }
  for (unsigned i = operands.size(); i-- > 0;)
    if (formula.getBody().getArgument(i).use_empty()) {
      formula.getBody().front().eraseArgument(i);
      operands.erase(operands.begin() + i);
    }
  declare();
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value GroupWriter::addArgument(const Operand &operand) {
  operands.push_back(operand);
  Type type = getRowType(getElementTypeOrSelf(operand.value.getType()));
  Value argument = formula.getBody().front().addArgument(type, loc);
  return values[operand.value] = argument;
}

Value GroupWriter::getConstant(TypedAttr attr) {
  auto number = dyn_cast<FloatAttr>(attr);
  if (!number)
    return arith::ConstantOp::create(builder, loc, attr);
  double value = number.getValueAsDouble();
  if (isDouble)
    return createF32Constant(builder, loc, value);
  return arith::ConstantOp::create(
      builder, loc, builder.getF32FloatAttr(static_cast<float>(value)));
}

Value GroupWriter::getScalar(Value value) {
  TypedAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return getConstant(constant);
  if (Value known = values.lookup(value))
    return known;
  return addArgument({value, Layout(), /*varying=*/false});
}

Value GroupWriter::getElement(Value tensor) {
  if (Value known = values.lookup(tensor))
    return known;
  if (TypedAttr splat = getSplat(tensor))
    return getConstant(splat);
  if (Value filling = getFilling(tensor))
    return getScalar(filling);
  if (!isa<ShapedType>(tensor.getType()))
    return getScalar(tensor);
  ArrayRef<int64_t> layout = group.getLayout(tensor);
  return addArgument(
      {tensor, Layout(layout), group.getSpace().isVarying(layout)});
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

void GroupWriter::writeLinalg(linalg::LinalgOp op) {
  Body body{op, DenseMap<Value, Value>()};
  for (OpResult result : op->getResults()) {
    if (result.use_empty())
      continue;
    if (op.getNumReductionLoops() > 0)
      writeReduction(body, result);
    else
      values[result] = translate(
          body,
          op.getBlock()->getTerminator()->getOperand(result.getResultNumber()));
  }
}

/// Whatever is not the identity to start from is combined at the end.
static Value combine(OpBuilder &builder, Location loc, ReductionKind kind,
                     Value a, Value b) {
  bool isFloat = isa<FloatType>(a.getType());
  switch (kind) {
  case ReductionKind::Add:
    return isFloat ? Value(arith::AddFOp::create(builder, loc, a, b))
                   : Value(arith::AddIOp::create(builder, loc, a, b));
  case ReductionKind::Max:
    return isFloat ? Value(arith::MaximumFOp::create(builder, loc, a, b))
                   : Value(arith::MaxSIOp::create(builder, loc, a, b));
  case ReductionKind::Min:
    return isFloat ? Value(arith::MinimumFOp::create(builder, loc, a, b))
                   : Value(arith::MinSIOp::create(builder, loc, a, b));
  }
  llvm_unreachable("unknown reduction");
}

void GroupWriter::writeReduction(Body &body, OpResult result) {
  Combiner combiner = *matchCombiner(body.op, result.getResultNumber());
  auto reduce = ReduceOp::create(builder, loc, combiner.kind,
                                 translate(body, combiner.operand));
  if (combiner.dropsNaN)
    dropsNaN.insert(reduce);
  Value value = reduce.getResult();
  Value init = body.op.getDpsInits()[result.getResultNumber()];
  TypedAttr start = getSplat(init);
  if (!start || !isIdentity(combiner, start)) {
    value = combine(builder, loc, combiner.kind, value, getElement(init));
    if (start && isLowestFinite(combiner.kind, start))
      guards.push_back(value.getDefiningOp());
  }
  auto number = dyn_cast_or_null<FloatAttr>(start);
  startsFromNaN |= number && number.getValue().isNaN();
  values[result] = value;
}

Value GroupWriter::translate(Body &body, Value value) {
  if (Value known = body.known.lookup(value))
    return known;
  Value written;
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument && argument.getOwner() == body.op.getBlock())
    written = getElement(body.op->getOperand(argument.getArgNumber()));
  else if (argument || value.getParentBlock() != body.op.getBlock())
    written = getScalar(value);
  else
    written = translateOp(body, value.getDefiningOp());
  return body.known[value] = written;
}

Value GroupWriter::translateOp(Body &body, Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return getConstant(constant.getValue());
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return translateIndex(body, index);
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(translate(body, operand));
  if (isFloatCast(op))
    return inputs[0];
  // A formula is mathematics: flags that let IEEE arithmetic be treated as such
  // say nothing here.
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attr : op->getAttrs())
    if (attr.getName() != "fastmath" && attr.getName() != "overflowFlags")
      attributes.push_back(attr);
  OperationState state(op->getLoc(), op->getName(), inputs,
                       {getRowType(op->getResult(0).getType())}, attributes);
  return builder.create(state)->getResult(0);
}

Value GroupWriter::translateIndex(Body &body, linalg::IndexOp op) {
  int64_t dim = group.getLoops(body.op)[op.getDim()];
  if (dim == group.getSpace().rowDim)
    return PositionOp::create(builder, op.getLoc(), builder.getIndexType());
  return RowOp::create(builder, op.getLoc(), builder.getIndexType());
}
