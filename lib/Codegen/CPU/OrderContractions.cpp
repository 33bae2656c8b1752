//===- OrderContractions.cpp - loop order of matrix products ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRORDERCONTRACTIONS
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;

namespace {
struct WeirOrderContractions
    : weir::impl::WeirOrderContractionsBase<WeirOrderContractions> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> products;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op) &&
          op.hasPureBufferSemantics())
        products.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : products) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::GenericOp> generic =
          linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic))
        continue; // Convert-linalg-to-loops takes the op as it is.
      SmallVector<unsigned> order;
      for (unsigned loop = 0, e = generic->getNumLoops(); loop < e; ++loop)
        order.push_back(loop);
      std::swap(order[order.size() - 1], order[order.size() - 2]);
      (void)linalg::interchangeGenericOp(rewriter, *generic, order);
    }
  }
};
} // namespace
