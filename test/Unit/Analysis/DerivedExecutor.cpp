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

namespace {
/// Some elements of a row, and what statistics make of them.
struct Part {
  std::vector<size_t> places;
  Row row;
  Numbers state, terms;
};
} // namespace

/// Splits the row at random, empty parts among them.
static std::vector<Part> split(FormulaOp formula, const Row &row,
                               Random &random) {
  std::vector<Part> parts(1 + uniformIndex(random, 5));
  for (size_t i = 0; i < row.size(); ++i)
    parts[uniformIndex(random, parts.size())].places.push_back(i);
  for (Part &part : parts)
    part.row = row.part(formula, part.places);
  return parts;
}

/// Runs statistics over the part, which give terms first where `keeps`: 0 for
/// an excluded element, as rows see to it.
static void runStats(FormulaOp stats, const Numbers &known, bool keeps,
                     Part &part) {
  Row row = withKnown(part.row, known);
  Results results = interpret(stats, row);
  RowInterpreter values(stats, row);
  for (auto [i, result] : llvm::enumerate(results))
    if (!keeps || i > 0)
      part.state.push_back(result[0]);
  for (size_t i = 0; keeps && i < row.size(); ++i)
    part.terms.push_back(values.isIncluded(i) ? results[0][i] : 0);
}

/// The weights of the row whose parts kept their terms.
static Results runKept(FormulaOp weights, ArrayRef<Part> parts, size_t size,
                       ArrayRef<Numbers> known) {
  Results results(1);
  results[0].resize(size);
  for (const Part &part : parts) {
    Row row;
    row.arguments.push_back(part.terms);
    for (Real number : part.state)
      row.arguments.push_back({number});
    for (const Numbers &numbers : known)
      for (Real number : numbers)
        row.arguments.push_back({number});
    row.mask.assign(part.terms.size(), true);
    row.positions = part.row.positions;
    if (part.terms.empty())
      continue;
    Numbers found = interpret(weights, row)[0];
    for (auto [place, value] : llvm::zip(part.places, found))
      results[0][place] = value;
  }
  return results;
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
  bool keeps = apart.keepsTerm() && (random() & 1);
  std::vector<Part> parts;
  for (int64_t sweep = 1; sweep <= apart.getNumSweeps(); ++sweep) {
    SmallVector<bool> perRow(uniforms.size() + known.size());
    for (bool &differs : perRow)
      differs = random() & 1;
    OwningOpRef<FormulaOp> stats = apart.buildStats(sweep, "stats", keeps),
                           merge = apart.buildMerge(sweep, perRow, "merge"),
                           finish = apart.buildFinish(sweep, perRow, "finish");
    std::vector<Numbers> states;
    parts = split(formula, row, random);
    for (Part &part : parts) {
      runStats(*stats, known, keeps, part);
      states.push_back(part.state);
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
      keeps ? apart.buildKeptWeights("weights")
            : apart.buildWeights(/*masked=*/true, "weights");
  Results varying;
  if (keeps)
    varying = runKept(*weights, parts, row.size(), {uniforms, known});
  else if (!(*weights).getResultTypes().empty())
    varying = interpret(*weights, all);
  Results results;
  auto nextVarying = varying.begin();
  auto nextUniform = uniformResults.begin();
  for (unsigned i = 0; i < formula.getResultTypes().size(); ++i)
    results.push_back(formula.isUniformResult(i) ? Numbers{*nextUniform++}
                                                 : *nextVarying++);
  return results;
}
