//===- FormulaStates.cpp - states, as verifiers learn of them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Transforms/AttendedFormula.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir;

namespace {
class FormulaStates : public FormulaStatesInterface {
public:
  using FormulaStatesInterface::FormulaStatesInterface;
  FailureOr<StateLayout>
  getLayout(FormulaOp formula, const StatePolicies &policies, int64_t sweep,
            llvm::function_ref<InFlightDiagnostic()> emitError) const override {
    TakenApart parts(formula, policies);
    if (failed(parts.check(sweep, emitError)))
      return failure();
    return parts.getLayout(sweep);
  }

  FailureOr<AttentionStateLayout> getAttentionLayout(
      FormulaOp formula, const StatePolicies &policies,
      llvm::function_ref<InFlightDiagnostic()> emitError) const override {
    AttentionState state(formula, policies);
    if (std::string misfit = state.getMisfit(); !misfit.empty())
      return emitError() << "@" << formula.getSymName()
                         << " does not run in one pass: " << misfit;
    return state.getLayout();
  }
};
} // namespace

void weir::registerFormulaStates(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, math::MathDialect>();
  registry.addExtension(+[](MLIRContext *context, WeirDialect *dialect) {
    context->getOrLoadDialect<arith::ArithDialect>();
    context->getOrLoadDialect<math::MathDialect>();
    dialect->addInterfaces<FormulaStates>();
  });
}
