//===- DerivedFormulas.cpp - stats, merge, finish, weights of a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/TakenApart.h"

#include "FormulaWriter.h"

#include "weir/Dialect/Weir/Analysis/DenormalUse.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

using P = arith::CmpFPredicate;

/// The arguments of the formula itself.
static void addArguments(FormulaOp formula, FormulaWriter &w, ValueMap &map) {
  for (BlockArgument argument : formula.getBody().getArguments())
    map.set(argument,
            w.addArgument(argument.getType(), /*uniform=*/false,
                          formula.getArgAttrDict(argument.getArgNumber())));
}

/// The uniform arguments of the formula; `uniform` says of each whether it is
/// the same for all rows.
static void addUniforms(FormulaOp formula, FormulaWriter &w, ValueMap &map,
                        llvm::function_ref<bool()> uniform) {
  for (BlockArgument argument : formula.getBody().getArguments())
    if (formula.isUniformArgument(argument.getArgNumber()))
      map.set(argument, w.addArgument(argument.getType(), uniform()));
}

/// True for the value of a maximum or a minimum.
static bool isExtremum(Value statistic) {
  auto reduce = statistic.getDefiningOp<ReduceOp>();
  return reduce && reduce.getKind() != ReductionKind::Add &&
         statistic == reduce.getResult() && statistic.getType().isF32();
}

/// Gives what is known after the first `sweeps` sweeps an argument each, in the
/// order of StateLayout::known. Returns the length, or null.
Value TakenApart::addKnown(FormulaWriter &w, ValueMap &map, int64_t sweeps,
                           llvm::function_ref<bool()> uniform) {
  FormulaOp op = *formula;
  Block &body = op.getBody().front();
  NamedAttribute extremum =
      w.body.getNamedAttr(WeirDialect::kExtremumAttrName, w.body.getUnitAttr());
  Value length;
  if (usesLength) {
    length = w.addArgument(w.body.getIndexType(), uniform());
    for (LengthOp op : body.getOps<LengthOp>())
      map.set(op, length);
  }
  if (usesExtent) {
    Value extent = w.addArgument(w.body.getIndexType(), uniform());
    for (ExtentOp op : body.getOps<ExtentOp>())
      map.set(op, extent);
  }
  for (int64_t s = 1; s <= sweeps; ++s)
    for (Value value : getStatistics(s)) {
      bool isUniform = uniform();
      auto attrs = isUniform && isExtremum(value)
                       ? DictionaryAttr::get(op.getContext(), extremum)
                       : DictionaryAttr();
      map.set(value, w.addArgument(value.getType(), isUniform, attrs));
    }
  return length;
}

static bool always() { return true; }

/// Takes the answers to "is it the same for all rows?" one by one.
static auto answersOf(ArrayRef<bool> perRow) {
  return [perRow]() mutable {
    bool differs = perRow.front();
    perRow = perRow.drop_front();
    return !differs;
  };
}

//===----------------------------------------------------------------------===//
// Stats
//===----------------------------------------------------------------------===//

/// Count, mean and centred squares of h over the row at hand.
static void emitMoments(FormulaWriter &w, ValueMap &map, const Law &law,
                        Value (&moments)[3]) {
  Value h = MappedBuilder(w.body, w.loc, map).emit(law.centred);
  Value one = w.constant(1.0);
  Value count = w.sum(one);
  Value atLeastOne = arith::MaximumFOp::create(w.body, w.loc, count, one);
  Value mean = w.divide(w.sum(h), atLeastOne);
  Value off = w.subtract(h, mean);
  moments[0] = count;
  moments[1] = mean;
  moments[2] = w.sum(w.multiply(off, off));
}

/// A denormal number that `part` gives may decide something in `whole`.
static void keepDenormals(FormulaOp whole, FormulaOp part) {
  if (denormalsMayDecide(whole))
    part->setAttr(WeirDialect::kKeepsDenormalsAttrName,
                  UnitAttr::get(part.getContext()));
}

FormulaOp TakenApart::buildStats(int64_t sweep, StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addArguments(*formula, w, map);
  addKnown(w, map, sweep - 1, always);
  const SweepState &state = getState(sweep);
  std::vector<std::array<Value, 3>> moments(state.moments.size());
  for (const Slot &slot : getSlots(sweep)) {
    Value value;
    switch (slot.kind) {
    case Slot::Anchor:
      value = map.get(ReduceOp(state.anchors[slot.of]).getResult());
      break;
    case Slot::Winner:
      value = map.get(ReduceOp(state.anchors[slot.of]).getWinner());
      break;
    case Slot::Sum: {
      const SweepState::Sum &sum = state.sums[slot.of];
      ReduceOp reduce = sum.reduce;
      value = reduce ? map.get(reduce.getResult())
                     : w.sum(MappedBuilder(w.body, w.loc, map)
                                 .emit(sum.h, sum.exponent));
      break;
    }
    case Slot::Count:
    case Slot::Mean:
    case Slot::Squares: {
      std::array<Value, 3> &found = moments[slot.of];
      if (!found[0]) {
        Value all[3];
        emitMoments(w, map, *state.moments[slot.of], all);
        std::copy(all, all + 3, found.begin());
      }
      value = found[slot.kind - Slot::Count];
      break;
    }
    case Slot::Row:
      value = RowOp::create(w.body, w.loc, w.body.getIndexType());
      break;
    }
    w.addResult(value, /*uniform=*/true);
  }
  FormulaOp stats = w.finish(name);
  keepDenormals(*formula, stats);
  return stats;
}

//===----------------------------------------------------------------------===//
// Merge
//===----------------------------------------------------------------------===//

namespace {

/// Two states on the way to the anchors of both.
struct Merging {
  FormulaWriter &w;
  const SweepState &state;
  ExprContext &exprs;

  /// An anchor to compute with: 0 while nothing was seen, so that no infinities
  /// meet. The sums that lean on it are 0 then.
  Value safe(ReduceOp reduce, Value anchor) {
    if (!anchor.getType().isF32())
      return anchor;
    Value identity = w.special(
        reduce.getKind() == ReductionKind::Max ? -INFINITY : INFINITY);
    return w.select(w.compare(P::UNE, anchor, identity), anchor,
                    w.constant(0.0));
  }

  Value extremum(ReduceOp reduce, Value a, Value b) {
    bool isMax = reduce.getKind() == ReductionKind::Max;
    if (isa<FloatType>(a.getType()))
      return isMax ? Value(arith::MaximumFOp::create(w.body, w.loc, a, b))
                   : Value(arith::MinimumFOp::create(w.body, w.loc, a, b));
    return isMax ? Value(arith::MaxSIOp::create(w.body, w.loc, a, b))
                 : Value(arith::MinSIOp::create(w.body, w.loc, a, b));
  }

  Value isEqual(Value a, Value b) {
    if (isa<FloatType>(a.getType()))
      return w.compare(P::OEQ, a, b);
    return arith::CmpIOp::create(w.body, w.loc, arith::CmpIPredicate::eq, a, b);
  }

  /// The position of the better one; of equal ones the lowest. The position -1
  /// of nothing is the greatest.
  Value winner(Value a, Value b, Value atA, Value atB, Value both) {
    Value fromA = isEqual(a, both), fromB = isEqual(b, both);
    Value lower = arith::MinUIOp::create(w.body, w.loc, atA, atB);
    return w.select(fromA, w.select(fromB, lower, atA), atB);
  }

  /// How far the linear form moves.
  Value movement(const Factors &form, ValueMap &from, ValueMap &to) {
    Value total;
    for (auto &[atom, k] : form) {
      Linear one = exprs.linear(atom);
      Value moved = w.subtract(MappedBuilder(w.body, w.loc, to).emit(one),
                               MappedBuilder(w.body, w.loc, from).emit(one));
      if (k != 1)
        moved = w.multiply(moved, w.constant(k));
      total = total ? w.add(total, moved) : moved;
    }
    return total;
  }

  /// A sum times its correction, which is no number where an anchor has seen
  /// nothing: the sum is 0 there and stays so.
  Value correct(Value sum, Value correction) {
    Value zero = w.constant(0.0);
    return w.select(w.compare(P::OEQ, sum, zero), zero,
                    w.multiply(sum, correction));
  }

  /// Sum `s` of a state moved to other anchors.
  Value move(unsigned s, ArrayRef<Value> sums, ValueMap &from, ValueMap &to) {
    const SweepState::Sum &sum = state.sums[s];
    Value value = sums[s];
    for (const SweepState::Sum::Shift &shift : sum.shifts) {
      Factors form;
      form.push_back({shift.anchor, shift.factor});
      value = w.add(value, correct(sums[shift.sum], movement(form, from, to)));
    }
    if (sum.exponent.empty())
      return value;
    Value factor =
        math::ExpOp::create(w.body, w.loc, movement(sum.exponent, from, to));
    return correct(value, factor);
  }

  /// Chan, Golub and LeVeque (1979).
  void addMoments(const Value (&a)[3], const Value (&b)[3], Value (&both)[3]) {
    Value count = w.add(a[0], b[0]);
    Value atLeastOne =
        arith::MaximumFOp::create(w.body, w.loc, count, w.constant(1.0));
    Value share = w.divide(b[0], atLeastOne);
    Value delta = w.subtract(b[1], a[1]);
    both[0] = count;
    both[1] = w.add(a[1], w.multiply(delta, share));
    both[2] = w.add(w.add(a[2], b[2]), w.multiply(w.multiply(delta, delta),
                                                  w.multiply(a[0], share)));
  }
};

} // namespace

FormulaOp TakenApart::buildMerge(int64_t sweep, ArrayRef<bool> perRow,
                                 StringRef name) {
  FormulaWriter w(formula->getLoc());
  const SweepState &state = getState(sweep);
  SmallVector<Slot> slots = getSlots(sweep);
  // The values of one state, found by what they are.
  using Key = std::pair<int, unsigned>;
  std::map<Key, Value> values[2], merged;
  for (auto &side : values)
    for (const Slot &slot : slots)
      side[{slot.kind, slot.of}] = w.addArgument(slot.type, /*uniform=*/false);
  ValueMap common(w.body);
  auto uniform = answersOf(perRow);
  addUniforms(*formula, w, common, uniform);
  addKnown(w, common, sweep - 1, uniform);

  Merging merging{w, state, laws->getExprs()};
  auto of = [&](int side, Slot::Kind kind, unsigned i) {
    return values[side].at({kind, i});
  };
  if (usesRow) { // Both are of the same row; of nothing it is -1.
    Value row = arith::MaxSIOp::create(w.body, w.loc, of(0, Slot::Row, 0),
                                       of(1, Slot::Row, 0));
    merged[{Slot::Row, 0}] = row;
    for (RowOp op : formula->getBody().front().getOps<RowOp>())
      common.set(op, row);
  }
  ValueMap side[2] = {common, common}, both = common;
  for (auto [i, anchor] : llvm::enumerate(state.anchors)) {
    ReduceOp reduce = anchor;
    Value a = of(0, Slot::Anchor, i), b = of(1, Slot::Anchor, i);
    Value best = merging.extremum(reduce, a, b);
    merged[{Slot::Anchor, i}] = best;
    if (reduce.getWinner())
      merged[{Slot::Winner, i}] = merging.winner(a, b, of(0, Slot::Winner, i),
                                                 of(1, Slot::Winner, i), best);
    side[0].set(reduce.getResult(), merging.safe(reduce, a));
    side[1].set(reduce.getResult(), merging.safe(reduce, b));
    both.set(reduce.getResult(), merging.safe(reduce, best));
  }
  SmallVector<Value> sums[2];
  for (int s : {0, 1})
    for (size_t i = 0; i < state.sums.size(); ++i)
      sums[s].push_back(of(s, Slot::Sum, i));
  for (size_t i = 0; i < state.sums.size(); ++i)
    merged[{Slot::Sum, i}] = w.add(merging.move(i, sums[0], side[0], both),
                                   merging.move(i, sums[1], side[1], both));
  for (size_t i = 0; i < state.moments.size(); ++i) {
    Value parts[2][3], all[3];
    for (int s : {0, 1})
      for (int k : {0, 1, 2})
        parts[s][k] = of(s, Slot::Kind(Slot::Count + k), i);
    merging.addMoments(parts[0], parts[1], all);
    for (int k : {0, 1, 2})
      merged[{Slot::Count + k, i}] = all[k];
  }
  for (const Slot &slot : slots)
    w.addResult(merged.at({slot.kind, slot.of}), /*uniform=*/false);
  return w.finish(name);
}

//===----------------------------------------------------------------------===//
// Finish and weights
//===----------------------------------------------------------------------===//

namespace {
/// What the policies make of results, given the witness.
struct Policed {
  FormulaWriter &w;
  StatePolicies policies;
  ReduceOp witness;
  ValueMap &map;

  Value isEmpty() {
    Value value = map.get(witness.getResult());
    double identity = witness.getKind() == ReductionKind::Max ? -INFINITY : 0.0;
    return w.compare(P::OEQ, value, w.special(identity));
  }
  Value withNaN(Value result) {
    Value value = map.get(witness.getResult());
    Value isNaN = w.compare(P::UNO, value, value);
    Value instead = result.getType().isF32() ? w.special(NAN)
                                             : w.integer(result.getType(), -1);
    return w.select(isNaN, instead, result);
  }
  /// A uniform result of an empty row is what the formula declares; else what
  /// the identities make of it, and 0 where that is undefined.
  Value uniform(Value result, FloatAttr declared) {
    if (!result.getType().isF32())
      return result;
    Value empty = isEmpty();
    if (policies.emptyRow == EmptyRow::NaN)
      return w.select(empty, w.special(NAN), result);
    if (declared)
      return w.select(empty, w.special(declared.getValueAsDouble()), result);
    Value isNaN = w.compare(P::UNO, result, result);
    Value undefined = arith::AndIOp::create(w.body, w.loc, empty, isNaN);
    return w.select(undefined, w.constant(0.0), result);
  }
  /// What an element of an empty row is.
  Value emptyValue(Value masked, bool isLog, Value length, Value valid) {
    if (policies.emptyRow == EmptyRow::NaN)
      return w.special(NAN);
    Type i64 = w.body.getI64Type(), f32 = w.body.getF32Type();
    Value count = arith::IndexCastOp::create(w.body, w.loc, i64, length);
    Value n = arith::SIToFPOp::create(w.body, w.loc, f32, count);
    Value share = w.divide(w.constant(1.0), n);
    if (isLog)
      share = math::LogOp::create(w.body, w.loc, share);
    return valid ? w.select(valid, share, masked) : share;
  }
};
} // namespace

FormulaOp TakenApart::buildFinish(int64_t sweep, ArrayRef<bool> perRow,
                                  StringRef name) {
  FormulaWriter w(formula->getLoc());
  const SweepState &state = getState(sweep);
  ValueMap map(w.body);
  std::vector<std::array<Value, 3>> moments(state.moments.size());
  for (const Slot &slot : getSlots(sweep)) {
    Value value = w.addArgument(slot.type, /*uniform=*/false);
    if (slot.kind == Slot::Anchor)
      map.set(ReduceOp(state.anchors[slot.of]).getResult(), value);
    else if (slot.kind == Slot::Winner)
      map.set(ReduceOp(state.anchors[slot.of]).getWinner(), value);
    else if (slot.kind == Slot::Row)
      for (RowOp op : formula->getBody().front().getOps<RowOp>())
        map.set(op, value);
    else if (slot.kind != Slot::Sum)
      moments[slot.of][slot.kind - Slot::Count] = value;
    else if (ReduceOp reduce = state.sums[slot.of].reduce)
      map.set(reduce.getResult(), value);
  }
  auto uniform = answersOf(perRow);
  addUniforms(*formula, w, map, uniform);
  addKnown(w, map, sweep - 1, uniform);
  // The centre that the formula subtracts differs from the mean of what is
  // included when scores of -inf count in the length.
  for (auto [law, moment] : llvm::zip(state.moments, moments)) {
    Value centre = MappedBuilder(w.body, w.loc, map).emit(law->centre);
    Value off = w.subtract(moment[1], centre);
    Value squares =
        w.add(moment[2], w.multiply(moment[0], w.multiply(off, off)));
    Value zero = w.constant(0.0);
    map.set(law->getReduce().getResult(),
            w.select(w.compare(P::OEQ, moment[0], zero), zero, squares));
  }
  for (Value statistic : getStatistics(sweep))
    w.addResult(map.get(statistic), /*uniform=*/false);
  Policed policed{w, policies, witness, map};
  if (isLast(sweep))
    for (auto [i, value] : llvm::enumerate(formula->getYieldedValues())) {
      if (!formula->isUniformResult(i))
        continue;
      Value result = policed.uniform(map.get(value), formula->getEmptyValue(i));
      w.addResult(looksForNaN ? policed.withNaN(result) : result,
                  /*uniform=*/false);
    }
  return w.finish(name);
}

FormulaOp TakenApart::buildWeights(bool masked, StringRef name) {
  FormulaWriter w(formula->getLoc());
  ValueMap map(w.body);
  addArguments(*formula, w, map);
  Value length = addKnown(w, map, getNumSweeps(), always);
  Value valid, included;
  auto include = [&](Value condition) {
    included =
        included
            ? Value(arith::AndIOp::create(w.body, w.loc, included, condition))
            : condition;
  };
  if (masked)
    include(valid = w.addArgument(w.body.getI1Type(), /*uniform=*/false));
  BlockArgument score =
      formula->getBody().getArgument(formula->getScoreIndex());
  if (score.getType().isF32()) {
    Value x = map.get(score);
    include(w.compare(P::UNE, x, w.special(-INFINITY)));
    if (policies.nan == NaNPolicy::Ignore)
      include(w.compare(P::ORD, x, x));
  }
  FormulaLimits limits(*formula, /*scoreExcludes=*/true);
  Policed policed{w, policies, witness, map};
  bool seesEmpty = policies.emptyRow.value_or(EmptyRow::Zero) != EmptyRow::Zero;
  for (auto [i, value] : llvm::enumerate(formula->getYieldedValues())) {
    if (formula->isUniformResult(i))
      continue;
    Value result = map.get(value);
    bool isFloat = result.getType().isF32();
    bool isLog = limits.atExcluded(value) == Limit::NegInf;
    Value nothing = isFloat ? w.special(isLog ? -INFINITY : 0.0)
                            : w.integer(result.getType(), 0);
    if (included)
      result = w.select(included, result, nothing);
    if (seesEmpty && isFloat)
      result =
          w.select(policed.isEmpty(),
                   policed.emptyValue(nothing, isLog, length, valid), result);
    if (looksForNaN)
      result = policed.withNaN(result);
    w.addResult(result, /*uniform=*/false);
  }
  FormulaOp weights = w.finish(name);
  weights->setAttr(WeirDialect::kAfterSweepsAttrName, w.body.getUnitAttr());
  keepDenormals(*formula, weights);
  return weights;
}
