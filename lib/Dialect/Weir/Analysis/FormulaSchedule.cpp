//===- FormulaSchedule.cpp - which sweep computes what ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/FormulaSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

unsigned weir::getElementwiseCost(Operation *op) {
  if (isa<math::AbsFOp, math::FmaOp, math::FloorOp, math::CeilOp,
          math::RoundEvenOp, math::TruncOp, math::CopySignOp>(op))
    return 1;
  if (isa<math::MathDialect>(op->getDialect()))
    return 10;
  return isa<arith::DivFOp>(op) ? 4 : isa<arith::ConstantOp>(op) ? 0 : 1;
}

bool FormulaSchedule::hasVaryingResult() const {
  FormulaOp op = formula;
  for (unsigned i = 0, e = op.getResultTypes().size(); i < e; ++i)
    if (!op.isUniformResult(i))
      return true;
  return false;
}

/// The greatest level of what `op` uses, in its regions too.
static unsigned getLevelOfUses(Operation &op,
                               const llvm::DenseMap<Value, unsigned> &levels) {
  unsigned level = 0;
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      level = std::max(level, levels.lookup(operand));
  });
  return level;
}

/// Puts what runs over the whole row into stages, and finds how many stages
/// must be over before each value can be evaluated.
static SmallVector<FormulaSchedule::Stage>
schedule(Block &block, llvm::DenseMap<Value, unsigned> &levels) {
  SmallVector<FormulaSchedule::Stage> stages;
  for (Operation &op : block.without_terminator()) {
    unsigned level = getLevelOfUses(op, levels);
    if (isa<ReduceOp, KthOp, SolveOp>(op)) {
      if (stages.size() <= level)
        stages.resize(level + 1);
      if (auto reduce = dyn_cast<ReduceOp>(op))
        stages[level].reduces.push_back(reduce);
      else
        stages[level].searches.push_back(&op);
      ++level;
    }
    for (Value result : op.getResults())
      levels[result] = level;
  }
  return stages;
}

FormulaSchedule::FormulaSchedule(FormulaOp formula)
    : formula(formula), variance(formula) {
  stages = schedule(formula.getBody().front(), levels);
  chooseStoredValue();
}

SmallVector<FormulaSchedule::Stage>
FormulaSchedule::scheduleBlock(Block &block) {
  llvm::DenseMap<Value, unsigned> levels;
  return schedule(block, levels);
}

/// Adds `passes` to the arguments that the varying values among `values` are
/// made of.
static void countReads(ValueRange values, const Variance &variance,
                       unsigned passes,
                       llvm::DenseMap<BlockArgument, unsigned> &reads) {
  SmallVector<Value> work(values);
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!variance.isVarying(value) || !seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value))
      reads[argument] += passes;
    else
      llvm::append_range(work, value.getDefiningOp()->getOperands());
  }
}

SmallVector<unsigned> FormulaSchedule::getArgumentsReadOften() const {
  llvm::DenseMap<BlockArgument, unsigned> reads;
  for (const Stage &stage : stages) {
    SmallVector<Value> values;
    for (ReduceOp reduce : stage.reduces)
      values.push_back(reduce.getValue());
    countReads(values, variance, 1, reads);
    for (Operation *search : stage.searches)
      search->walk([&](Operation *op) { // A search takes many.
        countReads(op->getOperands(), variance, 2, reads);
      });
  }
  FormulaOp op = formula;
  countReads(op.getYieldedValues(), variance, 1, reads);
  SmallVector<unsigned> often;
  for (BlockArgument argument : op.getBody().getArguments())
    if (reads.lookup(argument) > 1)
      often.push_back(argument.getArgNumber());
  return often;
}

/// Work per element to evaluate `value` when `kept` can be read back.
unsigned
FormulaSchedule::getCost(Value value, Value kept,
                         llvm::SmallPtrSetImpl<Operation *> &seen) const {
  Operation *op = value.getDefiningOp();
  if (value == kept || !op || !variance.isVarying(value) ||
      !seen.insert(op).second)
    return 0;
  unsigned cost = getElementwiseCost(op);
  for (Value operand : op->getOperands())
    cost += getCost(operand, kept, seen);
  return cost;
}

void FormulaSchedule::chooseStoredValue() {
  if (stages.empty() || stages.back().reduces.empty())
    return;
  auto resultCost = [&](Value kept) {
    llvm::SmallPtrSet<Operation *, 16> seen;
    unsigned cost = 0;
    for (Value result : formula.getYieldedValues())
      cost += getCost(result, kept, seen);
    return cost;
  };
  // What the last sweep evaluates anyway.
  llvm::SmallPtrSet<Operation *, 16> evaluated;
  for (ReduceOp reduce : stages.back().reduces)
    getCost(reduce.getValue(), Value(), evaluated);
  unsigned whole = resultCost(Value()),
           best = 5; // A store and a load must pay for themselves.
  for (Operation &op : formula.getBody().front()) {
    if (!evaluated.contains(&op) || op.getNumResults() != 1 ||
        !op.getResult(0).getType().isF32())
      continue;
    unsigned saved = whole - resultCost(op.getResult(0));
    if (saved > best) {
      best = saved;
      stored = op.getResult(0);
    }
  }
}
