//===- RunningState.cpp - the state of a row while a sweep runs ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunningState.h"

#include "RowExprBuilders.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// What is carried
//===----------------------------------------------------------------------===//

RunningState::RunningState(RowEmitter &emitter, const DerivedSweep &sweep,
                           RowLaws &laws)
    : emitter(emitter), loc(emitter.rows.getLoc()),
      type(emitter.access.getVectorType(emitter.access.getComputeType())),
      copyCount(emitter.access.getLayout().fit(4)), state(sweep),
      exprs(laws.getExprs()) {
  // Every uniform value made of this sweep's results is per lane for now.
  for (const Law &law : sweep.laws)
    if (ReduceOp reduce = law.getReduce())
      emitter.running.insert(reduce.getResult());
  for (Operation &op : emitter.formula.getBody().front().without_terminator())
    if (!isa<ReduceOp, KthOp, SolveOp>(op) &&
        !emitter.schedule.getVariance().isVarying(op.getResult(0)) &&
        llvm::any_of(op.getOperands(),
                     [&](Value v) { return emitter.running.contains(v); }))
      emitter.running.insert(op.getResult(0));
  unfinished = emitter.running;
  for (const Sum &sum : sums) {
    if (sum.reduce)
      collectFrontier(ReduceOp(sum.reduce).getValue());
    for (auto &[monomial, k] : sum.h.terms)
      collectFrontier(monomial);
    for (auto &[atom, k] : sum.exponent)
      if (movesScaled(sum, atom, k))
        addToFrontier(atom->value, /*scaled=*/true);
      else
        collectFrontier(atom);
    for (const Sum::Shift &shift : sum.shifts)
      collectFrontier(shift.anchor);
  }
}

bool RunningState::isUnfinished(Value value) const {
  return unfinished.contains(value);
}

void RunningState::addToFrontier(Value value, bool scaled) {
  if (!llvm::is_contained(frontier, Held{value, scaled}))
    frontier.push_back({value, scaled});
}

/// True when a sum follows the fused shift `atom`: its elements are all off by
/// the factor that the shift's rounding makes.
bool RunningState::movesScaled(const Sum &sum, const Expr *atom,
                               double k) const {
  if (!emitter.fusesShifts || !sum.reduce || atom->kind != Expr::Leaf ||
      !isUnfinished(atom->value) ||
      !llvm::is_contained(emitter.shifts.getShifts(), atom->value))
    return false;
  return emitter.shifts.getDegree(ReduceOp(sum.reduce).getValue(),
                                  atom->value) == -k;
}

/// The unfinished uniforms that varying values are made with.
void RunningState::collectFrontier(Value value) {
  if (!searched.insert(value).second)
    return;
  if (!emitter.schedule.getVariance().isVarying(value)) {
    if (isUnfinished(value))
      addToFrontier(value);
    return;
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  if (std::optional<ExpDifference> own = emitter.differences.get(value)) {
    collectFrontier(own->x);
    return collectFrontier(own->u);
  }
  Value u = emitter.getFusedShift(op);
  if (u && isUnfinished(u)) {
    addToFrontier(u, /*scaled=*/true);
    if (Value rest = emitter.shifts.getUnshifted(op))
      collectFrontier(rest);
    return;
  }
  for (Value operand : op->getOperands())
    collectFrontier(operand);
}

void RunningState::collectFrontier(const Expr *expr) {
  walkExprs({{expr, 1.0}}, [&](const Expr *part) {
    if (part->kind == Expr::Leaf && isUnfinished(part->value))
      addToFrontier(part->value);
    return true;
  });
}

SmallVector<Value> RunningState::begin(OpBuilder &b) {
  SmallVector<Value> carried;
  for (ReduceOp reduce : anchors)
    carried.push_back(emitter.getIdentity(b, reduce.getKind(), type));
  llvm::append_range(carried, evaluateFrontier(b, SmallVector<Value>(carried)));
  carried.append(copiesBegin() - totalsBegin(), emitter.constant(b, type, 0.0));
  return carried;
}

SmallVector<Value> RunningState::beginBlock(OpBuilder &b, ValueRange carried) {
  SmallVector<Value> block(carried);
  block.append(copyCount * sums.size(), emitter.constant(b, type, 0.0));
  return block;
}

SmallVector<Value> RunningState::endBlock(OpBuilder &b, ValueRange /*carried*/,
                                          ValueRange block) {
  SmallVector<Value> carried(block.take_front(copiesBegin()));
  for (size_t s = 0; s < sums.size(); ++s) {
    Value sum = block[copiesBegin() + s * copyCount];
    for (int64_t c = 1; c < copyCount; ++c)
      sum = arith::AddFOp::create(b, loc, sum,
                                  block[copiesBegin() + s * copyCount + c]);
    Value &total = carried[totalsBegin() + s];
    if (emitter.keepsLosses())
      emitter.addWithLoss(b, total, carried[lossesBegin() + s], sum);
    else
      total = arith::AddFOp::create(b, loc, total, sum);
  }
  return carried;
}

//===----------------------------------------------------------------------===//
// Anchors
//===----------------------------------------------------------------------===//

/// An anchor to compute with: 0 while its lane has seen nothing, so that no
/// infinities meet.
Value RunningState::emitSafe(OpBuilder &b, ReduceOp reduce, Value anchor) {
  Value identity = emitter.getIdentity(b, reduce.getKind(), type);
  Value seen = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, anchor,
                                     identity);
  return arith::SelectOp::create(b, loc, seen, anchor,
                                 emitter.constant(b, type, 0.0));
}

/// A running shift times log2(e). Lanes that have seen low scores only are
/// held at one below log2(e) times the bound on shifts: their sums vanish
/// beside those of any row that the result is used for.
Value RunningState::emitScaledShift(OpBuilder &b, Value shift) {
  Value log2e = emitter.constant(b, type, 1.44269504088896340735992468100);
  Value lowest = emitter.constant(b, type, -0x1p22);
  Value scaled = arith::MulFOp::create(b, loc, shift, log2e);
  Value isLow =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, scaled, lowest);
  return arith::SelectOp::create(b, loc, isLow, lowest, scaled);
}

SmallVector<Value> RunningState::evaluateFrontier(OpBuilder &b,
                                                  ValueRange anchorValues) {
  Element element(Lanes{});
  for (auto [reduce, value] : llvm::zip(anchors, anchorValues))
    element.values[reduce.getResult()] = emitSafe(b, reduce, value);
  if (emitter.fusesShifts)
    for (Value u : emitter.shifts.getShifts())
      if (isUnfinished(u))
        element.scaledShifts[u] =
            emitScaledShift(b, emitter.getVector(b, element, u));
  SmallVector<Value> values;
  for (const Held &held : frontier)
    values.push_back(held.scaled ? element.scaledShifts[held.value]
                                 : emitter.getVector(b, element, held.value));
  return values;
}

Value RunningState::emitExpr(OpBuilder &b, const Expr *expr,
                             ValueRange frontierValues) {
  Element element(Lanes{});
  presetElement(b, element, frontierValues);
  return LaneExprBuilder(b, emitter, element).emit(exprs.linear(expr));
}

/// How far the linear form moved between two sets of frontier values.
Value RunningState::emitMovement(OpBuilder &b, const Factors &form,
                                 ValueRange from, ValueRange to) {
  Value sum;
  for (auto &[atom, k] : form) {
    Value moved = arith::SubFOp::create(b, loc, emitExpr(b, atom, to),
                                        emitExpr(b, atom, from));
    if (k == -1 && !sum) {
      sum = arith::SubFOp::create(b, loc, emitExpr(b, atom, from),
                                  emitExpr(b, atom, to));
      continue;
    }
    if (k != 1)
      moved =
          arith::MulFOp::create(b, loc, moved, emitter.constant(b, type, k));
    sum = sum ? Value(arith::AddFOp::create(b, loc, sum, moved)) : moved;
  }
  return sum;
}

/// What corrects a sum of exponentials when anchors move. Accurate, since a
/// lane goes through many corrections and most do not concern it: exp(0) must
/// be 1.
Value RunningState::emitFactor(OpBuilder &b, const Sum &sum, ValueRange from,
                               ValueRange to) {
  Value exponent;
  Factors rest;
  auto add = [&](Value part) {
    exponent =
        exponent ? Value(arith::AddFOp::create(b, loc, exponent, part)) : part;
  };
  for (auto &[atom, k] : sum.exponent) {
    if (!movesScaled(sum, atom, k)) {
      rest.push_back({atom, k});
      continue;
    }
    size_t at =
        llvm::find(frontier, Held{atom->value, true}) - frontier.begin();
    Value moved = arith::SubFOp::create(b, loc, to[at], from[at]);
    constexpr double ln2 = 0.693147180559945309417232121458;
    add(arith::MulFOp::create(b, loc, moved,
                              emitter.constant(b, type, k * ln2)));
  }
  if (!rest.empty())
    add(emitMovement(b, rest, from, to));
  return cpu::ExpOp::create(b, loc, type, cpu::ExpVariant::Accurate, exponent,
                            /*gradual=*/false);
}

/// `sum` times a correction, which is no number where an anchor has seen
/// nothing, yet or ever: the sums that lean on it are 0 there and stay so.
Value RunningState::correct(OpBuilder &b, Value sum, Value correction) {
  Value zero = emitter.constant(b, type, 0.0);
  Value isZero =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, zero);
  Value product = arith::MulFOp::create(b, loc, sum, correction);
  return arith::SelectOp::create(b, loc, isZero, zero, product);
}

/// Corrects sums, `stride` vectors each, for anchors that moved.
void RunningState::shiftSums(OpBuilder &b, MutableArrayRef<Value> values,
                             int64_t stride, ValueRange from, ValueRange to) {
  SmallVector<Value> old(values.begin(), values.end());
  for (auto [s, sum] : llvm::enumerate(sums)) {
    MutableArrayRef<Value> copies = values.slice(s * stride, stride);
    for (const Sum::Shift &shift : sum.shifts) {
      Factors form;
      form.push_back({shift.anchor, shift.factor});
      Value moved = emitMovement(b, form, from, to);
      for (auto [c, value] :
           llvm::enumerate(copies)) // a h_a moved by the same
                                    // amount for every element.
        value = arith::AddFOp::create(
            b, loc, value, correct(b, old[shift.sum * stride + c], moved));
    }
    if (sum.exponent.empty())
      continue;
    Value factor = emitFactor(b, sum, from, to);
    for (Value &value : copies)
      value = correct(b, value, factor);
  }
}

/// Gives the lanes of one row the anchors of all of them: the row as a whole
/// seldom has a new maximum, where one lane or another often has.
void RunningState::shareAnchors(OpBuilder &b, MutableArrayRef<Value> raised) {
  if (emitter.access.getLayout().isAcross())
    return;
  for (auto [reduce, anchor] : llvm::zip(anchors, raised))
    anchor = vector::BroadcastOp::create(
        b, loc, type, emitter.combineLanes(b, reduce, anchor));
}

/// Raises the anchors to those of the group. They seldom grow, so the
/// correction is behind a branch.
SmallVector<Value> RunningState::raiseAnchors(OpBuilder &b,
                                              MutableArrayRef<Element> group,
                                              ValueRange carried,
                                              int64_t copies) {
  SmallVector<Value> raised;
  Value grew;
  for (auto [i, reduce] : llvm::enumerate(anchors)) {
    SmallVector<Value> tree;
    for (Element &element : group)
      tree.push_back(emitter.getReduced(b, element, reduce));
    while (tree.size() > 1) {
      SmallVector<Value> half;
      for (size_t k = 0; k + 1 < tree.size(); k += 2)
        half.push_back(emitter.combine(b, reduce, tree[k], tree[k + 1]));
      if (tree.size() % 2)
        half.push_back(tree.back());
      tree = std::move(half);
    }
    raised.push_back(emitter.combine(b, reduce, carried[i], tree[0]));
    auto predicate = emitter.maximaMayLoseNaN
                         ? (reduce.getKind() == ReductionKind::Max
                                ? arith::CmpFPredicate::OGT
                                : arith::CmpFPredicate::OLT)
                         : arith::CmpFPredicate::UNE;
    Value moved = arith::CmpFOp::create(
        b, loc, predicate, emitter.maximaMayLoseNaN ? tree[0] : raised[i],
        carried[i]);
    grew = grew ? Value(arith::OrIOp::create(b, loc, grew, moved)) : moved;
  }
  if (frontier.empty()) {
    SmallVector<Value> next(carried);
    llvm::copy(raised, next.begin());
    return next;
  }
  Value any =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, grew);
  auto branch = scf::IfOp::create(b, loc, carried.getTypes(), any,
                                  /*withElseRegion=*/true);
  OpBuilder moved = branch.getThenBodyBuilder();
  SmallVector<Value> next(carried);
  shareAnchors(moved, raised);
  llvm::copy(raised, next.begin());
  SmallVector<Value> to = evaluateFrontier(moved, raised);
  ValueRange from = carried.slice(frontierBegin(), frontier.size());
  MutableArrayRef<Value> all(next);
  shiftSums(moved, all.slice(totalsBegin(), sums.size()), 1, from, to);
  if (emitter.keepsLosses())
    shiftSums(moved, all.slice(lossesBegin(), sums.size()), 1, from, to);
  if (copies)
    shiftSums(moved, all.slice(copiesBegin(), sums.size() * copies), copies,
              from, to);
  llvm::copy(to, next.begin() + frontierBegin());
  scf::YieldOp::create(moved, loc, next);
  OpBuilder same = branch.getElseBodyBuilder();
  scf::YieldOp::create(same, loc, carried);
  return SmallVector<Value>(branch.getResults());
}

//===----------------------------------------------------------------------===//
// Update
//===----------------------------------------------------------------------===//

void RunningState::presetElement(OpBuilder &b, Element &element,
                                 ValueRange frontierValues) {
  for (auto [held, vector] : llvm::zip(frontier, frontierValues))
    (held.scaled ? element.scaledShifts : element.values)[held.value] = vector;
}

Value RunningState::getSumOperand(OpBuilder &b, Element &element,
                                  const Sum &sum) {
  if (sum.reduce)
    return emitter.getReduced(b, element, sum.reduce);
  Value operand =
      LaneExprBuilder(b, emitter, element).emit(sum.h, sum.exponent);
  Value included = emitter.getIncluded(b, element);
  if (!included)
    return operand;
  return arith::SelectOp::create(b, loc, included, operand,
                                 emitter.constant(b, type, 0.0));
}

SmallVector<Value> RunningState::update(OpBuilder &b,
                                        MutableArrayRef<Element> group,
                                        ValueRange carried, int64_t copies) {
  SmallVector<Value> next(carried);
  if (!anchors.empty())
    next = raiseAnchors(b, group, carried, copies);
  for (Element &element : group)
    presetElement(
        b, element,
        ArrayRef<Value>(next).slice(frontierBegin(), frontier.size()));
  for (auto [v, element] : llvm::enumerate(group))
    for (auto [s, sum] : llvm::enumerate(sums)) {
      Value &place = copies ? next[copiesBegin() + s * copies + v % copies]
                            : next[totalsBegin() + s];
      place =
          arith::AddFOp::create(b, loc, place, getSumOperand(b, element, sum));
    }
  for (auto [m, law] : llvm::enumerate(moments))
    updateMoments(b, group,
                  MutableArrayRef<Value>(next).slice(momentsBegin() + 3 * m, 3),
                  *law);
  return next;
}

/// Centred squares of the group about its own mean, merged into the lane's as
/// Chan, Golub and LeVeque (1979) do.
void RunningState::updateMoments(OpBuilder &b, MutableArrayRef<Element> group,
                                 MutableArrayRef<Value> state, const Law &law) {
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, loc, x, y);
  };
  auto sub = [&](Value x, Value y) -> Value {
    return arith::SubFOp::create(b, loc, x, y);
  };
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, loc, x, y);
  };
  Value zero = emitter.constant(b, type, 0.0),
        one = emitter.constant(b, type, 1.0);
  auto h = [&](Element &element) {
    return LaneExprBuilder(b, emitter, element).emit(law.centred);
  };
  Value count = zero, sum = zero, squares = zero;
  auto keep = [&](Element &element, Value value) -> Value {
    Value included = emitter.getIncluded(b, element);
    return included
               ? Value(arith::SelectOp::create(b, loc, included, value, zero))
               : value;
  };
  for (Element &element : group) {
    count = add(count, keep(element, one));
    sum = add(sum, keep(element, h(element)));
  }
  auto atLeastOne = [&](Value n) -> Value {
    return arith::MaximumFOp::create(b, loc, n, one);
  };
  Value mean = arith::DivFOp::create(b, loc, sum, atLeastOne(count));
  for (Element &element : group) {
    Value d = sub(h(element), mean);
    squares = add(squares, keep(element, mul(d, d)));
  }
  Value n = add(state[0], count);
  Value share = arith::DivFOp::create(b, loc, count, atLeastOne(n));
  Value delta = sub(mean, state[1]);
  state[2] =
      add(add(state[2], squares), mul(mul(delta, delta), mul(state[0], share)));
  state[1] = add(state[1], mul(delta, share));
  state[0] = n;
}

//===----------------------------------------------------------------------===//
// Finish
//===----------------------------------------------------------------------===//

void RunningState::finish(OpBuilder &b, ValueRange carried) {
  emitter.anchorRowCode(b);
  emitter.running.clear();
  for (auto [i, reduce] : llvm::enumerate(anchors))
    emitter.setScalar(reduce.getResult(),
                      emitter.combineLanes(b, reduce, carried[i]));
  finishSums(b, carried);
  for (auto [m, law] : llvm::enumerate(moments))
    finishMoments(b, carried.slice(momentsBegin() + 3 * m, 3), *law);
}

void RunningState::finishSums(OpBuilder &b, ValueRange carried) {
  SmallVector<Value> totals(carried.slice(totalsBegin(), sums.size()));
  // All lanes of a row move to the anchors of the whole row. Across rows each
  // lane is there.
  if (!anchors.empty() && !frontier.empty() &&
      !emitter.access.getLayout().isAcross()) {
    SmallVector<Value> to;
    Element row(Lanes{});
    for (const Held &held : frontier)
      to.push_back(held.scaled ? emitter.getScaledShift(b, row, held.value)
                               : emitter.getBroadcast(held.value));
    shiftSums(b, totals, 1, carried.slice(frontierBegin(), frontier.size()),
              to);
  }
  for (auto [s, sum] : llvm::enumerate(sums))
    if (sum.reduce)
      emitter.setScalar(sum.reduce.getResult(),
                        emitter.combineLanes(b, sum.reduce, totals[s]));
}

/// Merges the lanes' moments, then moves the centre to the uniform that the
/// formula subtracts, which differs from the mean of what is included when -inf
/// scores count in the length.
void RunningState::finishMoments(OpBuilder &b, ValueRange state,
                                 const Law &law) {
  auto lanesSum = [&](Value v) {
    return emitter.access.getLayout().combine(b, vector::CombiningKind::ADD, v,
                                              arith::FastMathFlags::reassoc);
  };
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, loc, x, y);
  };
  Value n = lanesSum(state[0]);
  Value one = emitter.constant(b, n.getType(), 1.0);
  Value mean = arith::DivFOp::create(b, loc, lanesSum(mul(state[0], state[1])),
                                     arith::MaximumFOp::create(b, loc, n, one));
  Value d = arith::SubFOp::create(b, loc, state[1], emitter.splat(mean));
  Value squares = lanesSum(
      arith::AddFOp::create(b, loc, state[2], mul(state[0], mul(d, d))));
  Value centre = ScalarExprBuilder(b, emitter).emit(law.centre);
  Value off = arith::SubFOp::create(b, loc, mean, centre);
  Value result = arith::AddFOp::create(b, loc, squares, mul(n, mul(off, off)));
  emitter.setScalar(law.getReduce().getResult(), result);
}
