//===- FormulaVerifier.cpp - what a formula may contain ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The verifier of weir.formula: its constraints C1 to C5, each cited in the
// message.
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Variance.h"
#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

/// The elementwise ops a formula may use: pure, total on scalars, and with a
/// meaning over the extended reals. Integer division is absent on purpose:
/// dividing by zero is undefined there.
static bool isAllowedElementwise(Operation *op) {
  return isa<arith::ConstantOp, arith::AddFOp, arith::SubFOp, arith::MulFOp,
             arith::DivFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::CmpFOp, arith::CmpIOp,
             arith::SelectOp, arith::AddIOp, arith::SubIOp, arith::MulIOp,
             arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::MaxSIOp,
             arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::SIToFPOp,
             arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp, arith::ExtSIOp,
             arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp,
             arith::IndexCastUIOp>(op) ||
         isa<math::AbsFOp, math::AbsIOp, math::ExpOp, math::Exp2Op,
             math::ExpM1Op, math::LogOp, math::Log2Op, math::Log10Op,
             math::Log1pOp, math::SqrtOp, math::RsqrtOp, math::CbrtOp,
             math::PowFOp, math::FPowIOp, math::TanhOp, math::SinhOp,
             math::CoshOp, math::SinOp, math::CosOp, math::TanOp, math::AtanOp,
             math::Atan2Op, math::AsinOp, math::AcosOp, math::AsinhOp,
             math::AcoshOp, math::AtanhOp, math::ErfOp, math::ErfcOp,
             math::FloorOp, math::CeilOp, math::RoundOp, math::RoundEvenOp,
             math::TruncOp, math::CopySignOp, math::FmaOp, math::ClampFOp,
             math::IsNaNOp, math::IsInfOp, math::IsFiniteOp>(op);
}

static LogicalResult verifyTypes(FormulaOp formula, Operation *op,
                                 TypeRange types, StringRef what) {
  for (Type type : types) {
    if (type.isF32() || type.isSignlessInteger() || type.isIndex())
      continue;
    InFlightDiagnostic diag = op->emitOpError();
    if (isa<FloatType>(type))
      return diag << "C3: " << what << " has type " << type
                  << "; floating-point values of a formula are f32, the "
                     "accumulator type";
    return diag << "C2: " << what << " has type " << type
                << "; a formula computes with scalars (f32, signless integers, "
                   "index)";
  }
  return success();
}

static LogicalResult verifyBodyOp(FormulaOp formula, Operation *op) {
  if (!isa<WeirDialect>(op->getDialect()) && !isAllowedElementwise(op))
    return op->emitOpError(
        "C2: is not allowed in a weir.formula; use weir's row ops and pure "
        "elementwise arith and math ops");
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(op))
    if (fast.getFastMathFlagsAttr() &&
        fast.getFastMathFlagsAttr().getValue() != arith::FastMathFlags::none)
      return op->emitOpError(
          "C2: fast-math flags are not allowed in a weir.formula; what may be "
          "rewritten follows from the accuracy class");
  return verifyTypes(formula, op, op->getResultTypes(), "a result");
}

static LogicalResult verifyResults(FormulaOp formula) {
  auto yield = dyn_cast<YieldOp>(formula.getBody().front().getTerminator());
  if (!yield)
    return formula.emitOpError("C1: the body must end in weir.yield");
  ArrayRef<Type> types = formula.getResultTypes();
  if (types.empty())
    return formula.emitOpError("C1: a formula has at least one result");
  if (yield.getValues().getTypes() != TypeRange(types))
    return yield.emitOpError("C1: yields (")
           << yield.getValues().getTypes() << ") but @" << formula.getSymName()
           << " returns (" << types << ")";
  Variance variance(formula);
  for (auto [index, value] : llvm::enumerate(yield.getValues()))
    if (formula.isUniformResult(index) && variance.isVarying(value))
      return yield.emitOpError("C4: result ")
             << index << " of @" << formula.getSymName()
             << " is declared weir.uniform but the value is varying; reduce it "
                "over the row";
  return success();
}

LogicalResult FormulaOp::verifyRegions() {
  bool anyVarying = false;
  for (unsigned i = 0, e = getNumArguments(); i < e; ++i)
    anyVarying |= !isUniformArgument(i);
  if (!anyVarying)
    return emitOpError(
        "C5: at least one argument must be varying (without weir.uniform); the "
        "first one is the score");
  if (failed(verifyTypes(*this, *this, getArgumentTypes(), "an argument")) ||
      failed(verifyTypes(*this, *this, getResultTypes(), "a result")))
    return failure();
  WalkResult walk = getBody().walk([&](Operation *op) {
    return failed(verifyBodyOp(*this, op)) ? WalkResult::interrupt()
                                           : WalkResult::advance();
  });
  return walk.wasInterrupted() ? failure() : verifyResults(*this);
}
