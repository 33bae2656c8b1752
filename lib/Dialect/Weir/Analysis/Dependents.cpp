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

bool Dependents::contains(const Expr *expr) const {
  return containsAny({{expr, 1.0}});
}

bool Dependents::containsAny(const Factors &factors) const {
  bool found = false;
  if (!marked.empty())
    walkExprs(factors, [&](const Expr *expr) {
      found |= expr->kind == Expr::Leaf && contains(expr->value);
      return !found;
    });
  return found;
}
