//===- ExactMathToLibm.cpp - expm1 and log1p from the C library ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace weir {
#define GEN_PASS_DEF_WEIREXACTMATHTOLIBM
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;

namespace {
struct WeirExactMathToLibm
    : weir::impl::WeirExactMathToLibmBase<WeirExactMathToLibm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathToLibmConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalOp<math::ExpM1Op, math::Log1pOp, math::ErfOp, math::ErfcOp,
                        math::AtanOp, math::Atan2Op, math::AsinOp, math::AcosOp,
                        math::SinhOp, math::CoshOp, math::TanOp, math::TanhOp,
                        math::AsinhOp, math::AcoshOp, math::AtanhOp,
                        math::CbrtOp>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
