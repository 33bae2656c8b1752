//===- RowInterpreter.cpp - the row language by its definition ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowInterpreter.h"

#include "ScalarOps.h"

#include <algorithm>

using namespace mlir;
using namespace weir;
using namespace weir::test;

Real weir::test::getIdentity(ReductionKind kind) {
  if (kind == ReductionKind::Add)
    return 0;
  return kind == ReductionKind::Max ? -kInfinity : kInfinity;
}

Real weir::test::combine(ReductionKind kind, Real a, Real b) {
  if (kind == ReductionKind::Add)
    return a + b;
  if (isNaN(a) || isNaN(b))
    return kNaN;
  return kind == ReductionKind::Max ? std::max(a, b) : std::min(a, b);
}

RowInterpreter::RowInterpreter(FormulaOp formula, const Row &row,
                               const Statistics &given)
    : row(row), given(given), variance(formula), included(row.mask) {
  Block &body = formula.getBody().front();
  for (auto [argument, numbers] : llvm::zip(body.getArguments(), row.arguments))
    values[argument] = numbers;
  if (formula.hasReduction())
    for (size_t i = 0; i < row.size(); ++i)
      if (row.arguments[formula.getScoreIndex()][i] == -kInfinity)
        included[i] = false;
  run(body);
}

void RowInterpreter::run(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (op.getNumResults() && given.contains(op.getResult(0))) {
      for (Value result : op.getResults())
        set(result, given.lookup(result));
    } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
      runReduce(reduce);
    } else if (auto kth = dyn_cast<KthOp>(op)) {
      runKth(kth);
    } else if (auto solve = dyn_cast<SolveOp>(op)) {
      runSolve(solve);
    } else if (isa<LengthOp>(op)) {
      set(op.getResult(0), row.length);
    } else if (isa<ExtentOp>(op)) {
      set(op.getResult(0), row.extent);
    } else if (isa<RowOp>(op)) {
      set(op.getResult(0), row.row);
    } else if (isa<PositionOp>(op)) {
      values[op.getResult(0)].assign(row.positions.begin(),
                                     row.positions.end());
    } else {
      runElementwise(&op);
    }
  }
}

void RowInterpreter::runElementwise(Operation *op) {
  Value result = op->getResult(0);
  size_t count = isVarying(result) ? row.size() : 1;
  std::vector<Real> out;
  SmallVector<Real> in(op->getNumOperands());
  for (size_t i = 0; i < count; ++i) {
    for (auto [k, operand] : llvm::enumerate(op->getOperands()))
      in[k] = get(operand, i);
    out.push_back(evaluate(op, in));
  }
  values[result] = std::move(out);
}

void RowInterpreter::runReduce(ReduceOp reduce) {
  Real total = getIdentity(reduce.getKind());
  int64_t winner = -1;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!included[i])
      continue;
    Real next = combine(reduce.getKind(), total, get(reduce.getValue(), i));
    if (winner < 0 || next != total)
      winner = row.positions[i];
    total = next;
  }
  set(reduce.getResult(), total);
  if (reduce.getWinner())
    set(reduce.getWinner(), winner);
}

void RowInterpreter::runKth(KthOp kth) {
  std::vector<std::pair<Real, int64_t>> order;
  for (size_t i = 0; i < row.size(); ++i)
    if (included[i])
      order.push_back({-get(kth.getValue(), i), row.positions[i]});
  std::sort(order.begin(), order.end());
  auto k = static_cast<size_t>(get(kth.getK()));
  bool any = k >= 1 && k <= order.size();
  set(kth.getResult(), any ? -order[k - 1].first : -kInfinity);
  set(kth.getPosition(), any ? Real(order[k - 1].second) : -1);
}

/// Bisection, to the last bit.
void RowInterpreter::runSolve(SolveOp solve) {
  Block &body = solve.getBody().front();
  Value residue = cast<YieldOp>(body.getTerminator()).getValues()[0];
  bool falls = solve.getDirection() == SolveDirection::Decreasing;
  Real low = get(solve.getLower()), high = get(solve.getUpper());
  for (int i = 0; i < 80; ++i) {
    Real middle = low + (high - low) / 2;
    set(body.getArgument(0), middle);
    run(body);
    ((get(residue) > 0) == falls ? low : high) = middle;
  }
  set(solve.getResult(), low + (high - low) / 2);
}
