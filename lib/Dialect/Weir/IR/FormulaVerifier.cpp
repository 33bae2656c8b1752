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

bool weir::isElementwiseBodyOp(Operation *op) {
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

/// The dialect's own ops that a body may contain.
static bool isBodyOp(Operation *op) {
  return isa<ReduceOp, KthOp, SolveOp, LengthOp, ExtentOp, PositionOp, RowOp,
             RandomOp, YieldOp>(op);
}

/// Flags by which an integer op promises what nobody has checked.
static bool hasIntegerFlags(Operation *op) {
  auto flags = dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op);
  return flags && flags.getOverflowAttr() &&
         flags.getOverflowAttr().getValue() !=
             arith::IntegerOverflowFlags::none;
}

static LogicalResult verifyTypes(FormulaOp formula, Operation *op,
                                 TypeRange types, StringRef what) {
  for (Type type : types) {
    bool isInteger =
        type.isSignlessInteger() && type.getIntOrFloatBitWidth() - 1 < 64;
    if (type.isF32() || isInteger || type.isIndex())
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
  if (!isBodyOp(op) && !isElementwiseBodyOp(op))
    return op->emitOpError(
        "C2: is not allowed in a weir.formula; use weir's row ops and pure "
        "elementwise arith and math ops");
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(op))
    if (fast.getFastMathFlagsAttr() &&
        fast.getFastMathFlagsAttr().getValue() != arith::FastMathFlags::none)
      return op->emitOpError(
          "C2: fast-math flags are not allowed in a weir.formula; what may be "
          "rewritten follows from the accuracy class");
  if (hasIntegerFlags(op))
    return op->emitOpError("C2: nsw and nuw are not allowed in a weir.formula; "
                           "they make results undefined");
  return verifyTypes(formula, op, op->getResultTypes(), "a result");
}

/// Checks the constraints of body ops on what must be uniform.
static LogicalResult verifyUniformOperands(const Variance &variance,
                                           Operation *op) {
  auto check = [&](Value value, StringRef what) -> LogicalResult {
    if (!variance.isVarying(value))
      return success();
    return op->emitOpError()
           << "C1: " << what << " must be uniform (one value per row)";
  };
  if (auto kth = dyn_cast<KthOp>(op))
    return check(kth.getK(), "k");
  if (auto random = dyn_cast<RandomOp>(op))
    return check(random.getSeed(), "the seed");
  auto solve = dyn_cast<SolveOp>(op);
  if (!solve)
    return success();
  if (failed(check(solve.getLower(), "the lower end of the bracket")) ||
      failed(check(solve.getUpper(), "the upper end of the bracket")))
    return failure();
  for (Value value : solve.getBody().front().getTerminator()->getOperands())
    if (variance.isVarying(value))
      return op->emitOpError("C2: the body must yield a uniform value, but it "
                             "is varying; reduce it over the row");
  return success();
}

static LogicalResult verifyResults(FormulaOp formula,
                                   const Variance &variance) {
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
  // Before what lies inside, so that the message names the outermost op.
  WalkResult walk = getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    return failed(verifyBodyOp(*this, op)) ? WalkResult::interrupt()
                                           : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  Variance variance(*this);
  walk = getBody().walk([&](Operation *op) {
    return failed(verifyUniformOperands(variance, op)) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
  });
  return walk.wasInterrupted() ? failure() : verifyResults(*this, variance);
}
