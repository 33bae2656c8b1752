//===- NumberRange.cpp - bounds of a value ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumberRange.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>

using namespace mlir;
using namespace weir;

/// So many ops deep a value is looked into.
static constexpr unsigned kDepth = 12;

/// The range between the least and the most of `bounds`; everything when a
/// bound is undefined, as inf - inf is.
static NumberRange span(std::initializer_list<double> bounds) {
  if (llvm::any_of(bounds, [](double b) { return std::isnan(b); }))
    return {};
  return {std::min(bounds), std::max(bounds)};
}

static NumberRange product(NumberRange x, NumberRange y) {
  // 0 times infinity is NaN, which a range leaves out, but what is near 0 times
  // infinity is anything.
  return span({x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high});
}

static NumberRange magnitude(NumberRange x) {
  double most = std::max(std::fabs(x.low), std::fabs(x.high));
  if (x.low <= 0 && x.high >= 0)
    return {0, most};
  return {std::min(std::fabs(x.low), std::fabs(x.high)), most};
}

static NumberRange square(NumberRange x) {
  NumberRange size = magnitude(x);
  return {size.low * size.low, size.high * size.high};
}

/// Of a function that never falls.
template <double (*function)(double)>
static NumberRange rising(NumberRange x) {
  return {function(x.low), function(x.high)};
}

static NumberRange compute(Value value, unsigned depth) {
  APFloat constant(0.0f);
  if (matchPattern(value, m_ConstantFloat(&constant)) && !constant.isNaN()) {
    bool losesInfo;
    constant.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                     &losesInfo);
    return {constant.convertToDouble(), constant.convertToDouble()};
  }
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return {};
  auto of = [&](unsigned operand) {
    return compute(op->getOperand(operand), depth - 1);
  };
  return llvm::TypeSwitch<Operation *, NumberRange>(op)
      .Case([&](vector::BroadcastOp) { return of(0); })
      .Case([&](arith::NegFOp) {
        NumberRange x = of(0);
        return NumberRange{-x.high, -x.low};
      })
      .Case([&](arith::AddFOp) {
        NumberRange x = of(0), y = of(1);
        return span({x.low + y.low, x.high + y.high});
      })
      .Case([&](arith::SubFOp) {
        NumberRange x = of(0), y = of(1);
        return span({x.low - y.high, x.high - y.low});
      })
      .Case([&](arith::MulFOp mul) {
        NumberRange x = of(0);
        return mul.getLhs() == mul.getRhs() ? square(x) : product(x, of(1));
      })
      .Case([&](arith::MaximumFOp) {
        NumberRange x = of(0), y = of(1);
        return NumberRange{std::max(x.low, y.low), std::max(x.high, y.high)};
      })
      .Case([&](arith::MinimumFOp) {
        NumberRange x = of(0), y = of(1);
        return NumberRange{std::min(x.low, y.low), std::min(x.high, y.high)};
      })
      .Case([&](arith::SelectOp) {
        NumberRange x = of(1), y = of(2);
        return NumberRange{std::min(x.low, y.low), std::max(x.high, y.high)};
      })
      .Case([&](math::AbsFOp) { return magnitude(of(0)); })
      .Case([&](math::SqrtOp) {
        NumberRange x = of(0);
        return NumberRange{std::sqrt(std::max(x.low, 0.0)),
                           std::sqrt(std::max(x.high, 0.0))};
      })
      .Case<math::ExpOp, cpu::ExpOp>(
          [&](Operation *) { return rising<std::exp>(of(0)); })
      .Case([&](math::TanhOp) { return NumberRange{-1, 1}; })
      .Case([&](math::ErfOp) { return NumberRange{-1, 1}; })
      .Case([&](math::ErfcOp) { return NumberRange{0, 2}; })
      .Default([](Operation *) { return NumberRange(); });
}

NumberRange weir::getNumberRange(Value value) { return compute(value, kDepth); }
