//===- EraseDead.cpp - ops that nobody needs any more ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/EraseDead.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

void weir::eraseDead(ArrayRef<Operation *> ops,
                     function_ref<void(Operation *)> forget) {
  llvm::SetVector<Operation *> work(ops.begin(), ops.end());
  while (!work.empty()) {
    Operation *op = work.pop_back_val();
    if (!isOpTriviallyDead(op))
      continue;
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp())
        work.insert(def);
    forget(op);
    op->erase();
  }
}
