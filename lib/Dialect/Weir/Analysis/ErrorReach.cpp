//===- ErrorReach.cpp - how far errors reach ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/ErrorReach.h"

#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace weir;

using K = Kinds;

/// True when one of the two is nowhere negative where the other is positive:
/// their sum is no smaller than either.
static bool haveOneSign(Kinds x, Kinds y) {
  constexpr unsigned kUpper = K::NaN | K::Zero | K::Positive | K::PosInf,
                     kLower = K::NaN | K::Zero | K::Negative | K::NegInf;
  return (x.isWithin(kUpper) && y.isWithin(kUpper)) ||
         (x.isWithin(kLower) && y.isWithin(kLower));
}

static Kinds negated(Kinds kinds) {
  Kinds result = kinds & Kinds(K::NaN | K::Zero);
  for (auto [from, to] :
       {std::pair(K::Negative, K::Positive), std::pair(K::NegInf, K::PosInf)}) {
    result = result | (kinds.has(from) ? to : 0) | (kinds.has(to) ? from : 0);
  }
  return result;
}

/// What a relative error of operand `index` becomes in the result of `op`.
static double getOwnFactor(Operation *op, unsigned index,
                           llvm::function_ref<Kinds(Value)> kinds) {
  auto when = [](bool holds) { return holds ? 1.0 : INFINITY; };
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<YieldOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
            arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
            arith::MinNumFOp, math::AbsFOp>([](auto) { return 1.0; })
      .Case([&](arith::AddFOp add) {
        return when(haveOneSign(kinds(add.getLhs()), kinds(add.getRhs())));
      })
      .Case([&](arith::SubFOp sub) {
        return when(
            haveOneSign(kinds(sub.getLhs()), negated(kinds(sub.getRhs()))));
      })
      .Case([&](arith::SelectOp) { return when(index != 0); })
      // The sign of a number is right.
      .Case([&](math::CopySignOp) { return index == 0 ? 1.0 : 0.0; })
      .Case([&](arith::CmpFOp cmp) {
        bool withZero =
            matchPattern(cmp->getOperand(1 - index), m_AnyZeroFloat());
        return withZero ? 0.0 : INFINITY;
      })
      .Case([](math::SqrtOp) { return 0.5; })
      // x f'(x) / f(x) is at most 1.
      .Case<math::TanhOp, math::ErfOp, math::AtanOp>([](auto) { return 1.0; })
      .Case([&](math::Log1pOp log) {
        return when(haveOneSign(kinds(log.getOperand()), K::Positive));
      })
      .Default([](Operation *) { return INFINITY; });
}

ErrorReach::ErrorReach(FormulaOp formula) {
  auto any = [](BlockArgument argument) {
    return Kinds::ofAny(argument.getType());
  };
  llvm::DenseMap<Value, Kinds> kinds = getValueKinds(formula, any);
  auto look = [&](Value value) { return kinds.lookup(value); };
  // Users come behind what they use.
  for (Operation &op : llvm::reverse(formula.getBody().front()))
    for (OpOperand &operand : op.getOpOperands()) {
      double user = op.getNumResults() ? 0.0 : 1.0;
      for (Value result : op.getResults())
        user += factors.lookup(result);
      if (user == 0.0) // And nothing times infinity.
        continue;
      double own = getOwnFactor(&op, operand.getOperandNumber(), look);
      factors[operand.get()] += own == 0.0 ? 0.0 : own * user;
    }
}
