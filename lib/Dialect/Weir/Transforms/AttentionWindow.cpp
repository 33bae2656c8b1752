//===- AttentionWindow.cpp - masks of indices as clauses of attention ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program says how far keys may be from queries, by indices from 0 on, where
// weir.attention counts from the last query at the last key on. How far these
// are apart follows from the sizes where they say so; elsewhere `place` tells
// where the first query stands.
//
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace weir;

using Bounds = ValueBoundsConstraintSet;

/// offset - (Lk - Lq), where it is known.
FailureOr<int64_t> AttentionMatch::getAlignment(const LinearIndex &offset) {
  MLIRContext *context = apply.getContext();
  SmallVector<Bounds::Variable> variables;
  AffineExpr sum = getAffineConstantExpr(offset.constant, context);
  auto add = [&](Bounds::Variable variable, int64_t factor) {
    sum = sum + factor * getAffineDimExpr(variables.size(), context);
    variables.push_back(variable);
  };
  for (auto [value, factor] : offset.others) {
    if (!value.getType().isIndex())
      return failure();
    add(Bounds::Variable(value), factor);
  }
  if (queries.empty())
    sum = sum + 1;
  for (auto [operand, atoms, factor] :
       {std::tuple(&query, queries, 1), std::tuple(&key, keys, -1)}) {
    AtomDims own = space.resolveDims(operand->dims);
    auto *dim = llvm::find(own, atoms);
    if (atoms.empty())
      continue;
    if (dim == own.end())
      return failure();
    add(Bounds::Variable(operand->value, dim - own.begin()), factor);
  }
  return Bounds::computeConstantBound(
      presburger::BoundType::EQ,
      Bounds::Variable(AffineMap::get(variables.size(), 0, sum), variables));
}

/// None where the formula asks for what `place` would change.
std::optional<WindowClauses>
AttentionMatch::getClauses(const KeyWindow &window) {
  WindowClauses clauses;
  if (window.isAll())
    return clauses;
  const LinearIndex &first = window.right ? *window.right : *window.left;
  FailureOr<int64_t> ahead = getAlignment(first);
  std::optional<int64_t> width;
  if (window.left && window.right)
    width = window.getWidth();
  if (window.right) {
    clauses.right = succeeded(ahead) ? *ahead : 0;
    if (width)
      clauses.left = *width - *clauses.right;
  } else {
    clauses.left = succeeded(ahead) ? -*ahead : 0;
  }
  if (succeeded(ahead) && clauses.right.value_or(0) >= 0 &&
      clauses.left.value_or(0) >= 0)
    return clauses;
  if (usesRowIndex(*rest))
    return std::nullopt;
  clauses.firstQuery = first;
  if (window.right)
    clauses.right = 0;
  clauses.left = window.right ? width : std::optional<int64_t>(0);
  return clauses;
}

/// What masks and bias say of indices becomes a window.
std::string AttentionMatch::findWindow() {
  SeenKeys seen(space, queries, keys);
  KeyWindow found = chain.window;
  auto confine = [&](const std::optional<SeenCondition> &condition) {
    KeyWindow own = found;
    if (!condition || !own.confine(*condition, queries.empty()) ||
        !getClauses(own))
      return false;
    found = own;
    return true;
  };
  SmallVector<ScoreOperand, 2> masks;
  if (chain.mask)
    masks.push_back(*chain.mask);
  if (Value given = apply.getMask())
    masks.push_back({given, getBroadcastDims(given, dims)});
  for (const ScoreOperand &given : masks) {
    std::optional<SeenCondition> condition = seen.ofMask(given);
    bool isConfined = confine(condition);
    if (isConfined && !condition->mask)
      continue;
    if (mask)
      return "there are two masks";
    mask = isConfined ? *condition->mask : given;
  }
  if (chain.bias && confine(seen.ofBias(*chain.bias)))
    chain.bias.reset();
  window = *getClauses(found);
  return "";
}
