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

#include <cmath>

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

//===----------------------------------------------------------------------===//
// Sums of hinges
//===----------------------------------------------------------------------===//

namespace {
/// factor (v - t)^degree above t and 0 below. No hinge has degree 0.
struct Hinge {
  double degree = 0, factor = 0;
};
} // namespace

/// A positive constant, or 0.
static double getFactor(Value value) {
  APFloat number(0.0f);
  if (!matchPattern(value, m_ConstantFloat(&number)) || number.isNegative() ||
      !number.isFinite())
    return 0;
  return number.convertToDouble();
}

/// The hinge that `op` gives, from those of its operands.
static Hinge getHinge(Operation *op, Value difference,
                      const llvm::DenseMap<Value, Hinge> &hinges) {
  auto isRamp = [&](unsigned i) {
    return op->getOperand(i) == difference &&
           matchPattern(op->getOperand(1 - i), m_AnyZeroFloat());
  };
  if (isa<arith::MaximumFOp>(op))
    return isRamp(0) || isRamp(1) ? Hinge{1, 1} : Hinge();
  if (!isa<arith::MulFOp, math::SqrtOp>(op))
    return Hinge();
  Hinge a = hinges.lookup(op->getOperand(0));
  if (isa<math::SqrtOp>(op))
    return {a.degree / 2, std::sqrt(a.factor)};
  Hinge b = hinges.lookup(op->getOperand(1));
  if (a.degree == 0)
    a.factor = getFactor(op->getOperand(0));
  if (b.degree == 0)
    b.factor = getFactor(op->getOperand(1));
  double factor = a.factor * b.factor;
  return factor > 0 ? Hinge{a.degree + b.degree, factor} : Hinge();
}

std::optional<HingeSum> weir::getHingeSum(SolveOp solve, Value searched) {
  Block &body = solve.getBody().front();
  auto difference = cast<YieldOp>(body.getTerminator())
                        .getValues()[0]
                        .getDefiningOp<arith::SubFOp>();
  auto sum =
      difference ? difference.getLhs().getDefiningOp<ReduceOp>() : ReduceOp();
  if (!searched || !sum || sum->getBlock() != &body ||
      sum.getKind() != ReductionKind::Add ||
      solve.getDirection() != SolveDirection::Decreasing)
    return std::nullopt;
  Value target = difference.getRhs();
  if (target.getParentBlock() == &body && !matchPattern(target, m_Constant()))
    return std::nullopt;
  Value above;
  llvm::DenseMap<Value, Hinge> hinges;
  for (Operation &op : body.without_terminator()) {
    if (isa<arith::SubFOp>(op) && op.getOperand(0) == searched &&
        op.getOperand(1) == body.getArgument(0))
      above = op.getResult(0);
    else if (Hinge hinge = getHinge(&op, above, hinges); hinge.degree > 0)
      hinges[op.getResult(0)] = hinge;
  }
  Hinge hinge = hinges.lookup(sum.getValue());
  if (hinge.degree < 1)
    return std::nullopt;
  return HingeSum{sum, target, hinge.degree, hinge.factor};
}

/// True when `outside` is what `inside`, of the body of `solve`, is at the
/// root.
static bool isAtRoot(Value outside, Value inside, SolveOp solve) {
  if (inside == solve.getBody().getArgument(0))
    return outside == solve.getResult();
  if (inside == outside)
    return true;
  Operation *a = outside.getDefiningOp(), *b = inside.getDefiningOp();
  if (!a || !b || a->getName() != b->getName() || a->getNumRegions() ||
      a->getAttrDictionary() != b->getAttrDictionary() ||
      a->getNumOperands() != b->getNumOperands() ||
      a->getResultTypes() != b->getResultTypes() ||
      cast<OpResult>(outside).getResultNumber() !=
          cast<OpResult>(inside).getResultNumber())
    return false;
  return llvm::all_of(llvm::zip(a->getOperands(), b->getOperands()),
                      [&](auto operands) {
                        auto [x, y] = operands;
                        return isAtRoot(x, y, solve);
                      });
}

SmallVector<ReduceOp> weir::getSumsAtRoot(SolveOp solve, ReduceOp sum) {
  SmallVector<ReduceOp> found;
  for (ReduceOp reduce : solve->getBlock()->getOps<ReduceOp>())
    if (solve->isBeforeInBlock(reduce) &&
        isAtRoot(reduce.getResult(), sum.getResult(), solve))
      found.push_back(reduce);
  return found;
}

bool weir::followsFrom(Value value, Value source, const Variance &variance) {
  if (value == source || !variance.isVarying(value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && !isa<PositionOp, RandomOp>(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return followsFrom(operand, source, variance);
         });
}
