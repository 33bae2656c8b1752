//===- RowExclusion.cpp - which elements of a row take part ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

Value RowEmitter::getIncluded(OpBuilder &builder, Element &element) {
  if (compacted) // Only included elements are there.
    return element.lanes.mask;
  if (element.included)
    return element.included;
  if (!score.getType().isF32() || !scoreExcludes || isKnownFinite) {
    element.included = element.lanes.mask;
    if (access.hasMask()) {
      Value mask = access.loadMask(builder, element.lanes);
      element.included =
          element.included
              ? arith::AndIOp::create(builder, loc, element.included, mask)
              : mask;
    }
    return element.included;
  }
  Value x = getVector(builder, element, score);
  Value excluded = constant(builder, x.getType(), -INFINITY);
  return element.included = arith::CmpFOp::create(
             builder, loc, arith::CmpFPredicate::UNE, x, excluded);
}

Value RowEmitter::getReduced(OpBuilder &builder, Element &element,
                             ReduceOp reduce) {
  Value operand = getVector(builder, element, reduce.getValue());
  if (limits.vanishesWhenExcluded(reduce) || reduce == trustedSum)
    return operand;
  Value included = getIncluded(builder, element);
  if (!included)
    return operand;
  Type scalarType = access.getScalarType(reduce.getValue().getType());
  Value identity =
      getIdentity(builder, reduce.getKind(), access.getVectorType(scalarType));
  return arith::SelectOp::create(builder, loc, included, operand, identity);
}

double RowEmitter::getMaskedValue(unsigned index) {
  Value result = formula.getYieldedValues()[index];
  return limits.atExcluded(result) == Limit::NegInf ? -INFINITY : 0.0;
}

bool RowEmitter::resultMasksItself(unsigned index) {
  FormulaLimits &known = limitsOfKept ? *limitsOfKept : limits;
  Limit limit = known.atExcluded(formula.getYieldedValues()[index]),
        masked = getMaskedValue(index) == 0.0 ? Limit::Zero : Limit::NegInf;
  return !formula.hasReduction() || allTakePart() ||
         (getEmptinessWitness() && limit == masked);
}

void RowEmitter::maskKeptTerms() {
  Value kept = schedule.getStoredValue();
  for (ReduceOp reduce : formula.getBody().front().getOps<ReduceOp>())
    if (reduce.getValue() == kept && kept.getType().isF32() &&
        reduce.getKind() == ReductionKind::Add &&
        !limits.vanishesWhenExcluded(reduce))
      keptTerms = reduce;
  if (!keptTerms)
    return;
  limitsOfKept.emplace(formula, scoreExcludes);
  limitsOfKept->assume(kept, Limit::Zero);
}

Value RowEmitter::getKept(OpBuilder &builder, Element &element) {
  return keptTerms ? getReduced(builder, element, keptTerms)
                   : getVector(builder, element, schedule.getStoredValue());
}

bool RowEmitter::allTakePart() {
  return isKnownFinite ||
         rows.getNegInf() == NegInf::Ordinary && !access.hasMask();
}

ReduceOp RowEmitter::getEmptinessWitness() {
  if (!scoreExcludes)
    return ReduceOp();
  for (ReduceOp reduce : formula.getBody().front().getOps<ReduceOp>())
    if (reduce.getKind() == ReductionKind::Max &&
        reduce.getValue().getType().isF32() &&
        limits.isFiniteInRow(reduce.getValue()))
      return reduce;
  return ReduceOp();
}

Value RowEmitter::getResult(OpBuilder &builder, Element &element,
                            unsigned index) {
  Value result = getVector(builder, element, formula.getYieldedValues()[index]);
  if (resultMasksItself(index))
    return result;
  Value included = getIncluded(builder, element);
  if (!included)
    return result;
  Value masked = constant(builder, result.getType(), getMaskedValue(index));
  return arith::SelectOp::create(builder, loc, included, result, masked);
}
