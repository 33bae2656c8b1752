//===- DerivedExecutor.cpp - a row taken apart, by its formulas ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DerivedExecutor.h"

#include <numeric>

using namespace mlir;
using namespace weir;
using namespace weir::test;

using Numbers = std::vector<Real>;

/// One number for each result that is uniform, one per element for others.
static Results interpret(FormulaOp formula, const Row &row) {
  RowInterpreter values(formula, row);
  Results results;
  for (Value value : formula.getYieldedValues()) {
    size_t count = values.isVarying(value) ? row.size() : 1;
    results.emplace_back();
    for (size_t i = 0; i < count; ++i)
      results.back().push_back(values.get(value, i));
  }
  return results;
}

/// A formula over states, on the states of one row.
static Numbers runOverStates(FormulaOp formula, ArrayRef<Numbers> arguments) {
  Row row;
  for (const Numbers &numbers : arguments)
    for (Real number : numbers)
      row.arguments.push_back({number});
  row.mask = {true};
  row.positions = {0};
  Numbers results;
  for (const std::vector<Real> &result : interpret(formula, row))
    results.push_back(result[0]);
  return results;
}

/// The row, or a part of it, with what is known as further arguments.
static Row withKnown(Row row, const Numbers &known) {
  for (Real number : known)
    row.arguments.push_back({number});
  return row;
}

/// Splits the row at random, empty parts among them.
static std::vector<Row> split(FormulaOp formula, const Row &row,
                              Random &random) {
  std::vector<std::vector<size_t>> parts(1 + uniformIndex(random, 5));
  for (size_t i = 0; i < row.size(); ++i)
    parts[uniformIndex(random, parts.size())].push_back(i);
  std::vector<Row> rows;
  for (const std::vector<size_t> &part : parts)
    rows.push_back(row.part(formula, part));
  return rows;
}

Results weir::test::runTakenApart(FormulaOp formula,
                                  const StatePolicies &policies, const Row &row,
                                  Random &random) {
  TakenApart apart(formula, policies);
  Numbers uniforms, known;
  for (auto [i, numbers] : llvm::enumerate(row.arguments))
    if (formula.isUniformArgument(i))
      uniforms.push_back(numbers[0]);
  for (const RowValue &value : apart.getLayout(1).known)
    known.push_back(value.meaning == "length" ? row.length : row.extent);
  Numbers uniformResults;
  for (int64_t sweep = 1; sweep <= apart.getNumSweeps(); ++sweep) {
    SmallVector<bool> perRow(uniforms.size() + known.size());
    for (bool &differs : perRow)
      differs = random() & 1;
    OwningOpRef<FormulaOp> stats = apart.buildStats(sweep, "stats"),
                           merge = apart.buildMerge(sweep, perRow, "merge"),
                           finish = apart.buildFinish(sweep, perRow, "finish");
    std::vector<Numbers> states;
    for (const Row &part : split(formula, row, random)) {
      Numbers state;
      for (const std::vector<Real> &slot :
           interpret(*stats, withKnown(part, known)))
        state.push_back(slot[0]);
      states.push_back(state);
    }
    while (states.size() > 1) {
      std::swap(states[uniformIndex(random, states.size())], states.back());
      Numbers one = states.back();
      states.pop_back();
      Numbers &other = states[uniformIndex(random, states.size())];
      other = runOverStates(*merge, {one, other, uniforms, known});
    }
    Numbers finished = runOverStates(*finish, {states[0], uniforms, known});
    size_t results = 0;
    if (sweep == apart.getNumSweeps())
      for (unsigned i = 0; i < formula.getResultTypes().size(); ++i)
        results += formula.isUniformResult(i);
    known.insert(known.end(), finished.begin(), finished.end() - results);
    uniformResults.assign(finished.end() - results, finished.end());
  }
  Row all = withKnown(row, known);
  all.arguments.emplace_back(row.mask.begin(), row.mask.end());
  OwningOpRef<FormulaOp> weights =
      apart.buildWeights(/*masked=*/true, "weights");
  Results varying;
  if (!(*weights).getResultTypes().empty())
    varying = interpret(*weights, all);
  Results results;
  auto nextVarying = varying.begin();
  auto nextUniform = uniformResults.begin();
  for (unsigned i = 0; i < formula.getResultTypes().size(); ++i)
    results.push_back(formula.isUniformResult(i) ? Numbers{*nextUniform++}
                                                 : *nextVarying++);
  return results;
}
