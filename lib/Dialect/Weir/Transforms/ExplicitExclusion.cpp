//===- ExplicitExclusion.cpp - policies written into a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What an element with a score of -inf is not shown by a policy it has to be
// told by the formula. Most need not be told much: an exponential is 0 there by
// itself, and its sum is 0 only in a row that has nothing else. What is known
// of that comes from the kinds of numbers that values may be (FormulaEdges).
//
//===----------------------------------------------------------------------===//

#include "ExplicitExclusion.h"

#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"
#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

using K = Kinds;

namespace {

class ExclusionWriter {
public:
  /// Rewrites `copy`, which `formula` was copied to.
  ExclusionWriter(FormulaOp formula, FormulaOp copy,
                  const RowPolicies &policies)
      : formula(formula), copy(copy), policies(policies), edges(formula),
        limits(formula, /*scoreExcludes=*/true), loc(copy.getLoc()),
        builder(OpBuilder::atBlockBegin(&copy.getBody().front())),
        score(copy.getBody().getArgument(copy.getScoreIndex())) {}

  /// Says what is in the way, or "".
  std::string run();

private:
  void excludeFrom(ReduceOp own, ReduceOp reduce);
  Value excludeVarying(unsigned index, Value value);
  Value excludeUniform(unsigned index, Value value);
  Value isExcluded();
  Value isEmpty();
  Value number(Type type, double value);
  std::optional<double> getEmptyNumber(unsigned index);
  Value choose(Value condition, double number, Value other) {
    return arith::SelectOp::create(
        builder, loc, condition, this->number(other.getType(), number), other);
  }
  bool isNaNIfEmpty() const { return policies.emptyRow == EmptyRow::NaN; }

  FormulaOp formula, copy;
  const RowPolicies &policies;
  FormulaEdges edges;
  FormulaLimits limits;
  Location loc;
  OpBuilder builder;
  Value score, excluded, empty;
  Value most; // Tells rows with nothing left.
};

} // namespace

/// The kinds that hold `number` and finite numbers of no other kind: 0 and the
/// infinities are alone in theirs.
static unsigned getKind(double number) {
  if (std::isnan(number))
    return K::NaN;
  if (std::isinf(number))
    return number < 0 ? K::NegInf : K::PosInf;
  return number == 0 ? K::Zero : 0;
}

Value ExclusionWriter::number(Type type, double value) {
  TypedAttr attr = isa<FloatType>(type)
                       ? TypedAttr(builder.getFloatAttr(type, value))
                       : TypedAttr(builder.getIntegerAttr(type, value));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value ExclusionWriter::isExcluded() {
  if (excluded)
    return excluded;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&copy.getBody().front());
  Value least = number(score.getType(), -INFINITY);
  return excluded = arith::CmpFOp::create(
             builder, loc, arith::CmpFPredicate::OEQ, score, least);
}

/// Whether the row has nothing left. A maximum that keeps NaN is -inf in no
/// other row, be it of the score or of what is -inf where the score is.
Value ExclusionWriter::isEmpty() {
  if (empty)
    return empty;
  if (!most)
    most =
        ReduceOp::create(builder, loc, ReductionKind::Max, score).getResult();
  return empty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                       most, number(most.getType(), -INFINITY));
}

static double getIdentity(ReductionKind kind) {
  return kind == ReductionKind::Add   ? 0.0
         : kind == ReductionKind::Max ? -INFINITY
                                      : INFINITY;
}

static TypedAttr getIdentity(Builder &builder, ReductionKind kind, Type type) {
  if (isa<FloatType>(type))
    return builder.getFloatAttr(type, getIdentity(kind));
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  APInt value = kind == ReductionKind::Add   ? APInt::getZero(width)
                : kind == ReductionKind::Max ? APInt::getSignedMinValue(width)
                                             : APInt::getSignedMaxValue(width);
  return builder.getIntegerAttr(type, value);
}

void ExclusionWriter::excludeFrom(ReduceOp own, ReduceOp reduce) {
  if (edges.vanishes(own)) {
    if (own.getKind() == ReductionKind::Max &&
        !edges.mayBeNegInf(own.getValue()))
      most = reduce.getResult();
    return;
  }
  OpBuilder::InsertionGuard guard(builder);
  Value condition = isExcluded();
  builder.setInsertionPoint(reduce);
  Value identity = arith::ConstantOp::create(
      builder, loc,
      ::getIdentity(builder, reduce.getKind(), reduce.getValue().getType()));
  reduce.getValueMutable().assign(arith::SelectOp::create(
      builder, loc, condition, identity, reduce.getValue()));
}

Value ExclusionWriter::excludeVarying(unsigned index, Value value) {
  Value own = formula.getYieldedValues()[index];
  double masked = limits.atExcluded(own) == Limit::NegInf ? -INFINITY : 0.0;
  bool isFloat = own.getType().isF32();
  unsigned also = K::NaN; // In a row that holds +inf.
  bool comesOut = isFloat &&
                  edges.getAtExcluded(own).isWithin(getKind(masked)) &&
                  edges.getAtExcluded(own, K::Finite | K::PosInf)
                      .isWithin(getKind(masked) | also);
  double ifEmpty = isFloat && isNaNIfEmpty() ? NAN : masked;
  if (comesOut)
    return FormulaEdges(copy).getWithNothingLeft(value) ==
                   Kinds(getKind(ifEmpty))
               ? value
               : choose(isEmpty(), ifEmpty, value);
  if (getKind(ifEmpty) == getKind(masked))
    return choose(isExcluded(), masked, value);
  Value instead = choose(isEmpty(), ifEmpty, number(value.getType(), masked));
  return arith::SelectOp::create(builder, loc, isExcluded(), instead, value);
}

/// What uniform result `index` is in an empty row, where that is a number that
/// can be written here.
std::optional<double> ExclusionWriter::getEmptyNumber(unsigned index) {
  if (isNaNIfEmpty())
    return NAN;
  if (FloatAttr declared = formula.getEmptyValue(index))
    return declared.getValueAsDouble();
  Kinds made = edges.getWithoutElements(formula.getYieldedValues()[index]);
  if (made.isWithin(K::Zero | K::NaN))
    return 0.0;
  if (made.isWithin(K::NegInf))
    return -INFINITY;
  return made.isWithin(K::PosInf) ? std::optional(double(INFINITY))
                                  : std::nullopt;
}

Value ExclusionWriter::excludeUniform(unsigned index, Value value) {
  std::optional<double> number = getEmptyNumber(index);
  return number ? choose(isEmpty(), *number, value) : Value();
}

static std::string checkNaN(FormulaOp formula, const RowPolicies &policies) {
  bool keeps =
      policies.nan != NaNPolicy::Propagate || FormulaEdges(formula).keepsNaN();
  return keeps ? "" : "its arithmetic alone loses a NaN";
}

std::string ExclusionWriter::run() {
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    if (formula.isUniformResult(i) && !formula.getResultTypes()[i].isF32())
      return "a result of it is an integer for each row";
  auto ownOps = formula.getBody().front().getOps<ReduceOp>();
  SmallVector<ReduceOp> own(ownOps.begin(), ownOps.end());
  auto ops = copy.getBody().front().getOps<ReduceOp>();
  SmallVector<ReduceOp> all(ops.begin(), ops.end());
  for (auto [before, reduce] : llvm::zip_equal(own, all)) {
    if (reduce.getWinner() && !reduce.getWinner().use_empty())
      return "it asks where a maximum or minimum is";
    excludeFrom(before, reduce);
  }
  // Whether elements that take no part are NaN in a row of NaN is not promised.
  if (std::string why = checkNaN(copy, policies); !why.empty())
    return why;
  Operation *yield = copy.getBody().front().getTerminator();
  builder.setInsertionPoint(yield);
  for (OpOperand &result : yield->getOpOperands()) {
    unsigned index = result.getOperandNumber();
    Value value = formula.isUniformResult(index)
                      ? excludeUniform(index, result.get())
                      : excludeVarying(index, result.get());
    if (!value)
      return "what a result is in an empty row has no short form";
    result.set(value);
  }
  return "";
}

/// What keeps scores out that no arithmetic would, or looks for them.
static std::string findObstacle(FormulaOp formula,
                                const RowPolicies &policies) {
  bool searches = false;
  formula.getBody().walk(
      [&](Operation *op) { searches |= isa<KthOp, SolveOp>(op); });
  if (searches)
    return "selections and searches leave out scores by policies only";
  if (!formula.getArgumentTypes()[formula.getScoreIndex()].isF32())
    return "its score is no number that may be -inf";
  if (policies.nan == NaNPolicy::Ignore)
    return "it ignores scores that are NaN";
  if (policies.posInf == PosInf::Share)
    return "scores of +inf share the mass";
  if (policies.emptyRow == EmptyRow::Uniform)
    return "its empty rows share the mass";
  return "";
}

OwningOpRef<FormulaOp> weir::makePlain(FormulaOp formula,
                                       const RowPolicies &policies,
                                       std::string &why) {
  OwningOpRef<FormulaOp> copy = cast<FormulaOp>(formula->clone());
  if (!formula.hasReduction())
    return copy;
  why = findObstacle(formula, policies);
  if (why.empty())
    why = policies.negInf == NegInf::Exclude
              ? ExclusionWriter(formula, *copy, policies).run()
              : checkNaN(formula, policies);
  return why.empty() ? std::move(copy) : nullptr;
}
