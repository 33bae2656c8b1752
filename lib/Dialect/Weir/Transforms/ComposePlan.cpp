//===- ComposePlan.cpp - the formula of two, and its policies ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Policies are of a formula's score, and the score of two formulas in a row is
// not that of the second. There are two ways. Where it can be proved that the
// policies of the one that reduces say the same of both, they stay. Otherwise
// each formula is made to do itself what its policies do (ExplicitExclusion),
// after which bodies need only be put one behind the other.
//
//===----------------------------------------------------------------------===//

#include "ComposePlan.h"

#include "ExplicitExclusion.h"
#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"
#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"

using namespace mlir;
using namespace weir;

using K = Kinds;

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Operands of `part` that can be the score of the whole: numbers, one for each
/// element, of the accumulator's width.
static SmallVector<unsigned> getScores(Part &part) {
  SmallVector<unsigned> scores;
  for (unsigned i = 0, e = part.formula.getNumArguments(); i < e; ++i) {
    if (!part.formula.getArgumentTypes()[i].isF32() || !part.isFull(i))
      continue;
    Type element = getElementTypeOrSelf(part.apply.getInputs()[i].getType());
    if (element.isF64() == part.isDouble())
      scores.push_back(i);
  }
  return scores;
}

/// True when result `result` of elementwise `formula` is of a kind in `kinds`
/// exactly where argument `score` is, whatever its other arguments are.
static bool isSameFor(FormulaOp formula, unsigned score, unsigned result,
                      unsigned kind) {
  for (unsigned at = K::NaN; at <= K::PosInf; at <<= 1) {
    Kinds gives = getResultKinds(formula, [&](BlockArgument argument) {
      return argument.getArgNumber() == score ? Kinds(at)
                                              : K::ofAny(argument.getType());
    })[result];
    if (at == kind ? !(gives == Kinds(kind)) : gives.has(kind))
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Policies that stay
//===----------------------------------------------------------------------===//

static bool isLog(FormulaOp formula, const RowPolicies &policies,
                  unsigned result) {
  FormulaLimits limits(formula, policies.negInf == NegInf::Exclude);
  return limits.atExcluded(formula.getYieldedValues()[result]) == Limit::NegInf;
}

/// Elements that take no part have the masked value, in both formulas the same.
static bool haveSameMaskedValues(Part &second, const Wiring &wiring,
                                 FormulaOp composed) {
  unsigned offset = wiring.exports.size();
  for (unsigned i = 0, e = second.formula.getResultTypes().size(); i < e; ++i)
    if (isLog(second.formula, second.policies, i) !=
        isLog(composed, second.policies, offset + i))
      return false;
  return true;
}

/// An elementwise formula before one that reduces. None when it changes which
/// elements take part.
static std::optional<ScoreChoice> findScoreBefore(Part &first, Part &second,
                                                  const Wiring &wiring) {
  unsigned score = second.formula.getScoreIndex();
  bool shares = second.policies.posInf == PosInf::Share;
  if (!wiring.isTaken(score)) {
    // Sharing changes the score, which only the second is to see.
    Value own = second.apply.getInputs()[score];
    if (shares && llvm::is_contained(first.apply.getInputs(), own))
      return std::nullopt;
    return ScoreChoice{/*ofFirst=*/false, score};
  }
  unsigned source = *wiring.sources[score];
  if (shares || second.policies.negInf != NegInf::Exclude ||
      !first.formula.getResultTypes()[source].isF32())
    return std::nullopt;
  for (unsigned candidate : getScores(first))
    if (isSameFor(first.formula, candidate, source, K::NegInf) &&
        (second.policies.nan == NaNPolicy::Arithmetic ||
         isSameFor(first.formula, candidate, source, K::NaN)))
      return ScoreChoice{/*ofFirst=*/true, candidate};
  return std::nullopt;
}

/// What an elementwise formula makes of results of one that reduces.
static Kinds getAfter(Part &first, Part &second, const Wiring &wiring,
                      unsigned result, llvm::function_ref<Kinds(unsigned)> of) {
  return getResultKinds(second.formula, [&](BlockArgument argument) {
    unsigned index = argument.getArgNumber();
    return wiring.isTaken(index) ? of(*wiring.sources[index])
                                 : K::ofAny(argument.getType());
  })[result];
}

/// Why policies of a formula that reduces do not say what an elementwise one
/// makes of its results, or "".
static std::string checkAfter(Part &first, Part &second, const Wiring &wiring,
                              FormulaOp composed) {
  const RowPolicies &policies = first.policies;
  bool excludes = policies.mayExclude();
  bool spreadsNaN = policies.nan == NaNPolicy::Propagate;
  if (!excludes && !spreadsNaN)
    return "";
  if (excludes && policies.emptyRow == EmptyRow::Uniform)
    return "the mass of an empty row is shared among the results of the first";
  Value score = first.apply.getInputs()[first.formula.getScoreIndex()];
  for (auto [i, input] : llvm::enumerate(second.apply.getInputs())) {
    if (wiring.isTaken(i) && !second.formula.getArgumentTypes()[i].isF32())
      return "what lies between them is no f32";
    if (input == score && policies.posInf == PosInf::Share)
      return "the score, which sharing changes, is an operand of both";
  }
  auto nan = [](unsigned) { return Kinds(K::NaN); };
  auto masked = [&](unsigned source) -> Kinds {
    if (first.formula.isUniformResult(source))
      return K::AnyFloat;
    return isLog(first.formula, policies, source) ? K::NegInf : K::Zero;
  };
  for (unsigned i = 0, e = second.formula.getResultTypes().size(); i < e; ++i) {
    if (!second.formula.getResultTypes()[i].isF32() ||
        second.formula.isUniformResult(i))
      return "a result of the second is no number for each element";
    bool isNaN = getAfter(first, second, wiring, i, nan) == Kinds(K::NaN);
    if (!isNaN && (spreadsNaN || policies.emptyRow == EmptyRow::NaN))
      return "a row of NaN need not stay one in the second";
    unsigned value = isLog(composed, policies, wiring.exports.size() + i)
                         ? K::NegInf
                         : K::Zero;
    if (excludes &&
        !(getAfter(first, second, wiring, i, masked) == Kinds(value)))
      return "elements that take no part in the first need not be 0, or -inf, "
             "in the second";
  }
  return "";
}

/// Both together under the policies of the one that reduces, if that is the
/// same.
static std::optional<CompositionPlan> keepPolicies(Part &first, Part &second,
                                                   const Wiring &wiring,
                                                   std::string &why) {
  if (first.reduces() && second.reduces()) {
    why = "both reduce, each with a score of its own";
    return std::nullopt;
  }
  ScoreChoice score{/*ofFirst=*/true, first.formula.getScoreIndex()};
  if (second.reduces()) {
    if (!wiring.exports.empty()) {
      why = "the result of the first, which has no row, is used elsewhere";
      return std::nullopt;
    }
    std::optional<ScoreChoice> found = findScoreBefore(first, second, wiring);
    if (!found) {
      why = "which scores of the second are -inf, or NaN, does not follow from "
            "one operand of the first";
      return std::nullopt;
    }
    score = *found;
  }
  CompositionPlan plan;
  plan.composed = composeFormulas(first.formula, second.formula, wiring, score);
  plan.policies = second.reduces() ? second.policies : first.policies;
  FormulaOp composed = *plan.composed.formula;
  if (first.reduces())
    why = checkAfter(first, second, wiring, composed);
  else if (second.reduces() && !haveSameMaskedValues(second, wiring, composed))
    why = "masked elements would have another value";
  return why.empty() ? std::optional(std::move(plan)) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Policies in the formula
//===----------------------------------------------------------------------===//

/// A score for both together: under `neg_inf = ordinary` it excludes nothing.
static std::optional<ScoreChoice> findPlainScore(Part &first, Part &second,
                                                 const Wiring &wiring) {
  if (first.reduces())
    return ScoreChoice{/*ofFirst=*/true, first.formula.getScoreIndex()};
  if (SmallVector<unsigned> scores = getScores(first); !scores.empty())
    return ScoreChoice{/*ofFirst=*/true, scores[0]};
  for (unsigned index : getScores(second))
    if (!wiring.isTaken(index))
      return ScoreChoice{/*ofFirst=*/false, index};
  return std::nullopt;
}

/// What a mask does is left to it, so what it does must be the same.
static std::string checkMasks(Part &first, Part &second, const Wiring &wiring) {
  if (first.policies.mask)
    return "the first has a mask";
  if (!second.policies.mask)
    return "";
  if (first.reduces())
    return "the second has a mask, and the first has not";
  if (!wiring.exports.empty())
    return "the result of the first, which no mask touches, is used elsewhere";
  for (unsigned i = 0, e = second.formula.getResultTypes().size(); i < e; ++i)
    if (isLog(second.formula, second.policies, i))
      return "masked elements would be 0 instead of -inf";
  return "";
}

static std::optional<CompositionPlan> writePolicies(Part &first, Part &second,
                                                    const Wiring &wiring,
                                                    std::string &why) {
  why = checkMasks(first, second, wiring);
  std::optional<ScoreChoice> score = findPlainScore(first, second, wiring);
  if (why.empty() && !score)
    why = "no operand is a number for each element";
  if (!why.empty())
    return std::nullopt;
  OwningOpRef<FormulaOp> before = makePlain(first.formula, first.policies, why);
  if (!before)
    return std::nullopt;
  OwningOpRef<FormulaOp> after =
      makePlain(second.formula, second.policies, why);
  if (!after)
    return std::nullopt;
  CompositionPlan plan;
  plan.isPlain = true;
  plan.composed = composeFormulas(*before, *after, wiring, *score);
  FormulaOp composed = *plan.composed.formula;
  composed->setAttr(WeirDialect::kAsWrittenAttrName,
                    UnitAttr::get(composed.getContext()));
  plan.policies.mask = second.policies.mask;
  if (plan.policies.mask)
    plan.policies.emptyRow = second.policies.emptyRow;
  plan.policies.negInf = NegInf::Ordinary;
  // Arithmetic keeps every NaN; where it spreads one over the row anyway, the
  // policy that says so leaves more freedom.
  plan.policies.nan = FormulaEdges(composed).propagatesNaN()
                          ? NaNPolicy::Propagate
                          : NaNPolicy::Arithmetic;
  return plan;
}

FailureOr<CompositionPlan> weir::planComposition(Part &first, Part &second,
                                                 const Wiring &wiring,
                                                 std::string &why) {
  std::optional<CompositionPlan> plan;
  Part chosen = first, masked = second;
  if (OwningOpRef<FormulaOp> rest = takeMask(chosen, masked, wiring)) {
    plan = keepPolicies(chosen, masked, wiring, why);
    if (!plan)
      why.clear();
  }
  if (!plan)
    plan = keepPolicies(first, second, wiring, why);
  if (!plan) {
    std::string whyNotPlain;
    plan = writePolicies(first, second, wiring, whyNotPlain);
    if (!plan) {
      why += "; and " + whyNotPlain;
      return failure();
    }
    why.clear();
  }
  if (!coversShape(*plan->composed.formula, plan->composed.inputs,
                   plan->policies.mask, second.shape))
    why = "nothing but what lies between them has all sizes of the rows";
  else
    why = checkCost(first, second, wiring, *plan);
  if (!why.empty())
    return failure();
  return std::move(*plan);
}
