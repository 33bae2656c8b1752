//===- FormulaEdges.cpp - policies that keep a program's edges ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"

#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"

using namespace mlir;
using namespace weir;

using K = Kinds;

FormulaEdges::FormulaEdges(FormulaOp formula,
                           const llvm::DenseSet<ReduceOp> &dropsNaN,
                           bool mayBeEmpty)
    : formula(formula), variance(formula), dropsNaN(dropsNaN),
      mayBeEmpty(mayBeEmpty) {}

FormulaEdges::FormulaEdges(FormulaOp formula)
    : FormulaEdges(formula, {}, /*mayBeEmpty=*/true) {}

/// What is known of a position, a random number or the result of a search.
static Kinds ofLeaf(Operation *op, Value value) {
  return isa<RandomOp>(op) ? Kinds(K::Positive) : K::ofAny(value.getType());
}

llvm::DenseMap<Value, Kinds>
weir::getValueKinds(FormulaOp formula,
                    llvm::function_ref<Kinds(BlockArgument)> argument) {
  llvm::DenseMap<Value, Kinds> kinds;
  Block &body = formula.getBody().front();
  for (BlockArgument value : body.getArguments())
    kinds[value] = argument(value);
  auto look = [&](Value value) { return kinds.find(value)->second; };
  for (Operation &op : body.without_terminator()) {
    bool isOurs = isa<WeirDialect>(op.getDialect());
    for (Value result : op.getResults())
      kinds[result] =
          isOurs ? ofLeaf(&op, result)
                 : applyElementwise(
                       &op, llvm::map_to_vector(op.getOperands(), look));
  }
  return kinds;
}

SmallVector<Kinds>
weir::getResultKinds(FormulaOp formula,
                     llvm::function_ref<Kinds(BlockArgument)> argument) {
  llvm::DenseMap<Value, Kinds> kinds = getValueKinds(formula, argument);
  return llvm::map_to_vector(formula.getYieldedValues(),
                             [&](Value value) { return kinds.lookup(value); });
}

//===----------------------------------------------------------------------===//
// Plain arithmetic on a row
//===----------------------------------------------------------------------===//

static Kinds getIdentity(ReductionKind kind) {
  return kind == ReductionKind::Add   ? K::Zero
         : kind == ReductionKind::Max ? K::NegInf
                                      : K::PosInf;
}

Kinds FormulaEdges::reduce(ReduceOp op, const Row &row, Pair operand) {
  if (!op.getResult().getType().isF32())
    return Kinds();
  Kinds some;
  if (row.hasSpecial && !row.excludes)
    some = some | operand.special;
  if (row.hasOther)
    some = some | operand.other;
  Kinds identity = getIdentity(op.getKind());
  if (some == Kinds()) // A row without elements.
    return identity;
  if (op.getKind() == ReductionKind::Add)
    some = sumOf(some);
  else if (dropsNaN.contains(op) || op == row.spoilt)
    return (some & K::Numbers) | (some.has(K::NaN) ? identity : Kinds());
  // One NaN is enough, and a special element is there for certain.
  bool certain =
      row.hasSpecial && !row.excludes && operand.special.isWithin(K::NaN);
  return certain ? Kinds(K::NaN) : some;
}

FormulaEdges::Pair FormulaEdges::evaluateOp(Operation *op, const Row &row,
                                            const Values &values) {
  if (auto reduction = dyn_cast<ReduceOp>(op)) {
    Kinds result =
        reduce(reduction, row, values.find(reduction.getValue())->second);
    return {result, result};
  }
  SmallVector<Kinds> special, other;
  for (Value operand : op->getOperands()) {
    special.push_back(values.find(operand)->second.special);
    other.push_back(values.find(operand)->second.other);
  }
  return {applyElementwise(op, special), applyElementwise(op, other)};
}

FormulaEdges::Values FormulaEdges::evaluate(const Row &row) {
  Values values;
  auto set = [&](Value value, Pair pair) {
    if (row.spoilt && value == ReduceOp(row.spoilt).getValue())
      pair.special = K::NaN;
    values[value] = pair;
  };
  Block &body = formula.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    Kinds any = K::ofAny(argument.getType());
    bool isScore = argument.getArgNumber() == formula.getScoreIndex();
    set(argument, isScore ? Pair{row.special, row.other} : Pair{any, any});
  }
  for (Operation &op : body.without_terminator()) {
    bool isLeaf = isa<WeirDialect>(op.getDialect()) && !isa<ReduceOp>(op);
    Pair pair = isLeaf ? Pair() : evaluateOp(&op, row, values);
    for (Value result : op.getResults()) {
      Kinds leaf = isLeaf ? ofLeaf(&op, result) : Kinds();
      set(result, isLeaf ? Pair{leaf, leaf} : pair);
    }
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Scores of -inf
//===----------------------------------------------------------------------===//

bool FormulaEdges::vanishBeside(unsigned others) {
  Row row(/*special=*/K::NegInf, /*other=*/others);
  row.excludes = true;
  Values values = evaluate(row);
  for (ReduceOp op : formula.getBody().front().getOps<ReduceOp>())
    if (!op.getValue().getType().isF32() ||
        !(values[op.getValue()].special == getIdentity(op.getKind())))
      return false;
  // A score of +inf may make the whole row NaN.
  unsigned also = others & K::PosInf ? K::NaN : 0;
  return llvm::all_of(formula.getYieldedValues(), [&](Value result) {
    Kinds special = values[result].special;
    return !variance.isVarying(result) || special.isWithin(K::Zero | also) ||
           special.isWithin(K::NegInf | also);
  });
}

bool FormulaEdges::vanishes(ReduceOp reduce) {
  if (!reduce.getValue().getType().isF32())
    return false;
  Kinds identity = getIdentity(reduce.getKind());
  return getAtExcluded(reduce.getValue()) == identity &&
         getAtExcluded(reduce.getValue(), K::Finite | K::PosInf) == identity;
}

Kinds FormulaEdges::getAtExcluded(Value value, unsigned others) {
  Row row(/*special=*/K::NegInf, /*other=*/others);
  row.excludes = true;
  return evaluate(row)[value].special;
}

Kinds FormulaEdges::getWithNothingLeft(Value value) {
  Row row(/*special=*/K::NegInf, /*other=*/K::NegInf);
  return evaluate(row)[value].special;
}

Kinds FormulaEdges::getWithoutElements(Value value) {
  Row row{Kinds(), Kinds()};
  row.hasSpecial = row.hasOther = false;
  return evaluate(row)[value].special;
}

bool FormulaEdges::isWithin(const Values &values, unsigned kinds) {
  return llvm::all_of(formula.getYieldedValues(), [&](Value result) {
    Pair pair = values.find(result)->second;
    return pair.special.isWithin(kinds) && pair.other.isWithin(kinds);
  });
}

std::optional<EmptyRow> FormulaEdges::getEmptyRowIfExcluding() {
  if (!formula.getArgumentTypes()[formula.getScoreIndex()].isF32() ||
      !vanishBeside(K::Finite) || !vanishBeside(K::Finite | K::PosInf))
    return std::nullopt;
  Row nothingLeft(/*special=*/K::NegInf, /*other=*/K::NegInf);
  Row noElements{Kinds(), Kinds()};
  noElements.hasSpecial = noElements.hasOther = false;
  Values plain = evaluate(nothingLeft), identities = evaluate(noElements);
  bool areNaN = isWithin(plain, K::NaN);
  bool areZero = true;
  Row kept(/*special=*/K::NegInf, /*other=*/K::Finite);
  kept.excludes = true;
  Values beside = evaluate(kept);
  for (Value result : formula.getYieldedValues()) {
    Kinds is = plain[result].special, made = identities[result].special;
    if (variance.isVarying(result)) {
      areZero &=
          is == beside[result].special && (is == K::Zero || is == K::NegInf);
      continue;
    }
    if (mayBeEmpty)
      areNaN &= made == K::NaN;
    areZero &=
        is == made && (is == K::Zero || is == K::NegInf || is == K::PosInf);
  }
  if (areZero)
    return EmptyRow::Zero;
  return areNaN ? std::optional(EmptyRow::NaN) : std::nullopt;
}

bool FormulaEdges::mayBeNegInf(Value value) {
  Row row(/*special=*/K::Finite | K::PosInf, /*other=*/K::Finite | K::PosInf);
  return evaluate(row)[value].other.has(K::NegInf);
}

bool FormulaEdges::hasEmptinessWitness() {
  bool anyMaximum = false;
  for (ReduceOp op : formula.getBody().front().getOps<ReduceOp>()) {
    if (op.getKind() != ReductionKind::Max || !op.getValue().getType().isF32())
      continue;
    anyMaximum = true;
    if (!mayBeNegInf(op.getValue()))
      return true;
  }
  return !anyMaximum;
}

//===----------------------------------------------------------------------===//
// NaN
//===----------------------------------------------------------------------===//

/// Whether all results are NaN when the operand of `op` is, somewhere, even if
/// `op` drops it.
bool FormulaEdges::isShown(ReduceOp op) {
  Row row(/*special=*/K::AnyFloat, /*other=*/K::AnyFloat);
  row.spoilt = op;
  return isWithin(evaluate(row), K::NaN);
}

bool FormulaEdges::keepsDroppedNaN() {
  return llvm::all_of(dropsNaN, [&](ReduceOp op) { return isShown(op); });
}

bool FormulaEdges::keepsNaN() {
  if (!llvm::all_of(formula.getResultTypes(),
                    [](Type type) { return type.isF32(); }))
    return false;
  Row row(/*special=*/K::NaN, /*other=*/K::AnyFloat);
  return !formula.getArgumentTypes()[formula.getScoreIndex()].isF32() ||
         isWithin(evaluate(row), K::NaN);
}

bool FormulaEdges::propagatesNaN() {
  if (!keepsNaN())
    return false;
  // Where sums tell of a score that is NaN, code is free to let maxima drop
  // NaN, those of other values too.
  FormulaLimits limits(formula, /*scoreExcludes=*/false);
  bool maximaMayDrop =
      llvm::all_of(formula.getYieldedValues(), [&](Value result) {
        return limits.propagatesNaN(result, FormulaLimits::NaNAt::Row,
                                    /*maximaKeepNaN=*/false);
      });
  return !maximaMayDrop ||
         llvm::all_of(
             formula.getBody().front().getOps<ReduceOp>(), [&](ReduceOp op) {
               return op.getKind() == ReductionKind::Add || isShown(op);
             });
}
