//===- FreeAnchor.cpp - a maximum that any number near it may replace ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"

#include "weir/Dialect/Weir/Analysis/FormulaSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

namespace {

/// What becomes of a value when the anchor moves by d: it is multiplied by
/// e^(factor d), or moved by shift d. At most one of the two is not 0.
struct Response {
  double factor = 0, shift = 0;
  bool isNone() const { return factor == 0 && shift == 0; }
  bool operator==(const Response &other) const {
    return factor == other.factor && shift == other.shift;
  }
};

/// Responses of the values of a formula; none where a value does something
/// else.
class Responses {
public:
  Responses(FormulaOp formula, Value anchor) : anchor(anchor) {
    for (Operation &op : formula.getBody().front().without_terminator()) {
      std::optional<Response> response = respond(&op);
      for (Value result : op.getResults())
        known[result] = response;
    }
  }

  std::optional<Response> get(Value value) const {
    auto found = known.find(value);
    return found == known.end() ? Response() : found->second;
  }

  /// True when the results stay what they are.
  bool spareResults(FormulaOp formula) const {
    return llvm::all_of(formula.getYieldedValues(), [&](Value result) {
      std::optional<Response> response = get(result);
      return response && response->isNone();
    });
  }

private:
  std::optional<Response> respond(Operation *op) const;
  std::optional<bool> decide(Value condition) const;
  std::optional<Response> add(std::optional<Response> a,
                              std::optional<Response> b, double sign) const;
  std::optional<Response> shared(ValueRange values) const;

  Value anchor;
  llvm::DenseMap<Value, std::optional<Response>> known;
};

} // namespace

/// Sums of what scales alike scale; sums of what moves move.
std::optional<Response> Responses::add(std::optional<Response> a,
                                       std::optional<Response> b,
                                       double sign) const {
  if (!a || !b)
    return std::nullopt;
  if (a->factor == 0 && b->factor == 0)
    return Response{0, a->shift + sign * b->shift};
  return *a == *b ? a : std::nullopt;
}

std::optional<Response> Responses::shared(ValueRange values) const {
  std::optional<Response> first = get(values[0]);
  for (Value value : values)
    if (!get(value) || !first || !(*get(value) == *first))
      return std::nullopt;
  return first;
}

/// What a comparison of the anchor with -inf says of rows that have elements,
/// in which the anchor and any number in its place are finite.
std::optional<bool> Responses::decide(Value condition) const {
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  APFloat constant(0.0f);
  if (!compare || compare.getLhs() != anchor ||
      !matchPattern(compare.getRhs(), m_ConstantFloat(&constant)) ||
      !constant.isInfinity() || !constant.isNegative())
    return std::nullopt;
  using P = arith::CmpFPredicate;
  if (llvm::is_contained({P::OEQ, P::UEQ}, compare.getPredicate()))
    return false;
  if (llvm::is_contained({P::ONE, P::UNE, P::OGT, P::UGT},
                         compare.getPredicate()))
    return true;
  return std::nullopt;
}

std::optional<Response> Responses::respond(Operation *op) const {
  if (llvm::is_contained(op->getResults(), anchor))
    return Response{0, 1};
  auto in = [&](unsigned i) { return get(op->getOperand(i)); };
  auto allNone = [&]() -> std::optional<Response> {
    bool none = true;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        std::optional<Response> response = get(operand);
        none &= response && response->isNone();
      }
    });
    return none ? std::optional<Response>(Response()) : std::nullopt;
  };
  if (std::optional<Response> none = allNone())
    return none;
  if (isa<arith::AddFOp>(op))
    return add(in(0), in(1), 1);
  if (isa<arith::SubFOp>(op))
    return add(in(0), in(1), -1);
  if (isa<arith::NegFOp>(op))
    return in(0) ? std::optional<Response>({in(0)->factor, -in(0)->shift})
                 : std::nullopt;
  if (isa<arith::MulFOp, arith::DivFOp>(op)) {
    double sign = isa<arith::MulFOp>(op) ? 1 : -1;
    if (!in(0) || !in(1) || in(0)->shift != 0 || in(1)->shift != 0)
      return std::nullopt;
    return Response{in(0)->factor + sign * in(1)->factor, 0};
  }
  if (isa<math::ExpOp>(op))
    return in(0) && in(0)->factor == 0
               ? std::optional<Response>({in(0)->shift, 0})
               : std::nullopt;
  if (isa<math::LogOp>(op))
    return in(0) && in(0)->shift == 0
               ? std::optional<Response>({0, in(0)->factor})
               : std::nullopt;
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    // A sum of what moves moves by as often as there are elements.
    bool moves = in(0) && in(0)->shift != 0;
    return moves && reduce.getKind() == ReductionKind::Add ? std::nullopt
                                                           : in(0);
  }
  if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
    return shared(op->getOperands());
  if (isa<arith::CmpFOp>(op))
    return decide(op->getResult(0)) || shared(op->getOperands())
               ? std::optional<Response>(Response())
               : std::nullopt;
  if (isa<arith::SelectOp>(op)) {
    if (std::optional<bool> is = decide(op->getOperand(0)))
      return in(*is ? 1 : 2);
    bool decided = in(0) && in(0)->isNone();
    return decided ? shared(op->getOperands().drop_front()) : std::nullopt;
  }
  return std::nullopt;
}

/// True for the anchor, and for it with 0 in the place of -inf.
static bool isAnchor(Value value, ReduceOp anchor) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  return value == anchor.getResult() ||
         (select && select.getTrueValue() == anchor.getResult() &&
          matchPattern(select.getFalseValue(), m_AnyZeroFloat()));
}

/// The sum of e^(h - m).
static ReduceOp findWitness(ReduceOp anchor, ArrayRef<ReduceOp> sums) {
  for (ReduceOp sum : sums) {
    auto exp = sum.getValue().getDefiningOp<math::ExpOp>();
    auto difference =
        exp ? exp.getOperand().getDefiningOp<arith::SubFOp>() : nullptr;
    if (sum.getKind() == ReductionKind::Add && difference &&
        difference.getLhs() == anchor.getValue() &&
        isAnchor(difference.getRhs(), anchor))
      return sum;
  }
  return ReduceOp();
}

/// What scales by a higher power might overflow where the witness does not.
static constexpr double kMostFactor = 4;

std::optional<FreeAnchor> weir::findFreeAnchor(FormulaOp formula,
                                               bool resultsMayFollow) {
  FormulaSchedule schedule(formula);
  auto stages = schedule.getStages();
  if (stages.size() < 2 || stages[0].reduces.size() != 1 ||
      !stages[0].searches.empty())
    return std::nullopt;
  ReduceOp anchor = stages[0].reduces[0];
  if (anchor.getKind() != ReductionKind::Max || anchor.getWinner() ||
      !anchor.getValue().getType().isF32())
    return std::nullopt;
  ReduceOp witness = findWitness(anchor, stages[1].reduces);
  if (!witness)
    return std::nullopt;
  Responses responses(formula, anchor.getResult());
  for (Operation &op : formula.getBody().front().without_terminator())
    for (Value result : op.getResults())
      if (std::optional<Response> response = responses.get(result);
          response && std::abs(response->factor) > kMostFactor)
        return std::nullopt;
  if (!resultsMayFollow && !responses.spareResults(formula))
    return std::nullopt;
  return FreeAnchor{anchor, witness};
}

bool weir::isFreeAnchor(FormulaOp formula, Value anchor) {
  return Responses(formula, anchor).spareResults(formula);
}
