//===- SolveSearch.cpp - root searches over a row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Newton's steps where they stay inside the bracket, halving where they do not
// (or where the body has no derivative). From the end of the bracket where a
// convex function is positive, Newton's steps never leave it.
//
// A sum of squares is convex but far from straight: from where it is large, a
// step gets half way at best. Its root is a norm, as convex, which is straight
// where the row is flat. So steps are made on a root of such sums.
//
// Where weights are sparse, few elements are above the root. A bound on it
// comes from some elements that are at hand; those above the bound are copied
// together, and when a few vectors hold them the search stays in registers.
// There a sum of hinges or of their squares is solved as the line or parabola
// that it is until an element is passed.
//
// The unknown is kept as its distance from one end of the bracket: a score of
// 1000 less a threshold of 999.3 would lose three digits, their distances from
// 1000 lose none.
//
//===----------------------------------------------------------------------===//

#include "Searches.h"

#include "RowSweep.h"
#include "SolveSupport.h"
#include "StoredForm.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {

class SolveSearch {
public:
  SolveSearch(RowEmitter &emitter, SolveOp solve)
      : emitter(emitter), solve(solve), loc(solve.getLoc()),
        layout(emitter.access.getLayout()), type(emitter.access.getRowType()),
        yield(cast<YieldOp>(solve.getBody().front().getTerminator())),
        searched(getSearchedValue(solve, emitter.schedule.getVariance())),
        hinges(knowsSlope() ? getHingeSum(solve, searched) : std::nullopt) {}

  void emit(OpBuilder &builder);

private:
  /// What the loop carries; `low`, `high`, `at` and `before` are distances from
  /// the base. `unsettled` says which rows go on. `before` is where the
  /// function was evaluated last; `sum`, `slope` and `curvature` are what it
  /// was there, the last 0 where it is not known.
  struct Step {
    Value low, high, at, count, unsettled, before, sum, slope, curvature;

    static constexpr Value Step::*kFields[] = {
        &Step::low,   &Step::high,      &Step::at,
        &Step::count, &Step::unsettled, &Step::before,
        &Step::sum,   &Step::slope,     &Step::curvature};
    SmallVector<Value> pack() const {
      return llvm::map_to_vector(kFields,
                                 [&](Value Step::*f) { return this->*f; });
    }
    static Step unpack(ValueRange values) {
      Step step;
      for (auto [field, value] : llvm::zip(kFields, values))
        step.*field = value;
      return step;
    }
  };
  /// Elements that the function is evaluated on when not on the row.
  using Held = ArrayRef<Element>;

  Value emitStart(OpBuilder &b, Value low);
  Value emitMargin(OpBuilder &b, Value low);
  void compact(OpBuilder &b, Value cut);
  Step searchHeld(OpBuilder &b, const Step &from);
  void reduceHeld(OpBuilder &b, ArrayRef<ReduceOp> reduces, Held held);
  void evaluateAt(OpBuilder &b, Value at, Held held);
  Value evaluate(OpBuilder &b, unsigned index);
  Value emitNewton(OpBuilder &b, Value at, Value f, Value slope);
  Value emitAbove(OpBuilder &b, const Element &element, Value at);
  Value emitCount(OpBuilder &b, Value mask);
  Value emitCurvature(OpBuilder &b, Value at, Held held);
  Value emitParabola(OpBuilder &b, Value at, Value f, const Step &step);
  Value emitPasses(OpBuilder &b, const Step &step, Held held);
  Value next(OpBuilder &b, Step &step, Held held);
  Value isUnsettled(OpBuilder &b, const Step &step, Held held);
  Value goesOn(OpBuilder &b, const Step &step);
  Step advance(OpBuilder &b, const Step &from, Held held);
  Value finish(OpBuilder &b, const Step &last);
  double getResolution() const {
    return emitter.access.getComputeType().isF64() ? 0x1p-51 : 0x1p-22;
  }
  /// True when steps on these elements lead to the root unless they pass one.
  bool knowsPieces(Held held) {
    return hinges && hinges->isSimple() && !held.empty();
  }
  bool knowsSlope() { return yield.getValues().size() == 2; }
  Value number(OpBuilder &b, double value) {
    return emitter.constant(b, type, value);
  }

  RowEmitter &emitter;
  SolveOp solve;
  Location loc;
  const LaneLayout &layout;
  Type type;
  YieldOp yield;
  /// The varying value that decides whether an element takes part, and the
  /// function as a sum of hinges of it, where they exist.
  Value searched;
  std::optional<HingeSum> hinges;
  Value base;
};

} // namespace

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

/// Gives sums over the few elements that are `held` their scalars.
void SolveSearch::reduceHeld(OpBuilder &b, ArrayRef<ReduceOp> reduces,
                             Held held) {
  for (ReduceOp reduce : reduces) {
    SmallVector<Value> terms;
    for (const Element &element : held) {
      Element copy = element;
      terms.push_back(emitter.getReduced(b, copy, reduce));
    }
    for (; terms.size() > 1; terms.resize((terms.size() + 1) / 2))
      for (size_t i = 0, half = terms.size() / 2; i < half; ++i)
        terms[i] =
            emitter.combine(b, reduce, terms[i], terms[terms.size() - 1 - i]);
    emitter.setScalar(reduce.getResult(),
                      emitter.combineLanes(b, reduce, terms[0]));
  }
}

/// Evaluates the body, on the row or on what is held.
void SolveSearch::evaluateAt(OpBuilder &b, Value at, Held held) {
  emitter.anchorRowCode(b);
  emitter.setUnknown(solve.getBody().getArgument(0), base, at, b);
  for (const FormulaSchedule::Stage &stage :
       FormulaSchedule::scheduleBlock(solve.getBody().front())) {
    if (held.empty())
      emitStatistics(emitter, b, stage.reduces, /*keeps=*/false);
    else
      reduceHeld(b, stage.reduces, held);
    for (Operation *search : stage.searches)
      emitSearch(emitter, b, search);
  }
  emitter.anchorRowCode(b);
}

/// The function's value, or its derivative, at the unknown; negated for an
/// increasing function, so that it always decreases.
Value SolveSearch::evaluate(OpBuilder &b, unsigned index) {
  Value value = emitter.getScalar(yield.getValues()[index]);
  if (solve.getDirection() == SolveDirection::Increasing)
    value = arith::NegFOp::create(b, loc, value);
  return value;
}

/// Newton's step from `at`, where the function has been evaluated. A sum of
/// hinges S takes it on S^(1/q) for the largest power of two q that their
/// degree allows: q (S - S^(1-1/q) c^(1/q)) / S'.
Value SolveSearch::emitNewton(OpBuilder &b, Value at, Value f, Value slope) {
  Value rise = f;
  if (hinges && hinges->degree >= 2) {
    Value sum = emitter.getScalar(hinges->sum.getResult());
    Value rest = emitter.getScalar(hinges->target);
    double q = 1;
    for (; 2 * q <= hinges->degree; q *= 2)
      rest = math::SqrtOp::create(b, loc,
                                  arith::MulFOp::create(b, loc, sum, rest));
    rise = arith::MulFOp::create(b, loc, number(b, q),
                                 arith::SubFOp::create(b, loc, sum, rest));
  }
  Value quotient = arith::DivFOp::create(b, loc, rise, slope);
  return arith::SubFOp::create(b, loc, at, quotient);
}

/// Which lanes of `element` are above `at`.
Value SolveSearch::emitAbove(OpBuilder &b, const Element &element, Value at) {
  Value x = element.values.lookup(searched);
  Value fromBase = arith::SubFOp::create(b, loc, x, emitter.splat(base));
  Value difference = arith::SubFOp::create(b, loc, fromBase, emitter.splat(at));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, difference,
                               emitter.constant(b, x.getType(), 0.0));
}

/// How many lanes of `mask` are on, as i32.
Value SolveSearch::emitCount(OpBuilder &b, Value mask) {
  Type bits = b.getIntegerType(layout.getLaneCount());
  mask = vector::BitCastOp::create(b, loc, VectorType::get(1, bits), mask);
  Value count =
      math::CtPopOp::create(b, loc, vector::ExtractOp::create(b, loc, mask, 0));
  return arith::ExtUIOp::create(b, loc, b.getI32Type(), count);
}

/// The second derivative of a simple sum of hinges: of squares, how many are
/// above.
Value SolveSearch::emitCurvature(OpBuilder &b, Value at, Held held) {
  if (hinges->degree == 1)
    return number(b, 0.0);
  Value count;
  for (const Element &element : held) {
    Value lanes = emitCount(b, emitAbove(b, element, at));
    count =
        count ? arith::AddIOp::create(b, loc, count, lanes).getResult() : lanes;
  }
  return arith::MulFOp::create(b, loc,
                               arith::SIToFPOp::create(b, loc, type, count),
                               number(b, 2 * hinges->factor));
}

/// The root of the line or parabola that a simple sum of hinges is around `at`,
/// or where the parabola is lowest when it has none.
Value SolveSearch::emitParabola(OpBuilder &b, Value at, Value f,
                                const Step &step) {
  if (hinges->degree == 1)
    return emitNewton(b, at, f, step.slope);
  Value zero = number(b, 0.0);
  Value slope = arith::SubFOp::create(b, loc, zero, step.slope);
  Value square = arith::MulFOp::create(b, loc, slope, slope);
  Value twice = arith::AddFOp::create(b, loc, f, f);
  Value d = arith::SubFOp::create(
      b, loc, square, arith::MulFOp::create(b, loc, twice, step.curvature));
  Value some =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, d, zero);
  d = arith::SelectOp::create(b, loc, some, d, zero);
  // The difference is as exact as distances are: elements are not nearer.
  Value way =
      arith::SubFOp::create(b, loc, slope, math::SqrtOp::create(b, loc, d));
  Value inverse = arith::DivFOp::create(b, loc, number(b, 1.0), step.curvature);
  return arith::AddFOp::create(b, loc, at,
                               arith::MulFOp::create(b, loc, way, inverse));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Evaluates the body at `step.at`, narrows the bracket and returns where to
/// look next.
Value SolveSearch::next(OpBuilder &b, Step &step, Held held) {
  evaluateAt(b, step.at, held);
  Value f = evaluate(b, 0);
  using P = arith::CmpFPredicate;
  Value isLeft = arith::CmpFOp::create(b, loc, P::OGT, f, number(b, 0.0));
  step.before = step.at;
  step.low = arith::SelectOp::create(b, loc, isLeft, step.at, step.low);
  step.high = arith::SelectOp::create(b, loc, isLeft, step.high, step.at);
  Value width = arith::SubFOp::create(b, loc, step.high, step.low);
  Value half = arith::MulFOp::create(b, loc, width, number(b, 0.5));
  Value middle = arith::AddFOp::create(b, loc, step.low, half);
  if (!knowsSlope())
    return middle;
  step.slope = evaluate(b, 1);
  if (!hinges) {
    Value newton = emitNewton(b, step.at, f, step.slope);
    Value above = arith::CmpFOp::create(b, loc, P::OGE, newton, step.low);
    Value below = arith::CmpFOp::create(b, loc, P::OLE, newton, step.high);
    Value inside = arith::AndIOp::create(b, loc, above, below);
    return arith::SelectOp::create(b, loc, inside, newton, middle);
  }
  step.sum = emitter.getScalar(hinges->sum.getResult());
  // A convex function has its root at or above where a step from above it
  // leads, but for rounding.
  auto clamp = [&](Value to) -> Value {
    Value above = arith::CmpFOp::create(b, loc, P::OGT, to, step.low);
    return arith::SelectOp::create(b, loc, above, to, step.low);
  };
  if (knowsPieces(held)) {
    step.curvature = emitCurvature(b, step.at, held);
    Value to = clamp(emitParabola(b, step.at, f, step));
    Value below = arith::CmpFOp::create(b, loc, P::OLT, to, step.high);
    return arith::SelectOp::create(b, loc, below, to, step.high);
  }
  step.curvature = number(b, 0.0);
  Value newton = emitNewton(b, step.at, f, step.slope);
  Value below = arith::CmpFOp::create(b, loc, P::OLE, newton, step.high);
  return arith::SelectOp::create(b, loc, below, clamp(newton), middle);
}

/// Whether the last step of a simple sum of hinges passed an element, or came
/// from so far that its rounding counts. If not, it led to the root.
Value SolveSearch::emitPasses(OpBuilder &b, const Step &step, Held held) {
  Value passed;
  for (const Element &element : held) {
    Value differ =
        arith::XOrIOp::create(b, loc, emitAbove(b, element, step.before),
                              emitAbove(b, element, step.at));
    passed = passed ? arith::OrIOp::create(b, loc, passed, differ).getResult()
                    : differ;
  }
  Value any = layout.combine(b, vector::CombiningKind::OR, passed);
  Value target = emitter.getScalar(hinges->target);
  Value most = arith::MulFOp::create(b, loc, target, number(b, 4.0));
  Value large =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, step.sum, most);
  return arith::OrIOp::create(b, loc, any, large);
}

/// A step below the tolerance, or below what the unknown can be resolved to,
/// was the last. A NaN settles at once.
Value SolveSearch::isUnsettled(OpBuilder &b, const Step &step, Held held) {
  double tolerance =
      std::max(solve.getTolerance().convertToDouble(), getResolution());
  Value moved = math::AbsFOp::create(
      b, loc, arith::SubFOp::create(b, loc, step.at, step.before));
  Value far = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, moved,
                                    number(b, tolerance));
  if (!knowsPieces(held))
    return far;
  return arith::AndIOp::create(b, loc, far, emitPasses(b, step, held));
}

/// Whether another step is to be made, one scalar for all rows at hand.
Value SolveSearch::goesOn(OpBuilder &b, const Step &step) {
  Value most = emitter.constant(b, step.count.getType(),
                                static_cast<double>(solve.getMaxIterations()));
  Value isEarly = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                        step.count, most);
  return arith::AndIOp::create(b, loc, layout.emitAny(b, step.unsettled),
                               isEarly);
}

/// One step of the search. Across rows, those that have settled stay where they
/// are, so that a row's root does not depend on its neighbours.
SolveSearch::Step SolveSearch::advance(OpBuilder &b, const Step &from,
                                       Held held) {
  RowEmitter::RowValues known = emitter.saveRow();
  Step to = from;
  to.count = arith::AddIOp::create(b, loc, from.count,
                                   emitter.constant(b, b.getI64Type(), 1));
  to.at = next(b, to, held);
  to.unsettled = isUnsettled(b, to, held);
  emitter.restoreRow(known);
  if (!layout.isAcross())
    return to;
  for (Value Step::*field : Step::kFields)
    if (field != &Step::count && field != &Step::unsettled)
      to.*field = arith::SelectOp::create(b, loc, from.unsettled, to.*field,
                                          from.*field);
  to.unsettled = arith::AndIOp::create(b, loc, to.unsettled, from.unsettled);
  return to;
}

/// The root, as a distance. The sums that the formula makes at the root are
/// known too: the last step was so short that the sum is straight along it, or
/// its curvature is known. A search that has not settled ends where the
/// function was evaluated last.
Value SolveSearch::finish(OpBuilder &b, const Step &last) {
  double tolerance = solve.getTolerance().convertToDouble();
  SmallVector<ReduceOp> sums;
  if (hinges && tolerance * tolerance <= getResolution())
    sums = getSumsAtRoot(solve, hinges->sum);
  if (sums.empty())
    return last.at;
  Value at =
      arith::SelectOp::create(b, loc, last.unsettled, last.before, last.at);
  Value moved = arith::SubFOp::create(b, loc, at, last.before);
  Value bend = arith::MulFOp::create(
      b, loc, moved,
      arith::MulFOp::create(b, loc, last.curvature, number(b, 0.5)));
  Value slope = arith::AddFOp::create(b, loc, last.slope, bend);
  Value change = arith::MulFOp::create(b, loc, slope, moved);
  Value sum = arith::AddFOp::create(b, loc, last.sum, change);
  for (ReduceOp reduce : sums)
    emitter.setScalar(reduce.getResult(), sum);
  return at;
}

//===----------------------------------------------------------------------===//
// Before the steps
//===----------------------------------------------------------------------===//

/// A distance from the base at or below the root's, `low` or better. What is
/// never negative sums up to less over some elements than over all, so the root
/// over some is a bound. The lanes of a maximum hold some, and large ones. A
/// step towards their root pays where more than a few of them are above `low`.
Value SolveSearch::emitStart(OpBuilder &b, Value low) {
  constexpr int64_t kFewLanes = 3;
  const Variance &variance = emitter.schedule.getVariance();
  const auto *maximum = llvm::find_if(
      emitter.laneMaxima, [&](const RowEmitter::LaneMaxima &maximum) {
        return followsFrom(searched, ReduceOp(maximum.reduce).getValue(),
                           variance);
      });
  bool vanish = llvm::all_of(
      solve.getBody().front().getOps<ReduceOp>(), [&](ReduceOp reduce) {
        return emitter.limits.vanishesWhenExcluded(reduce);
      });
  if (!hinges || !vanish || maximum == emitter.laneMaxima.end())
    return low;
  Element element(Lanes{});
  element.values[ReduceOp(maximum->reduce).getValue()] = maximum->lanes;
  emitter.getVector(b, element, searched);
  Value above = emitCount(b, emitAbove(b, element, low));
  Value most = arith::ConstantIntOp::create(b, loc, kFewLanes, 32);
  Value isMany =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, above, most);
  auto step = [&](OpBuilder &inner, Location) {
    RowEmitter::RowValues known = emitter.saveRow();
    evaluateAt(inner, low, element);
    Value to = emitNewton(inner, low, evaluate(inner, 0), evaluate(inner, 1));
    emitter.restoreRow(known);
    Value isBetter =
        arith::CmpFOp::create(inner, loc, arith::CmpFPredicate::OGT, to, low);
    to = arith::SelectOp::create(inner, loc, isBetter, to, low);
    scf::YieldOp::create(inner, loc, to);
  };
  auto none = [&](OpBuilder &inner, Location) {
    scf::YieldOp::create(inner, loc, low);
  };
  Value start = scf::IfOp::create(b, loc, isMany, step, none).getResult(0);
  emitter.anchorRowCode(b);
  // Rounding may have led past the root over these elements, which may be all
  // that count.
  return arith::SubFOp::create(b, loc, start, emitMargin(b, low));
}

/// What a bound is to be lowered by for the rounding that it was found with,
/// and its sum with the base.
Value SolveSearch::emitMargin(OpBuilder &b, Value low) {
  Value size = arith::AddFOp::create(b, loc, math::AbsFOp::create(b, loc, base),
                                     math::AbsFOp::create(b, loc, low));
  return arith::MulFOp::create(b, loc, size, number(b, 4 * getResolution()));
}

/// Copies the elements above `cut` together, which are few where the weights
/// are sparse: the steps of the search look at these only.
void SolveSearch::compact(OpBuilder &builder, Value cut) {
  Value bound = emitter.splat(cut);
  Value none = arith::ConstantIndexOp::create(builder, loc, 0);
  auto body = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange carried) {
    Value end = carried[0];
    for (const Lanes &group : lanes) {
      Element element(group);
      Value x = emitter.getVector(b, element, searched);
      Value takes =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, x, bound);
      // An excluded element is not above anything when it is -inf here too.
      Value included = emitter.limits.atExcluded(searched) == Limit::NegInf
                           ? Value()
                           : emitter.getIncluded(b, element);
      if (included)
        takes = arith::AndIOp::create(b, loc, takes, included);
      Value front = cpu::CompressOp::create(b, loc, x, takes);
      emitter.access.storeVector(b, emitter.scratch, {end, Value()}, front);
      Value count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                 emitCount(b, takes));
      end = arith::AddIOp::create(b, loc, end, count);
    }
    return SmallVector<Value>{end};
  };
  RowSweep sweep(emitter, builder, /*groupSize=*/4);
  Value length = sweep.emitRest(sweep.emitGroups(none, body), body)[0];
  emitter.compacted = {searched, emitter.scratch, length};
}

/// The search in registers, where a few vectors hold all elements that were
/// copied together.
SolveSearch::Step SolveSearch::searchHeld(OpBuilder &builder,
                                          const Step &from) {
  constexpr int64_t kHeldVectors = 4;
  int64_t lanes = layout.getLaneCount();
  Value length = emitter.compacted->length;
  Value isSmall = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ule, length,
      arith::ConstantIndexOp::create(builder, loc, kHeldVectors * lanes));
  auto search = [&](OpBuilder &b, Location) {
    SmallVector<Element> held;
    for (int64_t v = 0; v < kHeldVectors; ++v) {
      Value position = arith::ConstantIndexOp::create(b, loc, v * lanes);
      Value left = arith::SubIOp::create(b, loc, length, position);
      Value mask = vector::CreateMaskOp::create(
          b, loc, emitter.access.getVectorType(b.getI1Type()), left);
      Element &element = held.emplace_back(Lanes{position, mask});
      emitter.getVector(b, element, searched);
    }
    auto loop = scf::WhileOp::create(
        b, loc, ValueRange(from.pack()).getTypes(), from.pack(),
        [&](OpBuilder &inner, Location, ValueRange carried) {
          Step to = advance(inner, Step::unpack(carried), held);
          scf::ConditionOp::create(inner, loc, goesOn(inner, to), to.pack());
        },
        [&](OpBuilder &inner, Location, ValueRange carried) {
          scf::YieldOp::create(inner, loc, carried);
        });
    scf::YieldOp::create(b, loc, loop.getResults());
  };
  auto none = [&](OpBuilder &b, Location) {
    scf::YieldOp::create(b, loc, from.pack());
  };
  auto branch = scf::IfOp::create(builder, loc, isSmall, search, none);
  return Step::unpack(branch.getResults());
}

void SolveSearch::emit(OpBuilder &builder) {
  emitter.anchorRowCode(builder);
  base = emitter.getScalar(solve.getUpper());
  Value lower = emitter.getScalar(solve.getLower());
  Step step;
  step.low = arith::SubFOp::create(builder, loc, lower, base);
  step.high = arith::SubFOp::create(builder, loc, base, base);
  step.count = emitter.constant(builder, builder.getI64Type(), 0);
  step.unsettled =
      emitter.constant(builder, layout.getRowType(builder.getI1Type()), 1);
  if (searched && emitter.scratch && emitter.canCompact) {
    Value start = emitStart(builder, step.low);
    compact(builder, start == step.low
                         ? lower
                         : arith::AddFOp::create(builder, loc, base, start));
    step.low = start;
  }
  step.at = step.before = step.low;
  step.sum = step.slope = step.curvature = number(builder, 0.0);
  if (emitter.compacted && knowsSlope())
    step = searchHeld(builder, step);
  auto loop = scf::WhileOp::create(
      builder, loc, ValueRange(step.pack()).getTypes(), step.pack(),
      [&](OpBuilder &b, Location, ValueRange carried) {
        Value go = goesOn(b, Step::unpack(carried));
        scf::ConditionOp::create(b, loc, go, carried);
      },
      [&](OpBuilder &b, Location, ValueRange carried) {
        Step to = advance(b, Step::unpack(carried), {});
        scf::YieldOp::create(b, loc, to.pack());
      });
  emitter.support.reset();
  if (emitter.compacted)
    emitter.support = {*emitter.compacted, solve.getResult()};
  emitter.compacted.reset();
  emitter.anchorRowCode(builder);
  Value root = finish(builder, Step::unpack(loop.getResults()));
  emitter.setUnknown(solve.getResult(), base, root, builder);
}

void weir::emitSolve(RowEmitter &emitter, OpBuilder &builder, SolveOp solve) {
  SolveSearch(emitter, solve).emit(builder);
}

void weir::emitSearch(RowEmitter &emitter, OpBuilder &builder, Operation *op) {
  if (auto solve = dyn_cast<SolveOp>(op))
    emitSolve(emitter, builder, solve);
  else
    emitKth(emitter, builder, cast<KthOp>(op));
}
