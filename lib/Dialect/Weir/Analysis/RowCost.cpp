//===- RowCost.cpp - what rows cost in each form ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/RowCost.h"

#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"
#include "weir/Dialect/Weir/Analysis/FormulaSchedule.h"
#include "weir/Dialect/Weir/Analysis/RowLaws.h"

using namespace mlir;
using namespace weir;

namespace {

/// Counts what values take to evaluate in one pass.
class Reading {
public:
  Reading(FormulaOp formula, const Variance &variance,
          ArrayRef<double> inputBytes, Value kept = Value(),
          double keptBytes = 0)
      : variance(variance), inputBytes(inputBytes), kept(kept),
        keptBytes(keptBytes) {}

  void evaluate(Value value) {
    if (!variance.isVarying(value) || !seen.insert(value).second)
      return;
    if (value == kept) {
      cost.bytesRead += keptBytes;
    } else if (auto argument = dyn_cast<BlockArgument>(value)) {
      cost.bytesRead += inputBytes[argument.getArgNumber()];
    } else {
      cost.operations += getElementwiseCost(value.getDefiningOp());
      for (Value operand : value.getDefiningOp()->getOperands())
        evaluate(operand);
    }
  }

  /// A reduction takes an instruction of its own.
  void reduce(ReduceOp op, double instructions = 1) {
    evaluate(op.getValue());
    cost.operations += instructions;
  }

  SweepCost cost;

private:
  const Variance &variance;
  ArrayRef<double> inputBytes;
  Value kept;
  double keptBytes;
  llvm::DenseSet<Value> seen;
};

} // namespace

/// A pair is more than the exponential that it takes the place of: an exponent
/// that is rounded apart and clamped, its maximum, its distance from that and a
/// scaling beside the addition.
static constexpr double kPairInstructions = 6;

/// The body of a search is evaluated in each of its passes.
static SweepCost getSearchCost(Operation *search, Reading pass) {
  search->walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      pass.evaluate(operand);
    pass.cost.operations += 1;
  });
  return pass.cost;
}

RowCost::RowCost(FormulaOp formula, Form form, ArrayRef<double> inputBytes,
                 ArrayRef<double> outputBytes) {
  FormulaSchedule schedule(formula);
  const Variance &variance = schedule.getVariance();
  bool keeps = form == Form::Stored || form == Form::Transposed;
  Value kept = keeps ? schedule.getStoredValue() : Value();
  double keptBytes = kept ? std::max(4.0, *llvm::max_element(inputBytes)) : 0.0;
  auto makePass = [&] { return Reading(formula, variance, inputBytes); };
  auto addSearches = [&](ArrayRef<Operation *> searches) {
    for (Operation *search : searches)
      sweeps.append(kSearchPasses, getSearchCost(search, makePass()));
  };
  if (form == Form::Online || form == Form::TwoPass) {
    RowLaws laws(formula);
    std::optional<ExtendedExponents> pairs;
    if (form == Form::TwoPass)
      pairs.emplace(formula, laws);
    for (const DerivedSweep &sweep : laws.getSweeps()) {
      Reading pass = makePass();
      SmallVector<Operation *> searches;
      for (const Law &law : sweep.laws) {
        ReduceOp reduce = law.getReduce();
        if (!reduce)
          searches.push_back(law.op);
        else if (pairs && pairs->getFree(reduce))
          continue;
        else if (law.kind == Law::Plain)
          pass.reduce(reduce);
        else // Corrections cost a little, pairs more.
          pass.reduce(reduce, pairs ? kPairInstructions : 2.0);
      }
      sweeps.push_back(pass.cost);
      addSearches(searches);
    }
  } else {
    for (const FormulaSchedule::Stage &stage : schedule.getStages()) {
      Reading pass = makePass();
      for (ReduceOp reduce : stage.reduces)
        pass.reduce(reduce);
      if (!stage.reduces.empty())
        sweeps.push_back(pass.cost);
      addSearches(stage.searches);
    }
    if (kept && !sweeps.empty())
      sweeps.back().bytesWritten += keptBytes;
  }
  Reading last(formula, variance, inputBytes, kept, keptBytes);
  Reading once = makePass();
  for (auto [i, result] : llvm::enumerate(formula.getYieldedValues())) {
    if (formula.isUniformResult(i))
      continue;
    last.evaluate(result);
    last.cost.bytesWritten += outputBytes[i];
  }
  if (last.cost.bytesWritten > 0)
    sweeps.push_back(last.cost);
  formula.getBody().walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      once.evaluate(operand);
    once.cost.operations += isa<ReduceOp>(op);
  });
  least = once.cost;
  least.bytesWritten = last.cost.bytesWritten;
}

static double sum(ArrayRef<SweepCost> sweeps, double SweepCost::*what) {
  double total = 0;
  for (const SweepCost &sweep : sweeps)
    total += sweep.*what;
  return total;
}

double RowCost::getReads() const { return sum(sweeps, &SweepCost::bytesRead); }
double RowCost::getWrites() const {
  return sum(sweeps, &SweepCost::bytesWritten);
}
double RowCost::getOperations() const {
  return sum(sweeps, &SweepCost::operations);
}

/// Two vector instructions in a cycle, where units are as wide as vectors.
static double getArithmeticTime(double operations,
                                const MachineLimits &machine) {
  double lanes = std::min(machine.vectorBits, machine.unitBits) / 32;
  return operations / (2 * lanes * machine.clock);
}

double RowCost::getTime(const MachineLimits &machine, RowSizes sizes) const {
  double rowBytes = getMoved() * sizes.length;
  MachineLimits::Level all = machine.getLevel(
      (least.bytesRead + least.bytesWritten) * sizes.getElements());
  // What the pass before has left in a cache is found there.
  MachineLimits::Level again = machine.getLevel(rowBytes);
  double time = 0;
  for (auto [i, sweep] : llvm::enumerate(sweeps)) {
    bool isLast = i + 1 == sweeps.size();
    double moves = machine.getMoveTime(sweep.bytesRead, i == 0 ? all : again);
    // A line that is written is read first, except past the caches.
    bool fetches = all >= MachineLimits::L3 && !writesPastCaches;
    MachineLimits::Level to = isLast && sweeps.size() == 1 ? all : again;
    if (isLast)
      to = all;
    moves += machine.getMoveTime(
        sweep.bytesWritten * (isLast && fetches ? 2 : 1), to);
    time += std::max(moves, getArithmeticTime(sweep.operations, machine));
  }
  return time;
}

std::pair<double, std::optional<MachineLimits::Level>>
RowCost::getLimit(const MachineLimits &machine, RowSizes sizes) const {
  MachineLimits::Level all = machine.getLevel(getMoved() * sizes.getElements());
  double moves = machine.getMoveTime(getMoved(), all);
  double arithmetic = getArithmeticTime(least.operations, machine);
  if (moves >= arithmetic)
    return {moves, all};
  return {arithmetic, std::nullopt};
}
