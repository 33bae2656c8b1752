//===- Monotonicity.cpp - results that follow the score's order ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/Monotonicity.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Directions
//===----------------------------------------------------------------------===//

static Direction reverse(Direction d) {
  return d == Direction::Rising    ? Direction::Falling
         : d == Direction::Falling ? Direction::Rising
                                   : d;
}

/// The direction of what is never less where both are not, and never more.
static Direction join(Direction a, Direction b) {
  if (a == Direction::Constant || a == b)
    return b;
  return b == Direction::Constant ? a : Direction::Unknown;
}

StringRef weir::stringifyDirection(Direction direction) {
  switch (direction) {
  case Direction::Constant:
    return "does not depend on the score";
  case Direction::Rising:
    return "rises with the score";
  case Direction::Falling:
    return "falls where the score rises";
  case Direction::Unknown:
    return "follows the score in no order that is proven";
  }
  llvm_unreachable("unknown direction");
}

/// Of factors that change both, the magnitudes must change alike.
Direction Monotonicity::product(Direction a, Sign signA, Direction b,
                                Sign signB) {
  auto scale = [](Direction d, Sign by) {
    if (d == Direction::Constant || by == Sign::NonNegative)
      return d;
    return by == Sign::NonPositive ? reverse(d) : Direction::Unknown;
  };
  if (a == Direction::Constant)
    return scale(b, signA);
  if (b == Direction::Constant)
    return scale(a, signB);
  Direction magnitude = scale(a, signA);
  if (magnitude != scale(b, signB))
    return Direction::Unknown;
  return scale(magnitude, multiply(signA, signB));
}

Direction Monotonicity::get(Value value) {
  auto found = directions.find(value);
  if (found != directions.end())
    return found->second;
  Direction direction = compute(value);
  return directions[value] = direction;
}

/// Functions of one variable that never fall.
static bool isRisingFunction(Operation *op) {
  return isa<math::ExpOp, math::Exp2Op, math::ExpM1Op, math::LogOp,
             math::Log2Op, math::Log10Op, math::Log1pOp, math::SqrtOp,
             math::CbrtOp, math::TanhOp, math::SinhOp, math::AtanOp,
             math::AsinOp, math::AsinhOp, math::AcoshOp, math::AtanhOp,
             math::ErfOp, math::FloorOp, math::CeilOp, math::RoundOp,
             math::RoundEvenOp, math::TruncOp>(op);
}

Direction Monotonicity::compute(Value value) {
  if (!variance.isVarying(value))
    return Direction::Constant;
  Operation *op = value.getDefiningOp();
  if (!op) {
    bool isScore =
        value == formula.getBody().getArgument(formula.getScoreIndex());
    return isScore ? Direction::Rising : Direction::Unknown;
  }
  auto of = [&](unsigned i) { return get(op->getOperand(i)); };
  auto sign = [&](unsigned i) { return getSign(op->getOperand(i)); };
  if (isRisingFunction(op))
    return of(0);
  return llvm::TypeSwitch<Operation *, Direction>(op)
      .Case<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp,
            arith::MaxNumFOp, arith::MinNumFOp>(
          [&](Operation *) { return join(of(0), of(1)); })
      .Case([&](arith::SubFOp) { return join(of(0), reverse(of(1))); })
      .Case([&](math::ClampFOp) { return join(join(of(0), of(1)), of(2)); })
      .Case<arith::NegFOp, math::ErfcOp, math::AcosOp>(
          [&](Operation *) { return reverse(of(0)); })
      // Where it is defined the operand is positive.
      .Case([&](math::RsqrtOp) { return reverse(of(0)); })
      .Case([&](math::AbsFOp) {
        return product(of(0), sign(0), Direction::Constant, sign(0));
      })
      .Case([&](arith::MulFOp) {
        return product(of(0), sign(0), of(1), sign(1));
      })
      .Case([&](arith::DivFOp) {
        return product(of(0), sign(0), reverse(of(1)), sign(1));
      })
      .Case([&](math::FmaOp) {
        return join(product(of(0), sign(0), of(1), sign(1)), of(2));
      })
      .Case([&](math::PowFOp) {
        if (of(1) != Direction::Constant || sign(0) != Sign::NonNegative)
          return Direction::Unknown;
        return product(of(0), Sign::NonNegative, Direction::Constant, sign(1));
      })
      // One and the same of two, where a uniform condition chooses.
      .Case([&](arith::SelectOp) {
        return of(0) == Direction::Constant ? join(of(1), of(2))
                                            : Direction::Unknown;
      })
      .Default([](Operation *) { return Direction::Unknown; });
}

bool Monotonicity::dependsOnScoreOnly(Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  Value score = formula.getBody().getArgument(formula.getScoreIndex());
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!variance.isVarying(next) || next == score || !seen.insert(next).second)
      continue;
    Operation *op = next.getDefiningOp();
    if (!op || isa<PositionOp, RandomOp>(op))
      return false;
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Signs
//===----------------------------------------------------------------------===//

Monotonicity::Sign Monotonicity::negate(Sign sign) {
  return sign == Sign::NonNegative   ? Sign::NonPositive
         : sign == Sign::NonPositive ? Sign::NonNegative
                                     : sign;
}

Monotonicity::Sign Monotonicity::multiply(Sign a, Sign b) {
  if (a == Sign::Unknown || b == Sign::Unknown)
    return Sign::Unknown;
  return a == b ? Sign::NonNegative : Sign::NonPositive;
}

Monotonicity::Sign Monotonicity::getSign(Value value) {
  auto found = signs.find(value);
  if (found != signs.end())
    return found->second;
  Sign sign = computeSign(value);
  return signs[value] = sign;
}

/// What the formula declares of a uniform argument.
Monotonicity::Sign Monotonicity::ofArgument(BlockArgument argument) {
  if (argument.getOwner() != &formula.getBody().front())
    return Sign::Unknown; // The unknown of a search.
  DenseF64ArrayAttr domain = formula.getDomain(argument.getArgNumber());
  if (!domain)
    return Sign::Unknown;
  return domain[0] >= 0   ? Sign::NonNegative
         : domain[1] <= 0 ? Sign::NonPositive
                          : Sign::Unknown;
}

static bool isNonNegativeFunction(Operation *op) {
  return isa<math::ExpOp, math::Exp2Op, math::AbsFOp, math::SqrtOp,
             math::RsqrtOp, math::ErfcOp, math::CoshOp, math::AcosOp,
             math::AcoshOp, LengthOp, ExtentOp, PositionOp, RowOp, RandomOp>(
      op);
}

/// True for x - max x.
static bool isBelowMaximum(arith::SubFOp op) {
  auto reduce = op.getRhs().getDefiningOp<ReduceOp>();
  return reduce && reduce.getKind() == ReductionKind::Max &&
         op.getRhs() == reduce.getResult() && reduce.getValue() == op.getLhs();
}

Monotonicity::Sign Monotonicity::computeSign(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return ofArgument(argument);
  Operation *op = value.getDefiningOp();
  auto of = [&](unsigned i) { return getSign(op->getOperand(i)); };
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant))) {
    if (constant.isNaN())
      return Sign::Unknown;
    return constant.isNegative() ? Sign::NonPositive : Sign::NonNegative;
  }
  if (isNonNegativeFunction(op))
    return Sign::NonNegative;
  auto either = [](Sign a, Sign b, Sign wanted) {
    return a == wanted || b == wanted;
  };
  auto both = [](Sign a, Sign b) { return a == b ? a : Sign::Unknown; };
  return llvm::TypeSwitch<Operation *, Sign>(op)
      .Case<math::TanhOp, math::ErfOp, math::SinhOp, math::AtanOp, math::AsinOp,
            math::AsinhOp, math::AtanhOp, math::CbrtOp, math::ExpM1Op,
            math::Log1pOp, math::FloorOp, math::TruncOp, math::RoundOp,
            math::RoundEvenOp, arith::SIToFPOp, arith::UIToFPOp,
            arith::IndexCastOp, arith::IndexCastUIOp>(
          [&](Operation *) { return of(0); })
      .Case([&](arith::NegFOp) { return negate(of(0)); })
      .Case<arith::MulFOp, arith::DivFOp>([&](Operation *) {
        return op->getOperand(0) == op->getOperand(1) ? Sign::NonNegative
                                                      : multiply(of(0), of(1));
      })
      .Case([&](arith::AddFOp) { return both(of(0), of(1)); })
      .Case([&](arith::SubFOp sub) {
        return isBelowMaximum(sub) ? Sign::NonPositive
                                   : both(of(0), negate(of(1)));
      })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>([&](Operation *) {
        return either(of(0), of(1), Sign::NonNegative) ? Sign::NonNegative
                                                       : both(of(0), of(1));
      })
      .Case<arith::MinimumFOp, arith::MinNumFOp>([&](Operation *) {
        return either(of(0), of(1), Sign::NonPositive) ? Sign::NonPositive
                                                       : both(of(0), of(1));
      })
      .Case([&](arith::SelectOp) { return both(of(1), of(2)); })
      .Case([&](math::PowFOp) {
        return of(0) == Sign::NonNegative ? of(0) : Sign::Unknown;
      })
      .Case([&](ReduceOp reduce) {
        return value == reduce.getResult() ? of(0) : Sign::Unknown;
      })
      .Case([&](KthOp kth) {
        return value == kth.getResult() ? getSign(kth.getValue())
                                        : Sign::Unknown;
      })
      .Default([](Operation *) { return Sign::Unknown; });
}
