//===- ScalarOps.cpp - elementwise ops on numbers ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarOps.h"

#include "weir/Dialect/Weir/IR/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace weir::test;

static Real constantOf(arith::ConstantOp op) {
  if (isa<FloatAttr>(op.getValue()))
    return weir::getF64Value(op);
  APInt value = cast<IntegerAttr>(op.getValue()).getValue();
  return value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue();
}

static bool compare(arith::CmpFPredicate predicate, Real a, Real b) {
  using P = arith::CmpFPredicate;
  bool unordered = isNaN(a) || isNaN(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !unordered && a != b;
  case P::ORD:
    return !unordered;
  case P::UEQ:
    return unordered || a == b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UNE:
    return a != b;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  }
  llvm_unreachable("unknown predicate");
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
  using P = arith::CmpIPredicate;
  uint64_t ua = a, ub = b;
  switch (predicate) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
    return a < b;
  case P::sle:
    return a <= b;
  case P::sgt:
    return a > b;
  case P::sge:
    return a >= b;
  case P::ult:
    return ua < ub;
  case P::ule:
    return ua <= ub;
  case P::ugt:
    return ua > ub;
  case P::uge:
    return ua >= ub;
  }
  llvm_unreachable("unknown predicate");
}

static std::optional<Real> evaluateArith(Operation *op, ArrayRef<Real> in) {
  auto nan = [&] { return isNaN(in[0]) || isNaN(in[1]); };
  auto whole = [&](unsigned i) { return static_cast<int64_t>(in[i]); };
  return TypeSwitch<Operation *, std::optional<Real>>(op)
      .Case<arith::ConstantOp>([](auto c) { return constantOf(c); })
      .Case<arith::AddFOp, arith::AddIOp>([&](auto) { return in[0] + in[1]; })
      .Case<arith::SubFOp, arith::SubIOp>([&](auto) { return in[0] - in[1]; })
      .Case<arith::MulFOp, arith::MulIOp>([&](auto) { return in[0] * in[1]; })
      .Case<arith::DivFOp>([&](auto) { return in[0] / in[1]; })
      .Case<arith::NegFOp>([&](auto) { return -in[0]; })
      .Case<arith::MaximumFOp>(
          [&](auto) { return nan() ? kNaN : std::max(in[0], in[1]); })
      .Case<arith::MinimumFOp>(
          [&](auto) { return nan() ? kNaN : std::min(in[0], in[1]); })
      .Case<arith::MaxNumFOp>([&](auto) { return fmax(in[0], in[1]); })
      .Case<arith::MinNumFOp>([&](auto) { return fmin(in[0], in[1]); })
      .Case<arith::MaxSIOp>([&](auto) { return std::max(in[0], in[1]); })
      .Case<arith::MinSIOp>([&](auto) { return std::min(in[0], in[1]); })
      .Case<arith::MinUIOp>([&](auto) { // A negative number is a great one.
        if ((in[0] < 0) != (in[1] < 0))
          return std::max(in[0], in[1]);
        return std::min(in[0], in[1]);
      })
      .Case<arith::AndIOp>([&](auto) { return Real(whole(0) & whole(1)); })
      .Case<arith::OrIOp>([&](auto) { return Real(whole(0) | whole(1)); })
      .Case<arith::XOrIOp>([&](auto) { return Real(whole(0) ^ whole(1)); })
      .Case<arith::CmpFOp>(
          [&](auto c) { return Real(compare(c.getPredicate(), in[0], in[1])); })
      .Case<arith::CmpIOp>([&](auto c) {
        return Real(compare(c.getPredicate(), whole(0), whole(1)));
      })
      .Case<arith::SelectOp>([&](auto) { return in[0] != 0 ? in[1] : in[2]; })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::UIToFPOp,
            arith::ExtUIOp>([&](auto) { return in[0]; })
      .Case<arith::SIToFPOp, arith::ExtSIOp>([&](Operation *cast) {
        return cast->getOperand(0).getType().isInteger(1) ? -in[0] : in[0];
      })
      .Case<arith::FPToSIOp>([&](auto) { return trunc(in[0]); })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<Real> evaluateMath(Operation *op, ArrayRef<Real> in) {
  return TypeSwitch<Operation *, std::optional<Real>>(op)
      .Case<math::AbsFOp>([&](auto) { return fabs(in[0]); })
      .Case<math::ExpOp>([&](auto) { return exp(in[0]); })
      .Case<math::Exp2Op>([&](auto) { return exp2(in[0]); })
      .Case<math::ExpM1Op>([&](auto) { return expm1(in[0]); })
      .Case<math::LogOp>([&](auto) { return log(in[0]); })
      .Case<math::Log2Op>([&](auto) { return log2(in[0]); })
      .Case<math::Log10Op>([&](auto) { return log10(in[0]); })
      .Case<math::Log1pOp>([&](auto) { return log1p(in[0]); })
      .Case<math::SqrtOp>([&](auto) { return sqrt(in[0]); })
      .Case<math::RsqrtOp>([&](auto) { return 1 / sqrt(in[0]); })
      .Case<math::CbrtOp>([&](auto) { return cbrt(in[0]); })
      .Case<math::PowFOp, math::FPowIOp>(
          [&](auto) { return pow(in[0], in[1]); })
      .Case<math::TanhOp>([&](auto) { return tanh(in[0]); })
      .Case<math::SinhOp>([&](auto) { return sinh(in[0]); })
      .Case<math::SinOp>([&](auto) { return sin(in[0]); })
      .Case<math::CosOp>([&](auto) { return cos(in[0]); })
      .Case<math::AtanOp>([&](auto) { return atan(in[0]); })
      .Case<math::Atan2Op>([&](auto) { return atan2(in[0], in[1]); })
      .Case<math::ErfOp>([&](auto) { return erf(in[0]); })
      .Case<math::ErfcOp>([&](auto) { return erfc(in[0]); })
      .Case<math::FloorOp>([&](auto) { return floor(in[0]); })
      .Case<math::CeilOp>([&](auto) { return ceil(in[0]); })
      .Case<math::RoundOp>([&](auto) { return round(in[0]); })
      .Case<math::RoundEvenOp>([&](auto) { return nearbyint(in[0]); })
      .Case<math::CopySignOp>([&](auto) { return copysign(in[0], in[1]); })
      .Case<math::FmaOp>([&](auto) { return in[0] * in[1] + in[2]; })
      .Case<math::ClampFOp>(
          [&](auto) { return std::min(std::max(in[0], in[1]), in[2]); })
      .Default([](Operation *) { return std::nullopt; });
}

static bool limited = false;
RangeOfF64::RangeOfF64() { limited = true; }
RangeOfF64::~RangeOfF64() { limited = false; }

Real weir::test::inRange(Real value) {
  if (!limited || !isFinite(value) || value == 0)
    return value;
  if (fabs(value) > std::numeric_limits<double>::max())
    return copysign(kInfinity, value);
  return fabs(value) < std::numeric_limits<double>::denorm_min() ? 0 : value;
}

Real weir::test::evaluate(Operation *op, ArrayRef<Real> operands) {
  if (std::optional<Real> value = evaluateArith(op, operands))
    return inRange(*value);
  if (std::optional<Real> value = evaluateMath(op, operands))
    return inRange(*value);
  llvm::report_fatal_error("the tests cannot evaluate " +
                           op->getName().getStringRef());
}
