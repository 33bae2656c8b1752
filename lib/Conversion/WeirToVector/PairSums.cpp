//===- PairSums.cpp - a sweep that needs no maximum ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PairSums.h"

#include "RowExprBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

/// Exponents up to which a split exponential is accurate: with a fused
/// multiply-add, and without.
static constexpr double kReach = 0x1p16, kReachUnfused = 0x1p8;
static constexpr double kLn2 = 0.693147180559945309417232121458;
/// log(2) in two parts. The product of the first with an exponent in reach is
/// exact, or is not rounded.
static constexpr double kLn2HighF32 = 0x1.62e4p-1, kLn2LowF32 = 0x1.7f7d1cp-20,
                        kLn2HighF64 = 0x1.62e42feep-1,
                        kLn2LowF64 = 0x1.a39ef35793c76p-33;

PairSums::PairSums(RowEmitter &emitter, const DerivedSweep &sweep,
                   const ExtendedExponents &extended, bool fuses)
    : emitter(emitter), loc(emitter.rows.getLoc()),
      type(emitter.access.getVectorType(emitter.access.getComputeType())),
      state(sweep), extended(extended),
      written(emitter.formula, sweep, emitter.schedule.getVariance()),
      fuses(fuses) {
  for (ReduceOp extremum : state.anchors)
    if (!extended.getFree(extremum))
      kept.push_back(extremum);
  for (const Sum &sum : state.sums)
    (sum.exponent.empty() ? plainSums : extendedSums).push_back(&sum);
}

SmallVector<Value> PairSums::begin(OpBuilder &b) {
  SmallVector<Value> carried;
  for (ReduceOp extremum : kept)
    carried.push_back(emitter.getIdentity(b, extremum.getKind(), type));
  Value zero = emitter.constant(b, type, 0.0),
        nothing = emitter.constant(b, type, kExponentOfZero);
  for (size_t i = 0; i < extendedSums.size(); ++i)
    llvm::append_values(carried, zero, nothing);
  carried.append(plainSums.size(), zero);
  if (emitter.keepsLosses())
    carried.append(extendedSums.size() + plainSums.size(), zero);
  return carried;
}

/// Sums begin anew, so that they stay short; exponents go on.
SmallVector<Value> PairSums::beginBlock(OpBuilder &b, ValueRange carried) {
  SmallVector<Value> block(carried);
  Value zero = emitter.constant(b, type, 0.0);
  for (size_t i = 0; i < extendedSums.size(); ++i)
    block[pairsBegin() + 2 * i] = zero;
  for (size_t i = 0; i < plainSums.size(); ++i)
    block[totalsBegin() + i] = zero;
  return block;
}

void PairSums::addBlock(OpBuilder &b, Value &total, Value *loss, Value block) {
  if (loss)
    emitter.addWithLoss(b, total, *loss, block);
  else
    total = arith::AddFOp::create(b, loc, total, block);
}

/// The exponents of a block are no smaller than those it started from.
SmallVector<Value> PairSums::endBlock(OpBuilder &b, ValueRange carried,
                                      ValueRange block) {
  SmallVector<Value> next(block);
  Value *losses =
      emitter.keepsLosses() ? next.begin() + lossesBegin() : nullptr;
  for (size_t i = 0; i < extendedSums.size(); ++i) {
    size_t at = pairsBegin() + 2 * i;
    Value exponent = block[at + 1];
    auto moved = [&](Value mantissa) {
      return emitOver(b, emitter, {mantissa, carried[at + 1]}, exponent);
    };
    next[at] = moved(carried[at]);
    if (losses)
      losses[i] = moved(losses[i]);
    addBlock(b, next[at], losses ? losses + i : nullptr, block[at]);
  }
  for (size_t i = 0; i < plainSums.size(); ++i) {
    size_t at = totalsBegin() + i;
    next[at] = carried[at];
    addBlock(b, next[at], losses ? losses + extendedSums.size() + i : nullptr,
             block[at]);
  }
  return next;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value PairSums::exclude(OpBuilder &b, Element &element, Value value,
                        double instead) {
  Value included = emitter.getIncluded(b, element);
  if (!included)
    return value;
  return arith::SelectOp::create(b, loc, included, value,
                                 emitter.constant(b, type, instead));
}

/// True when an excluded element, whose score is -inf, has a term of lowest
/// exponent by itself.
static bool vanishes(const SweepState::Sum &sum, RowEmitter &emitter) {
  bool isPower = sum.h.terms.size() == 1 && getExponent(sum.h.terms[0].first) &&
                 sum.h.terms[0].first->kind == Expr::Exp;
  return isPower && emitter.limits.vanishesWhenExcluded(sum.reduce);
}

ExponentPair PairSums::getTerm(OpBuilder &b, Element &element, const Sum &sum) {
  // What results are formed with must err as the sum does.
  bool scaled = fuses && llvm::all_of(sum.exponent, [&](auto &term) {
                  return movesScaled(sum, term.first, term.second);
                });
  auto variant =
      scaled ? emitter.getAnchoredVariant(ReduceOp(sum.reduce).getValue())
             : cpu::ExpVariant::Accurate;
  ExponentPair term = emitPair(b, emitter, element, sum.h, written, variant);
  if (vanishes(sum, emitter))
    return term;
  term.mantissa = exclude(b, element, term.mantissa, 0.0);
  if (term.exponent)
    term.exponent = exclude(b, element, term.exponent, kExponentOfZero);
  return term;
}

Value PairSums::getPlainTerm(OpBuilder &b, Element &element, const Sum &sum) {
  Value term = LaneExprBuilder(b, emitter, element).emit(sum.h);
  if (sum.reduce && emitter.limits.vanishesWhenExcluded(sum.reduce))
    return term;
  return exclude(b, element, term, 0.0);
}

static Value addUp(OpBuilder &b, Location loc, SmallVector<Value> terms) {
  while (terms.size() > 1) {
    SmallVector<Value> half;
    for (size_t i = 0; i + 1 < terms.size(); i += 2)
      half.push_back(arith::AddFOp::create(b, loc, terms[i], terms[i + 1]));
    if (terms.size() % 2)
      half.push_back(terms.back());
    terms = std::move(half);
  }
  return terms[0];
}

SmallVector<Value> PairSums::update(OpBuilder &b,
                                    MutableArrayRef<Element> group,
                                    ValueRange carried) {
  SmallVector<Value> next(carried);
  for (auto [i, extremum] : llvm::enumerate(kept))
    for (Element &element : group)
      next[i] = emitter.combine(b, extremum, next[i],
                                emitter.getReduced(b, element, extremum));
  for (auto [i, sum] : llvm::enumerate(extendedSums)) {
    Value &mantissa = next[pairsBegin() + 2 * i],
          &exponent = next[pairsBegin() + 2 * i + 1];
    SmallVector<ExponentPair> terms;
    SmallVector<Value> exponents{exponent};
    for (Element &element : group) {
      terms.push_back(getTerm(b, element, *sum));
      exponents.push_back(terms.back().exponent);
    }
    Value raised = emitGreatestExponent(b, emitter, exponents);
    SmallVector<Value> scaled;
    for (ExponentPair &term : terms)
      scaled.push_back(emitOver(b, emitter, term, raised));
    mantissa = arith::AddFOp::create(
        b, loc, emitOver(b, emitter, {mantissa, exponent}, raised),
        addUp(b, loc, std::move(scaled)));
    exponent = raised;
  }
  for (auto [i, sum] : llvm::enumerate(plainSums)) {
    SmallVector<Value> terms;
    for (Element &element : group)
      terms.push_back(getPlainTerm(b, element, *sum));
    Value &total = next[totalsBegin() + i];
    total =
        arith::AddFOp::create(b, loc, total, addUp(b, loc, std::move(terms)));
  }
  return next;
}

//===----------------------------------------------------------------------===//
// The whole row
//===----------------------------------------------------------------------===//

ExponentPair PairSums::finishPair(OpBuilder &b, ExponentPair lanes) {
  const LaneLayout &layout = emitter.access.getLayout();
  if (layout.isAcross())
    return lanes;
  bool mayLose = emitter.maximaMayLoseNaN;
  Value greatest = layout.combine(b,
                                  mayLose ? vector::CombiningKind::MAXNUMF
                                          : vector::CombiningKind::MAXIMUMF,
                                  lanes.exponent,
                                  mayLose ? arith::FastMathFlags::nnan |
                                                arith::FastMathFlags::nsz
                                          : arith::FastMathFlags::none);
  Value everywhere = vector::BroadcastOp::create(b, loc, type, greatest);
  Value sum = layout.combine(b, vector::CombiningKind::ADD,
                             emitOver(b, emitter, lanes, everywhere),
                             arith::FastMathFlags::reassoc);
  return {sum, greatest};
}

/// True when the elements of a sum are all off by the factor that the rounding
/// of a fused shift makes, as the results are.
bool PairSums::movesScaled(const Sum &sum, const Expr *atom, double k) const {
  return atom->kind == Expr::Leaf &&
         llvm::is_contained(emitter.shifts.getShifts(), atom->value) &&
         emitter.shifts.getDegree(ReduceOp(sum.reduce).getValue(),
                                  atom->value) == -k;
}

/// The sum itself: mantissa 2^exponent e^(k a) for its anchors a. The exponents
/// nearly cancel, so they are added first, and exactly.
Value PairSums::emitSum(OpBuilder &b, const Sum &sum, ExponentPair pair) {
  Type scalar = pair.mantissa.getType();
  auto multiple = [&](Value x, double k) -> Value {
    return k == 1 ? x
                  : Value(arith::MulFOp::create(
                        b, loc, x, emitter.constant(b, scalar, k)));
  };
  auto plus = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, loc, x, y);
  };
  ScalarExprBuilder exprs(b, emitter);
  Value octaves = pair.exponent, distance;
  for (auto &[atom, k] : sum.exponent) {
    if (fuses && movesScaled(sum, atom, k)) {
      octaves =
          plus(octaves, multiple(emitter.emitScaledShift(atom->value), k));
      continue;
    }
    Linear anchor;
    anchor.terms.push_back({atom, k});
    Value moved = exprs.emit(anchor);
    distance = distance ? plus(distance, moved) : moved;
  }
  if (!distance)
    return arith::MulFOp::create(b, loc, pair.mantissa,
                                 math::Exp2Op::create(b, loc, octaves));
  bool wide = getElementTypeOrSelf(scalar).isF64();
  double highPart = wide ? kLn2HighF64 : kLn2HighF32;
  Value high = emitter.constant(b, scalar, highPart);
  distance = emitter.hasFMA
                 ? Value(math::FmaOp::create(b, loc, octaves, high, distance))
                 : plus(multiple(octaves, highPart), distance);
  distance = plus(distance, multiple(octaves, wide ? kLn2LowF64 : kLn2LowF32));
  Value moved = arith::MulFOp::create(b, loc, pair.mantissa,
                                      math::ExpOp::create(b, loc, distance));
  // A sum of 0 is 0 whatever the anchor, which is infinite where it has seen
  // nothing.
  Value isZero =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, pair.mantissa,
                            emitter.constant(b, scalar, 0.0));
  return arith::SelectOp::create(b, loc, isZero, pair.mantissa, moved);
}

void PairSums::finish(OpBuilder &b, ValueRange carried) {
  emitter.anchorRowCode(b);
  for (auto [i, extremum] : llvm::enumerate(kept))
    emitter.setScalar(extremum.getResult(),
                      emitter.combineLanes(b, extremum, carried[i]));
  for (auto [i, sum] : llvm::enumerate(extendedSums)) {
    size_t at = pairsBegin() + 2 * i;
    found.push_back(finishPair(b, {carried[at], carried[at + 1]}));
    for (auto &free : extended.getFreeExtrema())
      if (free.witness == sum->reduce)
        emitter.setScalar(
            ReduceOp(free.extremum).getResult(),
            arith::MulFOp::create(
                b, loc, found.back().exponent,
                emitter.constant(b, found.back().exponent.getType(),
                                 free.sign * kLn2)));
  }
  emitter.anchorRowCode(b);
  for (auto [sum, pair] : llvm::zip_equal(extendedSums, found))
    emitter.setScalar(ReduceOp(sum->reduce).getResult(),
                      emitSum(b, *sum, pair));
  for (auto [i, sum] : llvm::enumerate(plainSums))
    if (ReduceOp reduce = sum->reduce)
      emitter.setScalar(
          reduce.getResult(),
          emitter.combineLanes(b, reduce, carried[totalsBegin() + i]));
}

Value PairSums::emitIsInReach(OpBuilder &b) {
  Value all;
  for (ExponentPair &pair : found) {
    Value size = math::AbsFOp::create(b, loc, pair.exponent);
    Value reach = emitter.constant(b, size.getType(),
                                   emitter.hasFMA ? kReach : kReachUnfused);
    Value is =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, size, reach);
    all = all ? Value(arith::AndIOp::create(b, loc, all, is)) : is;
  }
  return emitter.access.getLayout().emitAll(b, all);
}
