//===- ForwardDerivative.cpp - derivatives of elementwise code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/ForwardDerivative.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace weir;

ForwardDerivative::ForwardDerivative(BlockArgument unknown)
    : block(unknown.getOwner()), builder(unknown.getContext()),
      loc(unknown.getLoc()) {
  builder.setInsertionPointToStart(block);
  known[unknown] = constant(1.0);
}

Value ForwardDerivative::constant(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}

Value ForwardDerivative::orZero(Value derivative) {
  return derivative ? derivative : constant(0.0);
}

Value ForwardDerivative::add(Value a, Value b, double sign) {
  if (!b)
    return a;
  APFloat number(0.0f);
  if (!a && sign < 0 && matchPattern(b, m_ConstantFloat(&number)))
    return constant(-number.convertToDouble());
  if (!a)
    return sign > 0 ? b : Value(arith::NegFOp::create(builder, loc, b));
  return sign > 0 ? Value(arith::AddFOp::create(builder, loc, a, b))
                  : Value(arith::SubFOp::create(builder, loc, a, b));
}

/// The constant slope of the ramp max(x, 0), when `derivative` is that where
/// x > 0 and 0 elsewhere. The ramp is 0 there too, so that their product needs
/// no choice.
static Value getRampSlope(Value ramp, Value derivative) {
  auto maximum = ramp.getDefiningOp<arith::MaximumFOp>();
  auto choice = derivative.getDefiningOp<arith::SelectOp>();
  auto compare = choice ? choice.getCondition().getDefiningOp<arith::CmpFOp>()
                        : arith::CmpFOp();
  if (!maximum || !compare ||
      compare.getPredicate() != arith::CmpFPredicate::OGT ||
      compare.getLhs() != maximum.getLhs() ||
      compare.getRhs() != maximum.getRhs())
    return Value();
  APFloat slope(0.0f);
  auto isSlope = [&](Value flat, Value zero, Value value) {
    return matchPattern(flat, m_AnyZeroFloat()) &&
           matchPattern(zero, m_AnyZeroFloat()) &&
           matchPattern(value, m_ConstantFloat(&slope)) && slope.isFinite();
  };
  Value yes = choice.getTrueValue(), no = choice.getFalseValue();
  if (isSlope(maximum.getRhs(), no, yes))
    return yes;
  return isSlope(maximum.getLhs(), yes, no) ? no : Value();
}

Value ForwardDerivative::multiply(Value a, Value derivative, double times) {
  if (!derivative)
    return Value();
  if (Value slope = getRampSlope(a, derivative))
    derivative = slope;
  APFloat number(0.0f);
  if (matchPattern(derivative, m_ConstantFloat(&number))) {
    double factor = times * number.convertToDouble();
    if (std::abs(factor) == 1.0)
      return factor < 0 ? add(Value(), a, -1) : a;
    return arith::MulFOp::create(builder, loc, a, constant(factor));
  }
  Value product = arith::MulFOp::create(builder, loc, a, derivative);
  return times == 1.0
             ? product
             : Value(arith::AddFOp::create(builder, loc, product, product));
}

LogicalResult ForwardDerivative::run() {
  SmallVector<Operation *> ops;
  for (Operation &op : block->without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops) {
    bool moves = llvm::any_of(op->getOperands(),
                              [&](Value operand) { return get(operand); });
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        moves |= inner != op && get(operand);
    });
    if (!moves)
      continue;
    loc = op->getLoc();
    builder.setInsertionPointAfter(op);
    FailureOr<Value> derivative = derive(op);
    if (failed(derivative)) {
      culprit = op;
      return failure();
    }
    if (*derivative)
      known[op->getResult(0)] = *derivative;
  }
  return success();
}

FailureOr<Value> ForwardDerivative::derive(Operation *op) {
  auto in = [&](unsigned i) { return op->getOperand(i); };
  auto d = [&](unsigned i) { return get(op->getOperand(i)); };
  Value result = op->getNumResults() ? op->getResult(0) : Value();
  auto compare = [&](arith::CmpFPredicate predicate, Value a,
                     Value b) -> Value {
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  };
  auto choose = [&](Value condition, Value a, Value b) -> Value {
    return arith::SelectOp::create(builder, loc, condition, orZero(a),
                                   orZero(b));
  };
  auto quotient = [&](Value a, Value b) -> Value {
    return arith::DivFOp::create(builder, loc, a, b);
  };
  using P = arith::CmpFPredicate;
  if (isa<arith::AddFOp>(op))
    return add(d(0), d(1), 1);
  if (isa<arith::SubFOp>(op))
    return add(d(0), d(1), -1);
  if (isa<arith::NegFOp>(op))
    return add(Value(), d(0), -1);
  if (isa<arith::MulFOp>(op)) {
    if (in(0) == in(1))
      return multiply(in(0), d(0), /*times=*/2);
    return add(multiply(in(1), d(0)), multiply(in(0), d(1)), 1);
  }
  if (isa<arith::DivFOp>(op))
    return quotient(add(d(0), multiply(result, d(1)), -1), in(1));
  if (isa<math::FmaOp>(op))
    return add(add(multiply(in(1), d(0)), multiply(in(0), d(1)), 1), d(2), 1);
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
    return choose(compare(P::OGT, in(0), in(1)), d(0), d(1));
  if (isa<arith::MinimumFOp, arith::MinNumFOp>(op))
    return choose(compare(P::OLT, in(0), in(1)), d(0), d(1));
  if (isa<arith::SelectOp>(op))
    return choose(in(0), d(1), d(2));
  if (isa<arith::CmpFOp>(op))
    return Value(); // A step: flat where it is not a jump.
  if (isa<math::AbsFOp>(op))
    return choose(compare(P::OLT, in(0), constant(0.0)), add(Value(), d(0), -1),
                  d(0));
  if (isa<math::ExpOp>(op))
    return multiply(result, d(0));
  if (isa<math::LogOp>(op))
    return quotient(d(0), in(0));
  if (isa<math::Log1pOp>(op))
    return quotient(d(0), add(constant(1.0), in(0), 1));
  if (isa<math::ExpM1Op>(op))
    return multiply(add(result, constant(1.0), 1), d(0));
  if (isa<math::SqrtOp>(op))
    return quotient(multiply(constant(0.5), d(0)), result);
  if (isa<math::TanhOp>(op))
    return multiply(add(constant(1.0), multiply(result, result), -1), d(0));
  if (isa<math::PowFOp>(op) && !d(1)) {
    // At a base of 0 the other side of a kink is taken, as for a maximum.
    Value exponent = add(in(1), constant(1.0), -1);
    Value power = math::PowFOp::create(builder, loc, in(0), exponent);
    Value slope = multiply(multiply(in(1), power), d(0));
    return choose(compare(P::OGT, in(0), constant(0.0)), slope, Value());
  }
  auto reduce = dyn_cast<ReduceOp>(op);
  if (reduce && reduce.getKind() == ReductionKind::Add)
    return ReduceOp::create(builder, loc, ReductionKind::Add, d(0)).getResult();
  return failure();
}
