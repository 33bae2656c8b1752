//===- HingeSums.cpp - searches for thresholds, recognised ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HingeSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace weir;

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

/// True when ops of these results are the same but for their operands.
static bool areAlike(Value outside, Value inside) {
  Operation *a = outside.getDefiningOp(), *b = inside.getDefiningOp();
  return a && b && a->getName() == b->getName() && !a->getNumRegions() &&
         a->getAttrDictionary() == b->getAttrDictionary() &&
         a->getNumOperands() == b->getNumOperands() &&
         a->getResultTypes() == b->getResultTypes() &&
         cast<OpResult>(outside).getResultNumber() ==
             cast<OpResult>(inside).getResultNumber();
}

/// True when `outside` is what `inside`, of the body of `solve`, is at the
/// root.
static bool isAtRoot(Value outside, Value inside, SolveOp solve) {
  SmallVector<std::pair<Value, Value>> work{{outside, inside}};
  llvm::DenseSet<std::pair<Value, Value>> seen;
  while (!work.empty()) {
    auto [a, b] = work.pop_back_val();
    if (!seen.insert({a, b}).second)
      continue;
    if (b == solve.getBody().getArgument(0)) {
      if (a != solve.getResult())
        return false;
      continue;
    }
    if (a == b)
      continue;
    if (!areAlike(a, b))
      return false;
    for (auto [x, y] : llvm::zip(a.getDefiningOp()->getOperands(),
                                 b.getDefiningOp()->getOperands()))
      work.push_back({x, y});
  }
  return true;
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
