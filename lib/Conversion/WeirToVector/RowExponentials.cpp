//===- RowExponentials.cpp - exponentials of a formula as code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

/// True when `value` reaches the results through sums, products, quotients and
/// choices alone, which keep a relative error.
static bool entersOnlyRatios(Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Operation *> seen;
  while (!work.empty())
    for (Operation *user : work.pop_back_val().getUsers()) {
      if (isa<YieldOp>(user) || !seen.insert(user).second)
        continue;
      auto reduce = dyn_cast<ReduceOp>(user);
      if (reduce ? reduce.getKind() != ReductionKind::Add
                 : !isa<arith::AddFOp, arith::MulFOp, arith::DivFOp,
                        arith::SelectOp>(user))
        return false;
      work.push_back(user->getResult(0));
    }
  return true;
}

/// What the precision of all results allows.
static cpu::ExpVariant getVariantOfResults(RowsOp rows) {
  auto areAll = [&](auto is) {
    return llvm::all_of(rows.getOutputs(), [&](Value output) {
      return is(getElementTypeOrSelf(output.getType()));
    });
  };
  if (rows.getNarrowRatios() || areAll([](Type t) { return t.isBF16(); }))
    return cpu::ExpVariant::Coarse;
  return areAll([](Type t) { return t.isBF16() || t.isF16(); })
             ? cpu::ExpVariant::Narrow
             : cpu::ExpVariant::Fast;
}

/// Uniform ones are few, and what is multiplied by one of 0 again and again
/// must not move.
cpu::ExpVariant RowEmitter::getAnchoredVariant(Operation *op) {
  bool mayErr = schedule.getVariance().isVarying(op->getResult(0)) &&
                entersOnlyRatios(op->getResult(0));
  return mayErr ? getVariantOfResults(rows) : cpu::ExpVariant::Fast;
}

cpu::ExpVariant RowEmitter::getAnchoredVariant(Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || isa<ReduceOp>(op) || !seen.insert(op->getResult(0)).second)
      continue;
    if (isa<math::ExpOp, math::Exp2Op>(op) &&
        getAnchoredVariant(op) == cpu::ExpVariant::Fast)
      return cpu::ExpVariant::Fast;
    llvm::append_range(work, op->getOperands());
  }
  return getVariantOfResults(rows);
}

/// exp of an anchored exponent enters a ratio in which its error is that of the
/// class, or small beside that of results in 16 bits; any other exp is asked to
/// be right by itself, or as right as the results need it.
Value RowEmitter::emitExp(OpBuilder &builder, Operation *op, Value operand) {
  bool anchored = shifts.leansOnExtremum(op->getOperand(0)) &&
                  !FormulaShifts::mayCancel(op);
  if (isa<math::Exp2Op>(op)) {
    Value ln2 =
        constant(builder, operand.getType(), 0.693147180559945309417232121458);
    operand = arith::MulFOp::create(builder, loc, operand, ln2);
  }
  std::optional<cpu::ExpVariant> few = digits.getVariant(op);
  auto variant = anchored ? getAnchoredVariant(op)
                          : few.value_or(cpu::ExpVariant::Accurate);
  return cpu::ExpOp::create(builder, loc, operand.getType(), variant, operand,
                            /*gradual=*/!anchored && few);
}

Value RowEmitter::emitAnchoredExp(OpBuilder &builder, Value exponent) {
  return cpu::ExpOp::create(builder, loc, exponent.getType(),
                            cpu::ExpVariant::Fast, exponent,
                            /*gradual=*/false);
}

//===----------------------------------------------------------------------===//
// Fused shifts
//===----------------------------------------------------------------------===//

static constexpr double kLog2e = 1.44269504088896340735992468100;

bool RowEmitter::isFinished(Value value,
                            function_ref<bool(Operation *)> soon) const {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || scalars.count(next) || soon(op) || !seen.insert(next).second)
      continue;
    if (isa<ReduceOp, KthOp, SolveOp>(op))
      return false;
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

Value RowEmitter::emitIsModerate(OpBuilder &builder, Value shift) {
  Value size = math::AbsFOp::create(builder, loc, shift);
  double bound = canFuseShifts ? shifts.getBound() : INFINITY;
  Value limit = constant(builder, size.getType(), bound);
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, size,
                               limit);
}

Value RowEmitter::emitAreShiftsModerate(OpBuilder &builder) {
  Value all;
  for (Value u : shifts.getShifts()) {
    Value is = emitIsModerate(builder, getScalar(u));
    all = all ? Value(arith::AndIOp::create(builder, loc, all, is)) : is;
  }
  return access.getLayout().emitAll(builder, all);
}

void RowEmitter::emitVersions(OpBuilder &builder,
                              llvm::function_ref<void(OpBuilder &)> rest) {
  anchorRowCode(builder);
  Value moderate = emitAreShiftsModerate(builder);
  auto branch =
      scf::IfOp::create(builder, loc, moderate, /*withElseRegion=*/true);
  RowValues known = saveRow();
  for (bool fused : {true, false}) {
    OpBuilder inside =
        fused ? branch.getThenBodyBuilder() : branch.getElseBodyBuilder();
    restoreRow(known);
    fusesShifts = fused;
    anchorRowCode(inside);
    rest(inside);
  }
  anchorRowCode(builder);
}

/// u log2(e), rounded: per lane while u runs, else once for the row.
Value RowEmitter::getScaledShift(OpBuilder &builder, Element &element,
                                 Value u) {
  if (Value given = element.scaledShifts.lookup(u))
    return given;
  Value &known = scaledShifts[u];
  if (!known)
    known = splat(emitScaledShift(u));
  return known;
}

Value RowEmitter::emitScaledShift(Value u) {
  Value scalar = getScalar(u);
  return arith::MulFOp::create(rowBuilder, loc, scalar,
                               constant(rowBuilder, scalar.getType(), kLog2e));
}

/// The exponential of a - u or of -u for the row, off by the same factor as
/// those of its elements.
Value RowEmitter::emitShiftedScalar(Operation *op, Value u) {
  Value scalar = getScalar(u);
  Type type = scalar.getType();
  if (access.getLayout().hasRowVectors()) {
    Value rest = shifts.getUnshifted(op);
    Value x = rest ? getScalar(rest) : constant(rowBuilder, type, 0.0);
    return cpu::ExpShiftedOp::create(
        rowBuilder, loc, type, getAnchoredVariant(op), x, emitScaledShift(u));
  }
  Value log2e = constant(rowBuilder, type, kLog2e);
  Value minus = arith::NegFOp::create(
      rowBuilder, loc, arith::MulFOp::create(rowBuilder, loc, scalar, log2e));
  Value rest = shifts.getUnshifted(op);
  if (rest)
    minus = math::FmaOp::create(rowBuilder, loc, getScalar(rest), log2e, minus);
  return math::Exp2Op::create(rowBuilder, loc, minus);
}
