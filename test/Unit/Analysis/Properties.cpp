//===- Properties.cpp - what must be true of every formula ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Properties.h"

#include "DerivedExecutor.h"
#include "ExprEvaluator.h"
#include "FormulaShuffle.h"
#include "Formulas.h"
#include "ScalarOps.h"
#include "StateExecutor.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

using namespace mlir;
using namespace weir;
using namespace weir::test;

size_t weir::test::howMany(size_t few, size_t all) {
  const char *asked = std::getenv("WEIR_TEST_ALL");
  return asked && StringRef(asked) == "1" ? all : few;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static bool areClose(Real a, Real b, Real relative, Real absolute) {
  if (isNaN(a) || isNaN(b))
    return isNaN(a) && isNaN(b);
  if (a == b)
    return true;
  return fabs(a - b) <= relative * std::max(fabs(a), fabs(b)) + absolute;
}

//===----------------------------------------------------------------------===//
// Normal forms
//===----------------------------------------------------------------------===//

/// Values that some number which is not finite went into, at one element:
/// algebra is for finite numbers.
static llvm::DenseSet<Value>
findInfinite(FormulaOp formula, const RowInterpreter &values, size_t element) {
  llvm::DenseSet<Value> infinite;
  for (Operation &op : formula.getBody().front().without_terminator()) {
    bool any = llvm::any_of(op.getOperands(), [&](Value operand) {
      return infinite.contains(operand) ||
             !isFinite(values.get(operand, element));
    });
    for (Value result : op.getResults())
      if (any || !isFinite(values.get(result, element)))
        infinite.insert(result);
  }
  return infinite;
}

static size_t checkForms(FormulaOp formula, const NormalForms &forms,
                         const RowInterpreter &values, Real noise,
                         StringRef when) {
  size_t compared = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values.isIncluded(i))
      continue;
    llvm::DenseSet<Value> infinite = findInfinite(formula, values, i);
    for (Operation &op : formula.getBody().front().without_terminator())
      for (Value value : op.getResults()) {
        const NormalForm &form = forms.get(value);
        if (form.isStuck() || infinite.contains(value))
          continue;
        Real direct = values.get(value, i);
        Measured derived = ExprEvaluator(values, i).evaluate(form);
        ++compared;
        if (!areClose(derived.value, direct, 1e-9,
                      1e-15 * derived.magnitude + noise))
          ADD_FAILURE() << "the normal form, " << when.str() << ", of\n"
                        <<
              [&] {
                std::string text;
                llvm::raw_string_ostream(text) << op;
                return text;
              }() << "\nis worth "
                        << double(derived.value) << " and not "
                        << double(direct) << " in\n"
                        << toText(formula);
      }
  }
  return compared;
}

size_t weir::test::checkNormalForms(FormulaOp formula, const Row &row) {
  RowLaws laws(formula);
  RowInterpreter values(formula, row);
  if (row.size() == 0)
    return 0;
  size_t compared = checkForms(formula, laws.getForms(), values, row.noise,
                               "relative to nothing");
  for (const DerivedSweep &sweep : laws.getSweeps())
    compared +=
        checkForms(formula, *sweep.forms, values, row.noise, "before a sweep");
  return compared;
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

/// The state of a part, taken in by blocks of random sizes.
static PartState runPart(const SweepExecutor &sweep, FormulaOp formula,
                         const Row &row, ArrayRef<size_t> elements,
                         Random &random) {
  PartState state = sweep.identity();
  while (!elements.empty()) {
    size_t size =
        1 + uniformIndex(random, std::min<size_t>(elements.size(), 4));
    sweep.update(state, row.part(formula, elements.take_front(size)));
    elements = elements.drop_front(size);
  }
  return state;
}

/// Splits the row at random, empty parts among them, and merges the parts in a
/// random tree.
static PartState runSplit(const SweepExecutor &sweep, FormulaOp formula,
                          const Row &row, Random &random) {
  std::vector<std::vector<size_t>> parts(1 + uniformIndex(random, 5));
  std::vector<size_t> order(row.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  for (size_t i : order)
    parts[uniformIndex(random, parts.size())].push_back(i);
  std::vector<PartState> states;
  for (const std::vector<size_t> &part : parts)
    states.push_back(runPart(sweep, formula, row, part, random));
  while (states.size() > 1) {
    std::swap(states[uniformIndex(random, states.size())], states.back());
    PartState one = states.back();
    states.pop_back();
    PartState &other = states[uniformIndex(random, states.size())];
    other = random() & 1 ? sweep.merge(one, other) : sweep.merge(other, one);
  }
  return states[0];
}

static size_t compareStatistics(FormulaOp formula, const Statistics &derived,
                                const RowInterpreter &direct, Real noise,
                                StringRef what) {
  size_t compared = 0;
  for (ReduceOp reduce : getReductions(formula))
    for (Value result : reduce->getResults()) {
      auto found = derived.find(result);
      if (found == derived.end() || !isFinite(direct.get(result)))
        continue;
      ++compared;
      if (!areClose(found->second, direct.get(result), 1e-10, noise))
        ADD_FAILURE() << what.str() << " gives " << double(found->second)
                      << " and not " << double(direct.get(result)) << " for\n"
                      <<
            [&] {
              std::string text;
              llvm::raw_string_ostream(text) << reduce;
              return text;
            }() << "\nin\n"
                      << toText(formula);
    }
  return compared;
}

/// A uniform result of an empty row is what the identities make of it, and 0
/// where that is undefined (docs/language.md).
static Real underPolicy(Real result, bool isEmptyRow) {
  return isEmptyRow && isNaN(result) ? 0 : result;
}

static size_t compareResults(FormulaOp formula, const RowInterpreter &direct,
                             FormulaOp other, const RowInterpreter &derived,
                             Real noise, StringRef what) {
  size_t compared = 0;
  for (auto [r, pair] : llvm::enumerate(
           llvm::zip(formula.getYieldedValues(), other.getYieldedValues()))) {
    auto [expected, found] = pair;
    bool isVarying = direct.isVarying(expected), isEmpty = direct.isEmpty();
    for (size_t i = 0; i < (isVarying ? direct.size() : 1); ++i) {
      Real want = underPolicy(direct.get(expected, i), isEmpty);
      if ((!isFinite(want) && !isEmpty) || (isVarying && !direct.isIncluded(i)))
        continue;
      ++compared;
      Real got = underPolicy(derived.get(found, i), isEmpty);
      if (!areClose(got, want, 1e-10, noise))
        ADD_FAILURE() << what.str() << ": result " << r << " at " << i << " is "
                      << double(got) << " and not " << double(want) << " in\n"
                      << toText(formula) << "\nas\n"
                      << toText(other);
    }
  }
  return compared;
}

/// The statistics of all sweeps, each from a split row.
static Statistics runSweeps(FormulaOp normalized, const Row &row,
                            Random &random) {
  RowLaws laws(normalized);
  Statistics known;
  for (const DerivedSweep &sweep : laws.getSweeps()) {
    SweepExecutor executor(normalized, sweep, known, row);
    known = executor.finish(runSplit(executor, normalized, row, random));
  }
  return known;
}

size_t weir::test::checkState(FormulaOp formula, FormulaOp normalized,
                              const Row &row, Random &random) {
  Statistics known = runSweeps(normalized, row, random);
  size_t compared =
      compareStatistics(normalized, known, RowInterpreter(normalized, row),
                        row.noise, "a split row");
  return compared + compareResults(formula, RowInterpreter(formula, row),
                                   normalized,
                                   RowInterpreter(normalized, row, known),
                                   row.noise, "a split row");
}

size_t weir::test::checkStateInRange(FormulaOp formula, FormulaOp normalized,
                                     const Row &row, Random &random) {
  RowInterpreter direct(formula, row);
  RangeOfF64 range;
  Statistics known = runSweeps(normalized, row, random);
  return compareResults(formula, direct, normalized,
                        RowInterpreter(normalized, row, known),
                        std::max<Real>(row.noise, 1e-300), "in f64's range");
}

size_t weir::test::checkPrefixes(FormulaOp normalized, const Row &row) {
  RowLaws laws(normalized);
  Statistics known;
  size_t compared = 0;
  for (const DerivedSweep &sweep : laws.getSweeps()) {
    SweepExecutor executor(normalized, sweep, known, row);
    PartState state = executor.identity();
    std::vector<size_t> prefix;
    for (size_t i = 0; i < row.size(); ++i) {
      prefix.push_back(i);
      executor.update(state, row.part(normalized, {i}));
      Row seen = row.part(normalized, prefix);
      RowInterpreter direct(normalized, seen, known);
      compared += compareStatistics(normalized, executor.finish(state), direct,
                                    row.noise, "a prefix");
    }
    known = executor.finish(state);
  }
  return compared;
}

size_t weir::test::checkSameResults(FormulaOp formula, FormulaOp other,
                                    const Row &row) {
  return compareResults(formula, RowInterpreter(formula, row), other,
                        RowInterpreter(other, row), row.noise,
                        "another way of writing it");
}

/// Elements that take no part have the masked value, 0 or -inf; so have those
/// of an empty row.
size_t weir::test::checkTakenApart(FormulaOp formula, const Row &row,
                                   Random &random) {
  if (!formula.hasReduction() ||
      !TakenApart(formula, StatePolicies()).isComplete())
    return 0;
  RowInterpreter direct(formula, row);
  Results apart = runTakenApart(formula, StatePolicies(), row, random);
  size_t compared = 0;
  for (auto [r, value] : llvm::enumerate(formula.getYieldedValues())) {
    bool isUniform = formula.isUniformResult(r);
    for (size_t i = 0; i < (isUniform ? 1 : direct.size()); ++i) {
      Real want = underPolicy(direct.get(value, i), direct.isEmpty());
      if (FloatAttr declared = formula.getEmptyValue(r);
          declared && direct.isEmpty())
        want = declared.getValueAsDouble();
      Real got = apart[r][i];
      bool isMasked = !isUniform && !direct.isIncluded(i);
      if (!isFinite(want) && !isMasked && !direct.isEmpty())
        continue;
      ++compared;
      if (isMasked ? got != 0 && got != -kInfinity
                   : !areClose(got, want, 1e-10L, row.noise))
        ADD_FAILURE() << "taken apart result " << r << " at " << i << " is "
                      << double(got) << " and not " << double(want) << " in\n"
                      << toText(formula);
    }
  }
  return compared;
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

std::string weir::test::describeCosts(FormulaOp formula) {
  RowLaws laws(formula);
  std::string text = "sweeps " + std::to_string(laws.getSweeps().size()) +
                     ", reads " + std::to_string(laws.getReads());
  if (std::optional<AttentionCost> cost = laws.getAttention())
    text += ", attention " + std::to_string(cost->passes) + "/" +
            std::to_string(cost->rank);
  return text;
}

/// In the order of their weight.
static std::array<unsigned, 4> getCosts(FormulaOp formula) {
  RowLaws laws(formula);
  AttentionCost cost = laws.getAttention().value_or(AttentionCost());
  return {static_cast<unsigned>(laws.getSweeps().size()), laws.getReads(),
          cost.passes, cost.rank};
}

std::string weir::test::describeFacts(FormulaOp formula) {
  RowLaws laws(formula);
  std::string text = describeCosts(formula) + ", naive " +
                     std::to_string(laws.getNaiveSweeps());
  for (const DerivedSweep &sweep : laws.getSweeps()) {
    std::vector<std::string> lines;
    for (const Law &law : sweep.laws)
      lines.push_back(stringifyLaw(law.kind).str() +
                      (law.isPulled() ? ", pulled" : "") +
                      (law.needsAnchor() ? ", own anchor" : ""));
    std::sort(lines.begin(), lines.end());
    text += "\n  " + llvm::join(lines, "; ");
  }
  return text;
}

/// True when something costs a sweep so that it does not cancel: a normalised
/// formula may show that of what others hide.
static bool refusesToCancel(FormulaOp formula) {
  return llvm::any_of(
      RowLaws(formula).getRefusals(),
      [](const Refusal &refusal) { return refusal.why.contains("cancel"); });
}

void weir::test::checkNormalization(FormulaOp formula, Random &random) {
  OwningOpRef<FormulaOp> once = cloneNormalized(formula);
  OwningOpRef<FormulaOp> twice = cloneNormalized(*once);
  EXPECT_EQ(toText(*once), toText(*twice)) << toText(formula);
  if (!refusesToCancel(*once))
    EXPECT_LE(getCosts(*once), getCosts(*cloneClean(formula)))
        << toText(formula) << "\nas\n"
        << toText(*once);
  OwningOpRef<FormulaOp> shuffled = cloneShuffled(formula, random);
  EXPECT_EQ(describeFacts(formula), describeFacts(*shuffled))
      << toText(formula) << "\nas\n"
      << toText(*shuffled);
}

/// True when numbers of the body are so large that rounding would drown what
/// is looked for.
static bool isTooLarge(FormulaOp formula, const Row &row) {
  RowInterpreter values(formula, row);
  for (Operation &op : formula.getBody().front().without_terminator())
    for (Value value : op.getResults())
      for (size_t i = 0; i < (values.isVarying(value) ? row.size() : 1); ++i)
        if (isFinite(values.get(value, i)) && fabs(values.get(value, i)) > 1e5)
          return true;
  return false;
}

size_t weir::test::checkEverything(FormulaOp formula, ArrayRef<RowKind> kinds,
                                   size_t count, Random &random, Real noise) {
  OwningOpRef<FormulaOp> normalized = cloneNormalized(formula);
  checkNormalization(formula, random);
  size_t compared = 0;
  for (RowKind kind : kinds)
    for (size_t i = 0; i < count; ++i) {
      if (testing::Test::HasFailure())
        return compared; // One is enough to read.
      Row row = makeRow(formula, kind, random);
      row.noise = std::max(row.noise, noise);
      if (noise > 0 && isTooLarge(formula, row))
        continue;
      compared += checkNormalForms(formula, row);
      compared += checkNormalForms(*normalized, row);
      compared += checkSameResults(formula, *normalized, row);
      if (hasSearch(formula))
        continue;
      compared += checkState(formula, *normalized, row, random);
      compared += checkPrefixes(*normalized, row);
      compared += checkTakenApart(formula, row, random);
    }
  return compared;
}
