//===- FormulaShuffle.cpp - the same formula, written differently ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaShuffle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;
using namespace weir::test;

/// True when everything that `op` and its regions use from `block` is placed.
static bool isReady(Operation *op, Block *block,
                    const llvm::DenseSet<Operation *> &left) {
  return !op->walk([&](Operation *inner) {
              for (Value operand : inner->getOperands())
                if (Operation *definition = operand.getDefiningOp())
                  if (definition->getBlock() == block &&
                      left.contains(definition))
                    return WalkResult::interrupt();
              return WalkResult::advance();
            }).wasInterrupted();
}

OwningOpRef<FormulaOp> weir::test::cloneShuffled(FormulaOp formula,
                                                 Random &random) {
  OwningOpRef<FormulaOp> clone(cast<FormulaOp>(formula->clone()));
  clone->setSymName("another_name");
  Block &body = clone->getBody().front();
  Operation *yield = body.getTerminator();
  llvm::DenseSet<Operation *> left;
  for (Operation &op : body.without_terminator())
    left.insert(&op);
  while (!left.empty()) {
    SmallVector<Operation *> ready;
    for (Operation &op : body.without_terminator())
      if (left.contains(&op) && isReady(&op, &body, left))
        ready.push_back(&op);
    Operation *next = ready[uniformIndex(random, ready.size())];
    next->moveBefore(yield);
    left.erase(next);
    bool commutes = isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp>(next);
    if (commutes && (random() & 1)) {
      Value first = next->getOperand(0);
      next->setOperand(0, next->getOperand(1));
      next->setOperand(1, first);
    }
  }
  return clone;
}
