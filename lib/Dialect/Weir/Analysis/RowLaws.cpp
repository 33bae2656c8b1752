//===- RowLaws.cpp - what follows from a formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/RowLaws.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

/// Position of a value's definition, arguments first.
static std::pair<int64_t, unsigned> orderOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return {-1, argument.getArgNumber()};
  int64_t position = 0;
  for (Operation *op = value.getDefiningOp()->getPrevNode(); op; op = op->getPrevNode())
    ++position;
  return {position, cast<OpResult>(value).getResultNumber()};
}

UniformForm UniformForm::plus(const UniformForm &other, double factor) const {
  UniformForm sum = *this;
  for (auto [value, k] : other.terms) {
    auto *found = llvm::find_if(sum.terms, [&, v = value](auto &term) { return term.first == v; });
    if (found == sum.terms.end())
      sum.terms.push_back({value, factor * k});
    else
      found->second += factor * k;
  }
  llvm::erase_if(sum.terms, [](auto &term) { return term.second == 0; });
  llvm::sort(sum.terms, [](auto &a, auto &b) { return orderOf(a.first) < orderOf(b.first); });
  return sum;
}

StringRef weir::stringifyLaw(Law::Kind kind) {
  switch (kind) {
  case Law::Plain:
    return "plain";
  case Law::Exp:
    return "exp";
  case Law::ExpPoly:
    return "exp x polynomial";
  case Law::Recentre:
    return "recentre";
  }
  llvm_unreachable("unknown law");
}

static std::optional<double> getNumber(Value value) {
  APFloat constant(0.0f);
  if (!matchPattern(value, m_ConstantFloat(&constant)))
    return std::nullopt;
  return constant.convertToDouble();
}

static bool isZero(Value value) { return getNumber(value) == 0.0; }

//===----------------------------------------------------------------------===//
// Motions
//===----------------------------------------------------------------------===//

const Motion &RowLaws::get(Value value) const {
  static const Motion free;
  auto found = motions.find(value);
  return found == motions.end() ? free : found->second;
}

Motion RowLaws::stuck(Value value, std::string why) {
  Motion motion;
  motion.kind = Motion::Stuck;
  motion.culprit = value;
  motion.why = std::move(why);
  return motion;
}

static Motion makeScaled(UniformForm exponent, UniformForm power) {
  Motion motion;
  motion.kind = exponent.empty() && power.empty() ? Motion::Free : Motion::Scaled;
  motion.exponent = std::move(exponent);
  motion.power = std::move(power);
  return motion;
}

static Motion makeShifted(Value base, UniformForm shift) {
  Motion motion;
  motion.kind = shift.empty() ? Motion::Free : Motion::Shifted;
  motion.base = base;
  motion.shift = std::move(shift);
  return motion;
}

/// An unfinished uniform as a factor: e^L when it is one, else itself.
UniformForm RowLaws::asFactor(Value uniform, UniformForm &exponent) {
  const Motion &motion = get(uniform);
  if (motion.kind == Motion::Scaled) {
    exponent = motion.exponent;
    return motion.power;
  }
  UniformForm self;
  if (motion.kind != Motion::Free)
    self.terms.push_back({uniform, 1.0});
  return self;
}

/// h + L and h' + L', or two values of one scale. Zero has every scale.
Motion RowLaws::add(const Motion &a, Value av, const Motion &b, Value bv, double sign) {
  auto additive = [](const Motion &m) { return m.kind == Motion::Free || m.kind == Motion::Shifted; };
  if (additive(a) && additive(b)) {
    Value base;
    if (a.kind == Motion::Free && !variance.isVarying(bv))
      base = av;
    return makeShifted(base, a.shift.plus(b.shift, sign));
  }
  return join(a, av, b, bv, Value());
}

Motion RowLaws::join(const Motion &a, Value av, const Motion &b, Value bv, Value at) {
  if (a.kind == Motion::Stuck)
    return a;
  if (b.kind == Motion::Stuck)
    return b;
  if (isZero(bv) && a.kind == Motion::Scaled)
    return a;
  if (isZero(av) && b.kind == Motion::Scaled)
    return b;
  bool equal = a.kind == b.kind && a.shift == b.shift && a.exponent == b.exponent && a.power == b.power;
  if (equal && (a.kind == Motion::Free || a.kind == Motion::Scaled || (a.kind == Motion::Shifted && at))) {
    Motion both = a;
    both.base = Value();
    return both;
  }
  return stuck(at ? at : variance.isVarying(av) ? av : bv,
               "terms that move differently with the unfinished statistics meet here");
}

/// True for h - u where u is the mean of h over the row: a sum of h by a number that no statistic is in.
bool RowLaws::isCentredOn(const Motion &shifted) {
  if (!shifted.base || shifted.shift.terms.size() != 1 || shifted.shift.terms[0].second != -1)
    return false;
  auto mean = shifted.shift.terms[0].first.getDefiningOp<arith::DivFOp>();
  if (!mean || get(mean.getRhs()).kind != Motion::Free)
    return false;
  auto sum = mean.getLhs().getDefiningOp<ReduceOp>();
  return sum && sum.getKind() == ReductionKind::Add && sum.getValue() == shifted.base;
}

Motion RowLaws::multiply(Value product, const Motion &a, Value av, const Motion &b, Value bv) {
  if (a.kind == Motion::Stuck)
    return a;
  if (b.kind == Motion::Stuck)
    return b;
  if (b.kind == Motion::Shifted && a.kind != Motion::Shifted)
    return multiply(product, b, bv, a, av);
  if (a.kind == Motion::Shifted && !variance.isVarying(av)) { // An unfinished uniform is a factor.
    UniformForm exponent, self = asFactor(av, exponent);
    return multiply(product, makeScaled(exponent, self), av, b, bv);
  }
  if (b.kind == Motion::Shifted && !variance.isVarying(bv))
    return multiply(product, b, bv, a, av);
  if (a.kind == Motion::Shifted) {
    if (std::optional<double> number = getNumber(bv))
      return makeShifted(Value(), UniformForm().plus(a.shift, *number));
    if (av == bv && isCentredOn(a)) {
      Motion motion = a;
      motion.kind = Motion::Centred;
      motion.base = av;
      return motion;
    }
    if ((b.kind == Motion::Scaled || b.kind == Motion::Free) && b.power.empty() && variance.isVarying(bv)) {
      Motion motion = a;
      motion.kind = Motion::Poly;
      motion.exponent = b.exponent;
      motion.base = bv;
      return motion;
    }
    return stuck(product, "a product with a value shifted by an unfinished statistic");
  }
  auto factor = [](const Motion &m) { return m.kind == Motion::Free || m.kind == Motion::Scaled; };
  if (factor(a) && factor(b))
    return makeScaled(a.exponent.plus(b.exponent), a.power.plus(b.power));
  return stuck(product, "a product whose factors move with unfinished statistics");
}

Motion RowLaws::divide(Value quotient, const Motion &a, Value av, const Motion &b, Value bv) {
  if (a.kind == Motion::Stuck)
    return a;
  if (b.kind == Motion::Free && a.kind == Motion::Shifted)
    return stuck(quotient, "a quotient of a value shifted by an unfinished statistic");
  Motion divisor = b;
  if (b.kind == Motion::Shifted && !variance.isVarying(bv)) {
    UniformForm exponent, self = asFactor(bv, exponent);
    divisor = makeScaled(exponent, self);
  }
  auto factor = [](const Motion &m) { return m.kind == Motion::Free || m.kind == Motion::Scaled; };
  if (!factor(a) || !factor(divisor))
    return stuck(quotient, "a quotient whose terms move with unfinished statistics");
  return makeScaled(a.exponent.plus(divisor.exponent, -1), a.power.plus(divisor.power, -1));
}

/// Uniform values keep a linear form, or e to one; any other function of unfinished ones is an unknown of its
/// own.
Motion RowLaws::computeUniform(Operation *op) {
  Value value = op->getResult(0);
  UniformForm self;
  self.terms.push_back({value, 1.0});
  Motion unknown = makeShifted(Value(), self);
  auto in = [&](unsigned i) -> const Motion & { return get(op->getOperand(i)); };
  bool linear = llvm::all_of(op->getOperands(), [&](Value operand) {
    return get(operand).kind == Motion::Shifted || get(operand).kind == Motion::Free;
  });
  bool allFree = llvm::all_of(op->getOperands(), [&](Value operand) { return get(operand).kind == Motion::Free; });
  if (!isa<ReduceOp>(op) && allFree)
    return Motion();
  if (isa<arith::AddFOp>(op) && linear)
    return makeShifted(Value(), in(0).shift.plus(in(1).shift));
  if (isa<arith::SubFOp>(op) && linear)
    return makeShifted(Value(), in(0).shift.plus(in(1).shift, -1));
  if (isa<arith::NegFOp>(op) && linear)
    return makeShifted(Value(), UniformForm().plus(in(0).shift, -1));
  if (isa<math::ExpOp>(op) && linear)
    return makeScaled(in(0).shift, {});
  return unknown;
}

Motion RowLaws::compute(Operation *op) {
  Value value = op->getResult(0);
  if (!variance.isVarying(value))
    return computeUniform(op);
  auto in = [&](unsigned i) -> const Motion & { return get(op->getOperand(i)); };
  auto operand = [&](unsigned i) { return op->getOperand(i); };
  if (llvm::all_of(op->getOperands(), [&](Value v) { return get(v).kind == Motion::Free; }))
    return Motion();
  for (Value v : op->getOperands())
    if (get(v).kind == Motion::Stuck)
      return get(v);
  return llvm::TypeSwitch<Operation *, Motion>(op)
      .Case<arith::AddFOp>([&](auto) { return add(in(0), operand(0), in(1), operand(1), 1); })
      .Case<arith::SubFOp>([&](auto) { return add(in(0), operand(0), in(1), operand(1), -1); })
      .Case<arith::NegFOp>([&](auto) {
        return in(0).kind == Motion::Shifted ? makeShifted(Value(), UniformForm().plus(in(0).shift, -1)) : in(0);
      })
      .Case<arith::MulFOp>([&](auto) { return multiply(value, in(0), operand(0), in(1), operand(1)); })
      .Case<arith::DivFOp>([&](auto) { return divide(value, in(0), operand(0), in(1), operand(1)); })
      .Case<math::ExpOp, math::Exp2Op>([&](auto) {
        if (in(0).kind != Motion::Shifted)
          return stuck(value, "an unfinished statistic multiplies the score inside exp");
        double base = isa<math::Exp2Op>(op) ? 0.693147180559945309417232121458 : 1.0;
        return makeScaled(UniformForm().plus(in(0).shift, base), {});
      })
      .Case<math::AbsFOp>([&](auto) {
        return in(0).kind == Motion::Scaled && in(0).power.empty()
                   ? in(0)
                   : stuck(value, "the absolute value of a value that an unfinished statistic shifts");
      })
      .Case<math::SqrtOp>([&](auto) {
        return in(0).kind == Motion::Scaled
                   ? makeScaled(UniformForm().plus(in(0).exponent, 0.5), UniformForm().plus(in(0).power, 0.5))
                   : stuck(value, "the root of a value that an unfinished statistic shifts");
      })
      .Case<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>([&](auto) {
        Motion joined = join(in(0), operand(0), in(1), operand(1), value);
        return joined.power.empty() ? joined : stuck(value, "a factor of unknown sign under a maximum");
      })
      .Case<arith::CmpFOp>([&](auto) {
        Motion joined = join(in(0), operand(0), in(1), operand(1), value);
        return joined.kind == Motion::Stuck || !joined.power.empty()
                   ? stuck(value, "a comparison of a varying value with an unfinished statistic")
                   : Motion();
      })
      .Case<arith::SelectOp>([&](auto) {
        return in(0).kind == Motion::Free ? join(in(1), operand(1), in(2), operand(2), value)
                                          : stuck(value, "a choice that an unfinished statistic decides");
      })
      .Default([&](Operation *) { return stuck(value, "a function of a value that holds unfinished statistics"); });
}

//===----------------------------------------------------------------------===//
// Sweeps
//===----------------------------------------------------------------------===//

bool RowLaws::isAnchor(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || finished.contains(value))
    return true;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getKind() != ReductionKind::Add && value == reduce.getResult();
  if (isa<KthOp, SolveOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return isAnchor(operand); });
}

bool RowLaws::allAnchors(const UniformForm &form) const {
  return llvm::all_of(form.terms, [&](auto &term) { return isAnchor(term.first); });
}

std::optional<Law> RowLaws::getLaw(ReduceOp reduce) {
  const Motion &motion = get(reduce.getValue());
  auto refuse = [&](Value value, std::string why) -> std::optional<Law> {
    refusals.push_back({value, std::move(why)});
    return std::nullopt;
  };
  if (motion.kind == Motion::Free)
    return Law{Law::Plain, reduce, motion};
  if (motion.kind == Motion::Stuck)
    return refuse(motion.culprit, motion.why);
  if (reduce.getKind() != ReductionKind::Add || reduce.getWinner())
    return refuse(reduce.getValue(), "a maximum or minimum of a value that moves with unfinished statistics");
  if (motion.kind == Motion::Centred)
    return Law{Law::Recentre, reduce, motion};
  if (motion.kind == Motion::Shifted)
    return refuse(reduce.getValue(), "a sum of a value that an unfinished statistic shifts");
  if (!allAnchors(motion.exponent) || !allAnchors(motion.shift))
    return refuse(reduce.getValue(), "its exponent leans on a statistic that is no maximum or minimum");
  return Law{motion.kind == Motion::Poly ? Law::ExpPoly : Law::Exp, reduce, motion};
}

RowLaws::RowLaws(FormulaOp formula) : formula(formula), variance(formula) {
  llvm::DenseMap<Value, unsigned> levels;
  for (Operation &op : formula.getBody().front().without_terminator()) {
    complete &= !isa<KthOp, SolveOp>(op);
    unsigned level = 0;
    for (Value operand : op.getOperands())
      level = std::max(level, levels.lookup(operand));
    level += isa<ReduceOp, KthOp, SolveOp>(op);
    for (Value result : op.getResults())
      levels[result] = level;
    naive = std::max(naive, level);
  }
  if (complete)
    analyse();
}

/// Takes every reduction that has a law, counts it as finished, and looks again at the rest.
void RowLaws::analyse() {
  Block &body = formula.getBody().front();
  SmallVector<ReduceOp> left(body.getOps<ReduceOp>());
  while (!left.empty()) {
    motions.clear();
    for (Operation &op : body.without_terminator())
      for (Value result : op.getResults()) {
        Motion motion = finished.contains(result) ? Motion() : compute(&op);
        motions[result] = std::move(motion);
      }
    DerivedSweep sweep;
    SmallVector<ReduceOp> blocked;
    for (ReduceOp reduce : left) {
      if (std::optional<Law> law = getLaw(reduce))
        sweep.laws.push_back(*law);
      else
        blocked.push_back(reduce);
    }
    assert(!sweep.laws.empty() && "the first reduction left always leans on finished values only");
    for (Law &law : sweep.laws)
      finished.insert(law.reduce->result_begin(), law.reduce->result_end());
    // What is made of finished values only is finished too.
    for (Operation &op : body.without_terminator())
      if (!isa<ReduceOp>(op) && !variance.isVarying(op.getResult(0)) &&
          llvm::all_of(op.getOperands(), [&](Value v) { return isa<BlockArgument>(v) || finished.contains(v); }))
        finished.insert(op.result_begin(), op.result_end());
    sweeps.push_back(std::move(sweep));
    left = std::move(blocked);
  }
}
