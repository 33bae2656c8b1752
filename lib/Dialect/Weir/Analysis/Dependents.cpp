//===- Dependents.cpp - what leans on some ops ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/Dependents.h"

using namespace mlir;
using namespace weir;

void Dependents::add(Operation *op) {
  Block *body = op->getBlock();
  SmallVector<Operation *> work{op};
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    if (!marked.insert(next).second)
      continue;
    for (Operation *user : next->getUsers())
      work.push_back(body->findAncestorOpInBlock(*user));
  }
}

/// Expressions share parts: each is looked at once.
static bool anyLeaf(const Expr *expr, const Dependents &among,
                    llvm::SmallDenseSet<const Expr *> &seen) {
  if (!seen.insert(expr).second)
    return false;
  if (expr->kind == Expr::Leaf)
    return among.contains(expr->value);
  auto any = [&](const Factors &terms) {
    return llvm::any_of(
        terms, [&](auto &term) { return anyLeaf(term.first, among, seen); });
  };
  return any(expr->factors) ||
         llvm::any_of(expr->args, [&](auto &arg) { return any(arg.terms); });
}

bool Dependents::contains(const Expr *expr) const {
  if (marked.empty())
    return false;
  llvm::SmallDenseSet<const Expr *> seen;
  return anyLeaf(expr, *this, seen);
}

bool Dependents::containsAny(const Factors &factors) const {
  if (marked.empty())
    return false;
  llvm::SmallDenseSet<const Expr *> seen;
  return llvm::any_of(factors, [&](auto &factor) {
    return anyLeaf(factor.first, *this, seen);
  });
}
