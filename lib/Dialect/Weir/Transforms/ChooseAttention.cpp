//===- ChooseAttention.cpp - the form of each weir.attention ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRCHOOSEATTENTION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

struct WeirChooseAttention
    : weir::impl::WeirChooseAttentionBase<WeirChooseAttention> {
  using WeirChooseAttentionBase::WeirChooseAttentionBase;

  /// The form with the fewest products of queries and keys; of equal ones that
  /// with the least memory.
  AttentionForm choose(BlockwiseRows &rows, std::string &why) {
    llvm::raw_string_ostream os(why);
    if (!rows.getObstacle().empty()) {
      os << rows.getObstacle();
      return AttentionForm::Blocks;
    }
    if (rows.getPasses() == 1) {
      os << "one pass over the keys carries " << rows.getRank()
         << (rows.getRank() == 1 ? " sum" : " sums") << " of values";
      if (rows.parts.getHoldable())
        os << "; the maximum of the first block is a guess for all";
      return AttentionForm::OnePass;
    }
    os << "block by block the scores would be made " << rows.getPasses()
       << " times";
    return AttentionForm::Blocks;
  }

  LogicalResult decide(AttentionOp op) {
    FormulaOp formula = op.resolveFormula();
    OwningOpRef<FormulaOp> attended = buildAttended(formula, "attended");
    BlockwiseRows rows(*attended, {op.getEmptyRow(), op.getNan()},
                       op.getPosInf());
    if (std::optional<AttentionForm> given = op.getForm()) {
      std::string misfit = rows.getMisfit(*given);
      if (misfit.empty())
        return success();
      return op.emitOpError("C11: form ")
             << stringifyAttentionForm(*given) << " does not fit @"
             << formula.getSymName() << ": " << misfit;
    }
    std::string why;
    op.setForm(choose(rows, why));
    if (explain)
      op.emitRemark("attention with @")
          << formula.getSymName() << " runs in the form "
          << stringifyAttentionForm(*op.getForm()) << ": " << why;
    return success();
  }

  void runOnOperation() override {
    WalkResult walk = getOperation().walk([&](AttentionOp op) {
      return failed(decide(op)) ? WalkResult::interrupt()
                                : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
