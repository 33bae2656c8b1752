//===- FormulaOps.cpp - weir.formula and the ops of its body ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace weir;

#define GET_OP_CLASSES
#include "weir/Dialect/Weir/IR/WeirOps.cpp.inc"

//===----------------------------------------------------------------------===//
// weir.formula
//===----------------------------------------------------------------------===//

ParseResult FormulaOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FormulaOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

bool FormulaOp::isUniformArgument(unsigned index) {
  return static_cast<bool>(getArgAttr(index, WeirDialect::kUniformAttrName));
}

static SmallVector<Value> pick(FormulaOp formula, ValueRange inputs,
                               bool uniform) {
  SmallVector<Value> picked;
  for (auto [i, input] : llvm::enumerate(inputs))
    if (formula.isUniformArgument(i) == uniform)
      picked.push_back(input);
  return picked;
}

SmallVector<Value> FormulaOp::pickVarying(ValueRange inputs) {
  return pick(*this, inputs, /*uniform=*/false);
}

SmallVector<Value> FormulaOp::pickUniform(ValueRange inputs) {
  return pick(*this, inputs, /*uniform=*/true);
}

bool FormulaOp::isUniformResult(unsigned index) {
  return static_cast<bool>(getResultAttr(index, WeirDialect::kUniformAttrName));
}

DenseF64ArrayAttr FormulaOp::getDomain(unsigned index) {
  return getArgAttrOfType<DenseF64ArrayAttr>(index,
                                             WeirDialect::kDomainAttrName);
}

bool FormulaOp::isExtremum(Value argument) {
  auto own = dyn_cast<BlockArgument>(argument);
  return own && own.getOwner() == &getBody().front() &&
         getArgAttr(own.getArgNumber(), WeirDialect::kExtremumAttrName);
}

bool FormulaOp::followsSweeps() {
  return hasReduction() || (*this)->hasAttr(WeirDialect::kAfterSweepsAttrName);
}

FloatAttr FormulaOp::getEmptyValue(unsigned index) {
  return getResultAttrOfType<FloatAttr>(index, WeirDialect::kEmptyAttrName);
}

unsigned FormulaOp::getFirstVaryingResult() {
  unsigned index = 0, count = getResultTypes().size();
  while (index < count && isUniformResult(index))
    ++index;
  return index;
}

unsigned FormulaOp::getScoreIndex() {
  for (unsigned i = 0, e = getNumArguments(); i < e; ++i)
    if (!isUniformArgument(i))
      return i;
  llvm_unreachable("a verified formula has a varying argument");
}

bool FormulaOp::hasSearch() {
  return llvm::any_of(getBody().front(),
                      [](Operation &op) { return isa<KthOp, SolveOp>(op); });
}

bool FormulaOp::hasReduction() {
  return getBody()
      .walk([](Operation *op) {
        return isa<ReduceOp, KthOp, SolveOp>(op) ? WalkResult::interrupt()
                                                 : WalkResult::advance();
      })
      .wasInterrupted();
}

bool FormulaOp::isPointwise() {
  for (unsigned i = 0, e = getResultTypes().size(); i < e; ++i)
    if (isUniformResult(i))
      return false;
  return !hasReduction() && llvm::none_of(getBody().front(), [](Operation &op) {
    return isa<PositionOp, RowOp, LengthOp, ExtentOp, RandomOp>(op);
  });
}

bool FormulaOp::isEquivalentTo(FormulaOp other) {
  return getFunctionType() == other.getFunctionType() &&
         getArgAttrsAttr() == other.getArgAttrsAttr() &&
         getResAttrsAttr() == other.getResAttrsAttr() &&
         (*this)->getDiscardableAttrDictionary() ==
             other->getDiscardableAttrDictionary() &&
         OperationEquivalence::isRegionEquivalentTo(
             &getBody(), &other.getBody(),
             OperationEquivalence::IgnoreLocations);
}

OperandRange FormulaOp::getYieldedValues() {
  return cast<YieldOp>(getBody().front().getTerminator()).getValues();
}

//===----------------------------------------------------------------------===//
// Ops of the body
//===----------------------------------------------------------------------===//

// What is uniform is a question about the whole formula, so the formula's
// verifier asks it, once and after all that lies inside has been verified.

LogicalResult ReduceOp::verify() {
  if (getWinner() && getKind() == ReductionKind::Add)
    return emitOpError(
        "C1: a sum has no winner; only max and min give an index");
  if (getValue().getType().isInteger(1))
    return emitOpError("C2: reduces i1, in which true is the number -1; extend "
                       "it with arith.extui");
  return success();
}

LogicalResult KthOp::verify() {
  APInt constant;
  if (matchPattern(getK(), m_ConstantInt(&constant)) && constant.slt(1))
    return emitOpError("C2: k counts from 1, but is ")
           << constant.getSExtValue();
  if (getValue().getType().isInteger(1))
    return emitOpError("C3: orders i1, in which true is the number -1; extend "
                       "it with arith.extui");
  return success();
}

static LogicalResult verifySolveBody(SolveOp op) {
  Block &body = op.getBody().front();
  if (body.getNumArguments() != 1 || !body.getArgument(0).getType().isF32())
    return op.emitOpError(
        "C2: the body must have one argument, the unknown, of type f32");
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValues().empty() || yield.getValues().size() > 2 ||
      !llvm::all_of(yield.getValues().getTypes(),
                    [](Type type) { return type.isF32(); }))
    return op.emitOpError(
        "C2: the body must yield one f32 value, and may yield "
        "its derivative as a second");
  return success();
}

LogicalResult SolveOp::verifyRegions() {
  if (getMaxIterations() <= 0)
    return emitOpError("C3: max_iterations must be positive, but is ")
           << static_cast<int64_t>(getMaxIterations());
  if (!(getTolerance().convertToDouble() >= 0))
    return emitOpError("C3: tolerance must not be negative");
  return verifySolveBody(*this);
}
