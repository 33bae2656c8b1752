//===- ComposeCost.cpp - what it costs to keep a tensor out of memory ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two applications write what lies between them once and read it as often as
// the second sweeps over its rows. One application reads what it is made of
// instead, and makes it anew in each sweep but the last, which finds what it
// needs kept.
//
//===----------------------------------------------------------------------===//

#include "ComposePlan.h"

#include "weir/Dialect/Weir/Analysis/RowLaws.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

/// Of one element, in nanoseconds, on 512-bit vectors: an accurate exponential,
/// with which dear functions are compared; and a byte written and read once, to
/// the second-level cache and beyond it. Measured with rows of 1024 elements:
/// in there a softmax behind a logistic function takes 0.40 when both run apart
/// and 0.68 as one, a norm behind a softmax 0.28 and 0.30; with 16 MiB between
/// them 0.62 and 0.72, 0.64 and 0.40. A norm behind a logistic function, which
/// has but one sweep to make it in, gains in both places.
constexpr double kExponential = 0.12;
constexpr double kByteNear = 0.0125;
constexpr double kByteFar = 0.055;
constexpr int64_t kFar = 4 << 20; // Twice a cache of the second level.

static unsigned getReads(FormulaOp formula) {
  return formula.hasReduction() ? RowLaws(formula).getReads() : 1;
}

static double getWeight(Operation *op, const Variance &variance) {
  if (auto div = dyn_cast<arith::DivFOp>(op)) // A product, if need be.
    return variance.isVarying(div.getRhs()) ? 1 : 0;
  // The exponent of a weight is anchored, which makes it cheaper.
  if (auto difference = op->getNumOperands() > 0
                            ? op->getOperand(0).getDefiningOp<arith::SubFOp>()
                            : arith::SubFOp();
      difference && isa<math::ExpOp, math::Exp2Op>(op) &&
      !variance.isVarying(difference.getRhs()))
    return 0.6;
  if (isa<math::ExpOp, math::Exp2Op, math::SqrtOp, math::RsqrtOp>(op))
    return 1;
  bool isCheap =
      isa<math::AbsFOp, math::FmaOp, math::CopySignOp, math::FloorOp,
          math::CeilOp, math::RoundEvenOp, math::TruncOp, math::ClampFOp,
          math::IsNaNOp, math::IsInfOp, math::IsFiniteOp>(op);
  return isa<math::MathDialect>(op->getDialect()) && !isCheap ? 2 : 0;
}

/// What one element of the results that `wiring` takes costs to make, in
/// exponentials.
static double getEffort(FormulaOp formula, const Wiring &wiring) {
  Variance variance(formula);
  SmallVector<Value> work;
  for (std::optional<unsigned> source : wiring.sources)
    if (source)
      work.push_back(formula.getYieldedValues()[*source]);
  llvm::DenseSet<Operation *> seen;
  double effort = 0;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !variance.isVarying(value) || !seen.insert(op).second)
      continue;
    if (isa<RandomOp>(op))
      effort += 2;
    effort += getWeight(op, variance);
    llvm::append_range(work, op->getOperands());
  }
  return effort;
}

static double getBytes(Value tensor) {
  Type element = getElementTypeOrSelf(tensor.getType());
  return element.isIndex() ? 8 : (element.getIntOrFloatBitWidth() + 7) / 8;
}

/// The time that a byte between the parts takes. Where sizes are not known,
/// what may be lost and what may be gained count alike.
static double getByteTime(Part &part, double bytes) {
  double size = bytes;
  for (int64_t extent : part.shape)
    if (ShapedType::isDynamic(extent))
      return std::sqrt(kByteNear * kByteFar);
    else
      size *= extent;
  return size > kFar ? kByteFar : kByteNear;
}

/// How often code evaluates what reductions are of, or results that nothing
/// reduces. What the last sweep has evaluated is kept for the results.
static unsigned getEvaluations(FormulaOp formula) {
  return formula.hasReduction() ? RowLaws(formula).getNaiveSweeps() : 1;
}

namespace {
/// Bytes of one element that each sweep reads: what the first reads alone, and
/// what lies between.
struct Traffic {
  double operands = 0, between = 0;
};
} // namespace

static Traffic measure(Part &first, Part &second, const Wiring &wiring) {
  Traffic traffic;
  llvm::DenseSet<Value> seen(wiring.secondInputs.begin(),
                             wiring.secondInputs.end());
  for (auto [i, input] : llvm::enumerate(first.apply.getInputs()))
    if (first.isFull(i) && seen.insert(input).second)
      traffic.operands += getBytes(input);
  llvm::DenseSet<unsigned> taken;
  for (std::optional<unsigned> source : wiring.sources)
    if (source && !first.formula.isUniformResult(*source) &&
        taken.insert(*source).second)
      traffic.between += getBytes(first.results[*source]);
  return traffic;
}

std::string weir::checkCost(Part &first, Part &second, const Wiring &wiring,
                            CompositionPlan &plan) {
  if (!second.reduces()) // Every result is made once.
    return "";
  Traffic traffic = measure(first, second, wiring);
  double effort = getEffort(first.formula, wiring);
  if (second.searches())
    return effort > 0 || traffic.operands > traffic.between
               ? "the second searches, and reads what lies between them many "
                 "times"
               : "";
  unsigned own = getReads(first.formula), after = getReads(second.formula),
           all = getReads(*plan.composed.formula);
  // What others use is written in either case.
  double written = wiring.exports.empty() ? traffic.between : 0;
  if (all * traffic.operands >
      own * traffic.operands + written + after * traffic.between)
    return "reading the operands of the first in " + std::to_string(all) +
           " sweeps moves more bytes than writing its result and reading that";
  int64_t again = static_cast<int64_t>(getEvaluations(*plan.composed.formula)) -
                  getEvaluations(first.formula);
  if (again * effort * kExponential >
      traffic.between * getByteTime(second, traffic.between))
    return "the first is too dear to be computed anew in a sweep";
  return "";
}
