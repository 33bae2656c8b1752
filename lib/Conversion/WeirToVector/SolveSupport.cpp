//===- SolveSupport.cpp - what a root search may leave out ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SolveSupport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

namespace {
/// What a value of the body is for an element with v - t <= 0.
enum class Inactive { Unknown, NotPositive, Zero, False };
} // namespace

static Inactive evaluate(Operation *op, Value difference,
                         llvm::DenseMap<Value, Inactive> &known) {
  auto in = [&](unsigned i) {
    Value operand = op->getOperand(i);
    if (difference && operand == difference)
      return Inactive::NotPositive;
    return matchPattern(operand, m_AnyZeroFloat()) ? Inactive::Zero
                                                   : known.lookup(operand);
  };
  auto notPositive = [&](unsigned i) {
    return in(i) == Inactive::NotPositive || in(i) == Inactive::Zero;
  };
  auto isZero = [&](unsigned i) { return in(i) == Inactive::Zero; };
  auto zeroIf = [](bool holds) {
    return holds ? Inactive::Zero : Inactive::Unknown;
  };
  if (isa<arith::MaximumFOp>(op))
    return zeroIf((notPositive(0) && isZero(1)) ||
                  (isZero(0) && notPositive(1)));
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    bool isFalse = (compare.getPredicate() == arith::CmpFPredicate::OGT &&
                    notPositive(0) && isZero(1)) ||
                   (compare.getPredicate() == arith::CmpFPredicate::OLT &&
                    isZero(0) && notPositive(1));
    return isFalse ? Inactive::False : Inactive::Unknown;
  }
  if (isa<arith::SelectOp>(op))
    return in(0) == Inactive::False ? in(2) : zeroIf(isZero(1) && isZero(2));
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return zeroIf(isZero(0) && isZero(1));
  // One factor of zero is not enough: the other may be infinite.
  if (isa<arith::MulFOp>(op)) {
    auto isFinite = [&](unsigned i) {
      APFloat number(0.0f);
      return isZero(i) ||
             (matchPattern(op->getOperand(i), m_ConstantFloat(&number)) &&
              number.isFinite());
    };
    return zeroIf((isZero(0) && isFinite(1)) || (isFinite(0) && isZero(1)));
  }
  if (isa<arith::NegFOp, math::AbsFOp, math::SqrtOp>(op))
    return zeroIf(isZero(0));
  return Inactive::Unknown;
}

Value weir::getSearchedValue(SolveOp solve, const Variance &variance) {
  Block &body = solve.getBody().front();
  Value unknown = body.getArgument(0), searched, difference;
  llvm::DenseMap<Value, Inactive> known;
  for (Operation &op : body.without_terminator()) {
    for (Value operand : op.getOperands()) {
      bool isOutside = operand.getParentBlock() != &body;
      bool isDifference = isa<arith::SubFOp>(op) && op.getOperand(1) == unknown;
      if (operand == unknown && !isDifference)
        return Value();
      if (!isOutside || !variance.isVarying(operand))
        continue;
      if (!isDifference || (searched && searched != operand))
        return Value();
      searched = operand;
    }
    if (isa<arith::SubFOp>(op) && op.getOperand(1) == unknown) {
      if (!searched || (difference && difference != op.getResult(0)))
        return Value();
      difference = op.getResult(0);
      continue;
    }
    if (isa<PositionOp, RandomOp, KthOp, SolveOp>(op))
      return Value();
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      if (reduce.getKind() != ReductionKind::Add ||
          known.lookup(reduce.getValue()) != Inactive::Zero)
        return Value();
      continue;
    }
    if (variance.isVarying(op.getResult(0)))
      known[op.getResult(0)] = evaluate(&op, difference, known);
  }
  return difference ? searched : Value();
}

/// Finds out what the varying `value` is for an element with v - root <= 0.
/// False when it leans on the element by more than v - root.
static bool follow(Value value, Value searched, Value root,
                   const Variance &variance,
                   llvm::DenseMap<Value, Inactive> &known) {
  if (!variance.isVarying(value) || known.contains(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || isa<PositionOp, RandomOp>(op))
    return false;
  if (isa<arith::SubFOp>(op) && op->getOperand(0) == searched &&
      op->getOperand(1) == root) {
    known[value] = Inactive::NotPositive;
    return true;
  }
  for (Value operand : op->getOperands())
    if (!follow(operand, searched, root, variance, known))
      return false;
  known[value] = evaluate(op, /*difference=*/Value(), known);
  return true;
}

bool weir::sumsSupportOnly(ReduceOp reduce, Value searched, Value root,
                           const Variance &variance) {
  llvm::DenseMap<Value, Inactive> known;
  return reduce.getKind() == ReductionKind::Add &&
         follow(reduce.getValue(), searched, root, variance, known) &&
         known.lookup(reduce.getValue()) == Inactive::Zero;
}
